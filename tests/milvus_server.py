"""A real Milvus server, alone in a network of its own, for as long as the tests or the demonstration run.

It would listen on all interfaces, so it runs in a network namespace in which there is nothing but loopback.
The way in is a socket file, which a relay makes an address of; cutting the relay cuts every connection.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from ports import free_port

SECONDS_TO_START = 120.0
_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1


class Relay:
    """Whatever comes to an address goes to a socket file; a process of its own hands it on."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.port = free_port()
        self.mend()

    def mend(self) -> None:
        """Take connections."""
        command = [sys.executable, __file__, "relay", str(self._file), str(self.port)]
        self._process = subprocess.Popen(command, start_new_session=True)  # Ctrl-C is for who started it
        until = time.monotonic() + 30
        try:
            while time.monotonic() < until:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                    return
                time.sleep(0.05)
            raise TimeoutError("the relay does not start")
        except BaseException:
            self.cut()
            raise

    def cut(self) -> None:
        """End all connections, and take no new ones until `mend`."""
        self._process.kill()
        self._process.wait(30)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def relayed(one: Ends, other: Ends) -> None:
    """Hand on what comes from either to the other, until one of them ends."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        one[1].close()
        other[1].close()

    await asyncio.gather(pump(one[0], other[1]), pump(other[0], one[1]))


class MilvusProcess:
    """The server: started, killed, started again on the same data."""

    def __init__(self, folder: Path, *, silence: int = 3) -> None:
        """
        Args:
            silence: seconds after which a part of it without a sign of life is dead; few let it start again
                soon after a kill, and end it where a machine is too busy for signs.
        """
        self.folder = folder
        self._silence = silence
        self.socket = folder / "in"
        self._process: subprocess.Popen[bytes] | None = None
        self.relay: Relay | None = None

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        command = [sys.executable, __file__, "serve", str(self.folder), str(self._silence)]
        own_network = ["unshare", "-n"] if os.getuid() == 0 else ["unshare", "-rn"]
        with (self.folder / "out").open("ab") as log:
            self._process = subprocess.Popen(
                [*own_network, *command], stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + SECONDS_TO_START
        while not (self.folder / "ready").exists():
            if time.monotonic() > until or self._process.poll() is not None:
                told = (self.folder / "out").read_text("utf-8", "replace")[-2_000:]
                raise TimeoutError(f"Milvus does not start: {told}")
            time.sleep(0.1)
        self.relay = self.relay or Relay(self.socket)

    def kill(self) -> None:
        """End it at once, with all that it started."""
        (self.folder / "ready").unlink(missing_ok=True)
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
            self._process = None

    @property
    def leader(self) -> int:
        """The process of the session that it runs in."""
        assert self._process
        return self._process.pid

    def new_index(self) -> str:
        """The address of an index that is not there yet."""
        assert self.relay
        return f"milvus://127.0.0.1:{self.relay.port}/t{uuid4().hex[:12]}"

    def close(self) -> None:
        if self.relay:
            self.relay.cut()
        self.kill()


def why_not() -> str:
    """Why no server can run here; nothing if one can."""
    if shutil.which("unshare") is None:
        return "there is no unshare"
    options = ["-n"] if os.getuid() == 0 else ["-rn"]
    if subprocess.run(["unshare", *options, "true"], capture_output=True, check=False).returncode:
        return "unshare may make no network here"
    try:
        import milvus  # noqa: F401
    except ImportError:
        return "the package milvus is not installed"
    return ""


@contextlib.contextmanager
def running_milvus(*, silence: int = 3) -> Iterator[MilvusProcess]:
    """A Milvus server that runs until the block ends. `silence` is as MilvusProcess has it."""
    folder = Path(tempfile.mkdtemp(prefix="footnote-milvus-", dir="/tmp"))  # a socket's path has to be short
    server = MilvusProcess(folder, silence=silence)
    try:
        server.start()
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def milvus_server() -> Iterator[MilvusProcess]:
    """A Milvus server that runs."""
    if reason := why_not():
        pytest.skip(f"a Milvus server cannot run on this machine: {reason}")
    with running_milvus() as server:
        yield server


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh22x", b"lo", 0)
        [flags] = struct.unpack("16xh22x", fcntl.ioctl(any_socket, _FLAGS, asked))
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh22x", b"lo", flags | _UP))


def _serve(folder: Path, silence: int) -> None:
    """Run Milvus, inside its network, with a socket file as the way in."""
    _loopback_up()
    from milvus import MilvusServer, MilvusServerConfig

    config = MilvusServerConfig(data_dir=str(folder / "data"))
    config.set("common.session.ttl", silence)
    server = MilvusServer(config)
    server.start()

    async def relay() -> None:
        await asyncio.start_unix_server(
            _joined(lambda: asyncio.open_connection("127.0.0.1", server.listen_port)), folder / "in"
        )
        (folder / "ready").touch()
        await asyncio.Event().wait()

    asyncio.run(relay())


def _joined(open_other: Callable[[], Awaitable[Ends]]) -> Callable[..., Awaitable[None]]:
    """What takes a connection and hands it on to another that is opened for it."""

    async def come_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other = await open_other()
        except OSError:
            writer.transport.abort()
            return
        await relayed((reader, writer), other)

    return come_in


async def _relay(file: Path, port: int) -> None:
    """Hand on what comes to a port to a socket file."""
    await asyncio.start_server(_joined(lambda: asyncio.open_unix_connection(file)), "127.0.0.1", port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    what, place, number = sys.argv[1:]
    if what == "relay":
        asyncio.run(_relay(Path(place), int(number)))
    else:
        _serve(Path(place), int(number))

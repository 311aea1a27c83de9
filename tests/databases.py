"""A real PostgreSQL server on a socket in a folder of its own, for as long as the tests run."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import programs
import pytest

FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses="]


class Postgres:
    """The server: started, stopped, and asked for databases."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        # It refuses to run as root.
        self._as: dict[str, Any] = {}
        if os.getuid() == 0:
            user = _somebody()
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(folder, user.pw_uid, user.pw_gid)

    def make(self) -> None:
        self._run(
            "initdb", "--auth=trust", "--username=footnote", "--encoding=UTF8", "--no-sync", "--no-locale"
        )

    def start(self) -> None:
        options = [f"-c{option}" for option in [*FAST, f"unix_socket_directories={self._folder}"]]
        log = (self._folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._folder / "data", *options],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                **self._as,
            )
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(subprocess.CalledProcessError):
                self.say("SELECT 1")
                return
            if time.monotonic() > until or self._process.poll() is not None:
                raise TimeoutError((self._folder / "log").read_text("utf-8"))
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once; whoever is connected is cut off."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)

    def say(self, command: str, database: str = "postgres") -> str:
        program = [
            self._programs / "psql",
            "-h",
            self._folder,
            "-U",
            "footnote",
            "-d",
            database,
            "-qAtc",
            command,
        ]
        return subprocess.run(program, check=True, capture_output=True, text=True, timeout=30).stdout.strip()

    def cut_all(self) -> None:
        """End all connections but this one, as a network or an administrator would."""
        self.say(
            "SELECT pg_terminate_backend(pid, 30000)"  # and wait until it has ended
            " FROM pg_stat_activity WHERE application_name = 'footnote'"
        )

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"t{uuid4().hex[:12]}"
        self.say(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://footnote@/{name}?host={self._folder}"

    def _run(self, program: str, *options: str) -> None:
        command = [self._programs / program, "-D", self._folder / "data", *options]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, timeout=60, **self._as)


def _somebody() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise programs.NotInstalled("PostgreSQL refuses to run as root, and there is no user postgres or nobody")


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that runs until the block ends. Raises NotInstalled."""
    found = programs.postgres()
    folder = Path(tempfile.mkdtemp(prefix="footnote-pg-", dir="/tmp"))  # the path of a socket has to be short
    server = Postgres(folder, found)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that runs."""
    with running_postgres() as server:
        yield server

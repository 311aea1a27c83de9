"""The heavy part of a build, spread over a Ray cluster. The only door to ray, opened only when asked for."""

import contextlib
import copy
import importlib.util
import logging
import os
import secrets
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from types import TracebackType
from typing import Any, Literal, Self

from indexer import chunking
from indexer.assembly import Kept
from indexer.embedding import Embedder
from indexer.errors import ClusterError, FootnoteError, SettingsError
from indexer.hands import OwnHands
from indexer.snapshot import short
from indexer.types import Chunk, Note

HERE = "local"  # Ray's own word for a cluster that is started here and ends with the build
NOTES_AT_ONCE = 50  # that one task cuts
AHEAD = 2  # tasks on their way for each processor of the cluster: one at work, one that waits for it
RETRIES = 5  # of a task whose worker or node is lost
REACHED = 3.0  # seconds in which an address has to answer
PATIENCE = 20.0  # seconds without any processor in the cluster, or without its head; Ray's own is 60
LOOK_AGAIN = 5.0  # seconds of waiting for a part, after which it is seen whether the cluster is there still
STORE = 256 * 2**20  # bytes of shared memory of a Ray that is started here; parts on their way are a few MB
# Settings of Ray that have to stand in the environment before it is imported.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DISABLE_IMPORT_WARNING": "1"}
LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # 127.0.0.1 is used as it is, as on other systems
ONE_TRY = {"RAY_gcs_server_port_wait_time_s": "1"}  # at an address; else twenty, of most of a minute each
AT_LOOPBACK = ("127.", "localhost:", "[::1]:")

Kind = Literal["cut", "embed"]
_opened: dict[str, Embedder] = {}  # in a worker: the models that it has opened, by fingerprint


@dataclass(frozen=True)
class Recipe:
    """What a worker has to work with, so that it does what this process would.

    `open_embedder` is called once in each worker; what it gives has to have that fingerprint.
    """

    open_embedder: Callable[[], Embedder]
    fingerprint: str
    chunker: str = chunking.VERSION


def work(recipe: Recipe, kind: Kind, part: Sequence[Any]) -> list[Any]:
    """What a worker does: cut some notes, or embed a batch of chunks."""
    return _worked(OwnHands(_embedder(recipe)), kind, part)


def _worked(hands: OwnHands, kind: Kind, part: Sequence[Any]) -> list[Any]:
    return list(hands.cut(part)) if kind == "cut" else next(hands.embed([part]))


def _embedder(recipe: Recipe) -> Embedder:
    if recipe.fingerprint not in _opened:
        embedder = recipe.open_embedder()
        if (embedder.fingerprint, chunking.VERSION) != (recipe.fingerprint, recipe.chunker):
            raise ClusterError(
                f"On {socket.gethostname()}, a node of the Ray cluster, is another embedding model"
                f" ({short(embedder.fingerprint)}, here {short(recipe.fingerprint)}) or release of Footnote."
                " Install the same on all nodes."
            )
        _opened[recipe.fingerprint] = embedder
    return _opened[recipe.fingerprint]


def spread(address: str, embedder: Embedder, open_embedder: Callable[[], Embedder]) -> "Spread":
    """Hands that are the processors of a Ray cluster.

    Args:
        address: `local` starts a Ray on this machine, at loopback only, for as long as the build takes;
            `auto` is the cluster that this machine belongs to; else `host:port` of its head.
        open_embedder: opens `embedder`'s model in a worker; sent there, so it is a function of a module, or
            a partial of one.

    Raises:
        SettingsError: Ray is not installed, or the address is none.
        ClusterError: nothing answers there.
    """
    if importlib.util.find_spec("ray") is None:
        raise SettingsError(
            'Ray is not installed, so a build cannot be spread. Run pip install ".[cluster]", or build'
            " without --ray."
        )
    if address != HERE:
        _reach(address)
    return Spread(address, OwnHands(embedder), Recipe(open_embedder, embedder.fingerprint))


def _reach(address: str) -> None:
    """Raises: SettingsError, ClusterError."""
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS", "")
        if not address:
            return
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise SettingsError(
            f"{address!r} is no address of a Ray cluster. Write host:port of its head, such as"
            " 10.0.0.1:6379; or auto; or nothing, for a Ray on this machine alone."
        )
    try:
        _connect(address)
    except (OSError, OverflowError) as error:
        raise _unreachable(address, error) from error


def _connect(address: str) -> None:
    """Return if something listens at `host:port`. Raises OSError, OverflowError."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=REACHED).close()


def _unreachable(address: str, error: Exception) -> ClusterError:
    reason = (isinstance(error, OSError) and error.strerror) or error
    return ClusterError(
        f"No Ray cluster can be reached at {address!r} ({reason}). Start one with `ray start --head`, or"
        " build without --ray. The index is as it was."
    )


class Spread:
    """Hands in the workers of a Ray cluster, which is joined once there is work for more than one."""

    def __init__(self, address: str, own: OwnHands, recipe: Recipe) -> None:
        self._address = address
        self._own = own
        self._recipe = recipe
        self._ray: Any = None
        self._task: Any = None
        self._head = ""
        self._held = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the cluster, whose tasks for this build end; a Ray that was started for it ends too."""
        self._held.close()
        self._ray = None

    def cut(self, notes: Iterable[Note]) -> Iterator[list[Chunk]]:
        """The chunks of each note, in the order of the notes."""
        rest = iter(notes)
        for cut in self._spread("cut", iter(lambda: list(islice(rest, NOTES_AT_ONCE)), [])):
            yield from cut

    def embed(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Kept]]:
        """What is kept of each batch of chunks, in their order."""
        for kept in self._spread("embed", batches):
            yield copy.deepcopy(kept)  # arrays that came are a view of Ray's shared memory, which is small

    def _spread(self, kind: Kind, parts: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
        """What is made of each part, in order; only some parts are on their way at any time."""
        rest = iter(parts)
        first = list(islice(rest, 2))
        if len(first) < 2:  # nothing to spread
            yield from (_worked(self._own, kind, part) for part in first)
            return
        self._join()
        on_their_way: deque[Any] = deque()
        try:
            for part in chain(first, rest):
                while len(on_their_way) >= self._most():
                    yield self._made(on_their_way.popleft())
                on_their_way.append(self._task.remote(self._recipe, kind, part))
            while on_their_way:
                yield self._made(on_their_way.popleft())
        finally:
            if self._ray:  # else the cluster is left already, which ends them
                for one in on_their_way:
                    self._ray.cancel(one)

    def _join(self) -> None:
        """Become part of the cluster. Raises ClusterError."""
        if self._ray:
            return
        here = self._address == HERE
        os.environ |= QUIET | ({} if here else ONE_TRY)
        if here or self._address.startswith(AT_LOOPBACK):
            os.environ |= LOOPBACK
        options: dict[str, Any] = {"logging_level": logging.CRITICAL, "log_to_driver": False}
        if here:
            os.environ.setdefault(
                "RAY_AUTH_TOKEN", secrets.token_hex(32)
            )  # else one is left in the home folder
            folder = tempfile.TemporaryDirectory(prefix="footnote-ray-", ignore_cleanup_errors=True)
            options |= {
                "_temp_dir": self._held.enter_context(folder),
                "include_dashboard": False,
                "object_store_memory": STORE,
            }
        import ray

        try:
            ray.init(self._address, **options)
        except (OSError, RuntimeError, ValueError) as error:
            raise _unreachable(self._address, error) from error
        self._held.callback(ray.shutdown)
        self._ray = ray
        self._head = ray.get_runtime_context().gcs_address
        self._task = ray.remote(num_cpus=1, max_retries=RETRIES, scheduling_strategy="SPREAD")(work)

    def _most(self) -> int:
        """How many parts may be on their way; the cluster may have grown or shrunk."""
        return AHEAD * max(1, self._processors())

    def _processors(self) -> int:
        """How many the cluster has. Raises ClusterError if its head is gone: Ray would end this process."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                _connect(self._head)
                return int(self._ray.cluster_resources().get("CPU", 0))
            except OSError as error:
                if time.monotonic() >= until:
                    raise self._gone(f"lost its head ({error.strerror or error}). Start it again") from error
                time.sleep(0.5)

    def _wait(self, one: Any) -> None:
        """Return once a part is made, or has failed. Raises ClusterError if nobody is left to make it."""
        until = time.monotonic() + PATIENCE
        while not self._ray.wait([one], timeout=min(LOOK_AGAIN, PATIENCE))[0]:
            if self._processors():
                until = time.monotonic() + PATIENCE
            elif time.monotonic() >= until:
                raise self._gone("has no processor left to work with. Start nodes")

    def _gone(self, what: str) -> ClusterError:
        return ClusterError(
            f"The Ray cluster at {self._address!r} {what}, or build without --ray. The index is as it was."
        )

    def _made(self, one: Any) -> list[Any]:
        """What a worker made. Raises ClusterError, and what of ours it raised there."""
        ray = self._ray
        try:
            self._wait(one)
            made: list[Any] = ray.get(one)
            return made
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, FootnoteError):
                raise error.cause from error
            raise self._failed(error.cause) from error
        except ray.exceptions.RayError as error:
            raise self._failed(error) from error

    def _failed(self, error: BaseException) -> ClusterError:
        told = str(error).strip().splitlines() or [""]
        return ClusterError(
            f"The Ray cluster at {self._address!r} failed ({type(error).__name__}: {told[0]})."
            " The index is as it was."
        )

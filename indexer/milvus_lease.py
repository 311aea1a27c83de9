"""One builder at a time over all machines: a row that says who builds, renewed for as long as it does.

Milvus locks nothing, so the row is written and then read again: of two who write at once the later stands
there, and only that one goes on. Each holder has a number above all before it, and whatever it writes bears
that: one that was stopped for so long that another took its place writes rows that nobody sees.
"""

import contextlib
import math
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Self

import msgspec

from indexer.errors import BuildLocked, IndexUnreachable

LASTS = 15.0  # seconds after its last sign of life
LASTS_IN_A_FILE = 2.0  # as only one process has a file, whoever is of another is dead
BEAT = 3.0  # seconds between two
# Seconds in which the row of another who asked with us would come after ours. To ask takes up to 0.6.
SETTLE = 0.8
LOOK_AGAIN = 0.5


class Holder(msgspec.Struct, frozen=True):
    """Who builds. `until` is in seconds since 1970, by the clock of its machine."""

    id: str
    name: str
    number: int
    until: float


class Lease:
    """The right to change an index in Milvus."""

    def __init__(
        self,
        read: Callable[[], Holder | None],
        write: Callable[[Holder], None],
        *,
        lasts: float = LASTS,
        settle: float = SETTLE,
    ) -> None:
        """
        Args:
            read: gives what stands in the row, after all that was written.
            write: puts a holder in its place.
            lasts: seconds after which a holder without a sign of life is taken for dead.
            settle: seconds in which another's row would come after ours.
        """
        self._read, self._write, self._lasts, self._settle = read, write, lasts, settle
        self._id = uuid.uuid4().hex
        self._beating: threading.Thread | None = None
        self._ended = threading.Event()
        self._beaten_at = -math.inf
        self.number = 0

    def acquire(self, *, wait: float = 0.0, above: int = 0) -> Iterator[None]:
        """Take the lease; yields again and again while another has it, for at most `wait` seconds.

        Args:
            above: the number will be above this one too.

        Raises:
            BuildLocked: another has it still; the message names it.
            IndexUnreachable: there is no knowing.
        """
        until = time.monotonic() + wait
        while True:
            asked = time.monotonic()
            held = self._read()
            if held is None or held.until < time.time():
                self._claim(max(held.number if held else 0, above) + 1)
                if time.monotonic() - asked > self._settle > 0:
                    # Another who asked with us may have gone on before our row came, with the same number.
                    held = self._read()
                    if held is not None and held.id == self._id:
                        self._claim(held.number + 1)
                time.sleep(self._settle)
                held = self._read()
                if held is not None and held.id == self._id:
                    break
            if time.monotonic() >= until:
                name = held.name if held else "another process"
                raise BuildLocked(f"{name} is building this index now. Wait until it is done.")
            yield
            time.sleep(LOOK_AGAIN)
        self._beating = threading.Thread(target=self._keep_beating, name="lease", daemon=True)
        self._beating.start()

    def require(self) -> None:
        """Return if it is still ours. Raises BuildLocked."""
        held = self._read()
        if held is None or held.id != self._id:
            name = held.name if held else "another process"
            self._beaten_at = -math.inf  # what was heard of us counts no more
            raise BuildLocked(f"{name} has taken over the building of this index, as nothing came from here.")

    def require_sign(self) -> None:
        """Return if others know that we are alive, else see whether it is still ours. Raises BuildLocked."""
        if time.monotonic() - self._beaten_at > self._lasts / 2:
            self.require()

    def release(self) -> None:
        """Let others build."""
        self._ended.set()
        if self._beating:
            self._beating.join()
        with contextlib.suppress(IndexUnreachable, BuildLocked):  # then it ends by itself
            self.require_sign()
            self._put(0.0)

    def _claim(self, number: int) -> None:
        self.number = number
        self._beat()

    def _beat(self) -> None:
        self._put(time.time() + self._lasts)
        self._beaten_at = time.monotonic()

    def _put(self, until: float) -> None:
        since = datetime.now(UTC).strftime("%H:%M:%S UTC")
        name = f"process {os.getpid()} on {socket.gethostname()}, seen at {since},"
        self._write(Holder(self._id, name, self.number, until))

    def _keep_beating(self) -> None:
        while not self._ended.wait(min(BEAT, self._lasts / 4)):
            with contextlib.suppress(IndexUnreachable, BuildLocked):
                self.require()  # else it would be taken back from whom it has gone to
                self._beat()

    def __enter__(self) -> Self:
        for _ in self.acquire():
            pass
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

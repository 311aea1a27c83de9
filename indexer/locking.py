"""One builder at a time, over all processes. The system frees the lock of a process that died."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import filelock

from indexer.errors import BuildLocked

LOCK = ".lock"
HOLDER = "building"
LOOK_AGAIN = 0.25  # seconds between two attempts


class BuildLock:
    """The right to change an index folder."""

    def __init__(self, folder: Path) -> None:
        self._holder = folder / HOLDER
        self._lock = filelock.FileLock(folder / LOCK, timeout=0, thread_local=False)

    def acquire(self, *, wait: float = 0.0) -> Iterator[None]:
        """Take the lock; yields again and again while another holds it, for at most `wait` seconds.

        Raises:
            BuildLocked: another holds it still; the message names it.
        """
        until = time.monotonic() + wait
        while True:
            try:
                self._lock.acquire()
                break
            except filelock.Timeout as error:
                if time.monotonic() >= until:
                    raise BuildLocked(
                        f"{self._name()} is building this index now. Wait until it is done."
                    ) from error
            yield
            time.sleep(LOOK_AGAIN)
        with contextlib.suppress(OSError):  # who holds it is told where it can be; the lock holds without
            since = datetime.now(UTC).strftime("%H:%M:%S UTC")
            self._holder.write_text(
                f"process {os.getpid()} on {socket.gethostname()}, since {since},", "utf-8"
            )

    def release(self) -> None:
        """Let others build."""
        with contextlib.suppress(OSError):
            self._holder.unlink(missing_ok=True)
        self._lock.release()

    def _name(self) -> str:
        try:
            return self._holder.read_text("utf-8") or "another process"
        except (OSError, UnicodeDecodeError):
            return "another process"

    def __enter__(self) -> Self:
        for _ in self.acquire():
            pass
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

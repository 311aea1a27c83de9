"""Disks that fail, fill up or take the process with them: each the real disk but for that."""

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from fakes import HashingEmbedder

from indexer import storage
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from indexer.storage import Buffers, Disk

T = TypeVar("T")
SMALL_BLOCK = 2_000  # bytes; so that files of a small index are written in several pieces


class FailingDisk(Disk):
    """The real disk, except that its `at`-th effect fails with an error of the system; 0 counts only."""

    def __init__(self, at: int = 0, error: int = errno.EIO) -> None:
        self.at = at
        self.error = error
        self.effects: list[tuple[str, str]] = []

    def effect(self, name: str, path: Path, do: Callable[[], T]) -> T:
        self.effects.append((name, path.name))
        if len(self.effects) == self.at:
            raise OSError(self.error, os.strerror(self.error), str(path))
        return do()


class KillingDisk(FailingDisk):
    """The real disk, except that the process is killed just before its `at`-th effect."""

    def effect(self, name: str, path: Path, do: Callable[[], T]) -> T:
        self.effects.append((name, path.name))
        if len(self.effects) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return do()


class SmallDisk(Disk):
    """The real disk, except that it takes `room` bytes and then no more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, file: Path, buffers: Buffers) -> None:
        if storage.size(buffers) > self.room:
            file.write_bytes(b"".join(bytes(buffer) for buffer in buffers)[: self.room])
            self.room = 0
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        self.room -= storage.size(buffers)
        super().write(file, buffers)


def build_and_die(settings: IndexSettings, at: int, full: bool) -> None:
    """Build, and be killed at the `at`-th effect if there are as many. For a process of its own."""
    storage.BLOCK = SMALL_BLOCK
    for _ in rebuild(settings, HashingEmbedder(), full=full, disk=KillingDisk(at)):
        pass

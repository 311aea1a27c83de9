"""The generation that serves in this process, and its swap for the next one."""

import threading
from pathlib import Path

from indexer.errors import IndexUnusable
from indexer.snapshot import Snapshot, current_revision, open_snapshot


class LiveIndex:
    """The generation that serves in this process. Swapping it leaves those who hold the old one alone."""

    def __init__(self, folder: Path, *, fingerprint: str) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None

    @property
    def current(self) -> Snapshot:
        """The generation that serves now, also if another process built it. Raises IndexUnusable.

        If the newest cannot be opened, or another thread is just opening it, the open one goes on serving.
        """
        if self._snapshot is not None and self._lock.locked():
            return self._snapshot
        try:
            self.refresh()
        except IndexUnusable:
            if self._snapshot is None:
                raise
        assert self._snapshot is not None
        return self._snapshot

    def refresh(self) -> bool:
        """Open what CURRENT names if it is another generation; True if it was. Raises IndexUnusable."""
        with self._lock:
            revision = current_revision(self._folder)
            if self._snapshot and self._snapshot.manifest.revision == revision:
                return False
            self._snapshot = open_snapshot(self._folder, fingerprint=self._fingerprint)
            return True

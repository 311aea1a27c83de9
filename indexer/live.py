"""The generation that serves in this process, and its swap for the next one."""

import threading
from collections.abc import Callable
from pathlib import Path

from indexer.errors import IndexDamaged, IndexUnusable
from indexer.generations import current_revision, open_snapshot
from indexer.snapshot import Snapshot


class LiveIndex:
    """The generation that serves in this process. Swapping it leaves those who hold the old one alone."""

    def __init__(self, folder: Path, *, fingerprint: str | None) -> None:
        """
        Args:
            fingerprint: of the embedding model that questions are embedded with; None takes any index.
        """
        self.folder = folder
        self._fingerprint = fingerprint
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._named = (
            ""  # what CURRENT named when the snapshot was opened; not its own name if that is damaged
        )

    @property
    def current(self) -> Snapshot:
        """The generation that serves now, also if another process built it. Raises IndexUnusable.

        While the newest is being opened, and if it cannot be, the one that is open goes on serving.
        """
        held = self._snapshot
        try:
            self._refresh(blocking=held is None)
        except IndexUnusable:
            if held is None:
                raise
        assert self._snapshot is not None
        return self._snapshot

    @property
    def held(self) -> Snapshot | None:
        """The generation that is open, be it the newest or not; None before the first question."""
        return self._snapshot

    def swap(self, publish: Callable[[], Snapshot]) -> None:
        """Serve what `publish` puts on the disk, without reading it back; until it has, nothing changes."""
        with self._lock:  # while it is held, readers go on with the generation that is open
            self._snapshot = publish()
            self._named = self._snapshot.manifest.revision

    def refresh(self) -> bool:
        """Open what CURRENT names if it is another generation; True if it was. Raises IndexUnusable."""
        return self._refresh(blocking=True)

    def _refresh(self, *, blocking: bool) -> bool:
        if not self._lock.acquire(blocking=blocking):
            return False
        try:
            named = self._name()
            if self._snapshot and self._named == named:
                return False
            self._snapshot = open_snapshot(self.folder, fingerprint=self._fingerprint)
            self._named = named
            return True
        finally:
            self._lock.release()

    def _name(self) -> str:
        try:
            return current_revision(self.folder)
        except IndexDamaged as error:  # a whole generation may be there all the same
            return str(error)

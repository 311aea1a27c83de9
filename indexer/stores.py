"""Where generations are kept, behind one seam: a folder here, or Milvus, imported only for its addresses."""

import importlib.util
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from indexer.address import Address, Place
from indexer.checking import verify
from indexer.errors import SettingsError
from indexer.generations import current_revision, open_snapshot, read_manifest, revisions
from indexer.locking import BuildLock
from indexer.passages import Passages
from indexer.publishing import roll_back
from indexer.snapshot import Manifest, Snapshot

EXTRA = "cluster"


class Store(Protocol):
    """All generations of one index. Any thread may use it."""

    def serving(self) -> str:
        """The revision that is to serve. Raises IndexUnusable."""

    def open(self, fingerprint: str | None = None, held: Passages | None = None) -> Passages:
        """Open the generation that serves.

        Args:
            fingerprint: of the embedding model that questions will be embedded with.
            held: one that is open, from which what is the same is taken over.

        Raises:
            IndexUnusable: there is none, or it cannot be used.
        """

    def reach(self) -> None:
        """Return if questions could be answered now, given an open generation. Raises IndexUnusable."""

    def revisions(self) -> list[str]:
        """The generations that are there, newest first."""

    def manifest(self, revision: str) -> Manifest:
        """What one was made with. Raises IndexUnusable."""

    def verify(self) -> list[str]:
        """Check every generation wholly; the problems found. Raises IndexMissing."""

    def roll_back(self) -> Manifest:
        """Let the generation before the one that serves serve again. Raises IndexUnusable."""

    def lock(self) -> AbstractContextManager[object]:
        """The right to change the index, for as long as it is open. Raises BuildLocked."""


class FolderStore:
    """Generations in a folder; see `generations`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def serving(self) -> str:
        """What CURRENT names. Raises IndexMissing or IndexDamaged."""
        return current_revision(self.folder)

    def open(self, fingerprint: str | None = None, held: Passages | None = None) -> Snapshot:
        """Open the generation that serves. Raises IndexUnusable."""
        return open_snapshot(self.folder, fingerprint=fingerprint)

    def reach(self) -> None:
        """What is open is in memory, so it can answer."""

    def revisions(self) -> list[str]:
        """The generations that are there, newest first."""
        return revisions(self.folder)

    def manifest(self, revision: str) -> Manifest:
        """What one was made with. Raises IndexDamaged or IndexIncompatible."""
        return read_manifest(self.folder, revision)

    def verify(self) -> list[str]:
        """Check every generation wholly; the problems found. Raises IndexMissing."""
        return verify(self.folder)

    def roll_back(self) -> Manifest:
        """Let the generation before serve again. Raises IndexMissing or IndexDamaged."""
        return roll_back(self.folder)

    def lock(self) -> BuildLock:
        """The right to change the folder."""
        return BuildLock(self.folder)


def open_store(place: Place) -> Store:
    """The store at a place. Nothing is connected to before it is asked.

    Raises:
        SettingsError: it is an address, and what opens it is not installed.
    """
    if not isinstance(place, Address):
        return FolderStore(place)
    if importlib.util.find_spec("pymilvus") is None or (
        place.is_file and importlib.util.find_spec("milvus_lite") is None
    ):
        raise SettingsError(
            f"The index {str(place)!r} is in Milvus, and its client is not installed. Run"
            f' pip install "footnote-assistant[{EXTRA}]" (in a checkout: pip install ".[{EXTRA}]"), or name a'
            " folder."
        )
    from indexer.milvus_store import MilvusStore

    return MilvusStore(place)

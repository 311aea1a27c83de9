"""The generation that serves in this process, and its swap for the next one."""

import threading
from collections.abc import Callable

from indexer.address import Place
from indexer.errors import IndexDamaged, IndexUnusable
from indexer.passages import Passages
from indexer.stores import Store, open_store


class LiveIndex:
    """The generation that serves in this process. Swapping it leaves those who hold the old one alone."""

    def __init__(self, place: Place, *, fingerprint: str | None) -> None:
        """
        Args:
            fingerprint: of the embedding model that questions are embedded with; None takes any index.
        """
        self.store: Store = open_store(place)
        self._fingerprint = fingerprint
        self._lock = threading.Lock()
        self._held: Passages | None = None
        self._named = ""  # what was to serve when it was opened; not its own name if that is damaged

    @property
    def current(self) -> Passages:
        """The generation that serves now, also if another process built it. Raises IndexUnusable.

        While the newest is being opened, and if it cannot be, the one that is open goes on serving.
        """
        held = self._held
        try:
            self._refresh(blocking=held is None)
        except IndexUnusable:
            if held is None:
                raise
        assert self._held is not None
        return self._held

    @property
    def held(self) -> Passages | None:
        """The generation that is open, be it the newest or not; None before the first question."""
        return self._held

    def reach(self) -> None:
        """Return if a question could be answered now. Raises IndexUnusable."""
        _ = self.current
        self.store.reach()

    def swap(self, publish: Callable[[], Passages]) -> None:
        """Serve what `publish` publishes, without opening it; until it has, nothing changes."""
        with self._lock:  # while it is held, readers go on with the generation that is open
            self._held = publish()
            self._named = self._held.manifest.revision

    def refresh(self) -> bool:
        """Open what is to serve if it is another generation; True if it was. Raises IndexUnusable."""
        return self._refresh(blocking=True)

    def _refresh(self, *, blocking: bool) -> bool:
        if not self._lock.acquire(blocking=blocking):
            return False
        try:
            named = self._name()
            if self._held and self._named == named:
                return False
            self._held = self.store.open(self._fingerprint, self._held)
            self._named = named
            return True
        finally:
            self._lock.release()

    def _name(self) -> str:
        try:
            return self.store.serving()
        except IndexDamaged as error:  # a whole generation may be there all the same
            return str(error)

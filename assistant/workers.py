"""Work that wants a processor to itself: as much at once as there are processors, the rest in its order."""

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from indexer.processors import processors

_Result = TypeVar("_Result")


class Workers:
    """A few threads that do what the many threads of requests bring them.

    Twenty answers that are made at once share two processors badly: each lets the others in at every step,
    and all end late. Two at a time, the first ends soon and the last no later. What a thread keeps for
    itself, such as a stemmer and the memory of its arithmetic, is kept only as often as there are processors.
    """

    def __init__(self, count: int | None = None) -> None:
        """
        Args:
            count: how many work at once; as many as there are processors for this process unless told.
        """
        self._pool = ThreadPoolExecutor(count or processors(), thread_name_prefix="answer")
        self._changed = threading.Condition()
        self._brought = 0  # and not done yet

    def do(self, work: Callable[[], _Result]) -> _Result:
        """What the work returns, when it has had its turn. Raises what it raises."""
        self._count(1)
        try:
            return self._pool.submit(contextvars.copy_context().run, work).result()
        finally:
            self._count(-1)

    @property
    def busy(self) -> bool:
        """Whether anything is at work or waits for its turn."""
        return self._brought > 0

    def let_first(self, seconds: float) -> None:
        """Wait until nothing is at work, but no longer than so many seconds: for work that can wait."""
        with self._changed:
            self._changed.wait_for(lambda: not self.busy, seconds)

    def _count(self, more: int) -> None:
        with self._changed:
            self._brought += more
            self._changed.notify_all()

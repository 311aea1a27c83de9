"""The processors, shared among the threads in which a model reads at the same time. Pure."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Processors:
    """Tells each thread that is at work how many processors are its part.

    Alone, a question is read sooner by all of them. Two questions, each read by all, get in each other's way:
    on two processors both take 18 ms, and 13.5 with one each. docs/speed.md says how that was measured.
    """

    def __init__(self, count: Callable[[], int]) -> None:
        """
        Args:
            count: how many there are; called once, by the first that works.
        """
        self._count = count
        self._lock = threading.Lock()
        self._at_work = 0
        self._all = 0

    @contextmanager
    def part(self) -> Iterator[int]:
        """How many this thread is to work with, at least one."""
        with self._lock:
            self._all = self._all or self._count()
            self._at_work += 1
            share = max(1, self._all // self._at_work)
        try:
            yield share
        finally:
            with self._lock:
                self._at_work -= 1

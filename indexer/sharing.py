"""The processors, shared among the threads in which a model reads at the same time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Processors:
    """Gives each thread that is at work its part of the processors.

    Alone, a question is read sooner by all of them. Two questions, each read by all, get in each other's way:
    on two processors both take 18 ms, and 13.5 with one each. docs/speed.md says how that was measured.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_work = 0
        self._all = 0

    @contextmanager
    def part(self) -> Iterator[None]:
        """Let the tensors of this thread be worked on by its part of the processors, at least one."""
        import torch

        with self._lock:
            # What torch came with is told before the first change; it heeds OMP_NUM_THREADS.
            self._all = self._all or torch.get_num_threads()
            self._at_work += 1
            share = max(1, self._all // self._at_work)
        torch.set_num_threads(share)  # for this thread, and for those that begin later
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1


processors = Processors()

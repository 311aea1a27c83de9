"""That an answer is not wanted any more, told to whatever waits for a language model's next word."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar


class Stop:
    """Given once, from any thread."""

    def __init__(self) -> None:
        self.given = False
        self._lock = threading.Lock()
        self._wakes: list[Callable[[], object]] = []

    def give(self) -> None:
        """Wake all who wait."""
        with self._lock:
            self.given = True
            wakes, self._wakes = self._wakes, []
        for wake in wakes:
            wake()

    def wakes(self, wake: Callable[[], object]) -> None:
        """Call this once the stop is given, or now if it was."""
        with self._lock:
            if not self.given:
                self._wakes.append(wake)
                return
        wake()


_heard: ContextVar[Stop | None] = ContextVar("stop", default=None)


@contextlib.contextmanager
def heeding(stop: Stop) -> Iterator[None]:
    """What is done meanwhile on this thread ends its waiting when the stop is given."""
    token = _heard.set(stop)
    try:
        yield
    finally:
        _heard.reset(token)


def on_stop(wake: Callable[[], object]) -> None:
    """Call this once the stop is given that is heeded here, if there is one."""
    if stop := _heard.get():
        stop.wakes(wake)

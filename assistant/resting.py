"""An address that keeps failing is left alone for a while, so that nobody waits for it."""

import threading
import time
from collections.abc import Callable

from assistant.errors import LanguageModelFailed

FAILURES_IN_A_ROW = 5
SECONDS_TO_REST = 60.0


class Rest:
    """Counts failures in a row. Any thread may use it."""

    def __init__(
        self,
        failures: int = FAILURES_IN_A_ROW,
        seconds: float = SECONDS_TO_REST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._seconds = seconds
        self._clock = clock
        self._failures = 0
        self._until = 0.0
        self._lock = threading.Lock()

    def require(self) -> None:
        """Return if the address may be asked. Raises LanguageModelFailed: it rests."""
        with self._lock:
            if self._clock() < self._until:
                raise LanguageModelFailed("resting")

    def failed(self) -> None:
        """Count a failure; after enough of them the rest begins, and after a rest one is enough."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._limit:
                self._until = self._clock() + self._seconds
                self._failures = self._limit - 1

    def succeeded(self) -> None:
        """Forget the failures."""
        with self._lock:
            self._failures, self._until = 0, 0.0

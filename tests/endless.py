"""What may take for ever fails instead of holding up all tests."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 30  # seconds, for what takes some milliseconds


@contextmanager
def comes_to_an_end() -> Iterator[None]:
    """What is done within ends, or is a failure; only in the main thread."""
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _too_long(number: int, frame: FrameType | None) -> None:
    raise AssertionError(f"not done after {PATIENCE} seconds")

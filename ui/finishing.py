"""The answers that are being made, so that a server that is told to stop lets them end, or ends them."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Self

from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.stopping import Stop, heeding

ASKED = ("/api/", "/v1/", "/mcp")  # what paths of programs begin with


class Running:
    """Counts the answers that are being made; each is a `with` block, in whatever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: set[Stop] = set()
        self.count = 0

    def __enter__(self) -> Self:
        with self._lock:
            self.count += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.count -= 1

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """Count an answer that `end` ends."""
        stop = Stop()
        self._stops.add(stop)
        try:
            with self, heeding(stop):
                yield
        finally:
            self._stops.discard(stop)

    def end(self) -> None:
        """Let the answers end with what there is of them, instead of waiting for a language model."""
        for stop in self._stops.copy():
            stop.give()


class Counted:
    """Counts the requests of programs that ask for something to be done, not those that listen for news."""

    def __init__(self, app: ASGIApp, running: Running) -> None:
        self._app = app
        self._running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http" and scope["method"] != "GET" and scope["path"].startswith(ASKED):
            with self._running.ending():
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

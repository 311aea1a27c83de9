"""How many answers are being made, so that a server that is told to stop lets them end."""

import threading
from typing import Self

from starlette.types import ASGIApp, Receive, Scope, Send


class Running:
    """Counts the answers that are being made; each is a `with` block, in whatever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def __enter__(self) -> Self:
        with self._lock:
            self.count += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.count -= 1


class Counted:
    """Counts the API's requests that ask for something to be done, not those that listen for news."""

    def __init__(self, app: ASGIApp, running: Running) -> None:
        self._app = app
        self._running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http" and scope["method"] != "GET" and scope["path"].startswith("/api/"):
            with self._running:
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

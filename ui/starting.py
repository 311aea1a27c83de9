"""What is served while the application is still being made: a page says so, and all else waits for it."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Callable
from hashlib import sha256

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.api.headers import SecurityHeaders

_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.6 ui-sans-serif, system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 100vh; margin: 0; background: #fff; color: #1c232b; }
main { width: min(28rem, 90vw); }
h1 { margin: 0; font-size: 1.5rem; }
p { margin: 0.5rem 0 0; color: #56616d; }
@media (prefers-color-scheme: dark) { body { background: #14181c; color: #e4e8ec; } p { color: #9ba7b3; } }
"""
_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Footnote</title>
<style>{_STYLE}</style>
</head>
<body>
<main role="status">
<h1>Footnote</h1>
<p>Starting: this page opens by itself in a few seconds.</p>
"""
_AGAIN = '<meta http-equiv="refresh" content="0">\n'
_FAILED = "It could not be started. Its log says why.\n"
_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'",
    "Retry-After": "3",
    "X-Accel-Buffering": "no",  # a proxy that waited for the end of the page would show nothing of it
}


class Starting:
    """An application that another one is served by once that is made, in a thread.

    Until then whoever wants a page gets one that says so. It has no end before the other is there: then the
    browser is told to ask again. Requests for anything else wait.
    """

    def __init__(self, make: Callable[[], Starlette], failed: Callable[[], None]) -> None:
        """
        Args:
            failed: is called if `make` raises; `error` is then what it raised.
        """
        self._make = make
        self._failed = failed
        self.error: Exception | None = None
        self._app: ASGIApp = PlainTextResponse(_FAILED, 503)
        self._made, self._ended = asyncio.Event(), asyncio.Event()
        self._page = SecurityHeaders(self._say_so)
        self._events = Router(lifespan=self._lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the start and the end of it all."""
        if scope["type"] == "lifespan":
            await self._events(scope, receive, send)
        elif not self._made.is_set() and _wants_page(scope):
            await self._page(scope, receive, send)
        else:
            await self._made.wait()
            await self._app(scope, receive, send)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        living = asyncio.create_task(self._live())
        yield
        self._ended.set()
        await living

    async def _live(self) -> None:
        try:
            made = await asyncio.to_thread(self._make)
            async with made.router.lifespan_context(made):
                self._app = made
                self._made.set()
                await self._ended.wait()
        except Exception as error:
            self.error = error
            self._failed()
        finally:
            self._made.set()

    async def _say_so(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def parts() -> AsyncIterator[str]:
            yield _PAGE
            await self._made.wait()
            yield f"<p>{_FAILED}</p>" if self.error else _AGAIN

        await StreamingResponse(parts(), 503, _HEADERS, "text/html")(scope, receive, send)


def _wants_page(scope: Scope) -> bool:
    return scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", "")

"""Limits on what a request sends: how much, so that no caller fills the memory, and how slowly."""

import asyncio
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.api.problems import respond

MAX_BODY = 64 * 2**10  # bytes
SECONDS_FOR_BODY = 15.0


class BodyLimit:
    """Middleware: refuse larger bodies, by declared length or once they prove it, and those that dawdle."""

    def __init__(self, app: ASGIApp, *, max_bytes: Callable[[Scope], int] = lambda scope: MAX_BODY) -> None:
        """
        Args:
            max_bytes: the most that a request may send.
        """
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, counting what it sends."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.max_bytes(scope)
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > limit:
            response = await respond(Request(scope), _too_large(limit))
            await response(scope, receive, send)
            return
        received, whole = 0, False
        deadline = asyncio.get_running_loop().time() + SECONDS_FOR_BODY

        async def receive_counted() -> Message:
            nonlocal received, whole
            if whole:  # what comes next is that the caller has left, which may take its time
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as error:
                raise HTTPException(408, f"The body took over {SECONDS_FOR_BODY:.0f} seconds") from error
            received += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if received > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, receive_counted, send)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"The body is larger than the {limit:,} bytes that are taken here")

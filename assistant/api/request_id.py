"""A name for each request, so that a line in the log and an error on a screen can be matched."""

import re
from contextvars import ContextVar
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-ID"
_current: ContextVar[str] = ContextVar("request_id", default="")
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestId:
    """Middleware: keep the caller's request id if it is safe to log, else make one; send it back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request with its id in `scope["state"]` and in the response's headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        name = given if _ACCEPTABLE.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = name
        _current.set(name)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        await self.app(scope, receive, send_with_id)


def request_id(request: Request) -> str:
    """The id of this request."""
    return str(getattr(request.state, "request_id", ""))


def current_request_id() -> str:
    """The id of the request that is being served here; empty outside of one."""
    return _current.get()

"""What is seen of each request from outside: a line in the log, a count, and an answer even if all fails."""

import logging
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.api.problems import respond

_log = logging.getLogger("footnote.access")
Served = Callable[[str, str, int, float], object]


class Observed:
    """Middleware: tells each request's method, route, status and seconds; answers what nobody caught."""

    def __init__(self, app: ASGIApp, *, served: Served) -> None:
        self._app = app
        self._served = served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, and tell of it when its response is at its end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        except Exception as error:
            if status:  # the response has begun, so all that can be told is that it ends too early
                _log.exception("the response broke off")
                raise
            response = await respond(Request(scope), error)
            await response(scope, receive, send_observed)
        finally:
            seconds = time.perf_counter() - started
            self._served(scope["method"], _pattern(scope), status, seconds)
            _tell(scope, status, seconds)


def _pattern(scope: Scope) -> str:
    """The route without what its parameters were; of what has none, one word, as paths are without number."""
    route = getattr(scope.get("route"), "path", None)
    if route is None:
        return "none"
    prefix = "/api/v1"
    versioned = scope["path"].startswith(prefix) and not route.startswith("/api/")
    return prefix + route if versioned else route or "/"


def _tell(scope: Scope, status: int, seconds: float) -> None:
    """One line, without the query, which may hold what is nobody's business."""
    if not _log.isEnabledFor(logging.INFO):
        return
    client = scope["client"][0] if scope.get("client") else ""
    fields = {
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
        "client": client,
    }
    _log.info("%(method)s %(path)r %(status)d in %(milliseconds).1f ms", fields, extra={"fields": fields})

"""Which of Gradio's routes are there: those that the page uses. All others are closed."""

import re

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

# Not here, among others: files, uploads, the proxy, the API and its description, monitoring, login, and what
# a later release adds.
_FILE = r"/(?:assets|static|svelte)(?:/[\w@+~-][\w@+~. -]{0,199})+"
_OPEN = {
    "GET": re.compile(
        rf"/|/(?:notes|index|search)|/config/?|/theme\.css|/favicon\.ico|/robots\.txt|{_FILE}"
        r"|/gradio_api/(?:queue/data|heartbeat/\w+|startup-events|app_id/?)"
    ),
    "POST": re.compile(r"/gradio_api/(?:queue/join|cancel|reset/?)"),
}
_OPEN["HEAD"] = _OPEN["GET"]


class ChatRoutes:
    """Gradio's application behind a list of what may be asked of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it is on the list; else there is nothing at its address."""
        if scope["type"] == "http":
            allowed = _OPEN.get(scope["method"])
            if allowed is None or not allowed.fullmatch(scope["path"]):
                raise HTTPException(404)
        await self._app(scope, receive, send)

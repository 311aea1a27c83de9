"""The head of the pages as they are sent.

Gradio adds what it is given for a head by a script, after the page was drawn once; then all of it jumps.
"""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ADVERTISED = re.compile(rb'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*')  # Gradio's, to other sites
_END = b"</head>"


class OwnHead:
    """Puts HTML at the end of the head of every page that is served whole."""

    def __init__(self, app: ASGIApp, head: str) -> None:
        self._app = app
        self._head = head.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; if it is a page, with its head."""
        begun: Message | None = None
        page = bytearray()

        async def send_with_head(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start" and _is_page(message):
                begun = message
            elif begun is None:
                await send(message)
            else:
                page.extend(message.get("body", b""))
                if not message.get("more_body"):
                    whole = self._with_head(bytes(page))
                    MutableHeaders(scope=begun)["content-length"] = str(len(whole))
                    await send(begun)
                    await send({"type": "http.response.body", "body": whole})

        await self._app(scope, receive, send_with_head)

    def _with_head(self, page: bytes) -> bytes:
        start, end, rest = _ADVERTISED.sub(b"", page).partition(_END)
        return start + (self._head if end else b"") + end + rest


def _is_page(start: Message) -> bool:
    headers = MutableHeaders(scope=start)
    return headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers

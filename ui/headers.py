"""What the browser is told about the chat page: to fetch nothing from anywhere else.

Opened wider than for all else, because Gradio's page does not work without: inline scripts, `eval` (it
compiles its templates in the browser), inline styles, images and fonts as `data:`, workers as `blob:`.
Nothing of this reaches another machine; what notes and questions hold is sanitised before it gets there.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class PageHeaders:
    """Middleware around Gradio's application, whose pages have this policy; all else has a stricter one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the policy to the response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Content-Security-Policy", POLICY)
            await send(message)

        await self._app(scope, receive, send_with_headers)

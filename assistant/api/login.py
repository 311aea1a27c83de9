"""The page that asks a browser for the token, and remembers that it was shown."""

import base64
import html
from hashlib import sha256
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from assistant.api.security import COOKIE, LOGIN, SESSION_SECONDS, Access

_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 ui-sans-serif, system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 100vh; margin: 0; }
form { display: grid; gap: 0.75rem; width: min(22rem, 90vw); }
h1 { margin: 0; font-size: 1.5rem; }
p { margin: 0; }
input, button { font: inherit; padding: 0.5rem 0.75rem; border-radius: 0.5rem; border: 1px solid GrayText; }
button { background: #1d4ed8; border-color: #1d4ed8; color: #fff; cursor: pointer; }
:focus-visible { outline: 3px solid #60a5fa; outline-offset: 1px; }
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Footnote</title>
<style>{style}</style>
</head>
<body>
<form method="post" action="login">
<h1>Footnote</h1>
{said}
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<input name="username" autocomplete="username" value="footnote" hidden>
<input name="next" type="hidden" value="{next}">
<button>Log in</button>
<p><small>It is the server's <code>FOOTNOTE_TOKEN</code>.</small></p>
</form>
</body>
</html>
"""
_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'"
    "; frame-ancestors 'none'"
)
_WRONG = '<p role="alert">That is not the token.</p>'


def login_routes(access: Access) -> list[Route]:
    """`GET` and `POST /login`, `POST /logout`."""

    async def page(request: Request) -> Response:
        if not access.wants_token or access.admits(request.headers):
            return _to(request.query_params.get("next", ""))
        return _page(request.query_params.get("next", ""))

    async def log_in(request: Request) -> Response:
        said = parse_qs((await request.body()).decode("utf-8", "replace"))
        token, then = (said.get(name, [""])[0] for name in ("token", "next"))
        if not access.knows_token(token.strip()):
            return _page(then, _WRONG, status=401)
        response = _to(then)
        response.set_cookie(
            COOKIE,
            access.new_session(),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    async def log_out(request: Request) -> Response:
        response = RedirectResponse(LOGIN, 303)
        response.delete_cookie(COOKIE, httponly=True, samesite="lax")
        return response

    return [
        Route(LOGIN, page, methods=["GET"], include_in_schema=False),
        Route(LOGIN, log_in, methods=["POST"], include_in_schema=False),
        Route("/logout", log_out, methods=["POST"], include_in_schema=False),
    ]


def _page(then: str, said: str = "", *, status: int = 200) -> HTMLResponse:
    text = _PAGE.format(style=_STYLE, said=said, next=html.escape(then))
    return HTMLResponse(text, status, {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})


def _to(then: str) -> RedirectResponse:
    """To the page that was asked for first, if it is one of ours."""
    ours = then.startswith("/") and not then.startswith(("//", "/\\"))
    return RedirectResponse(then if ours and then.isprintable() else "/", 303)

"""The one place that decides who may come in: hosts, origins, tokens, how often. It is before every route.

On one's own machine, websites are the strangers: their pages can send requests to 127.0.0.1 (refused by
origin) and give their own name that address (refused by host). On a network, other machines are: they need
the token. Behind a proxy, both.
"""

import hmac
import re
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request, cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.api.problems import respond
from assistant.api.rate_limit import RateLimit
from assistant.settings import AccessSettings

LOGIN = "/login"
OPEN = frozenset({"/healthz", "/readyz", LOGIN})  # say nothing but how the process is, and ask for the token
UNCOUNTED = re.compile(r"/healthz|/readyz|/(?:assets|static|ui/assets|api/v1/docs-assets)/.*")
COOKIE = "footnote_session"
SESSION_SECONDS = 30 * 86_400
MAX_HEADERS = 16 * 2**10  # bytes
MAX_TARGET = 8 * 2**10
_HERE = ("localhost", "127.0.0.1", "[::1]")
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_EXPOSED = ("ETag", "Location", "Retry-After", "X-Request-ID")


class Access:
    """What the settings allow, as questions about one request."""

    def __init__(self, settings: AccessSettings, *, host: str = "127.0.0.1") -> None:
        """
        Args:
            host: the address that the server listens on.
        """
        self.origins = settings.origins
        self.limit = RateLimit(settings.requests_per_minute)
        self._digest = sha256(settings.token.encode()).digest() if settings.token else None
        self._key = hmac.digest(settings.token.encode(), b"footnote session", sha256)
        own = f"[{host}]" if ":" in host else host.lower()
        self._hosts = {*_HERE, own, *settings.hosts}
        # A name can be made to lead here by whoever owns it, a number cannot.
        self._any_address = own in ("0.0.0.0", "[::]")

    @property
    def wants_token(self) -> bool:
        """Whether there is a token to be shown."""
        return self._digest is not None

    def knows_host(self, host: str) -> bool:
        """Whether a `Host` header names this server."""
        found = _HOST.fullmatch(host.lower())
        if not found:
            return False
        name = found[1]
        listed = name in self._hosts or any(
            allowed.startswith("*.") and name.endswith(allowed[1:]) for allowed in self._hosts
        )
        return listed or (self._any_address and bool(re.fullmatch(r"\[.*\]|[0-9.]+", name)))

    def is_cross_site(self, method: str, headers: Headers) -> bool:
        """Whether a page of another site sends this request, and not by a link that someone follows."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin in self.origins:
            return False
        if site is not None:  # set by the browser, whatever its page says
            followed = (
                headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
            )
            return site not in ("same-origin", "none") and not (method in _READING and followed)
        return origin is not None and _host_of(origin) != headers.get("host", "").lower()

    def knows_token(self, token: str) -> bool:
        """Whether this is the token, compared in constant time."""
        return self._digest is not None and hmac.compare_digest(sha256(token.encode()).digest(), self._digest)

    def admits(self, headers: Headers) -> bool:
        """Whether a request shows the token, or the session of somebody who has."""
        if self._digest is None:
            return True
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.knows_token(token.strip()):
            return True
        return self._knows_session(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""))

    def new_session(self) -> str:
        """A cookie's value that is good for a month, and only as long as the token stays the same."""
        said = f"{int(time.time()) + SESSION_SECONDS}.{secrets.token_urlsafe(16)}"
        return f"{said}.{self._sign(said)}"

    def _knows_session(self, value: str) -> bool:
        said, _, signature = value.rpartition(".")
        if not hmac.compare_digest(self._sign(said).encode(), signature.encode()):
            return False
        return int(said.split(".")[0]) > time.time()

    def _sign(self, said: str) -> str:
        return hmac.new(self._key, said.encode(), sha256).hexdigest()


class Gate:
    """Middleware: lets a request in, or answers it with the problem that keeps it out."""

    def __init__(self, app: ASGIApp, *, access: Access, refused: Callable[[int], object]) -> None:
        """
        Args:
            refused: told the status of each refusal, to count it.
        """
        self._app = app
        self._access = access
        self._refused = refused
        self._shared = CORSMiddleware(
            self._decide,
            allow_origins=access.origins,
            allow_methods=("DELETE", "GET", "PATCH", "POST", "PUT"),
            allow_headers=("Authorization", "Content-Type", "If-Match", "If-None-Match", "X-Request-ID"),
            expose_headers=_EXPOSED,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; to listed origins with the headers that let pages read it."""
        if scope["type"] == "websocket":  # nothing here speaks that
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        elif Headers(scope=scope).get("origin") in self._access.origins:
            await self._shared(scope, receive, send)
        else:
            await self._decide(scope, receive, send)

    async def _decide(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        refusal = self._refusal(request)
        if refusal is None:
            await self._app(scope, receive, _without_sharing(send))
            return
        self._refused(refusal.status_code)
        response = await respond(request, refusal)
        if refusal.status_code == 401 and request.method == "GET" and _is_page(request):
            response = RedirectResponse(f"{LOGIN}?next={quote(request.url.path)}", 303)
        await response(scope, receive, send)

    def _refusal(self, request: Request) -> HTTPException | None:
        """Why this request is not let in, if so. What costs least is asked first."""
        access, headers, path = self._access, request.headers, request.url.path
        if request.method not in METHODS:
            return HTTPException(405, headers={"Allow": ", ".join(METHODS)})
        if not access.knows_host(headers.get("host", "")):
            return HTTPException(
                421, "This server does not go by that name. List it in FOOTNOTE_ALLOWED_HOSTS"
            )
        if sum(len(name) + len(value) for name, value in headers.raw) > MAX_HEADERS:
            return HTTPException(431, f"The headers are larger than {MAX_HEADERS:,} bytes. Send fewer")
        if len(request.scope["raw_path"]) + len(request.scope["query_string"]) > MAX_TARGET:
            return HTTPException(414, f"The address is longer than {MAX_TARGET:,} bytes. Shorten it")
        if access.is_cross_site(request.method, headers):
            return HTTPException(
                403, "Another site's page sent this. List its origin in FOOTNOTE_CORS_ORIGINS"
            )
        if not UNCOUNTED.fullmatch(path):
            seconds = access.limit.wait(request.client.host if request.client else "")
            if seconds:
                told = {"Retry-After": str(seconds)}
                return HTTPException(429, f"Too many requests. Wait {seconds} seconds, and go slower", told)
        if path not in OPEN and not access.admits(headers):
            told = {"WWW-Authenticate": 'Bearer realm="footnote"'}
            return HTTPException(
                401, "Send the token as 'Authorization: Bearer …', or log in at /login", told
            )
        return None


def _host_of(address: str) -> str | None:
    """The host, with its port, that an address names; None if it is no address."""
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return None


def _is_page(request: Request) -> bool:
    """Whether a person looks at this in a browser."""
    return "text/html" in request.headers.get("accept", "")


def _without_sharing(send: Send) -> Send:
    """What is inside does not decide which origins may read; Gradio would let all of them."""

    async def send_unshared(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in [name for name in headers if name.startswith("access-control-")]:
                del headers[name]
        await send(message)

    return send_unshared

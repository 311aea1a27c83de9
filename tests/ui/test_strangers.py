"""What strangers send, against every route of the running application, each with its expected status."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from conftest import Site, small_site
from running import Address, running
from starlette.datastructures import Headers
from starlette.routing import Mount

from assistant.api.security import OPEN, Access
from assistant.pipeline import Assistant
from assistant.settings import AccessSettings
from assistant.types import Event, Found, Text
from indexer.notebook import Notebook
from ui.application import create_server
from ui.settings import ServerSettings

TOKEN = "Xy0-a-long-enough-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ASK = "/api/v1/ask"
Serve = Callable[..., Address]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with small_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def assistant(site: Site) -> Assistant:
    """That of the servers, to be tampered with for as long as a test runs."""
    return site.assistant


def app(site: Site, **access: Any) -> Any:
    """A whole application."""
    notebook = Notebook(site.settings.notes, index=site.settings.index, max_bytes=100_000)
    chosen = AccessSettings(**{"requests_per_minute": 0, **access})
    return create_server(site.assistant, site.jobs, notebook=notebook, settings=chosen)


@pytest.fixture(scope="module")
def serve(site: Site) -> Iterator[Serve]:
    """Where an application with such settings of access runs; the same for all who want the same."""
    with ExitStack() as stack:

        @cache
        def start(**access: Any) -> Address:
            return stack.enter_context(running(app(site, **access)))

        yield start


def routes(app: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every method and path of an application, with those of what is mounted in it."""
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner, getattr(route.include_context, "prefix", "") or prefix)
        elif not hasattr(route, "path"):
            continue
        elif isinstance(route, Mount):
            mounted = route.app
            while hasattr(mounted, "_app"):
                mounted = mounted._app
            if hasattr(mounted, "routes"):
                yield from routes(mounted, route.path)
            else:
                yield "GET", f"{route.path}/style.css"
        else:
            path = prefix + route.path if not route.path.startswith(prefix) else route.path
            for name in ("{path:path}", "{rest:path}", "{url_path:path}", "{path_or_url:path}"):
                path = path.replace(name, "x")
            for method in sorted(route.methods or {"GET"}):
                yield method, path.replace("{", "").replace("}", "").replace(" ", "")


@pytest.fixture(scope="module")
def every_route(site: Site) -> list[tuple[str, str]]:
    found = sorted(set(routes(app(site))))
    assert ("GET", "/gradio_api/file=x") in found  # Gradio's are among them
    assert ("POST", "/api/v1/ask") in found
    assert len(found) > 100
    return found


# What keeps a request out wherever it goes, without and with a token set.
ANYWHERE: list[tuple[str, dict[str, str], int]] = [
    ("a name that was made to lead here", {"Host": "evil.example"}, 421),
    ("a name that begins like ours", {"Host": "127.0.0.1.evil.example"}, 421),
    ("a name that ends like ours", {"Host": "evil-localhost"}, 421),
    ("no name", {"Host": ""}, 421),
    ("a name with a user", {"Host": "x@127.0.0.1"}, 421),
    ("a page of another site", {"Origin": "http://evil.example"}, 403),
    ("a page of another port", {"Origin": "http://127.0.0.1:1"}, 403),
    ("a page in a sandbox", {"Origin": "null"}, 403),
    ("another site's image or script", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
    ("another port's image or script", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, 403),
    (
        "another site's frame",
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        403,
    ),
    ("headers without end", {"X-Filler": "x" * 17_000}, 431),
]
NO_TOKEN: list[tuple[str, dict[str, str], int]] = [
    ("nothing", {}, 401),
    ("a wrong token", {"Authorization": "Bearer wrong"}, 401),
    ("part of the token", {"Authorization": f"Bearer {TOKEN[:-1]}"}, 401),
    ("the token as a password", {"Authorization": "Basic OlhZMC1hLWxvbmctZW5vdWdoLXRva2Vu"}, 401),
    ("the token under no scheme", {"Authorization": TOKEN}, 401),
    ("an invented session", {"Cookie": "footnote_session=9999999999.x.0"}, 401),
    ("a session without signature", {"Cookie": "footnote_session="}, 401),
]


def check(address: Address, method: str, path: str, headers: dict[str, str], status: int) -> None:
    reply = address.send(method, path, headers)
    assert reply.status == status, (method, path, reply.body[:200])
    assert not any(name.startswith("access-control-") for name in reply.headers)
    if method != "HEAD":
        problem = json.loads(reply.body)
        assert problem["status"] == status and problem["request_id"] == reply.headers["x-request-id"]
        assert "Traceback" not in problem["detail"]


def test_no_route_is_open_to_websites(serve: Serve, every_route: list[tuple[str, str]]) -> None:
    address = serve()
    for _, headers, status in ANYWHERE:
        for method, path in every_route:
            check(address, method, path, headers, status)


def test_no_route_but_the_open_ones_is_there_without_the_token(
    serve: Serve, every_route: list[tuple[str, str]]
) -> None:
    address = serve(token=TOKEN)
    for _, headers, status in NO_TOKEN:
        for method, path in every_route:
            if path not in OPEN:
                check(address, method, path, headers, status)
    for method, path in every_route:
        if path not in OPEN:
            check(address, method, f"{path}?token={TOKEN}&access_token={TOKEN}", {}, 401)


def test_a_page_of_another_site_learns_nothing_by_asking_first(
    serve: Serve, every_route: list[tuple[str, str]]
) -> None:
    address = serve()
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    for path in sorted({path for _, path in every_route}):
        check(address, "OPTIONS", path, asked, 403)


def test_every_route_refuses_a_body_that_is_too_large(
    serve: Serve, every_route: list[tuple[str, str]]
) -> None:
    address = serve()
    larger = [("PUT", "/api/v1/notes/x"), ("POST", "/gradio_api/queue/join")]  # where notes are written
    for method, path in every_route:
        if method in ("POST", "PUT", "PATCH") and (method, path) not in larger:
            reply = address.send(method, path, {"Content-Length": "65537"})
            assert (reply.status, reply.code) == (413, "too_large"), path
    for method, path in (("PUT", "/api/v1/notes/x.md"), ("POST", "/gradio_api/queue/join")):
        reply = address.send(method, path, {"Content-Length": "1048577"})
        assert (reply.status, reply.code) == (413, "too_large")


def test_an_address_without_end_is_refused(serve: Serve) -> None:
    reply = serve().send("GET", f"/api/v1/notes?q={'x' * 9_000}")
    assert (reply.status, reply.code) == (414, "address_too_long")


# Gradio's routes that the page needs, and what they say to a request that fits no session of theirs.
GRADIO_OPEN = {
    ("GET", "/"): 200,
    ("HEAD", "/"): 200,
    ("GET", "/notes"): 200,
    ("GET", "/index"): 200,
    ("GET", "/search"): 200,
    ("GET", "/config"): 200,
    ("GET", "/config/"): 200,
    ("GET", "/theme.css"): 200,
    ("GET", "/favicon.ico"): 200,
    ("GET", "/robots.txt"): 200,
    ("GET", "/static/x"): 404,
    ("GET", "/assets/x"): 404,
    ("GET", "/svelte/x"): 404,
    ("POST", "/gradio_api/queue/join"): 422,
    ("GET", "/gradio_api/queue/data"): 422,
    ("POST", "/gradio_api/cancel"): 422,
    ("POST", "/gradio_api/reset"): 422,
    ("POST", "/gradio_api/reset/"): 422,
    ("GET", "/gradio_api/heartbeat/session_hash"): 200,
    ("GET", "/gradio_api/startup-events"): 200,
    ("GET", "/gradio_api/app_id"): 200,
    ("GET", "/gradio_api/app_id/"): 200,
}


def test_of_gradios_routes_only_those_are_open_that_the_page_needs(serve: Serve, site: Site) -> None:
    address = serve()
    [mount] = [route for route in app(site).routes if isinstance(route, Mount) and route.path == ""]
    gradio = mount.app._app._app._app  # type: ignore[attr-defined]
    ours = {"/login", "/logout"}
    found = {(method, path) for method, path in routes(gradio) if path not in ours}
    assert set(GRADIO_OPEN) <= found
    for method, path in sorted(found):
        reply = address.send(method, path)
        assert reply.status == GRADIO_OPEN.get((method, path), 404), (method, path, reply.body[:200])
        if (method, path) not in GRADIO_OPEN and method != "HEAD":
            assert reply.code == "not_found"


PLACES = (
    "/ui/assets/{}", "/api/v1/docs-assets/{}", "/static/{}", "/assets/{}", "/svelte/{}", "/api/v1/notes/{}",
    "/gradio_api/file={}", "/gradio_api/file/{}", "/gradio_api/proxy={}", "/{}",
)  # fmt: skip
OUTSIDE = (
    "../../../../../../etc/passwd", "..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/server.py",
    "....//....//etc/passwd", "..%5c..%5cetc%5cpasswd", "/etc/passwd", "%2fetc%2fpasswd", "%00/etc/passwd",
    "..%00/", "..%c0%af..%c0%afetc/passwd", "%252e%252e%252fetc%252fpasswd", "file:///etc/passwd",
    "http://127.0.0.1:1/", ".footnoteignore", ".git/config", "CURRENT", "../index/CURRENT",
    "../index-conversations.sqlite", "server.py", "x" * 300,
)  # fmt: skip


def test_no_path_leads_out(serve: Serve) -> None:
    address = serve()
    for place, path in product(PLACES, OUTSIDE):
        reply = address.send("GET", place.format(path))
        assert reply.status == 404, (place, path, reply.status, reply.body[:200])
        assert b"root:" not in reply.body and b"Traceback" not in reply.body


def test_gradio_lets_no_origin_read(serve: Serve) -> None:
    """Its own middleware would, as soon as the host has another name than localhost."""
    address = serve(allowed_hosts="notes.example", cors_origins="https://app.example")
    for origin in ("https://app.example", None):
        headers = {"Host": "notes.example"} | ({"Origin": origin} if origin else {})
        for path in ("/config", "/api/v1/index", "/"):
            reply = address.send("GET", path, headers)
            assert reply.status == 200
            assert reply.headers.get("access-control-allow-origin") == origin
            assert "access-control-allow-credentials" not in reply.headers


def test_a_listed_origin_may_ask_with_the_token_and_read_why_not(serve: Serve) -> None:
    address = serve(token=TOKEN, cors_origins="https://app.example")
    origin = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    reply = address.send("OPTIONS", ASK, origin | asked)
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, "https://app.example")
    reply = address.send("POST", ASK, origin, {"question": "What is EFS?"})
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (401, "https://app.example")
    assert address.send("POST", ASK, origin | BEARER, {"question": "What is EFS?"}).status == 200


def test_a_link_from_another_site_is_followed_to_the_page(serve: Serve) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert serve().send("GET", "/", followed).status == 200


def test_an_origin_that_is_no_address_is_another_site(serve: Serve) -> None:
    reply = serve().send("GET", "/api/v1/notes", {"Origin": "http://["})
    assert (reply.status, reply.code) == (403, "cross_site")


def test_the_token_lets_programs_in_everywhere(serve: Serve) -> None:
    address = serve(token=TOKEN)
    for path in ("/", "/config", "/metrics", "/api/v1/docs", "/api/v1/openapi.json", "/api/v1/notes"):
        assert address.send("GET", path, BEARER).status == 200
    for path in OPEN:
        assert address.send("GET", path).status == 200


def test_a_browser_logs_in_once(serve: Serve) -> None:
    address = serve(token=TOKEN)
    page = {"Accept": "text/html"}
    reply = address.send("GET", "/?x=1", page)
    assert (reply.status, reply.headers["location"]) == (303, "/login?next=/")
    form = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Sec-Fetch-Site": "same-origin",
        "Origin": "null",
    }
    wrong = address.send("POST", "/login", form, b"token=wrong&next=/")
    assert wrong.status == 401 and b"not the token" in wrong.body and "set-cookie" not in wrong.headers
    right = address.send("POST", "/login", form, f"token={TOKEN}&next=/%3Fc%3D1".encode())
    assert (right.status, right.headers["location"]) == (303, "/?c=1")
    cookie, *attributes = right.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(attributes)
    assert TOKEN not in cookie
    assert address.send("GET", "/", page | {"Cookie": cookie}).status == 200
    assert address.send("GET", "/api/v1/notes", {"Cookie": cookie}).status == 200
    tampered = cookie.replace("footnote_session=", "footnote_session=9")
    assert address.send("GET", "/api/v1/notes", {"Cookie": tampered}).status == 401
    out = address.send("POST", "/logout", {"Cookie": cookie})
    assert 'footnote_session=""' in out.headers["set-cookie"]


def test_login_leads_to_no_other_site(serve: Serve) -> None:
    address = serve(token=TOKEN)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for then in (
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:x",
        "/%0d%0ax:y",
        "//[",
        "",
    ):
        reply = address.send("POST", "/login", form, f"token={TOKEN}&next={then}".encode())
        assert (reply.status, reply.headers["location"]) == (303, "/")


def test_a_session_ends_with_its_time_and_with_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    access = Access(AccessSettings(token=TOKEN))
    held = Headers({"Cookie": f"footnote_session={access.new_session()}"})
    assert access.admits(held)
    assert not Access(AccessSettings(token=TOKEN + "2")).admits(held)
    later = time.time() + 31 * 86_400
    monkeypatch.setattr("assistant.api.security.time.time", lambda: later)
    assert not access.admits(held)


def test_who_asks_too_often_is_told_when_to_come_back(serve: Serve) -> None:
    address = serve(requests_per_minute=5)
    replies = [address.send("GET", "/api/v1/notes") for _ in range(7)]
    assert [reply.status for reply in replies] == [200] * 5 + [429] * 2
    assert replies[-1].code == "too_many_requests"
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 24
    spoofed = address.send("GET", "/api/v1/notes", {"X-Forwarded-For": "192.0.2.7"})
    assert spoofed.status == 429
    assert address.send("GET", "/healthz").status == 200


def test_a_proxy_is_believed_only_if_it_is_named(site: Site) -> None:
    told = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for proxies, secure in (("127.0.0.1", True), ("192.0.2.9", False)):
        proxied = app(site, token=TOKEN, requests_per_minute=1)
        with running(proxied, ServerSettings(trusted_proxies=proxies)) as address:
            login = address.send("POST", "/login", form | told, f"token={TOKEN}".encode())
            assert ("Secure" in login.headers["set-cookie"]) is secure
            another = address.send("GET", "/api/v1/notes", BEARER | {"X-Forwarded-For": "192.0.2.2"})
            assert another.status == (200 if secure else 429)


def test_beyond_the_answers_at_once_one_is_refused_at_once(
    serve: Serve, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, enough = threading.Semaphore(0), threading.Event()

    def patient(*_: Any, **__: Any) -> Iterator[Event]:
        yield Found(())
        going.release()
        enough.wait(60)
        raise ZeroDivisionError

    address = serve(answers_at_once=2)
    monkeypatch.setattr(assistant, "stream", patient)
    threads = [
        threading.Thread(target=address.send, args=("POST", ASK, None, {"question": "x"})) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
        assert going.acquire(timeout=60)
    for path in (ASK, f"{ASK}/stream"):
        reply = address.send("POST", path, None, {"question": "x"})
        assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "busy", "1")
    assert b"footnote_answers_running 2.0" in address.send("GET", "/metrics").body
    enough.set()
    for thread in threads:
        thread.join()
    until = time.monotonic() + 60  # a seat is free a moment after its answer was sent
    while b"footnote_answers_running 0.0" not in address.send("GET", "/metrics").body:
        assert time.monotonic() < until


def test_a_client_that_leaves_stops_the_work(
    serve: Serve, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped, made = threading.Event(), []

    def endless(*_: Any, **__: Any) -> Iterator[Event]:
        try:
            yield Found(())
            while True:
                made.append(1)
                yield Text("word ")
                time.sleep(0.002)
        finally:
            stopped.set()

    address = serve()
    monkeypatch.setattr(assistant, "stream", endless)
    with address.connect() as connection, connection.makefile("rb") as lines:
        body = b'{"question": "x"}'
        head = f"POST {ASK}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        connection.sendall(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert any(line.startswith(b"event: passages") for line in lines)
    assert stopped.wait(60)
    assert len(made) < 2_000


def test_a_client_that_takes_nothing_loses_its_connection(
    serve: Serve, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = threading.Event()

    def endless(*_: Any, **__: Any) -> Iterator[Event]:
        try:
            yield Found(())
            while True:
                yield Text("word " * 10_000)
        finally:
            stopped.set()

    monkeypatch.setattr("ui.protocol.SECONDS_STALLED", 0.5)
    address = serve()
    monkeypatch.setattr(assistant, "stream", endless)
    with address.connect() as connection:
        head = f"POST {ASK}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        connection.sendall(f'{head}Content-Length: 17\r\n\r\n{{"question": "x"}}'.encode())
        assert stopped.wait(60)


def test_a_client_that_dawdles_loses_its_connection(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.api.body_limit.SECONDS_FOR_BODY", 0.3)
    address = serve()
    with monkeypatch.context() as impatient:
        impatient.setattr("ui.protocol.SECONDS_FOR_HEAD", 0.3)
        for sent in (b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow"):
            with address.connect() as connection:
                connection.sendall(sent)
                assert connection.recv(1_000) == b""
    with address.connect() as connection:
        head = b"POST /api/v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        connection.sendall(head + b'Content-Length: 17\r\n\r\n{"quest')
        assert b"408" in connection.recv(4_000)


def test_what_is_no_http_is_a_problem(serve: Serve) -> None:
    address = serve()
    for sent in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: " + b"x" * 40_000,
    ):
        with address.connect() as connection:
            connection.sendall(sent)
            reply = b"".join(iter(partial(connection.recv, 4_000), b""))
        assert reply.startswith(b"HTTP/1.1 400 ") and b'"code": "bad_request"' in reply


def test_where_things_lie_is_not_told(tmp_path: Path) -> None:
    with small_site(tmp_path) as site, running(app(site)) as address:
        for generation in (site.settings.index / "generations").iterdir():
            (generation / "manifest.json").unlink()
        (site.settings.index / "CURRENT").unlink()
        site.settings.notes.rename(tmp_path / "elsewhere")
        for path in ("/api/v1/notes/aws/roles.md", "/readyz", "/api/v1/index"):
            assert str(tmp_path) not in address.send("GET", path).body.decode()


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1", True), ("localhost:8000", True), ("LOCALHOST", True), ("[::1]:8000", True),
        ("notes.example", True), ("a.wide.example:1", True), ("wide.example", False),
        ("awide.example", False),
        ("192.0.2.1", False), ("localhost.", False), ("localhost:x", False), ("127.0.0.1:80:1", False),
        ("127.0.0.1/x", False), ("127.0.0.1 evil", False), ("2130706433", False), ("0.0.0.0", False),
        ("", False),
    ],
)  # fmt: skip
def test_which_names_are_ours(host: str, known: bool) -> None:
    access = Access(AccessSettings(allowed_hosts="notes.example, *.wide.example"))
    assert access.knows_host(host) is known


def test_who_listens_everywhere_goes_by_its_numbers_but_no_name() -> None:
    access = Access(AccessSettings(token=TOKEN), host="0.0.0.0")
    assert access.knows_host("192.0.2.1:8000") and access.knows_host("[2001:db8::1]")
    assert not access.knows_host("evil.example")

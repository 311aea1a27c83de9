"""The API and the chat in one application."""

import asyncio
import gc
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from conftest import small_site
from fakes import HashingEmbedder
from fastapi.testclient import TestClient
from models import faulty_server, writer_for
from ports import free_port
from serving import serving

from assistant.pipeline import Assistant
from indexer.jobs import RebuildJobs
from indexer.live import LiveIndex
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from ui.address import AddressError, listen
from ui.application import create_server
from ui.finishing import Running
from ui.server import Server, serve
from ui.settings import ServerSettings


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Of one application for all tests that only look at it."""
    with (
        small_site(tmp_path_factory.mktemp("site")) as site,
        TestClient(create_server(site.assistant, site.jobs), base_url="http://127.0.0.1") as client,
    ):
        yield client


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/v1/docs", "/api/v1/index", "/api/v1/notes"])
def test_the_chat_hides_no_route_of_the_api(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert "gradio" not in response.text.lower()


def test_an_unknown_route_of_the_api_is_a_problem_and_not_the_chat(client: TestClient) -> None:
    response = client.get("/api/v1/nothing")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_the_chat_is_at_the_root_and_may_fetch_from_nowhere_else(client: TestClient) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert "<title>Footnote</title>" in response.text or '"title":"Footnote"' in response.text
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert client.get("/api/v1/index").headers["content-security-policy"].startswith("default-src 'none'")


def test_the_page_brings_its_own_style_and_script(client: TestClient) -> None:
    sent = client.get("/").text
    head = sent[sent.index("<title>Footnote</title>") : sent.index("</head>")]
    addresses = re.findall(r"ui/assets/[\w.]+\?[0-9a-f]{12}", head)
    assert [address.split("?")[0].removeprefix("ui/assets/") for address in addresses] == [
        *("early.js", "style.css", "talk.css", "pages.css"),
        *("stream.js", "pages.js", "chat.js", "answers.js", "conversations.js"),
    ]
    assert all(client.get(f"/{address}").status_code == 200 for address in addresses)


def test_no_font_is_fetched(client: TestClient) -> None:
    theme = client.get("/theme.css").text
    assert "@font-face" not in theme
    assert "@import" not in theme


def test_files_are_not_taken(client: TestClient) -> None:
    response = client.post("/gradio_api/upload", files={"files": ("a.txt", b"too much")})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_the_events_of_the_page_are_no_api(client: TestClient) -> None:
    for path in ("info", "call/ask", "run/predict", "openapi.json"):
        assert client.get(f"/gradio_api/{path}").json()["code"] == "not_found"


def test_a_note_comes_as_a_fragment_with_its_lines_marked(client: TestClient) -> None:
    response = client.get("/ui/note", params={"path": "aws/roles.md", "start": "7", "end": "7"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.text.count('<mark id="cited" class="cited">Task role:</mark>') == 1
    assert "Instance profile" in response.text
    assert '<mark class="cited">Instance' not in response.text


@pytest.mark.parametrize("lines", [{}, {"start": "x"}, {"start": "0"}, {"start": "-1", "end": "2"}])
def test_lines_that_are_none_mark_nothing(client: TestClient, lines: dict[str, str]) -> None:
    response = client.get("/ui/note", params={"path": "aws/roles.md"} | lines)
    assert response.status_code == 200
    assert "<mark" not in response.text


@pytest.mark.parametrize("path", ["", "none.md", "../roles.md", "/etc/passwd", "<script>.md"])
def test_a_note_that_is_not_there_is_told_in_a_sentence(client: TestClient, path: str) -> None:
    response = client.get("/ui/note", params={"path": path})
    assert response.status_code == 404
    assert "x-fragment" in response.headers
    assert response.text.startswith('<p class="error" role="alert">There is no note')
    assert "<script>" not in response.text


def test_without_an_index_the_page_says_so_and_a_rebuild_mends_it(
    settings: IndexSettings, embedder: HashingEmbedder
) -> None:
    assistant = Assistant(LiveIndex(settings.index, fingerprint=embedder.fingerprint), embedder)
    jobs = RebuildJobs(lambda full: rebuild(settings, embedder, full=full), assistant.index.refresh)
    with TestClient(create_server(assistant, jobs), base_url="http://127.0.0.1") as client:
        assert client.get("/").status_code == 200
        assert client.get("/readyz").json()["code"] == "index_missing"
        assert client.get("/ui/note", params={"path": "aws/roles.md"}).status_code == 503
        assert client.post("/api/v1/index/rebuild").status_code == 202
        jobs.close()
        assert client.get("/readyz").status_code == 200
        assert client.get("/ui/note", params={"path": "aws/roles.md"}).status_code == 200


def test_a_taken_port_is_told_before_anything_is_loaded(settings: IndexSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressError, match=rf"Port {port} .*--port or FOOTNOTE_PORT"):
            serve(settings, ServerSettings(port=port))


def test_making_a_server_leaves_no_event_loop_open(assistant: Assistant, jobs: RebuildJobs) -> None:
    def loops() -> int:
        found = (thing for thing in gc.get_objects() if issubclass(type(thing), asyncio.AbstractEventLoop))
        return sum(not loop.is_closed() for loop in found)

    before = loops()
    create_server(assistant, jobs)
    assert loops() == before


@pytest.mark.model
def test_serve_says_where_it_is_and_stops_when_it_is_interrupted(
    settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("FOOTNOTE_WATCH", "0")  # else there would be an index before it is asked for
    folders = ["--notes", str(settings.notes), "--index", str(settings.index)]
    command = [
        sys.executable,
        "-c",
        "from ui.cli import main; main()",
        "serve",
        "--port",
        str(port),
        *folders,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == f"Footnote is at http://127.0.0.1:{port}\n"
            ready = httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=60)
            assert ready.json()["code"] == "index_missing"
            assert httpx2.get(f"http://127.0.0.1:{port}/").status_code == 200
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert errors == ""


@pytest.mark.model
def test_an_edit_is_answered_from_a_moment_later_and_no_index_is_needed_at_first(
    settings: IndexSettings,
) -> None:
    with serving(settings.notes, settings.index) as served:  # ready once it has built the index itself
        (settings.notes / "kettle.md").write_text("# Kettle\n\nThe kettle boils at 96 degrees.\n", "utf-8")
        until = time.monotonic() + 120
        while "96 degrees" not in served.ask("At how many degrees does the kettle boil?")["answer"]:
            assert time.monotonic() < until
        (settings.notes / "kettle.md").unlink()
        while served.get("/api/v1/index")["notes"] != 2:
            assert time.monotonic() < until
        assert served.stop() == 0  # by SIGTERM
    log = settings.index.with_name("server.log").read_text("utf-8")
    assert log == f"Footnote is at {served.address}\n"


ASKED = "What does the task role give to the code in a container?"
CALLED = {"name": "ask", "arguments": {"question": ASKED}}
REQUESTS: dict[str, dict[str, Any]] = {
    "/api/v1/ask": {"question": ASKED},
    "/v1/chat/completions": {"model": "footnote", "messages": [{"role": "user", "content": ASKED}]},
    "/mcp": {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": CALLED},
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.mark.parametrize("path", REQUESTS)
def test_answers_at_work_are_counted_and_what_only_listens_is_not(
    assistant: Assistant, jobs: RebuildJobs, path: str
) -> None:
    running, seen = Running(), []
    stream = assistant.stream

    def watched(*arguments: object, **options: object) -> object:
        seen.append(running.count)
        return stream(*arguments, **options)  # type: ignore[arg-type]

    assistant.stream = watched  # type: ignore[assignment,method-assign]
    with TestClient(create_server(assistant, jobs, running), base_url="http://127.0.0.1") as client:
        assert client.post(path, json=REQUESTS[path], headers=ACCEPT).status_code == 200
        assert client.get("/api/v1/index").status_code == 200
    assert (seen, running.count) == ([1], 0)


@pytest.mark.parametrize("path", REQUESTS)
def test_an_answer_that_takes_too_long_ends_with_the_server_and_is_one(
    assistant: Assistant, jobs: RebuildJobs, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("ui.server.SECONDS_TO_FINISH", 0.5)
    monkeypatch.setattr("ui.server.SECONDS_TO_HANG_UP", 60.0)
    running, answers = Running(), []
    with (
        faulty_server("stall") as model,
        writer_for(model.url) as writer,
        listen(ServerSettings(port=free_port())) as listener,
    ):
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assistant.writer = writer
        server = Server(create_server(assistant, jobs, running), address, running)
        serves = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        serves.start()

        def ask() -> None:
            answers.append(httpx2.post(f"{address}{path}", json=REQUESTS[path], headers=ACCEPT, timeout=120))

        asks = threading.Thread(target=ask)
        asks.start()
        until = time.monotonic() + 60
        while not model.asked:
            assert time.monotonic() < until
            time.sleep(0.05)
        told = time.monotonic()
        server.stop()
        serves.join()
        asks.join()
    assert time.monotonic() - told < 20  # the model would say no more for 30
    assert answers[0].status_code == 200
    assert "permissions" in answers[0].text

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant.api.app import create_api
from assistant.pipeline import Assistant
from assistant.types import Event, Found, Text
from indexer.errors import IndexDamaged
from indexer.jobs import RebuildJobs

ASK = "/api/v1/ask"
STREAM = "/api/v1/ask/stream"
QUESTION = "What does the task role give to the code in a container?"


def ask(client: TestClient, question: str = QUESTION, **options: Any) -> dict[str, Any]:
    response = client.post(ASK, json={"question": question, **options})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def events(text: str) -> list[tuple[str, Any]]:
    """The server-sent events of a whole response: name and decoded data."""
    found = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        assert name.startswith("event: ") and data.startswith("data: ")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_an_answer_cites_the_line_that_it_stands_on(client: TestClient, small_notes: Path) -> None:
    answer = ask(client)
    assert answer["answer"] == "**Task role:** gives the code in a container its permissions [1]"
    assert answer["abstained"] is False
    [citation] = answer["citations"]
    note = (small_notes / "aws/roles.md").read_text("utf-8")
    assert citation["number"] == 1
    assert citation["note"] == "aws/roles.md"
    assert citation["heading_path"] == ["Roles"]
    assert (citation["line_start"], citation["line_end"]) == (7, 7)
    assert citation["quote"] == note[citation["char_start"] : citation["char_end"]]
    assert citation["quote"] == "**Task role:** gives the code in a container its permissions"


def test_the_answer_has_the_fields_of_the_contract_and_no_others(client: TestClient) -> None:
    expected = (
        "answer abstained confidence mode standalone_question id conversation_id"
        " citations related degraded unsupported unanswered index_revision timings_ms"
    )
    assert set(ask(client)) == set(expected.split())


def test_a_question_that_the_notes_do_not_cover_is_declined(client: TestClient) -> None:
    answer = ask(client, "How is sourdough baked?")
    assert answer["abstained"] is True
    assert answer["citations"] == []
    assert {"note": "aws/storage.md", "heading_path": ["Storage"], "line_start": 1} in answer["related"]


def test_without_a_conversation_nothing_is_kept(client: TestClient) -> None:
    answer = ask(client)
    assert (answer["conversation_id"], answer["id"]) == (None, None)
    assert client.get("/api/v1/conversations").json()["count"] == 0


def test_passages_come_only_where_asked_for(client: TestClient) -> None:
    assert "passages" not in ask(client)
    [passage] = ask(client, include=["passages"], top_k=1)["passages"]
    assert (passage["note"], passage["line_start"], passage["line_end"]) == ("aws/roles.md", 5, 8)
    assert passage["ranks"] == {"dense": 1, "keyword": 1}


def test_filters_keep_other_notes_out(client: TestClient) -> None:
    answer = ask(client, filters={"paths": ["aws/storage.md"]}, include=["passages"])
    assert {passage["note"] for passage in answer["passages"]} == {"aws/storage.md"}
    answer = ask(client, filters={"tags": ["iam"]}, include=["passages"])
    assert {passage["note"] for passage in answer["passages"]} == {"aws/roles.md"}


def test_filters_that_fit_no_note_decline(client: TestClient) -> None:
    answer = ask(client, filters={"paths": ["gcp/*"]})
    assert (answer["abstained"], answer["citations"], answer["related"]) == (True, [], [])


@pytest.mark.parametrize("path", [ASK, STREAM])
@pytest.mark.parametrize("question", ["", " \n\t", "x" * 4_001])
def test_blank_and_too_long_questions_have_one_code(client: TestClient, path: str, question: str) -> None:
    response = client.post(path, json={"question": question})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "invalid_question"


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        ({"top_k": 0}, "top_k: input should be greater than or equal to 1."),
        ({"top_k": 51}, "top_k: input should be less than or equal to 50."),
        ({"mode": "magic"}, "mode: input should be 'auto', 'extractive' or 'llm'."),
        ({"include": ["vectors"]}, "include.0: input should be 'passages'."),
        ({"topk": 3}, "topk: there is no such field."),
        ({"filters": {"path": []}}, "filters.path: there is no such field."),
        ({"history": [{"answer": "x"}]}, "history.0.question: this field is required."),
        (
            {"history": [{"question": "x"}] * 51},
            "history: list should have at most 50 items after validation, not 51.",
        ),
        ({"question": "\ud800"}, "question: holds half of a surrogate pair, which is no character."),
    ],
)
def test_what_does_not_fit_the_schema_is_told_by_its_field(
    client: TestClient, options: dict[str, Any], detail: str
) -> None:
    body = json.dumps({"question": "What is EFS?", **options})
    response = client.post(ASK, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_request"
    assert response.json()["detail"] == detail


def test_the_stream_ends_with_the_answer_that_ask_gives(client: TestClient) -> None:
    response = client.post(STREAM, json={"question": QUESTION})
    assert response.headers["content-type"].startswith("text/event-stream")
    received = events(response.text)
    names = [name for name, _ in received]
    assert names == ["passages", *["token"] * (len(names) - 3), "citations", "done"]
    whole = ask(client)
    done = received[-1][1]
    assert {**done, "timings_ms": {}} == {**whole, "timings_ms": {}}
    assert "".join(data["text"] for name, data in received if name == "token") == whole["answer"]
    assert received[-2][1] == whole["citations"]
    assert received[0][1][0]["note"] == "aws/roles.md"


def test_an_error_before_the_first_event_is_an_ordinary_response(
    client: TestClient, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: Any, **__: Any) -> Iterator[Event]:
        raise IndexDamaged("vectors.npy of the index is damaged.")
        yield

    monkeypatch.setattr(assistant, "stream", damaged)
    response = client.post(STREAM, json={"question": QUESTION})
    assert (response.status_code, response.json()["code"]) == (503, "index_damaged")


def test_an_error_on_the_way_is_the_last_event(
    client: TestClient, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Iterator[Event]:
        yield Found(())
        yield Text("EFS is")
        raise ZeroDivisionError("/home/someone/secret.py")

    monkeypatch.setattr(assistant, "stream", broken)
    response = client.post(STREAM, json={"question": QUESTION}, headers={"X-Request-ID": "r-1"})
    passages, token, error = events(response.text)
    assert passages == ("passages", [])
    assert token == ("token", {"text": "EFS is"})
    assert error[0] == "error"
    assert (error[1]["code"], error[1]["request_id"]) == ("internal_error", "r-1")
    assert "secret" not in response.text


def test_the_work_stops_when_the_caller_leaves(
    assistant: Assistant, jobs: RebuildJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    stopped: list[bool] = []

    def endless(*_: Any, **__: Any) -> Iterator[Event]:
        try:
            yield Found(())
            for number in range(1_000_000):
                made.append(number)
                yield Text(str(number))
        finally:
            stopped.append(True)

    monkeypatch.setattr(assistant, "stream", endless)
    asyncio.run(_read_two_events_and_leave(create_api(assistant, jobs)))
    assert stopped == [True]
    assert len(made) < 100


async def _read_two_events_and_leave(app: Any) -> None:
    """Talk ASGI to the application as a server does, and report the connection closed after two events."""
    body = json.dumps({"question": QUESTION}).encode()
    requests = [{"type": "http.request", "body": body, "more_body": False}]
    seen: list[bytes] = []
    left = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if requests:
            return requests.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            seen.append(message["body"])
            if len(seen) == 2:
                left.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": STREAM,
        "raw_path": STREAM.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }
    await asyncio.wait_for(app(scope, receive, send), timeout=30)

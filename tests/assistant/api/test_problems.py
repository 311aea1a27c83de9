import logging
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from assistant.errors import JobNotFound, NoteNotFound, QuestionError
from indexer.errors import (
    BuildLocked,
    FootnoteError,
    IndexDamaged,
    IndexIncompatible,
    IndexMissing,
    IndexUnusable,
    ModelError,
    NotesFolderError,
    SettingsError,
)

JSON = {"Content-Type": "application/json"}
Sabotage = Callable[[str, Exception], None]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (QuestionError, 422, "invalid_question"),
        (NoteNotFound, 404, "note_not_found"),
        (JobNotFound, 404, "job_not_found"),
        (BuildLocked, 409, "build_locked"),
        (IndexMissing, 503, "index_missing"),
        (IndexDamaged, 503, "index_damaged"),
        (IndexIncompatible, 503, "index_incompatible"),
        (IndexUnusable, 503, "index_unusable"),
        (ModelError, 503, "model_unavailable"),
        (NotesFolderError, 503, "notes_folder_unusable"),
        (SettingsError, 500, "failed"),
        (FootnoteError, 500, "failed"),
    ],
)
def test_every_error_of_ours_has_its_status_and_code(
    client: TestClient, sabotage: Sabotage, error: type[FootnoteError], status: int, code: str
) -> None:
    sabotage("stream", error("What to do about it."))
    response = client.post("/api/v1/ask", json={"question": "x"}, headers={"X-Request-ID": "abc"})
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body.pop("title")
    assert body == {
        "type": "about:blank",
        "status": status,
        "detail": "What to do about it.",
        "code": code,
        "request_id": "abc",
    }


def test_an_unexpected_error_shows_nothing_of_the_inside(
    client: TestClient, sabotage: Sabotage, caplog: pytest.LogCaptureFixture
) -> None:
    sabotage("stream", RuntimeError("/home/someone/secret"))
    with caplog.at_level(logging.ERROR):
        response = client.post("/api/v1/ask", json={"question": "x"})
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "secret" not in response.text and "Traceback" not in response.text
    name = response.headers["X-Request-ID"]
    assert response.json()["request_id"] == name
    assert f"request {name} failed: RuntimeError: /home/someone/secret" in caplog.text


def test_a_body_that_is_not_json_is_told_where_it_breaks(client: TestClient) -> None:
    response = client.post("/api/v1/ask", content=b'{"question":', headers=JSON)
    assert (response.status_code, response.json()["code"]) == (400, "malformed_json")
    assert response.json()["detail"] == "The body is not JSON: Expecting value at character 12."


def test_json_that_is_nested_too_deep_is_refused(client: TestClient) -> None:
    response = client.post("/api/v1/ask", content=b"[" * 60_000, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("content", "headers", "detail"),
    [
        (b"", {}, "The body is missing. Send one as JSON with Content-Type: application/json."),
        (b"[]", JSON, "The body is not an object. Send one as JSON with Content-Type: application/json."),
        (
            b'{"question": "x"}',
            {"Content-Type": "text/plain"},
            "The body is not an object. Send one as JSON with Content-Type: application/json.",
        ),
    ],
)
def test_a_body_of_no_use_is_told_what_is_wanted(
    client: TestClient, content: bytes, headers: dict[str, str], detail: str
) -> None:
    response = client.post("/api/v1/ask", content=content, headers=headers)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert response.json()["detail"] == detail


def test_several_faults_are_told_at_once(client: TestClient) -> None:
    detail = client.post("/api/v1/ask", json={"top_k": 0, "mode": "x"}).json()["detail"]
    assert detail == (
        "question: this field is required. top_k: input should be greater than or equal to 1."
        " mode: input should be 'auto', 'extractive' or 'llm'."
    )


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        ("conversations", {"title": "x" * 201}, "title: string should have at most 200 characters."),
        ("ask", {"question": "x", "the colour": 1}, "the colour: there is no such field."),
    ],
)
def test_a_fault_is_told_in_words_for_people(
    client: TestClient, path: str, body: dict[str, object], detail: str
) -> None:
    assert client.post(f"/api/v1/{path}", json=body).json()["detail"] == detail


def test_a_query_parameter_is_named_as_one(client: TestClient) -> None:
    detail = client.get("/api/v1/notes", params={"q": "x" * 201}).json()["detail"]
    assert detail == "q (in the query): string should have at most 200 characters."

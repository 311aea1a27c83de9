from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assistant.pipeline import Assistant
from assistant.settings import AskSettings

SEARCH = "/api/v1/search"


def test_passages_come_best_first_with_their_exact_text(client: TestClient, small_notes: Path) -> None:
    body = client.post(SEARCH, json={"query": "EBS driver Fargate", "top_k": 2}).json()
    first, second = body["results"]
    note = (small_notes / "aws/storage.md").read_text("utf-8")
    assert first["note"] == "aws/storage.md"
    assert first["text"] == note[first["char_start"] : first["char_end"]]
    assert (first["line_start"], first["line_end"]) == (1, 14)
    assert first["ranks"] == {"dense": 1, "keyword": 1}
    assert first["score"] > second["score"]


def test_the_answer_names_the_generation_that_was_searched(client: TestClient) -> None:
    revision = client.get("/api/v1/index").json()["revision"]
    assert client.post(SEARCH, json={"query": "EFS"}).json()["index_revision"] == revision


def test_top_k_and_filters_limit_what_is_found(client: TestClient) -> None:
    assert len(client.post(SEARCH, json={"query": "EFS", "top_k": 1}).json()["results"]) == 1
    body = client.post(SEARCH, json={"query": "EFS", "filters": {"tags": ["ecs"]}}).json()
    assert {result["note"] for result in body["results"]} == {"aws/roles.md"}


def test_the_setting_counts_unless_a_request_says_otherwise(client: TestClient, assistant: Assistant) -> None:
    assistant._settings = AskSettings(top_k=1)
    assert len(client.post(SEARCH, json={"query": "EFS"}).json()["results"]) == 1
    assert len(client.post(SEARCH, json={"query": "EFS", "top_k": 2}).json()["results"]) == 2
    asked = {"question": "What is the EBS driver?", "include": ["passages"]}
    assert len(client.post("/api/v1/ask", json=asked).json()["passages"]) == 1


@pytest.mark.parametrize("name", ["paths", "tags"])
def test_a_filter_has_an_end(client: TestClient, name: str) -> None:
    asked = {"query": "EFS", "filters": {name: ["[" * 1_000]}}
    assert client.post(SEARCH, json=asked).json()["results"] == []
    asked = {"query": "EFS", "filters": {name: ["[" * 1_001]}}
    assert client.post(SEARCH, json=asked).status_code == 422


def test_filters_that_fit_no_note_find_nothing(client: TestClient) -> None:
    body = client.post(SEARCH, json={"query": "EFS", "filters": {"paths": ["gcp/*"]}}).json()
    assert body["results"] == []


@pytest.mark.parametrize("query", ["", " ", "x" * 4_001])
def test_a_blank_or_too_long_query_is_refused(client: TestClient, query: str) -> None:
    response = client.post(SEARCH, json={"query": query})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_question")

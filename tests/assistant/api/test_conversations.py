from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant.conversations import Conversations
from assistant.database import Database

ALL = "/api/v1/conversations"
QUESTION = "What does the task role give to the code in a container?"


@pytest.fixture
def id(client: TestClient) -> str:
    response = client.post(ALL)
    assert (response.status_code, response.json()["title"]) == (201, "")
    id: str = response.json()["id"]
    assert client.get(f"/api/v1/{response.headers['Location']}").json()["id"] == id
    return id


def ask(client: TestClient, id: str, question: str = QUESTION, **options: Any) -> dict[str, Any]:
    response = client.post("/api/v1/ask", json={"question": question, "conversation_id": id, **options})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def test_a_turn_is_kept_as_it_was_answered(client: TestClient, id: str) -> None:
    answer = ask(client, id)
    assert answer["conversation_id"] == id
    whole = client.get(f"{ALL}/{id}").json()
    assert (whole["title"], whole["turn_count"]) == (QUESTION, 1)
    [turn] = whole["turns"]
    assert (turn["question"], turn["answer"], turn["feedback"]) == (QUESTION, answer, None)


def test_a_follow_up_is_read_against_the_turns_that_are_kept(client: TestClient, id: str) -> None:
    ask(client, id, "Can the EBS driver be used on Fargate?")
    assert (
        ask(client, id, "and the EFS driver?")["standalone_question"]
        == "Can the EFS driver be used on Fargate?"
    )


def test_the_stream_keeps_its_turn_too(client: TestClient, id: str) -> None:
    body = {"question": QUESTION, "conversation_id": id}
    assert f'"conversation_id":"{id}"' in client.post("/api/v1/ask/stream", json=body).text
    assert client.get(f"{ALL}/{id}").json()["turn_count"] == 1


@pytest.mark.parametrize("path", ["/api/v1/ask", "/api/v1/ask/stream"])
def test_a_conversation_that_is_not_there_answers_nothing(client: TestClient, path: str) -> None:
    response = client.post(path, json={"question": QUESTION, "conversation_id": "none"})
    assert (response.status_code, response.json()["code"]) == (404, "conversation_not_found")


def test_a_history_beside_a_conversation_is_refused(client: TestClient, id: str) -> None:
    body = {"question": "x", "conversation_id": id, "history": [{"question": "y"}]}
    response = client.post("/api/v1/ask", json=body)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_question")
    assert "not both" in response.json()["detail"]


def test_list_find_rename_and_forget(client: TestClient, id: str) -> None:
    ask(client, id)
    other = client.post(ALL, json={"title": "Tea"}).json()["id"]
    assert client.get(ALL).json()["count"] == 2
    assert [one["id"] for one in client.get(ALL, params={"q": "PERMISSIONS"}).json()["conversations"]] == [id]
    assert client.patch(f"{ALL}/{other}", json={"title": "Green tea"}).json()["title"] == "Green tea"
    assert [one["id"] for one in client.get(ALL, params={"q": "green"}).json()["conversations"]] == [other]
    assert client.delete(f"{ALL}/{other}").status_code == 204
    for method in ("GET", "DELETE"):
        response = client.request(method, f"{ALL}/{other}")
        assert (response.status_code, response.json()["code"]) == (404, "conversation_not_found")


def test_an_export_is_a_markdown_file(client: TestClient, id: str) -> None:
    ask(client, id)
    response = client.get(f"{ALL}/{id}/export")
    assert response.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert response.headers["Content-Disposition"] == f'attachment; filename="conversation-{id[:8]}.md"'
    assert response.text.startswith(f"# {QUESTION}\n")
    assert "1. aws/roles.md, line 7\n\n   > **Task role:** gives" in response.text


def test_feedback_is_kept_with_the_answer(client: TestClient, id: str) -> None:
    answer = ask(client, id)["id"]
    feedback = f"/api/v1/answers/{answer}/feedback"
    assert client.put(feedback, json={"helpful": False, "comment": "too short"}).status_code == 200
    given = client.get(f"{ALL}/{id}").json()["turns"][0]["feedback"]
    assert (given["helpful"], given["comment"]) == (False, "too short")
    assert client.get("/api/v1/feedback", params={"helpful": True}).json()["count"] == 0
    assert client.get("/api/v1/feedback").json()["turns"][0]["question"] == QUESTION
    assert client.delete(feedback).status_code == 204
    assert client.get("/api/v1/feedback").json()["count"] == 0
    response = client.put("/api/v1/answers/none/feedback", json={"helpful": True})
    assert (response.status_code, response.json()["code"]) == (404, "answer_not_found")


def test_what_is_told_is_what_is_kept(client: TestClient, id: str) -> None:
    begun = client.post(ALL, json={"title": "Green\0tea"}).json()
    assert begun["title"] == client.get(f"{ALL}/{begun['id']}").json()["title"] == "Green\ufffdtea"
    feedback = f"/api/v1/answers/{ask(client, id)['id']}/feedback"
    given = client.put(feedback, json={"helpful": True, "comment": "short\0"}).json()
    assert given == client.get(f"{ALL}/{id}").json()["turns"][0]["feedback"]


def test_declined_questions_are_listed_until_they_are_taken_off(client: TestClient) -> None:
    for _ in range(2):
        client.post("/api/v1/ask", json={"question": "How is sourdough baked?"})
    body = client.get("/api/v1/declined").json()
    assert body["count"] == 1
    [declined] = body["declined"]
    assert (declined["question"], declined["times"]) == ("How is sourdough baked?", 2)
    assert declined["related"]
    assert client.delete(f"/api/v1/declined/{declined['id']}").status_code == 204
    assert client.delete(f"/api/v1/declined/{declined['id']}").json()["code"] == "declined_not_found"


def test_of_two_questions_in_one_message_the_unanswered_one_is_listed(client: TestClient) -> None:
    asked = "What is the task role for, and how is sourdough baked?"
    body = client.post("/api/v1/ask", json={"question": asked}).json()
    assert (body["abstained"], body["unanswered"]) == (False, ["how is sourdough baked?"])
    [declined] = client.get("/api/v1/declined").json()["declined"]
    assert declined["question"] == "how is sourdough baked?"


def test_a_question_is_declined_also_where_that_cannot_be_noted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Conversations(Database("nonsense://"))
    monkeypatch.setattr(client.app.state.asking, "conversations", broken)  # type: ignore[attr-defined]
    response = client.post("/api/v1/ask", json={"question": "How is sourdough baked?"})
    assert (response.status_code, response.json()["abstained"]) == (200, True)
    response = client.get(ALL)
    assert (response.status_code, response.json()["code"]) == (503, "conversations_unusable")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "offset=-1", "limit=x"])
def test_a_page_that_is_none_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"{ALL}?{query}").json()["code"] == "invalid_request"

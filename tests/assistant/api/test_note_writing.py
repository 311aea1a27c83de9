"""Writing notes over HTTP: no edit is lost, and the index follows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assistant.api.app import create_api
from assistant.pipeline import Assistant
from indexer.jobs import RebuildJobs

NEW = "/api/v1/notes/tea/green.md"
ROLES = "/api/v1/notes/aws/roles.md"
TEXT = "# Green tea\n\nGreen tea is brewed at 80 degrees.\n"


def code(response: object) -> tuple[int, str]:
    return response.status_code, response.json()["code"]  # type: ignore[attr-defined]


def test_a_new_note_is_written_and_soon_answers(client: TestClient, jobs: RebuildJobs) -> None:
    response = client.put(NEW, json={"text": TEXT})
    assert response.status_code == 201
    assert (response.json()["title"], response.json()["text"]) == ("Green tea", TEXT)
    assert response.headers["ETag"] == f'"{response.json()["sha256"]}"'
    jobs.close()
    assert client.get(NEW).json()["indexed"] is True
    answer = client.post("/api/v1/ask", json={"question": "How is green tea brewed?"}).json()
    assert answer["citations"][0]["note"] == "tea/green.md"


def test_a_note_that_is_there_is_written_only_by_who_has_read_it(client: TestClient) -> None:
    assert code(client.put(ROLES, json={"text": TEXT})) == (428, "precondition_required")
    assert code(client.put(ROLES, json={"text": TEXT}, headers={"If-None-Match": "*"})) == (
        412,
        "note_changed",
    )
    tag = client.get(ROLES).headers["ETag"]
    first = client.put(ROLES, json={"text": "# Mine\n"}, headers={"If-Match": tag})
    assert first.status_code == 200
    second = client.put(ROLES, json={"text": "# Theirs\n"}, headers={"If-Match": tag})
    assert code(second) == (412, "note_changed")
    assert client.get(ROLES).json()["text"] == "# Mine\n"
    assert client.get(ROLES).headers["ETag"] == first.headers["ETag"]
    tags = f'"other", {first.headers["ETag"]}'
    assert client.put(ROLES, json={"text": "# Again\n"}, headers={"If-Match": tags}).status_code == 200
    assert client.put(ROLES, json={"text": TEXT}, headers={"If-Match": "*"}).status_code == 200


def test_the_text_that_answers_are_made_from_can_be_read_too(client: TestClient, small_notes: Path) -> None:
    before = client.get(ROLES).json()
    (small_notes / "aws/roles.md").write_text("# Edited\n", "utf-8")
    now = client.get(ROLES).json()
    assert (before["indexed"], now["indexed"], now["text"]) == (True, False, "# Edited\n")
    assert client.get(ROLES, params={"version": "indexed"}).json() == before


def test_moving_and_deleting_want_the_tag_too(
    client: TestClient, jobs: RebuildJobs, small_notes: Path
) -> None:
    tag = client.get(ROLES).headers["ETag"]
    to = {"path": "iam/roles.md"}
    assert code(client.patch(ROLES, json=to)) == (428, "precondition_required")
    assert code(client.patch(ROLES, json=to, headers={"If-Match": '"old"'})) == (412, "note_changed")
    taken = {"path": "aws/storage.md"}
    assert code(client.patch(ROLES, json=taken, headers={"If-Match": tag})) == (409, "note_exists")
    assert client.patch(ROLES, json=to, headers={"If-Match": tag}).json()["path"] == "iam/roles.md"
    assert not (small_notes / "aws/roles.md").exists()
    moved = "/api/v1/notes/iam/roles.md"
    assert code(client.delete(moved)) == (428, "precondition_required")
    assert client.delete(moved, headers={"If-Match": tag}).status_code == 204
    assert code(client.get(moved)) == (404, "note_not_found")
    jobs.close()
    client.post("/api/v1/index/rebuild")
    jobs.close()
    assert client.get("/api/v1/notes").json()["count"] == 1


@pytest.mark.parametrize(
    "path",
    ["%2e%2e/x.md", "..%2fx.md", "%2fetc%2fx.md", ".x.md", "a%5cx.md", "a%00.md", "x.txt", "aws", "%ff.md/"],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_no_path_but_a_notes_is_one(client: TestClient, small_notes: Path, method: str, path: str) -> None:
    body = {"PUT": {"text": "x"}, "PATCH": {"path": "x.md"}}.get(method)
    response = client.request(method, f"/api/v1/notes/{path}", json=body, headers={"If-Match": "*"})
    assert code(response) == (404, "note_not_found")
    assert str(small_notes) not in response.text


def test_a_text_that_no_note_can_be_is_refused(client: TestClient) -> None:
    assert code(client.put(NEW, json={"text": "a\0b"})) == (422, "invalid_note")
    assert code(client.put(NEW, json={"text": "x" * 100_001})) == (422, "invalid_note")
    assert code(client.put(NEW, json={})) == (422, "invalid_request")


def test_notes_are_listed_by_tag(client: TestClient) -> None:
    assert [note["path"] for note in client.get("/api/v1/notes?tag=iam").json()["notes"]] == ["aws/roles.md"]


@pytest.fixture
def read_only(assistant: Assistant, jobs: RebuildJobs) -> Iterator[TestClient]:
    with TestClient(create_api(assistant, jobs), base_url="http://127.0.0.1") as client:
        yield client


def test_without_a_notebook_notes_are_read_and_not_written(read_only: TestClient) -> None:
    tag = read_only.get(ROLES).headers["ETag"]
    assert code(read_only.put(NEW, json={"text": "x"})) == (403, "read_only")
    assert code(read_only.delete(ROLES, headers={"If-Match": tag})) == (403, "read_only")

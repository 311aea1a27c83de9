import hashlib
from pathlib import Path

import pytest
from starlette.testclient import TestClient

NOTES = "/api/v1/notes"
ROLES = "/api/v1/notes/aws/roles.md"


def test_notes_are_listed_in_order_of_path(client: TestClient) -> None:
    body = client.get(NOTES).json()
    assert body["count"] == 2
    assert [(note["path"], note["title"], note["line_count"]) for note in body["notes"]] == [
        ("aws/roles.md", "Roles in ECS", 15),
        ("aws/storage.md", "Storage", 14),
    ]
    assert "text" not in body["notes"][0]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("storage", ["aws/storage.md"]),
        ("ROLES IN", ["aws/roles.md"]),
        ("aws/", ["aws/roles.md", "aws/storage.md"]),
        ("efs", []),
        (" ", ["aws/roles.md", "aws/storage.md"]),
    ],
)
def test_q_looks_in_path_and_title(client: TestClient, q: str, found: list[str]) -> None:
    body = client.get(NOTES, params={"q": q}).json()
    assert [note["path"] for note in body["notes"]] == found


def test_a_note_is_given_letter_by_letter(client: TestClient, small_notes: Path) -> None:
    data = (small_notes / "aws/roles.md").read_bytes()
    body = client.get(ROLES).json()
    assert body["text"].encode() == data
    assert body["sha256"] == hashlib.sha256(data).hexdigest()
    assert body["tags"] == ["ecs", "iam"]
    assert body["headings"] == [
        {"level": 1, "text": "Roles", "line": 5},
        {"level": 2, "text": "Limits", "line": 10},
    ]


def test_a_sign_in_a_code_fence_is_no_heading(client: TestClient) -> None:
    body = client.get(f"{NOTES}/aws/storage.md").json()
    assert [heading["text"] for heading in body["headings"]] == ["Storage"]


def test_an_unchanged_note_is_not_sent_again(client: TestClient) -> None:
    tag = client.get(ROLES).headers["ETag"]
    assert tag == f'"{client.get(ROLES).json()["sha256"]}"'
    for wanted in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        response = client.get(ROLES, headers={"If-None-Match": wanted})
        assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", tag)
    assert client.get(ROLES, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "path", ["aws/none.md", "aws", "%2e%2e/notes/aws/roles.md", "/etc/passwd", "aws%2froles"]
)
def test_no_other_path_is_a_note(client: TestClient, path: str) -> None:
    response = client.get(f"{NOTES}/{path}")
    assert (response.status_code, response.json()["code"]) == (404, "note_not_found")


def test_a_note_of_another_alphabet_is_found_by_its_path(
    client: TestClient, small_notes: Path, jobs: object
) -> None:
    (small_notes / "Über uns & mehr.md").write_text("Größe: 5 °C", "utf-8")
    client.post("/api/v1/index/rebuild")
    jobs.close()  # type: ignore[attr-defined]
    response = client.get(f"{NOTES}/%C3%9Cber%20uns%20%26%20mehr.md")
    assert response.json()["text"] == "Größe: 5 °C"
    assert response.json()["line_count"] == 1

"""Two servers behind nginx with one index and one PostgreSQL: whichever is asked, it is one Footnote."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from cluster import TOKEN, Cluster, cluster
from conftest import ROLES, STORAGE
from databases import Postgres

from indexer.checking import verify

pytestmark = pytest.mark.model
QUESTION = "What does the task role give to the code in a container?"
ASK = "/api/v1/ask"


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared") / "notes"
    folder.mkdir()
    (folder / "roles.md").write_text(ROLES, "utf-8")
    (folder / "storage.md").write_text(STORAGE, "utf-8")
    return folder


@pytest.fixture(scope="module")
def both(notes: Path, postgres: Postgres) -> Iterator[Cluster]:
    with cluster(notes.parent, notes, postgres.new_database()) as running:
        yield running


@pytest.fixture
def one(both: Cluster) -> Iterator[httpx2.Client]:
    with both.client(0) as client:
        yield client


@pytest.fixture
def other(both: Cluster) -> Iterator[httpx2.Client]:
    with both.client(1) as client:
        yield client


def until(happens: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_conversation_is_the_same_whichever_is_asked(one: httpx2.Client, other: httpx2.Client) -> None:
    id = one.post("/api/v1/conversations").json()["id"]
    answer = other.post(ASK, json={"question": QUESTION, "conversation_id": id}).json()
    again = one.post(ASK, json={"question": "And the instance profile?", "conversation_id": id}).json()
    assert "permissions" in answer["answer"] and "agent" in again["answer"]
    assert one.put(f"/api/v1/answers/{answer['id']}/feedback", json={"helpful": True}).status_code == 200
    assert other.get("/api/v1/feedback").json()["count"] == 1
    turns = other.get(f"/api/v1/conversations/{id}").json()["turns"]
    assert turns[0]["question"] == QUESTION
    assert turns[0]["feedback"]["helpful"]
    for client in (one, other):
        assert client.post(ASK, json={"question": "How is sourdough baked?"}).json()["abstained"]
    [declined] = one.get("/api/v1/declined").json()["declined"]
    assert declined["times"] == 2


def test_who_logged_in_at_one_is_known_to_the_other(both: Cluster) -> None:
    with httpx2.Client(base_url=both.servers[0].address, timeout=60) as client:
        entered = client.post("/login", data={"token": TOKEN})
        cookie = {"Cookie": entered.headers["set-cookie"].split(";")[0]}
    for server in both.servers:
        assert httpx2.get(f"{server.address}/api/v1/index", headers=cookie).status_code == 200
        assert httpx2.get(f"{server.address}/api/v1/index").status_code == 401


def test_a_rebuild_of_one_can_be_followed_at_the_other_and_is_seen_there(
    one: httpx2.Client, other: httpx2.Client, notes: Path
) -> None:
    before = other.get("/api/v1/index").json()["revision"]
    job = one.post("/api/v1/index/rebuild", json={"full": True}).json()["id"]
    told = other.get(f"/api/v1/index/jobs/{job}/events").text  # until its end
    assert re.findall(r"^event: (\w+)", told, re.MULTILINE)[-1] == "done"
    report = one.get(f"/api/v1/index/jobs/{job}").json()["report"]
    until(lambda: other.get("/api/v1/index").json()["revision"] == report["revision"])
    assert report["revision"] != before
    assert other.get(f"/api/v1/index/jobs/{job}").json()["report"] == report


def test_of_two_rebuilds_at_once_one_waits_for_the_other(
    one: httpx2.Client, other: httpx2.Client, notes: Path
) -> None:
    def rebuilt(client: httpx2.Client) -> str:
        job = client.post("/api/v1/index/rebuild", json={"full": True}).json()["id"]
        told = client.get(f"/api/v1/index/jobs/{job}/events").text
        assert re.findall(r"^event: (\w+)", told, re.MULTILINE)[-1] == "done"
        return str(client.get(f"/api/v1/index/jobs/{job}").json()["report"]["revision"])

    with ThreadPoolExecutor(2) as pool:
        revisions = sorted(pool.map(rebuilt, (one, other)))
    assert revisions[0] != revisions[1]
    for client in (one, other):  # whichever was first sees the other's a moment later
        until(lambda client=client: client.get("/api/v1/index").json()["revision"] == revisions[1])  # type: ignore[misc]
    assert verify(notes.parent / "index") == []


def test_an_edit_is_answered_from_by_both(one: httpx2.Client, other: httpx2.Client) -> None:
    text = "# Kettle\n\nThe kettle boils at 96 degrees.\n"
    assert one.put("/api/v1/notes/kettle.md", json={"text": text}).status_code == 201
    question = {"question": "At how many degrees does the kettle boil?"}
    for client in (other, one):
        until(lambda client=client: "96 degrees" in client.post(ASK, json=question).json()["answer"])  # type: ignore[misc]


def test_of_two_who_write_a_note_at_once_one_is_told(one: httpx2.Client, other: httpx2.Client) -> None:
    tag = one.put("/api/v1/notes/tea.md", json={"text": "# Tea\n"}).headers["etag"]
    for number in range(10):
        clients = {"a": one, "b": other}

        def write(name: str, number: int = number, tag: str = tag) -> httpx2.Response:
            text = {"text": f"# Tea\n\n{name} {number}\n"}
            return clients[name].put("/api/v1/notes/tea.md", json=text, headers={"If-Match": tag})  # noqa: B023

        with ThreadPoolExecutor(2) as pool:
            written = list(pool.map(write, "ab"))
        assert sorted(response.status_code for response in written) == [200, 412]
        tag = one.get("/api/v1/notes/tea.md").headers["etag"]


def test_a_page_stays_with_one_process(both: Cluster) -> None:
    with both.client() as client:
        first = client.get("/")
        assert first.status_code == 200
        assert "footnote_page=" in first.headers["set-cookie"]
        assert "set-cookie" not in client.get("/").headers
        assert client.get("/metrics").status_code == 404


def test_without_the_database_questions_are_answered_and_it_is_used_again_once_it_is_back(
    both: Cluster, postgres: Postgres
) -> None:
    with both.client() as client:
        id = client.post("/api/v1/conversations").json()["id"]
        postgres.stop()
        try:
            for _ in range(4):
                refused = client.get(f"/api/v1/conversations/{id}")
                assert (refused.status_code, refused.json()["code"]) == (503, "conversations_unusable")
                assert client.post(ASK, json={"question": QUESTION}).status_code == 200
                assert client.post(ASK, json={"question": "How is sourdough baked?"}).status_code == 200
                assert client.get("/readyz").status_code == 200
                assert client.get("/api/v1/index").status_code == 200
        finally:
            postgres.start()
        for _ in range(4):
            assert client.get(f"/api/v1/conversations/{id}").status_code == 200


def go_on_answering(outcomes: Counter[str]) -> None:
    """Wait until twelve more are answered: three for each who asks."""
    enough = outcomes["at once"] + 12
    until(lambda: outcomes["at once"] >= enough)


def test_one_is_killed_and_comes_back_and_one_retry_is_enough(both: Cluster) -> None:
    stop, outcomes = threading.Event(), Counter[str]()

    def load(number: int) -> None:
        with both.client() as client:
            id = client.post("/api/v1/conversations").json()["id"]
            while not stop.is_set():
                for attempt in ("at once", "by a retry", "lost"):
                    response = client.post(ASK, json={"question": QUESTION, "conversation_id": id})
                    if response.status_code == 200 or attempt == "lost":
                        outcomes[attempt] += 1
                        break

    threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        go_on_answering(outcomes)
        both.kill(0)
        go_on_answering(outcomes)
        both.restart(0)
        both.wait([0])
        go_on_answering(outcomes)
    finally:
        stop.set()
    for thread in threads:
        thread.join()
    assert outcomes["lost"] == 0
    assert outcomes["by a retry"] <= 8

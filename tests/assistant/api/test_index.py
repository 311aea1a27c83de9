import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant.api.app import create_api
from assistant.api.schemas.index import IndexBody
from assistant.errors import ConversationsUnusable
from assistant.pipeline import Assistant
from indexer.errors import BuildLocked, DiskFull
from indexer.jobs import Job, JobState, RebuildJobs
from indexer.planning import BuildReport, Progress
from indexer.types import Skipped

INDEX = "/api/v1/index"
REBUILD = "/api/v1/index/rebuild"


def test_the_index_tells_what_it_holds(client: TestClient, assistant: Assistant) -> None:
    body = client.get(INDEX).json()
    assert body["revision"] == assistant.index.current.manifest.revision
    assert (body["notes"], body["chunks"]) == (2, len(assistant.index.current.chunks))
    assert (body["embedding_model"], body["dimension"]) == ("hashing", 256)
    assert body["skipped"] == []
    assert body["latest_job"] is None
    assert 0 <= body["age_seconds"] < 60


def test_age_is_counted_from_the_build(assistant: Assistant) -> None:
    manifest = assistant.index.current.manifest
    built = datetime.fromisoformat(manifest.created_at)
    body = IndexBody.of(manifest, now=built.replace(year=built.year + 1), latest=None)
    assert body.age_seconds in (365 * 86_400, 366 * 86_400)
    assert IndexBody.of(manifest, now=datetime(2000, 1, 1, tzinfo=UTC), latest=None).age_seconds == 0


def test_a_rebuild_takes_in_what_changed(client: TestClient, jobs: RebuildJobs, small_notes: Path) -> None:
    (small_notes / "tea.md").write_text("# Tea\n\nGreen tea is brewed at 80 degrees.\n", "utf-8")
    (small_notes / "scan.md").write_bytes(b"\xff\xfe")
    before = client.get(INDEX).json()["revision"]
    response = client.post(REBUILD)
    assert response.status_code == 202
    job = response.json()
    assert job["state"] in ("running", "done")
    jobs.close()

    followed = client.get(f"{INDEX}/{response.headers['Location']}").json()
    assert followed["id"] == job["id"]
    assert followed["state"] == "done"
    assert followed["error"] is None
    assert followed["report"]["added"] == ["tea.md"]
    assert followed["report"]["embedded"] == 1
    index = client.get(INDEX).json()
    assert index["revision"] == followed["report"]["revision"] != before
    assert [file["path"] for file in index["skipped"]] == ["scan.md"]
    assert index["latest_job"]["id"] == job["id"]


def test_a_full_rebuild_embeds_everything_again(client: TestClient, jobs: RebuildJobs) -> None:
    job = client.post(REBUILD, json={"full": True}).json()
    jobs.close()
    report = client.get(f"{INDEX}/jobs/{job['id']}").json()["report"]
    assert report["embedded"] == report["chunks"] == 3


def test_a_failed_rebuild_tells_why_and_leaves_the_index(
    client: TestClient, jobs: RebuildJobs, small_notes: Path
) -> None:
    small_notes.rename(small_notes.with_name("elsewhere"))
    job = client.post(REBUILD, json={}).json()
    jobs.close()
    followed = client.get(f"{INDEX}/jobs/{job['id']}").json()
    assert followed["state"] == "failed"
    assert "does not exist" in followed["error"]
    assert client.get(INDEX).json()["notes"] == 2


def test_a_report_is_told_whole(assistant: Assistant) -> None:
    report = BuildReport(
        revision="2",
        changed=True,
        notes=3,
        chunks=9,
        embedded=2,
        kept=7,
        added=("a.md",),
        changed_notes=("b.md",),
        renamed=(("c.md", "d.md"),),
        removed=("e.md",),
        skipped=(Skipped("f.md", "empty"),),
        reason="",
        seconds={"reading": 0.5},
    )

    def build(full: bool) -> Iterator[Progress | BuildReport]:
        yield Progress("embedding", 1, 2)
        yield report

    jobs = RebuildJobs(build, lambda: None)
    with TestClient(create_api(assistant, jobs), base_url="http://127.0.0.1") as client:
        id = client.post(REBUILD).json()["id"]
        jobs.close()
        body = client.get(f"{INDEX}/jobs/{id}").json()
    assert body["progress"] == {"stage": "embedding", "done": 1, "total": 2, "seconds_left": None}
    assert body["report"]["renamed"] == [["c.md", "d.md"]]
    assert body["report"]["skipped"] == [{"path": "f.md", "reason": "empty"}]
    assert body["report"]["seconds"] == {"reading": 0.5}
    assert body["report"]["dry_run"] is False


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a stream that has ended, with their data."""
    fields = [
        dict(line.split(": ", 1) for line in event.splitlines()) for event in text.split("\n\n") if event
    ]
    return [(field["event"], json.loads(field["data"])) for field in fields if "event" in field]


def test_a_rebuild_is_followed_by_its_events(
    client: TestClient, jobs: RebuildJobs, small_notes: Path
) -> None:
    (small_notes / "tea.md").write_text("# Tea\n\nGreen tea is brewed at 80 degrees.\n", "utf-8")
    job = client.post(REBUILD).json()
    response = client.get(f"{INDEX}/jobs/{job['id']}/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    *before, (last, told) = events_of(response.text)
    assert {name for name, _ in before} <= {"progress"}
    assert (last, told["id"], told["state"], told["report"]["added"]) == (
        "done",
        job["id"],
        "done",
        ["tea.md"],
    )


def test_the_events_tell_how_far_it_is_and_that_it_failed(assistant: Assistant) -> None:
    go = threading.Event()

    def build(full: bool) -> Iterator[Progress | BuildReport]:
        yield Progress("embedding", 1, 2, 30.0)
        go.wait(60)
        raise DiskFull("disk full: needs 2 MB, has 1 MB")

    class Followed(RebuildJobs):
        """The rebuild fails once somebody has seen that it embeds."""

        def get(self, job_id: str) -> Job | None:
            job = super().get(job_id)
            if job and job.progress:
                go.set()
            return job

    jobs = Followed(build, lambda: None)
    with TestClient(create_api(assistant, jobs), base_url="http://127.0.0.1") as client:
        id = client.post(REBUILD).json()["id"]
        *_, (name, running), (last, told) = events_of(client.get(f"{INDEX}/jobs/{id}/events").text)
        jobs.close()
    assert (name, running["progress"]["seconds_left"]) == ("progress", 30.0)
    assert (last, told["error"]) == ("failed", "disk full: needs 2 MB, has 1 MB")


def test_the_events_go_on_once_the_database_is_there_again(assistant: Assistant) -> None:
    class Shared(RebuildJobs):
        """A rebuild of another process; the database that tells of it is away for a while."""

        away = 2

        def get(self, job_id: str) -> Job | None:
            running = Job(job_id, JobState.RUNNING, "2026-01-01T00:00:00Z")
            if not self.away:
                return replace(running, state=JobState.DONE)
            self.away -= 1
            if self.away:
                return running
            raise ConversationsUnusable("The database of conversations cannot be used.")

    jobs = Shared(lambda full: iter(()), lambda: None)
    with TestClient(create_api(assistant, jobs), base_url="http://127.0.0.1") as client:
        events = events_of(client.get(f"{INDEX}/jobs/theirs/events").text)
    assert [name for name, _ in events] == ["progress", "done"]


@pytest.mark.parametrize("path", ["none", "none/events"])
def test_an_unknown_job_is_not_found(client: TestClient, path: str) -> None:
    response = client.get(f"{INDEX}/jobs/{path}")
    assert (response.status_code, response.json()["code"]) == (404, "job_not_found")


def test_a_body_of_another_shape_is_refused(client: TestClient) -> None:
    response = client.post(REBUILD, json={"fully": True})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert client.get(INDEX).json()["latest_job"] is None


def test_a_lock_held_elsewhere_is_a_conflict(client: TestClient, jobs: RebuildJobs) -> None:
    def locked(*, full: bool) -> None:
        raise BuildLocked("process 7 is building this index now.")

    jobs.start = locked  # type: ignore[assignment,method-assign]
    response = client.post(REBUILD)
    assert (response.status_code, response.json()["code"]) == (409, "build_locked")

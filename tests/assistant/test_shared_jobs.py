"""Rebuilds that several processes know of; here each has its own store over one database."""

import threading
import time
from collections.abc import Iterator

import pytest
from databases import Postgres

from assistant.database import Database
from assistant.errors import ConversationsUnusable
from assistant.shared_jobs import GONE, JobLedger, SharedJobs, rebuild_jobs
from indexer.jobs import JobState, RebuildJobs
from indexer.planning import BuildReport, Progress

REPORT = BuildReport(revision="2", changed=True, notes=1, chunks=2, embedded=1, kept=1, added=("a.md",))


class Building:
    """A build that waits where it is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def __call__(self, full: bool) -> Iterator[Progress | BuildReport]:
        yield Progress("embedding", 1, 2, 3.0)
        self.go_on.wait(120)
        yield REPORT


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    database = Database(postgres.new_database())
    yield database
    database.close()


def shared(database: Database, building: Building) -> SharedJobs:
    return SharedJobs(building, lambda: None, JobLedger(database))


def test_only_the_database_of_a_server_shares_them(database: Database) -> None:
    assert type(rebuild_jobs(Building(), lambda: None, Database())) is RebuildJobs
    assert type(rebuild_jobs(Building(), lambda: None, database)) is SharedJobs


def test_a_rebuild_can_be_followed_from_elsewhere_to_its_report(database: Database) -> None:
    building = Building()
    here, there = shared(database, building), shared(database, Building())
    job = here.start(full=True)
    found = there.get(job.id)
    assert found and found.full and not found.state.ended
    until = time.monotonic() + 60
    while not (found := there.get(job.id)) or found.progress != Progress("embedding", 1, 2, 3.0):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert [known.id for known in there.recent()] == [job.id]
    building.go_on.set()
    here.close()
    ended = there.get(job.id)
    assert ended and (ended.state, ended.report) == (JobState.DONE, REPORT)
    assert there.latest() == ended
    assert there.get("none") is None


def test_a_rebuild_whose_process_is_gone_is_told_as_failed(database: Database) -> None:
    building, now = Building(), time.time()
    here = shared(database, building)
    job = here.start()
    late = JobLedger(database, clock=lambda: now + 60)
    found = late.get(job.id)
    assert found and (found.state, found.error) == (JobState.FAILED, GONE)
    assert found.finished_at and found.finished_at >= job.started_at
    building.go_on.set()
    here.close()
    ended = late.get(job.id)
    assert ended and ended.state is JobState.DONE


def test_while_the_database_is_away_ones_own_are_built_and_told_later(
    database: Database, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.shared_jobs.BEAT_EVERY", 0.2)
    building = Building()
    here, there = shared(database, building), shared(database, Building())
    postgres.stop()
    try:
        job = here.start()
        building.go_on.set()
        RebuildJobs.close(here)
        own = here.get(job.id)
        assert own and own.state is JobState.DONE
        assert here.latest() == own
        with pytest.raises(ConversationsUnusable):
            there.get(job.id)
        assert there.recent() == []
    finally:
        postgres.start()
    until = time.monotonic() + 60
    while (found := there.get(job.id)) is None:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert found.report == REPORT


def test_old_ones_are_forgotten(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.shared_jobs.REMEMBERED", 2)
    building = Building()
    building.go_on.set()
    here = shared(database, building)
    ids = []
    for _ in range(4):
        ids.append(here.start().id)
        here.close()
    ledger = JobLedger(database)
    assert [job.id for job in ledger.recent(10)] == [ids[3], ids[2]]


def test_the_latest_is_the_one_that_was_started_last_although_ones_own_still_runs(database: Database) -> None:
    building, quick = Building(), Building()
    quick.go_on.set()
    here, there = shared(database, building), shared(database, quick)
    own, later = here.start(), there.start()
    there.close()
    latest, recent = here.latest(), here.recent()
    building.go_on.set()
    here.close()
    assert latest and latest.id == later.id
    assert [job.id for job in recent] == [later.id, own.id]

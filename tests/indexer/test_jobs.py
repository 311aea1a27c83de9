import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from indexer.errors import NotesFolderError
from indexer.jobs import JobState, RebuildJobs
from indexer.planning import BuildReport, Progress

REPORT = BuildReport(revision="1", changed=True, notes=1, chunks=2, embedded=2, kept=0)


def test_a_job_reports_progress_and_then_its_report() -> None:
    swapped = []

    def build(full: bool) -> Iterator[Progress | BuildReport]:
        yield Progress("embedding", 1, 2)
        yield REPORT

    jobs = RebuildJobs(build, lambda: swapped.append(True))
    first = jobs.start()
    assert first.state is JobState.RUNNING
    jobs.close()
    done = jobs.get(first.id)
    assert done is not None
    assert (done.state, done.report, done.progress) == (JobState.DONE, REPORT, Progress("embedding", 1, 2))
    assert swapped == [True]
    assert jobs.latest() == done


def test_a_failure_is_a_sentence_and_the_next_job_runs() -> None:
    def build(full: bool) -> Iterator[Progress | BuildReport]:
        if not full:
            raise NotesFolderError("no notes")
        yield REPORT

    jobs = RebuildJobs(build, lambda: None)
    failed = jobs.start()
    jobs.close()
    assert jobs.get(failed.id).error == "no notes"  # type: ignore[union-attr]
    again = jobs.start(full=True)
    jobs.close()
    assert jobs.get(again.id).state is JobState.DONE  # type: ignore[union-attr]


def test_of_a_hundred_requests_one_runs_one_waits_and_the_rest_get_that_one() -> None:
    go, runs, at_once = threading.Event(), [], []

    def build(full: bool) -> Iterator[Progress | BuildReport]:
        runs.append(full)
        at_once.append(1)
        go.wait(60)
        yield REPORT
        at_once.pop()
        assert not at_once

    jobs = RebuildJobs(build, lambda: None)
    with ThreadPoolExecutor(20) as pool:
        started = list(pool.map(lambda number: jobs.start(full=number == 50), range(100)))
    states = {job.id: job.state for job in started}
    assert sorted(states.values()) == [JobState.RUNNING, JobState.WAITING]
    go.set()
    jobs.close()
    assert [jobs.get(id).state for id in states] == [JobState.DONE, JobState.DONE]  # type: ignore[union-attr]
    assert len(runs) == 2
    assert True in runs  # whichever of the two it was, somebody asked for a full one


def test_a_waiting_job_starts_when_the_running_one_has_failed() -> None:
    go = threading.Event()

    def build(full: bool) -> Iterator[Progress | BuildReport]:
        go.wait(60)
        if not full:
            raise NotesFolderError("no notes")
        yield REPORT

    jobs = RebuildJobs(build, lambda: None)
    first, second = jobs.start(), jobs.start(full=True)
    go.set()
    jobs.close()
    assert [jobs.get(job.id).state for job in (first, second)] == [JobState.FAILED, JobState.DONE]  # type: ignore[union-attr]


def test_stopping_ends_a_build_at_its_next_step() -> None:
    reached, closed = threading.Event(), []

    def build(full: bool) -> Iterator[Progress | BuildReport]:
        try:
            while True:
                reached.set()
                yield Progress("embedding", 1, 2)
        finally:
            closed.append(True)

    jobs = RebuildJobs(build, lambda: None)
    job = jobs.start()
    assert reached.wait(60)
    jobs.stop()
    stopped = jobs.get(job.id)
    assert stopped is not None
    assert (stopped.state, closed) == (JobState.FAILED, [True])
    assert "stopped before the rebuild was done" in (stopped.error or "")


def test_only_the_last_jobs_are_remembered() -> None:
    jobs = RebuildJobs(lambda full: iter([REPORT]), lambda: None)
    ids = []
    for _ in range(RebuildJobs.REMEMBERED + 2):
        ids.append(jobs.start().id)
        jobs.close()
    assert jobs.get(ids[0]) is None
    assert jobs.get(ids[-1]) is not None

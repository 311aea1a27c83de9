import threading
from collections.abc import Iterator

from indexer.errors import NotesFolderError
from indexer.jobs import JobState, RebuildJobs
from indexer.planning import BuildReport, Progress

REPORT = BuildReport(revision="1", changed=True, notes=1, chunks=2, embedded=2, kept=0)


def test_a_job_reports_progress_and_then_its_report() -> None:
    go, swapped = threading.Event(), []

    def build(full: bool) -> Iterator[Progress | BuildReport]:
        yield Progress("embedding", 1, 2)
        go.wait(10)
        yield REPORT

    jobs = RebuildJobs(build, lambda: swapped.append(True))
    first = jobs.start()
    assert jobs.start(full=True).id == first.id
    assert first.state is JobState.RUNNING
    go.set()
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


def test_only_the_last_jobs_are_remembered() -> None:
    jobs = RebuildJobs(lambda full: iter([REPORT]), lambda: None)
    ids = []
    for _ in range(RebuildJobs.REMEMBERED + 2):
        ids.append(jobs.start().id)
        jobs.close()
    assert jobs.get(ids[0]) is None
    assert jobs.get(ids[-1]) is not None

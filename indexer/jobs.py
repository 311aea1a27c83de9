"""Rebuilds that run beside the server: one at a time, in a thread, with progress that can be asked for."""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from indexer.errors import BuildStopped, FootnoteError
from indexer.planning import BuildReport, Progress

_log = logging.getLogger(__name__)


class JobState(StrEnum):
    """Where a rebuild is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens."""
        return self in (JobState.DONE, JobState.FAILED)


@dataclass(frozen=True, slots=True)
class Job:
    """One rebuild. Times are ISO 8601 in UTC; `error` is a sentence fit for a user."""

    id: str
    state: JobState
    started_at: str
    progress: Progress | None = None
    report: BuildReport | None = None
    error: str | None = None
    finished_at: str | None = None
    full: bool = False


class RebuildJobs:
    """Starts rebuilds and remembers the last ones. One runs, and at most one waits for it to end."""

    REMEMBERED = 20

    def __init__(
        self, build: Callable[[bool], Iterator[Progress | BuildReport]], done: Callable[[], object]
    ) -> None:
        """
        Args:
            build: runs a rebuild, a full one if its argument is True.
            done: called after each build that succeeded, to swap the new generation in.
        """
        self._build = build
        self._done = done
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self, *, full: bool = False) -> Job:
        """Start a rebuild, or line it up behind the running one, which may have read the notes already.

        If one waits already it does for this request too, as a full one if either has to be.
        """
        with self._lock:
            waiting = self._in(JobState.WAITING)
            if waiting:
                self._update(waiting.id, full=waiting.full or full)
                return self._jobs[waiting.id]
            state = JobState.WAITING if self._in(JobState.RUNNING) else JobState.RUNNING
            job = Job(uuid.uuid4().hex[:12], state, _now(), full=full)
            self._jobs[job.id] = job
            for old in list(self._jobs)[: -self.REMEMBERED]:
                del self._jobs[old]
            if state is JobState.RUNNING:
                self._thread = threading.Thread(target=self._work, args=(job.id,), name="rebuild")
                self._thread.start()
            return job

    def get(self, job_id: str) -> Job | None:
        """The rebuild of that id, if it is remembered."""
        return self._jobs.get(job_id)

    def latest(self) -> Job | None:
        """The rebuild started last."""
        return next(reversed(self._jobs.copy().values()), None)

    def recent(self) -> list[Job]:
        """The rebuilds that are remembered, the latest first."""
        return list(reversed(self._jobs.copy().values()))

    def close(self) -> None:
        """Wait until no rebuild runs or waits."""
        if self._thread:
            self._thread.join()

    def stop(self) -> None:
        """End the running rebuild at its next step, and all that wait; the index stays as it is."""
        self._stopping = True
        self.close()

    def _in(self, state: JobState) -> Job | None:
        return next((job for job in self._jobs.values() if job.state is state), None)

    def _work(self, job_id: str) -> None:
        """Run a job, then the one that waits by then."""
        while True:
            self._run(job_id)
            with self._lock:
                waiting = self._in(JobState.WAITING)
                if waiting is None or self._in(JobState.RUNNING):  # another thread has taken over
                    return
                job_id = waiting.id
                self._update(job_id, state=JobState.RUNNING, started_at=_now())

    def _run(self, job_id: str) -> None:
        try:
            report = self._followed(job_id)
            self._done()
            self._update(job_id, state=JobState.DONE, report=report, finished_at=_now())
        except FootnoteError as error:
            level = logging.INFO if isinstance(error, BuildStopped) else logging.WARNING
            _log.log(level, "rebuild %s: %s", job_id, error)
            self._update(job_id, state=JobState.FAILED, error=str(error), finished_at=_now())
        except Exception as error:  # whatever it is, the job must not look as if it still ran
            _log.exception("rebuild %s failed", job_id)
            problem = (isinstance(error, OSError) and error.strerror) or "an unexpected error, see the log"
            message = f"The rebuild failed: {problem}. The index is as it was."
            self._update(job_id, state=JobState.FAILED, error=message, finished_at=_now())

    def _followed(self, job_id: str) -> BuildReport:
        """Run the build of a job to its end. Raises BuildStopped and what the build raises."""
        report: BuildReport | None = None
        events = self._build(self._jobs[job_id].full)
        try:
            for event in events:
                if isinstance(event, BuildReport):
                    report = event
                else:
                    self._update(job_id, progress=event)
                    if self._stopping:
                        break
        finally:
            if close := getattr(events, "close", None):
                close()
        if report is None:
            raise BuildStopped("The server was stopped before the rebuild was done. The index is as it was.")
        return report

    def _update(self, job_id: str, **changes: object) -> None:
        self._jobs[job_id] = replace(self._jobs[job_id], **changes)  # type: ignore[arg-type]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

"""Rebuilds that run beside the server: one at a time, in a thread, with progress that can be asked for."""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from indexer.errors import FootnoteError
from indexer.planning import BuildReport, Progress

_log = logging.getLogger(__name__)


class JobState(StrEnum):
    """Where a rebuild is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


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


class RebuildJobs:
    """Starts rebuilds and remembers the last ones."""

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

    def start(self, *, full: bool = False) -> Job:
        """Start a rebuild, or return the one that is running."""
        with self._lock:
            running = self._running()
            if running:
                return running
            job = Job(uuid.uuid4().hex[:12], JobState.RUNNING, _now())
            self._jobs[job.id] = job
            for old in list(self._jobs)[: -self.REMEMBERED]:
                del self._jobs[old]
            self._thread = threading.Thread(target=self._run, args=(job.id, full), name="rebuild")
            self._thread.start()
            return job

    def get(self, job_id: str) -> Job | None:
        """The rebuild of that id, if it is remembered."""
        return self._jobs.get(job_id)

    def latest(self) -> Job | None:
        """The rebuild started last."""
        return next(reversed(self._jobs.values()), None)

    def close(self) -> None:
        """Wait for a running rebuild to end."""
        if self._thread:
            self._thread.join()

    def _running(self) -> Job | None:
        return next((job for job in self._jobs.values() if job.state is JobState.RUNNING), None)

    def _run(self, job_id: str, full: bool) -> None:
        try:
            for event in self._build(full):
                if isinstance(event, Progress):
                    self._update(job_id, progress=event)
                else:
                    self._done()
                    self._update(job_id, state=JobState.DONE, report=event, finished_at=_now())
        except FootnoteError as error:
            self._update(job_id, state=JobState.FAILED, error=str(error), finished_at=_now())
        except Exception as error:  # whatever it is, the job must not look as if it still ran
            _log.exception("rebuild %s failed", job_id)
            problem = (isinstance(error, OSError) and error.strerror) or "an unexpected error, see the log"
            message = f"The rebuild failed: {problem}. The index is as it was."
            self._update(job_id, state=JobState.FAILED, error=message, finished_at=_now())

    def _update(self, job_id: str, **changes: object) -> None:
        self._jobs[job_id] = replace(self._jobs[job_id], **changes)  # type: ignore[arg-type]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

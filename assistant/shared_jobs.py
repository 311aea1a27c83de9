"""Rebuilds that all processes of one database know of, whichever of them they run in."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
from sqlalchemy import delete, insert, select, update

from assistant.database import Database
from assistant.errors import ConversationsUnusable
from assistant.tables import jobs
from indexer.jobs import Job, JobState, RebuildJobs
from indexer.planning import BuildReport, Progress

TELL_EVERY = 0.3  # seconds between two looks at what is new
BEAT_EVERY = 5.0  # seconds after which a rebuild is told again though nothing is new, as a sign of life
SILENT = 30.0  # seconds without one after which its process is taken for dead
REMEMBERED = 200
GONE = "The process that ran this rebuild is gone. The index is as it was; start another rebuild."
_log = logging.getLogger(__name__)

Build = Callable[[bool], Iterator[Progress | BuildReport]]


def rebuild_jobs(build: Build, done: Callable[[], object], database: Database) -> RebuildJobs:
    """Rebuilds that are known to all who share the database if it is a server's, else to this process."""
    return SharedJobs(build, done, JobLedger(database)) if database.is_server else RebuildJobs(build, done)


class JobLedger:
    """The rebuilds of all processes, as rows."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        """
        Args:
            clock: seconds since 1970; those of several machines have to agree within some seconds.
        """
        self._database = database
        self._clock = clock

    def put(self, job: Job) -> None:
        """Write how a rebuild is; only the process in which it runs does. Raises ConversationsUnusable."""
        told = {"beaten_at": self._clock(), "job": msgspec.json.encode(job).decode()}
        with self._database.transaction() as connection:
            if connection.execute(update(jobs).where(jobs.c.id == job.id).values(told)).rowcount:
                return
            added = insert(jobs).values(id=job.id, **told).returning(jobs.c.number)
            number = connection.execute(added).scalar_one()
            connection.execute(delete(jobs).where(jobs.c.number <= number - REMEMBERED))

    def get(self, id: str) -> Job | None:
        """The rebuild of that id, if it is remembered. Raises ConversationsUnusable."""
        found = self._select(id=id, limit=1)
        return found[0] if found else None

    def recent(self, limit: int) -> list[Job]:
        """The last rebuilds, the latest first. Raises ConversationsUnusable."""
        return self._select(limit=limit)

    def _select(self, *, limit: int, id: str | None = None) -> list[Job]:
        query = select(jobs.c.job, jobs.c.beaten_at).order_by(jobs.c.number.desc()).limit(limit)
        if id is not None:
            query = query.where(jobs.c.id == id)
        with self._database.transaction() as connection:
            rows = connection.execute(query).all()
        return [self._alive(msgspec.json.decode(row.job, type=Job), row.beaten_at) for row in rows]

    def _alive(self, job: Job, beaten_at: float) -> Job:
        """The rebuild, as failed if its process has not been heard of for long."""
        if job.state.ended or self._clock() - beaten_at < SILENT:
            return job
        at = datetime.fromtimestamp(beaten_at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return replace(job, state=JobState.FAILED, error=GONE, finished_at=at)


class SharedJobs(RebuildJobs):
    """Rebuilds that run here, told to the others; and those of the others, to be asked for.

    The database is told by a thread of its own: if it is slow or away, no rebuild waits for it.
    """

    def __init__(self, build: Build, done: Callable[[], object], ledger: JobLedger) -> None:
        super().__init__(build, done)
        self._ledger = ledger
        self._told: dict[str, tuple[Job, float]] = {}  # as it was told last, and when
        self._telling = threading.Lock()  # one writes at a time, and what it saw last
        self._starting = threading.Lock()
        self._teller: threading.Thread | None = None

    def start(self, *, full: bool = False) -> Job:
        """As without others. The job is known to them when this returns, if the database can be used."""
        job = super().start(full=full)
        self._tell()
        with self._starting:
            if self._teller is None:
                self._teller = threading.Thread(target=self._keep_telling, name="tell", daemon=True)
                self._teller.start()
        return job

    def get(self, job_id: str) -> Job | None:
        """The rebuild of that id, if it is remembered. Raises ConversationsUnusable if it is not ours."""
        return super().get(job_id) or self._ledger.get(job_id)

    def latest(self) -> Job | None:
        """The rebuild started last, wherever it runs."""
        return next(iter(self._known(1)), None)

    def recent(self) -> list[Job]:
        """The rebuilds that are remembered, the latest first; only ours while the database is away."""
        return self._known(self.REMEMBERED)

    def close(self) -> None:
        """Wait until no rebuild of ours runs or waits, and tell how they ended."""
        super().close()
        self._tell()

    def _known(self, limit: int) -> list[Job]:
        own = {job.id: job for job in super().recent()}
        known_there = self._told.copy()  # before the others are asked for, or one would be in neither
        try:
            told = {job.id: job for job in self._ledger.recent(limit)}
        except ConversationsUnusable:
            return list(own.values())[:limit]
        untold = [job for job in own.values() if job.id not in known_there and not job.state.ended]
        return [*untold, *(own.get(id, job) for id, job in told.items())][:limit]

    def _keep_telling(self) -> None:
        succeeded = True
        while True:
            time.sleep(TELL_EVERY if succeeded else BEAT_EVERY)
            succeeded = self._tell()
            with self._starting:  # what starts from here on finds no teller, and makes one
                if self._stopping or (succeeded and all(job.state.ended for job in super().recent())):
                    self._teller = None
                    return

    def _tell(self) -> bool:
        """Write what is new, the oldest first; whether that was possible."""
        with self._telling:
            own: Sequence[Job] = super().recent()
            try:
                for job in reversed(own):
                    if self._is_news(job):
                        self._ledger.put(job)
                        self._told[job.id] = job, time.monotonic()
            except ConversationsUnusable as error:
                _log.warning("the other processes were not told of a rebuild: %s", error)
                return False
            self._told = {job.id: self._told[job.id] for job in own}
            return True

    def _is_news(self, job: Job) -> bool:
        told, at = self._told.get(job.id, (None, 0.0))
        return job != told or (not job.state.ended and time.monotonic() - at > BEAT_EVERY)

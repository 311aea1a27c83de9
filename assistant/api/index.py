"""The index: what it holds, and bringing it in step with the notes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from assistant.api.dependencies import AssistantPart, JobsPart
from assistant.api.problems import problem_responses
from assistant.api.schemas.index import IndexBody, JobBody, RebuildRequest
from assistant.errors import ConversationsUnusable, JobNotFound
from indexer.jobs import Job

LOOK_AGAIN = 0.2  # seconds between two looks at a rebuild
router = APIRouter(prefix="/index", tags=["index"])


@router.get("", summary="What is indexed", responses=problem_responses(503))
def index(assistant: AssistantPart, jobs: JobsPart) -> IndexBody:
    """The generation that answers now: its counts, its model, what it leaves out, and how old it is."""
    latest = jobs.latest()
    return IndexBody.of(assistant.index.current.manifest, now=datetime.now(UTC), latest=latest)


@router.post(
    "/rebuild", status_code=202, summary="Rebuild the index", responses=problem_responses(400, 409, 413, 422)
)
def rebuild(response: Response, jobs: JobsPart, body: RebuildRequest | None = None) -> JobBody:
    """Start a rebuild, and answer before it is done.

    If one is running, this one waits for it to end; if one waits already, that one is returned.
    Only what changed is embedded again, unless `full` is set. The old index goes on answering until the new
    one is whole.
    """
    job = jobs.start(full=body.full if body else False)
    response.headers["Location"] = f"jobs/{job.id}"  # relative to this path
    return JobBody.model_validate(job)


def _known(id: Annotated[str, Path(description="As `rebuild` returned it.")], jobs: JobsPart) -> Job:
    found = jobs.get(id)
    if found is None:
        raise JobNotFound(f"No rebuild {id!r} is known. Old ones are forgotten.")
    return found


KnownJob = Annotated[Job, Depends(_known)]


@router.get("/jobs/{id}", summary="How a rebuild is going", responses=problem_responses(404, 422, 503))
def job(job: KnownJob) -> JobBody:
    """A rebuild's state, how far it is, and at its end the report or the reason of its failure."""
    return JobBody.model_validate(job)


@router.get(
    "/jobs/{id}/events",
    summary="Follow a rebuild",
    response_class=EventSourceResponse,
    responses=problem_responses(404, 422, 503),
)
async def job_events(job: KnownJob, jobs: JobsPart) -> AsyncIterator[ServerSentEvent]:
    """The rebuild as server-sent events, each with the rebuild as its data, as `/jobs/{id}` gives it:

    - `progress`, at once and whenever it has got further;
    - `done` or `failed`, the last.
    """
    told: Job | None = None
    while not job.state.ended:
        if job != told:
            told = job
            yield ServerSentEvent(event="progress", data=JobBody.model_validate(job))
        await asyncio.sleep(LOOK_AGAIN)
        with contextlib.suppress(ConversationsUnusable):  # another process may tell once it is back
            found = await run_in_threadpool(jobs.get, job.id)
            job = found or job
    yield ServerSentEvent(event=job.state.value, data=JobBody.model_validate(job))

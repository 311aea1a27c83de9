"""What the routes are given: the finished parts that `create_api` was called with."""

from typing import Annotated, cast

from fastapi import Depends, Request

from assistant.pipeline import Assistant
from indexer.jobs import RebuildJobs


async def _assistant(request: Request) -> Assistant:
    return cast(Assistant, request.app.state.assistant)


async def _jobs(request: Request) -> RebuildJobs:
    return cast(RebuildJobs, request.app.state.jobs)


AssistantPart = Annotated[Assistant, Depends(_assistant)]
JobsPart = Annotated[RebuildJobs, Depends(_jobs)]

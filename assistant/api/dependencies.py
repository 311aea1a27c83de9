"""What the routes are given: the finished parts that `create_api` was called with."""

from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import Depends, Query, Request

from assistant.asking import Asking
from assistant.conversations import Conversations
from assistant.errors import NotesReadOnly
from assistant.kept import Page
from assistant.pipeline import Assistant
from indexer.jobs import RebuildJobs
from indexer.notebook import Notebook

MOST_IN_A_PAGE = 200


async def _asking(request: Request) -> Asking:
    return cast(Asking, request.app.state.asking)


AskingPart = Annotated[Asking, Depends(_asking)]


async def _seat(asking: AskingPart) -> AsyncIterator[None]:
    """Hold a seat until the response is sent; it is taken before a thread is, so that a no is quick."""
    with asking.seats.seat():
        yield


async def _assistant(asking: AskingPart) -> Assistant:
    return asking.assistant


async def _conversations(asking: AskingPart) -> Conversations:
    return asking.conversations


async def _jobs(request: Request) -> RebuildJobs:
    return cast(RebuildJobs, request.app.state.jobs)


async def _notebook(request: Request) -> Notebook:
    if request.app.state.notebook is None:
        raise NotesReadOnly("Notes can be read here, but not written.")
    return cast(Notebook, request.app.state.notebook)


async def _page(
    limit: Annotated[int, Query(description="How many at most.", ge=1, le=MOST_IN_A_PAGE)] = 50,
    offset: Annotated[int, Query(description="How many to pass over.", ge=0, le=1_000_000)] = 0,
) -> Page:
    return Page(limit, offset)


AssistantPart = Annotated[Assistant, Depends(_assistant)]
ConversationsPart = Annotated[Conversations, Depends(_conversations)]
JobsPart = Annotated[RebuildJobs, Depends(_jobs)]
NotebookPart = Annotated[Notebook, Depends(_notebook)]
PagePart = Annotated[Page, Depends(_page)]
Seat = Depends(_seat)

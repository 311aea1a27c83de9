"""The API as one ASGI application, made from finished parts."""

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from assistant.api import ask, feedback, health, index, notes, openai, search
from assistant.api import conversations as conversation_routes
from assistant.api.body_limit import MAX_BODY, BodyLimit
from assistant.api.docs import install_docs
from assistant.api.headers import SecurityHeaders
from assistant.api.login import login_routes
from assistant.api.mcp import McpEndpoint
from assistant.api.metrics import Metrics
from assistant.api.observing import Observed
from assistant.api.problems import install_problem_handlers
from assistant.api.request_id import RequestId
from assistant.api.schemas.shared import Problem
from assistant.api.security import METHODS, Access, Gate
from assistant.asking import Asking, Seats
from assistant.conversations import Conversations
from assistant.pipeline import Assistant
from assistant.settings import AccessSettings
from indexer.jobs import RebuildJobs
from indexer.notebook import Notebook

PREFIX = "/api/v1"
DESCRIPTION = """
Ask your Markdown notes. Every claim of an answer carries a number in square brackets, and every number
leads to a citation: the note, the lines, the character offsets, and the words as the note has them.

Errors are problem documents (RFC 9457, `application/problem+json`). `code` is stable, for programs;
`detail` is one sentence for people. Every response carries an `X-Request-ID`; one that you send is kept.
"""
TAGS = [
    {"name": "ask", "description": "Questions, and answers with citations."},
    {"name": "search", "description": "Ranked passages, without an answer."},
    {"name": "index", "description": "What is indexed, and bringing it in step with the notes."},
    {"name": "notes", "description": "The notes: listed, read and written."},
    {"name": "conversations", "description": "Questions with their answers, kept."},
    {"name": "feedback", "description": "What someone thinks of answers; what the notes did not answer."},
    {"name": "openai", "description": "What clients of OpenAI's API know, answered from the notes."},
    {"name": "health", "description": "For whatever watches over the process."},
]


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, with the token, and the schema that all declared errors point to."""
        document = super().openapi()
        document["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{}, {"token": []}]  # a server on one's own machine may have none
        return document


def create_api(
    assistant: Assistant,
    jobs: RebuildJobs,
    *,
    conversations: Conversations | None = None,
    notebook: Notebook | None = None,
    settings: AccessSettings | None = None,
    host: str = "127.0.0.1",
) -> FastAPI:
    """Build the application that answers with `assistant` and rebuilds through `jobs`.

    Args:
        conversations: where turns are kept; without it, in memory until the process ends.
        notebook: the notes on disk; without it, notes are those of the index and cannot be written.
        settings: who may come in; without it, whoever comes from this machine, but no website.
        host: the address that the server listens on.
    """
    settings = settings or AccessSettings()
    seats = Seats(settings.answers_at_once)
    metrics = Metrics(assistant.index, seats)
    asking = Asking(assistant, conversations or Conversations(), seats=seats, answered=metrics.answered)
    mcp = McpEndpoint(asking)
    api = _Api(
        title="Footnote",
        summary="Answers from your Markdown notes, with exact citations.",
        description=DESCRIPTION,
        version=version("footnote-assistant"),
        openapi_tags=TAGS,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=mcp.lifespan,
    )
    api.state.asking, api.state.jobs, api.state.notebook = asking, jobs, notebook
    access = Access(settings, host=host)
    _add_middleware(api, access, metrics, notebook)
    api.router.routes += [*login_routes(access), metrics.route(), mcp.route()]
    _add_resources(api)
    return api


def _add_middleware(api: FastAPI, access: Access, metrics: Metrics, notebook: Notebook | None) -> None:
    """What every request passes; the one that is added last is outermost."""
    api.add_middleware(BodyLimit, max_bytes=partial(_most_bytes, notebook))
    api.add_middleware(Gate, access=access, refused=metrics.refused)
    api.add_middleware(Observed, served=metrics.served)
    api.add_middleware(SecurityHeaders)
    api.add_middleware(RequestId)
    install_problem_handlers(api)


def _add_resources(api: FastAPI) -> None:
    install_docs(api, PREFIX)
    api.include_router(health.router)
    versioned = APIRouter(prefix=PREFIX)
    for resource in (ask, search, index, notes, conversation_routes, feedback):
        versioned.include_router(resource.router)
    api.include_router(versioned)
    api.include_router(openai.router)
    api.router.routes.append(_LastWord(list(api.router.routes)))


# Where the page on which notes are written sends what is written, and how many bytes it may have.
EVENTS, MOST_OF_EVENT = "/gradio_api/queue/join", 2**20


def _most_bytes(notebook: Notebook | None, scope: Scope) -> int:
    """What a request may send. JSON of a note has at most twice its bytes, but for control characters."""
    if notebook and scope["method"] == "PUT" and scope["path"].startswith(f"{PREFIX}/notes/"):
        return 2 * notebook.max_bytes + MAX_BODY
    if notebook and scope["path"] == EVENTS:
        return MOST_OF_EVENT
    return MAX_BODY


class _LastWord(BaseRoute):
    """What no route takes, on paths that are the API's: 405 where only the method is wrong, else 404.

    Without it an application mounted at "/", such as the chat, would answer with a page of its own.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """All below our prefixes, and paths of ours with another method."""
        ours = scope["type"] == "http" and (
            scope["path"].startswith(("/api/", f"{openai.PREFIX}/"))
            or any(route.matches(scope)[0] is Match.PARTIAL for route in self._routes)
        )
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, with the methods that would do."""
        fitting = [
            method
            for method in METHODS
            if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in self._routes)
        ]
        if fitting:
            raise HTTPException(405, headers={"Allow": ", ".join(fitting)})
        raise HTTPException(404)

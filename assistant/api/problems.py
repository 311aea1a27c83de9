"""Errors as problem documents (RFC 9457). The table says which error becomes what; routes catch nothing."""

import json
import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from assistant.api.faults import sentences
from assistant.api.request_id import HEADER, request_id
from assistant.api.schemas.shared import Problem
from assistant.errors import (
    AnswerNotFound,
    Busy,
    ConversationNotFound,
    ConversationsUnusable,
    DeclinedNotFound,
    JobNotFound,
    ModelNotFound,
    NoteNotFound,
    NotesReadOnly,
    PreconditionMissing,
    QuestionError,
)
from indexer.errors import (
    BuildLocked,
    FootnoteError,
    IndexDamaged,
    IndexIncompatible,
    IndexMissing,
    IndexUnreachable,
    IndexUnusable,
    ModelError,
    NoteChanged,
    NoteExists,
    NoteMissing,
    NotesFolderError,
    NoteUnfit,
    NoteUnwritable,
)

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)


class _Kind(NamedTuple):
    status: int
    code: str
    title: str


_TABLE: dict[type[Exception], _Kind] = {
    QuestionError: _Kind(422, "invalid_question", "The question cannot be asked"),
    NoteNotFound: _Kind(404, "note_not_found", "No such note"),
    NoteMissing: _Kind(404, "note_not_found", "No such note"),
    NoteExists: _Kind(409, "note_exists", "There is a note already"),
    NoteChanged: _Kind(412, "note_changed", "The note is another than the one you have seen"),
    NoteUnfit: _Kind(422, "invalid_note", "The text cannot be a note"),
    NoteUnwritable: _Kind(503, "note_unwritable", "The note cannot be written"),
    NotesReadOnly: _Kind(403, "read_only", "Notes cannot be written here"),
    NotesFolderError: _Kind(503, "notes_folder_unusable", "The notes folder cannot be used"),
    PreconditionMissing: _Kind(428, "precondition_required", "Say which note you have seen"),
    JobNotFound: _Kind(404, "job_not_found", "No such rebuild"),
    ModelNotFound: _Kind(404, "model_not_found", "No such model"),
    ConversationNotFound: _Kind(404, "conversation_not_found", "No such conversation"),
    AnswerNotFound: _Kind(404, "answer_not_found", "No such answer"),
    DeclinedNotFound: _Kind(404, "declined_not_found", "No such declined question"),
    ConversationsUnusable: _Kind(503, "conversations_unusable", "Conversations cannot be kept"),
    Busy: _Kind(503, "busy", "Too many answers at once"),
    BuildLocked: _Kind(409, "build_locked", "Another build is running"),
    IndexMissing: _Kind(503, "index_missing", "There is no index yet"),
    IndexDamaged: _Kind(503, "index_damaged", "The index is damaged"),
    IndexIncompatible: _Kind(503, "index_incompatible", "The index does not fit this installation"),
    IndexUnreachable: _Kind(503, "index_unreachable", "The index cannot be reached"),
    IndexUnusable: _Kind(503, "index_unusable", "The index cannot be used"),
    ModelError: _Kind(503, "model_unavailable", "The embedding model cannot be used"),
    FootnoteError: _Kind(500, "failed", "The request failed"),
    RequestValidationError: _Kind(422, "invalid_request", "The request does not fit the schema"),
    Exception: _Kind(500, "internal_error", "Something went wrong"),
}
_MALFORMED = _Kind(400, "malformed_json", "The body is not JSON")
_HTTP = {
    400: _Kind(400, "bad_request", "The request cannot be read"),
    401: _Kind(401, "unauthorized", "The token is missing or wrong"),
    403: _Kind(403, "cross_site", "Another site sent this"),
    404: _Kind(404, "not_found", "There is nothing here"),
    405: _Kind(405, "method_not_allowed", "The method does not fit"),
    408: _Kind(408, "too_slow", "The request took too long"),
    413: _Kind(413, "too_large", "The body is too large"),
    414: _Kind(414, "address_too_long", "The address is too long"),
    421: _Kind(421, "unknown_host", "The server does not go by that name"),
    429: _Kind(429, "too_many_requests", "Too many requests"),
    431: _Kind(431, "headers_too_large", "The headers are too large"),
}
# What may keep any request out, before its route is reached.
_EVERYWHERE = (401, 403, 414, 421, 429, 431, 500)
_WITH_BODY = (400, 408, 413)
_PATH = re.compile(r"(['`])/[^'`]*?([^'`/]+)/?\1")
_UNKNOWN = "The server failed in a way that it does not expect. Its log has the cause under this request id."


def problem_of(error: Exception, request: Request) -> Problem:
    """What the caller is told about `error`; of an unexpected one no more than that it happened."""
    name = request_id(request)
    if isinstance(error, HTTPException):
        return _http_problem(error, request, name)
    kind = next(_TABLE[base] for base in type(error).__mro__ if base in _TABLE)
    detail = str(error)
    if isinstance(error, RequestValidationError):
        faults = error.errors()
        kind = _MALFORMED if faults[0]["type"] == "json_invalid" else kind
        detail = sentences(faults)
    elif not isinstance(error, FootnoteError):
        _log.error("request %s failed: %s: %s", name, type(error).__name__, error, exc_info=error)
        detail = _UNKNOWN
    else:
        detail = _without_folders(detail)
    return Problem(title=kind.title, status=kind.status, detail=detail, code=kind.code, request_id=name)


def openai_error(problem: Problem) -> dict[str, str | None]:
    """The same as OpenAI's clients expect it; in a problem document it is one more member."""
    kind = "invalid_request_error" if problem.status < 500 else "server_error"
    return {"message": problem.detail, "type": kind, "param": None, "code": problem.code}


def install_problem_handlers(api: FastAPI) -> None:
    """Answer every error of `api`, foreseen or not, with a problem document."""
    for kind in (FootnoteError, HTTPException, RequestValidationError, Exception):
        api.add_exception_handler(kind, respond)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare for OpenAPI that a route may answer with these statuses, or with those of any route.

    A route with a body declares 413, and with it goes what else can be wrong with a body.
    """
    body = _WITH_BODY if 413 in statuses else ()
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": _codes(status), "content": {MEDIA_TYPE: schema}}
        for status in sorted({*statuses, *body, *_EVERYWHERE})
    }


def _codes(status: int) -> str:
    codes = [kind.code for kind in (*_TABLE.values(), _MALFORMED, *_HTTP.values()) if kind.status == status]
    return f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in codes)}"


async def respond(request: Request, error: Exception) -> Response:
    """The response that tells the caller about `error`."""
    problem = problem_of(error, request)
    document = problem.model_dump()
    if request.url.path.startswith("/v1/"):
        document["error"] = openai_error(problem)
    headers: Mapping[str, str] = getattr(error, "headers", None) or {}
    if isinstance(error, Busy):
        headers = {"Retry-After": "1"}
    # An unexpected error is answered outside all middleware, so the id is set here as well.
    return Response(
        json.dumps(document),  # in ASCII, as a field's name may hold half a surrogate pair
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={**headers, HEADER: problem.request_id},
    )


def _http_problem(error: HTTPException, request: Request, name: str) -> Problem:
    status = error.status_code
    phrase = HTTPStatus(status).phrase
    kind = _HTTP.get(status) or _Kind(status, phrase.lower().replace(" ", "_"), phrase)
    details = {
        404: f"There is nothing at {request.url.path}.",
        405: f"{request.url.path} does not take {request.method}.",
    }
    return Problem(
        title=kind.title,
        status=status,
        detail=details.get(status, f"{error.detail}."),
        code=kind.code,
        request_id=name,
    )


def _without_folders(detail: str) -> str:
    """The sentence with quoted absolute paths cut to their last part: where things lie is not told."""
    return _PATH.sub(r"\1\2\1", detail)

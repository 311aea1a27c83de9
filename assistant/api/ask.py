"""Asking: one answer as JSON, or piece by piece as server-sent events."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from assistant.api.dependencies import AskingPart, Seat
from assistant.api.problems import problem_responses
from assistant.api.schemas.ask import AnswerBody, AskRequest
from assistant.api.streaming import AnswerStream

router = APIRouter(tags=["ask"])
ERRORS = problem_responses(400, 404, 413, 422, 503)


@router.post("/ask", summary="Ask a question", responses=ERRORS, dependencies=[Seat])
def ask(body: AskRequest, asking: AskingPart) -> AnswerBody:
    """An answer made from the notes, each claim with the number of the citation that it stands on.

    What most probably answers comes first; what only perhaps does stands below the line "Perhaps also:". If
    the notes do not cover the question, `abstained` is true, `citations` is empty, and `related` names the
    nearest headings. Of several questions in one, each is answered below itself, and `unanswered` names those
    that the notes do not cover. With a `conversation_id`, the turns of that conversation are the history, and
    this one is added to them.
    """
    answer = asking.ask(body.question, **body.options())
    return AnswerBody.of(answer, passages="passages" in body.include)


def _opened(body: AskRequest, asking: AskingPart, request: Request) -> Iterator[AnswerStream]:
    """The stream after its first step, so that an early error is an ordinary response; closed at the end."""
    with AnswerStream(asking.stream(body.question, **body.options()), body, request) as stream:
        yield stream


@router.post(
    "/ask/stream",
    summary="Ask a question, and read the answer as it is made",
    response_class=EventSourceResponse,
    responses=ERRORS,
    dependencies=[Seat],
)
def ask_stream(stream: Annotated[AnswerStream, Depends(_opened)]) -> Iterator[ServerSentEvent]:
    """The answer as server-sent events, each with JSON as its data, in this order:

    - `passages`: the passages that the answer is about to be made from, as in search;
    - `token`, any number of times: `{"text": "…"}`, the next piece of the answer;
    - `citations`: the citations, once the answer is whole;
    - `done`: the whole answer, as `/ask` gives it.

    If something fails on the way, the last event is `error`, with a problem document as its data.
    To stop, close the connection.
    """
    yield from stream

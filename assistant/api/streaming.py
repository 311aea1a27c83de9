"""The assistant's events as server-sent events."""

from collections.abc import Iterator
from itertools import chain
from types import TracebackType
from typing import Self

from fastapi import Request
from fastapi.sse import ServerSentEvent

from assistant.api.problems import problem_of
from assistant.api.schemas.ask import AnswerBody, AskRequest, CitationBody
from assistant.api.schemas.search import PassageBody
from assistant.types import Event, Found, Text


class AnswerStream:
    """One answer on its way to one caller.

    Entering takes the first step and lets its errors out. After that the response has begun, and an error can
    only be told as an event. Leaving stops the work, also when the caller left first.
    """

    def __init__(self, events: Iterator[Event], body: AskRequest, request: Request) -> None:
        self._source = events
        self._body = body
        self._request = request

    def __enter__(self) -> Self:
        first = next(self._source)
        self._events = chain([first], self._source)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if close := getattr(self._source, "close", None):
            close()

    def __iter__(self) -> Iterator[ServerSentEvent]:
        try:
            for event in self._events:
                yield from self._sent(event)
        except Exception as error:
            yield ServerSentEvent(event="error", data=problem_of(error, self._request))

    def _sent(self, event: Event) -> Iterator[ServerSentEvent]:
        if isinstance(event, Found):
            passages = [PassageBody.of(passage) for passage in event.passages]
            yield ServerSentEvent(event="passages", data=passages)
        elif isinstance(event, Text):
            yield ServerSentEvent(event="token", data={"text": event.text})
        else:
            citations = [CitationBody.model_validate(citation) for citation in event.citations]
            yield ServerSentEvent(event="citations", data=citations)
            yield ServerSentEvent(
                event="done", data=AnswerBody.of(event, passages="passages" in self._body.include)
            )

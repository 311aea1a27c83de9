"""Routes that OpenAI's clients know: with another base address, and nothing else, they ask the notes."""

import json
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import StreamingResponse

from assistant.api.dependencies import AskingPart, AssistantPart, Seat
from assistant.api.problems import openai_error, problem_of, problem_responses
from assistant.api.schemas.ask import CitationBody, UnsupportedBody
from assistant.api.schemas.openai import (
    ChatRequest,
    ChoiceBody,
    CompletionBody,
    EmbeddingBody,
    EmbeddingsBody,
    EmbeddingsRequest,
    EmbeddingUsageBody,
    ModelBody,
    ModelsBody,
    ReplyBody,
    UsageBody,
    chunk,
)
from assistant.asking import Asking
from assistant.errors import ModelNotFound, QuestionError
from assistant.exporting import source_list, with_sources
from assistant.pipeline import Assistant
from assistant.types import Answer, Text
from indexer.embedding import Embedder, Vectors
from indexer.errors import IndexUnusable

MODEL = "footnote"
PREFIX = "/v1"
TEXTS_AT_ONCE = 16  # that are embedded together: a vector for each of their tokens is held for as long
router = APIRouter(prefix=PREFIX, tags=["openai"])
_CHUNK = {
    "type": "object",
    "properties": {
        "data": {"type": "string", "description": "A chunk of a completion as JSON, or `[DONE]`."}
    },
    "required": ["data"],
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with `stream`, as chunks in server-sent events, the last one `[DONE]`.",
        "content": {"text/event-stream": {"itemSchema": _CHUNK}},
    }
}


@router.get("/models", summary="List the models", responses=problem_responses())
def models(assistant: AssistantPart) -> ModelsBody:
    """The model that answers from the notes, and the one that embeds texts."""
    return ModelsBody(data=_models(assistant))


@router.get("/models/{id:path}", summary="Look up a model", responses=problem_responses(404, 422))
def model(id: Annotated[str, Path(description="Its name.")], assistant: AssistantPart) -> ModelBody:
    """One of the models, by its name."""
    found = {model.id: model for model in _models(assistant)}
    _must_be(id, list(found))
    return found[id]


def _opened(body: ChatRequest, asking: AskingPart, request: Request) -> Iterator["_Completion"]:
    """The answer on its way, after its first step, so that an early error is an ordinary response."""
    _must_be(body.model, [MODEL])
    completion = _Completion(asking, body, request)
    try:
        completion.begin()
        yield completion
    finally:
        completion.close()


@router.post(
    "/chat/completions",
    summary="Ask a question as a chat",
    response_model=CompletionBody,
    responses=_STREAM | problem_responses(404, 413, 422, 503),
    dependencies=[Seat],
)
def chat_completions(
    completion: Annotated["_Completion", Depends(_opened)],
) -> CompletionBody | StreamingResponse:
    """The answer to the last message of the user, with its sources as a numbered list and as `citations`.

    Settings of a language model, such as `temperature`, are passed over.
    """
    if completion.body.stream:
        return StreamingResponse(completion.events(), media_type="text/event-stream")
    return completion.whole()


@router.post(
    "/embeddings",
    summary="Embed texts",
    responses=problem_responses(404, 413, 422, 503),
    dependencies=[Seat],
)
def embeddings(body: EmbeddingsRequest, assistant: AssistantPart) -> EmbeddingsBody:
    """The vectors of texts, as the notes are embedded. What is beyond the model's window is not read."""
    embedder = assistant.embedder
    _must_be(body.model, [embedder.name])
    texts = body.texts()
    vectors = _vectors(embedder, texts)
    if body.dimensions not in (None, len(vectors[0])):
        raise QuestionError(f"dimensions is {body.dimensions}; the model's vectors have {len(vectors[0])}.")
    tokens = sum(embedder.count_tokens(texts))
    return EmbeddingsBody(
        data=[EmbeddingBody.of(index, vector, body.encoding_format) for index, vector in enumerate(vectors)],
        model=embedder.name,
        usage=EmbeddingUsageBody(prompt_tokens=tokens, total_tokens=tokens),
    )


def _vectors(embedder: Embedder, texts: Sequence[str]) -> list[Vectors]:
    """The vector of each text."""
    batches = [texts[start : start + TEXTS_AT_ONCE] for start in range(0, len(texts), TEXTS_AT_ONCE)]
    return [read.vector for batch in batches for read in embedder.embed_passages(batch)]


class _Completion:
    """One answer on its way to one client."""

    def __init__(self, asking: Asking, body: ChatRequest, request: Request) -> None:
        self.body = body
        self._asking = asking
        self._request = request
        self._id, self._created = f"chatcmpl-{uuid4().hex}", int(time.time())
        question, history = body.asked()
        self._events = asking.stream(question, history=history, mode=body.mode)

    def begin(self) -> None:
        """Take the first step, which finds the passages, and let its errors out."""
        next(self._events)

    def close(self) -> None:
        """Stop the work, whether it is done or the client has left."""
        self._events.close()

    def whole(self) -> CompletionBody:
        """The answer at once."""
        *_, answer = self._events
        assert isinstance(answer, Answer)
        text = with_sources(answer)
        message = ReplyBody(content=text, **_told(answer))
        return CompletionBody(
            id=self._id,
            created=self._created,
            model=MODEL,
            choices=[ChoiceBody(message=message)],
            usage=self._usage(text),
        )

    def events(self) -> Iterator[str]:
        """The answer piece by piece, then its sources, then the end."""
        try:
            yield self._sent({"role": "assistant", "content": ""})
            for event in self._events:
                if isinstance(event, Text):
                    yield self._sent({"content": event.text})
                elif isinstance(event, Answer):
                    yield from self._end(event)
            yield "data: [DONE]\n\n"
        except Exception as error:
            yield _event({"error": openai_error(problem_of(error, self._request))})

    def _end(self, answer: Answer) -> Iterator[str]:
        sources = source_list(answer)
        told = ReplyBody(content=sources, **_told(answer)).model_dump(exclude={"role"})
        yield self._sent(told)
        yield self._sent({}, finish_reason="stop")
        if self.body.stream_options and self.body.stream_options.include_usage:
            usage = self._usage(answer.text + sources).model_dump()
            yield _event(chunk(self._id, self._created, MODEL, {}) | {"choices": [], "usage": usage})

    def _sent(self, delta: dict[str, Any], **more: Any) -> str:
        return _event(chunk(self._id, self._created, MODEL, delta, **more))

    def _usage(self, answer: str) -> UsageBody:
        count = self._asking.assistant.embedder.count_tokens
        asked = sum(count(self.body.texts()))
        said = sum(count([answer]))
        return UsageBody(prompt_tokens=asked, completion_tokens=said, total_tokens=asked + said)


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _told(answer: Answer) -> dict[str, Any]:
    """What a reply says beyond OpenAI's protocol."""
    return {
        "citations": [CitationBody.model_validate(citation) for citation in answer.citations],
        "abstained": answer.abstained,
        "unsupported": [UnsupportedBody.model_validate(item) for item in answer.unsupported],
        "degraded": list(answer.degraded),
    }


def _models(assistant: Assistant) -> list[ModelBody]:
    try:
        built = int(datetime.fromisoformat(assistant.index.current.manifest.created_at).timestamp())
    except IndexUnusable:
        built = 0
    return [ModelBody(id=name, created=built) for name in (MODEL, assistant.embedder.name)]


def _must_be(name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise ModelNotFound(
            f"There is no model {name[:100]!r} for this. Use {' or '.join(map(repr, known))}."
        )

"""The JSON of the OpenAI-compatible routes. What a client sends beyond this is passed over."""

import base64
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictBool, Tag
from pydantic.config import JsonDict

from assistant.api.schemas.ask import CITATION, MAX_ANSWER, CitationBody, UnsupportedBody
from assistant.api.schemas.shared import Words, example, read_from
from assistant.exporting import without_sources
from assistant.settings import MAX_QUESTION, Mode
from assistant.types import Turn

MAX_MESSAGES = 200
MAX_PARTS = 20
MAX_INPUTS = 128
Question = Annotated[Words, Field(max_length=MAX_QUESTION)]
Input = Annotated[Words, Field(min_length=1)]
_USAGE = {"prompt_tokens": 8, "completion_tokens": 12, "total_tokens": 20}
_MODEL = {"id": "footnote", "object": "model", "created": 1769850900, "owned_by": "footnote"}

_WORDS: JsonDict = {"type": "string", "pattern": r"\S"}
_TEXT_PART: JsonDict = {
    "type": "object",
    "properties": {"type": {"const": "text"}, "text": _WORDS},
    "required": ["type", "text"],
}
# In the description of the API: at least one message of the user has words.
_QUESTION: JsonDict = {
    "type": "object",
    "properties": {
        "role": {"const": "user"},
        "content": {"anyOf": [_WORDS, {"type": "array", "contains": _TEXT_PART}]},
    },
    "required": ["role", "content"],
}


def _form(value: Any) -> str:
    return "in parts" if isinstance(value, list) else "in one piece"


# A text may come in one of two forms. Told apart first, each is judged by its own rules alone. The names have
# blanks, so that no error takes them for those of fields.
_WHOLE, _PARTS, _FORM = Tag("in one piece"), Tag("in parts"), Discriminator(_form)


class PartBody(BaseModel):
    """A part of a message; only text is read."""

    model_config = read_from(type="text", text="What is Fargate?")

    type: str = Field(description="`text`; parts of other types are passed over.", max_length=50)
    text: Question = Field(default="", description="The words.")


class OtherPartBody(PartBody):
    """A part of what others say, of any length."""

    text: Words = Field(default="", description="The words.")


class UserMessageBody(BaseModel):
    """What the user says."""

    model_config = read_from(role="user", content="What is Fargate?")

    role: Literal["user"] = Field(description="Always `user`.")
    content: Annotated[
        Annotated[Question, _WHOLE] | Annotated[list[PartBody], Field(max_length=MAX_PARTS), _PARTS], _FORM
    ] = Field(description="A question, in one piece or in parts.")


OtherRole = Literal["system", "developer", "assistant", "tool", "function"]


class OtherMessageBody(BaseModel):
    """What others say."""

    model_config = read_from(role="assistant", content="Containers without servers. [1]")

    role: OtherRole = Field(description="Who speaks; only `assistant` is read.")
    content: Annotated[Annotated[Words, _WHOLE] | Annotated[list[OtherPartBody], _PARTS], _FORM] | None = (
        Field(default=None, description=f"What they say; of an answer, {MAX_ANSWER:,} characters are read.")
    )


def _speaker(message: Any) -> str | None:
    role = message.get("role") if isinstance(message, dict) else None
    if role == "user":
        return "of the user"
    return "of others" if role in get_args(OtherRole) else None


MessageBody = Annotated[
    Annotated[UserMessageBody, Tag("of the user")] | Annotated[OtherMessageBody, Tag("of others")],
    Discriminator(
        _speaker,
        custom_error_type="unknown_role",
        custom_error_message=f"its role should be one of user, {', '.join(get_args(OtherRole))}",
    ),
]


def _text(message: MessageBody) -> str:
    """The words of a message."""
    if isinstance(message.content, list):
        return "\n".join(part.text for part in message.content if part.type == "text")
    return message.content or ""


class StreamOptions(BaseModel):
    """What a stream brings besides."""

    model_config = read_from(include_usage=True)

    include_usage: StrictBool = Field(default=False, description="Whether the last chunk tells the tokens.")


class ChatRequest(BaseModel):
    """A conversation that ends with a question."""

    model_config = ConfigDict(
        json_schema_extra=example(
            model="footnote", messages=[{"role": "user", "content": "What is Fargate?"}], stream=False
        )
    )

    model: Words = Field(description="`footnote`.", max_length=200)
    messages: list[MessageBody] = Field(
        description="The last one of the user with words is the question, those before it are the history.",
        min_length=1,
        max_length=MAX_MESSAGES,
        json_schema_extra={"contains": _QUESTION},
    )
    stream: StrictBool | None = Field(default=False, description="Whether to send the answer piece by piece.")
    stream_options: StreamOptions | None = Field(default=None, description="For a stream.")
    mode: Mode = Field(default="auto", description="As in `/api/v1/ask`; not part of OpenAI's protocol.")

    def texts(self) -> list[str]:
        """The words of all messages."""
        return [_text(message) for message in self.messages]

    def asked(self) -> tuple[str, Sequence[Turn]]:
        """The question, and the turns before it."""
        spoken = [message for message in self.messages if message.role in ("user", "assistant")]
        while spoken and (spoken[-1].role != "user" or not _text(spoken[-1]).strip()):
            spoken.pop()
        turns: list[Turn] = []
        for message in spoken[:-1]:
            if message.role == "user":
                turns.append(Turn(_text(message)))
            elif turns:
                turns[-1] = Turn(turns[-1].question, without_sources(_text(message))[:MAX_ANSWER])
        return _text(spoken[-1]) if spoken else "", turns


class UsageBody(BaseModel):
    """Tokens, as the embedding model counts them."""

    model_config = read_from(**_USAGE)

    prompt_tokens: int = Field(description="Of the messages.")
    completion_tokens: int = Field(description="Of the answer.")
    total_tokens: int = Field(description="Of both.")


class ReplyBody(BaseModel):
    """The answer, as a message."""

    model_config = read_from(role="assistant", content="Without servers. [1]", citations=[CITATION])

    role: Literal["assistant"] = Field(default="assistant", description="Always `assistant`.")
    content: str = Field(description="The answer, then its sources as a numbered list with note and lines.")
    citations: list[CitationBody] = Field(description="The sources, as data; not part of OpenAI's protocol.")
    abstained: bool = Field(default=False, description="True if the notes do not say; not part of it either.")
    unsupported: list[UnsupportedBody] = Field(
        default=[], description="What was written and the notes do not support; not part of it either."
    )
    degraded: list[str] = Field(default=[], description="What was done without; not part of it either.")


class ChoiceBody(BaseModel):
    """The one answer that there is."""

    model_config = read_from(index=0, message={"role": "assistant", "content": "…"}, finish_reason="stop")

    index: int = Field(default=0, description="Always 0.")
    message: ReplyBody = Field(description="The answer.")
    finish_reason: Literal["stop"] = Field(default="stop", description="Always `stop`.")
    logprobs: None = Field(default=None, description="There are none.")


class CompletionBody(BaseModel):
    """An answer, as OpenAI's clients expect it."""

    model_config = read_from(
        id="chatcmpl-1",
        object="chat.completion",
        created=1769850900,
        model="footnote",
        choices=[{"index": 0, "message": {"role": "assistant", "content": "…", "citations": [CITATION]}}],
        usage=_USAGE,
    )

    id: str = Field(description="A name for it.")
    object: Literal["chat.completion"] = Field(default="chat.completion", description="What this is.")
    created: int = Field(description="When it was made, in seconds since 1970.")
    model: str = Field(description="`footnote`.")
    choices: list[ChoiceBody] = Field(description="One.")
    usage: UsageBody = Field(description="Tokens.")


class EmbeddingsRequest(BaseModel):
    """Texts to embed."""

    model_config = ConfigDict(json_schema_extra=example(model="all-MiniLM-L6-v2", input=["What is Fargate?"]))

    model: Words = Field(description="The embedding model; GET /v1/models names it.", max_length=200)
    input: Annotated[
        Annotated[Input, _WHOLE] | Annotated[list[Input], Field(min_length=1, max_length=MAX_INPUTS), _PARTS],
        _FORM,
    ] = Field(description="One text or several. Tokens are not taken, as they are another model's.")
    encoding_format: Literal["float", "base64"] | None = Field(
        default="float", description="Numbers, or little-endian 32-bit floats in base64."
    )
    dimensions: int | None = Field(
        default=None, description="Has to be the model's own, if given.", ge=1, le=100_000
    )

    def texts(self) -> list[str]:
        """The texts, also if there is but one."""
        return [self.input] if isinstance(self.input, str) else self.input


class EmbeddingBody(BaseModel):
    """The vector of one text, of length 1."""

    model_config = read_from(object="embedding", index=0, embedding=[0.1, -0.2])

    object: Literal["embedding"] = Field(default="embedding", description="What this is.")
    index: int = Field(description="Which of the texts it is of.")
    embedding: list[float] | str = Field(description="The numbers, as `encoding_format` says.")

    @classmethod
    def of(cls, index: int, vector: NDArray[np.float32], encoding: str | None) -> Self:
        """The JSON of a vector of shape (dimension,)."""
        if encoding == "base64":
            return cls(index=index, embedding=base64.b64encode(vector.astype("<f4").tobytes()).decode())
        return cls(index=index, embedding=vector.tolist())


class EmbeddingUsageBody(BaseModel):
    """Tokens, as the model counts them."""

    model_config = read_from(prompt_tokens=4, total_tokens=4)

    prompt_tokens: int = Field(description="Of the texts.")
    total_tokens: int = Field(description="The same.")


class EmbeddingsBody(BaseModel):
    """The vectors of texts."""

    model_config = read_from(
        object="list",
        data=[{"object": "embedding", "index": 0, "embedding": [0.1, -0.2]}],
        model="all-MiniLM-L6-v2",
        usage={"prompt_tokens": 4, "total_tokens": 4},
    )

    object: Literal["list"] = Field(default="list", description="What this is.")
    data: list[EmbeddingBody] = Field(description="In the order of the texts.")
    model: str = Field(description="The embedding model.")
    usage: EmbeddingUsageBody = Field(description="Tokens.")


class ModelBody(BaseModel):
    """A model that can be named in a request."""

    model_config = read_from(**_MODEL)

    id: str = Field(description="Its name.")
    object: Literal["model"] = Field(default="model", description="What this is.")
    created: int = Field(description="When its index was built, in seconds since 1970; 0 if there is none.")
    owned_by: str = Field(default="footnote", description="Always `footnote`.")


class ModelsBody(BaseModel):
    """The models that can be named."""

    model_config = read_from(object="list", data=[_MODEL])

    object: Literal["list"] = Field(default="list", description="What this is.")
    data: list[ModelBody] = Field(description="The one that answers, and the one that embeds.")


def chunk(id: str, created: int, model: str, delta: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One piece of a streamed completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": more.pop("finish_reason", None), "logprobs": None}
    made = {"id": id, "object": "chat.completion.chunk", "created": created, "model": model}
    return {**made, "choices": [choice], **more}

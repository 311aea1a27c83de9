"""The JSON of what is kept: conversations, feedback, declined questions."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from assistant.api.schemas.ask import ANSWER, RELATED, AnswerBody, RelatedBody
from assistant.api.schemas.shared import Words, example, read_from
from assistant.kept import Conversation, KeptTurn

MAX_TITLE = 200
MAX_COMMENT = 2_000

_ID = "3f2a9c0e5d7b4a41b6c8d9e0f1a2b3c4"
_TIME = "2026-01-31T09:15:00.000000Z"
_CONVERSATION = {
    "id": _ID,
    "title": "What is Fargate?",
    "created_at": _TIME,
    "updated_at": _TIME,
    "turn_count": 1,
}
_FEEDBACK = {"helpful": True, "comment": "Short and right.", "given_at": _TIME}
_TURN = {"question": "What is Fargate?", "asked_at": _TIME, "answer": ANSWER, "feedback": _FEEDBACK}
_DECLINED = {
    "id": _ID,
    "question": "What does Fargate cost?",
    "times": 2,
    "first_asked_at": _TIME,
    "last_asked_at": _TIME,
    "related": [RELATED],
}


def _as_kept(text: str) -> str:
    """The text as the database will have it, so that the response tells that."""
    return text.replace("\0", "\ufffd")


Title = Annotated[Words, Field(max_length=MAX_TITLE), AfterValidator(_as_kept)]
Comment = Annotated[Words, Field(max_length=MAX_COMMENT), AfterValidator(_as_kept)]


class ConversationRequest(BaseModel):
    """A conversation to begin. May be left out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(title=""))

    title: Title = Field(default="", description="What it is called; if empty, its first question.")


class RenameRequest(BaseModel):
    """Another title for a conversation."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(title="Containers"))

    title: Title = Field(description="What it is called from now on.")


class ConversationBody(BaseModel):
    """A conversation without its turns."""

    model_config = read_from(**_CONVERSATION)

    id: str = Field(description="For `conversation_id` of a question.")
    title: str = Field(description="As it was given, or the first question; empty until there is one.")
    created_at: str = Field(description="When it was begun: ISO 8601, UTC.")
    updated_at: str = Field(description="When it got its last turn: ISO 8601, UTC.")
    turn_count: int = Field(description="How many questions were asked in it.")


class ConversationsBody(BaseModel):
    """A list of conversations."""

    model_config = read_from(conversations=[_CONVERSATION], count=1)

    conversations: list[ConversationBody] = Field(description="The latest first.")
    count: int = Field(description="How many there are in all, also beyond `limit`.")


class FeedbackRequest(BaseModel):
    """What you think of an answer."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example(helpful=True, comment="Short and right.")
    )

    helpful: StrictBool = Field(description="Whether it helped.")
    comment: Comment = Field(default="", description="Why, in your words.")


class FeedbackBody(BaseModel):
    """What someone thinks of an answer."""

    model_config = read_from(**_FEEDBACK)

    helpful: bool = Field(description="Whether it helped.")
    comment: str = Field(description="Why, if they said so.")
    given_at: str = Field(description="When they said so: ISO 8601, UTC.")


class TurnKeptBody(BaseModel):
    """A question with the answer that it got then."""

    model_config = read_from(**_TURN)

    question: str = Field(description="As it was asked.")
    asked_at: str = Field(description="When it was answered: ISO 8601, UTC. Turns are in this order.")
    answer: AnswerBody = Field(description="The answer, as it was given then.")
    feedback: FeedbackBody | None = Field(description="What someone thinks of it; null if they did not say.")

    @classmethod
    def of(cls, turn: KeptTurn) -> Self:
        """The JSON of a kept turn."""
        given = FeedbackBody.model_validate(turn.feedback) if turn.feedback else None
        answer = AnswerBody.of(turn.answer)
        return cls(question=turn.question, asked_at=turn.asked_at, answer=answer, feedback=given)


class WholeConversationBody(ConversationBody):
    """A conversation with its turns."""

    model_config = read_from(**_CONVERSATION | {"turns": [_TURN]})

    turns: list[TurnKeptBody] = Field(description="Oldest first.")

    @classmethod
    def of(cls, conversation: Conversation, turns: Sequence[KeptTurn]) -> Self:
        """The JSON of a conversation with all that was said."""
        return cls(
            id=conversation.id,
            title=conversation.title,
            created_at=conversation.created_at,
            updated_at=conversation.updated_at,
            turn_count=conversation.turn_count,
            turns=[TurnKeptBody.of(turn) for turn in turns],
        )


class RatedBody(BaseModel):
    """A list of answers that someone has given feedback on."""

    model_config = read_from(turns=[_TURN], count=1)

    turns: list[TurnKeptBody] = Field(description="The latest feedback first.")
    count: int = Field(description="How many there are in all, also beyond `limit`.")


class DeclinedBody(BaseModel):
    """A question that the notes did not answer."""

    model_config = read_from(**_DECLINED)

    id: str = Field(description="For taking it off the list.")
    question: str = Field(description="The question, as it stands alone.")
    times: int = Field(description="How often it was asked.")
    first_asked_at: str = Field(description="ISO 8601, UTC.")
    last_asked_at: str = Field(description="ISO 8601, UTC.")
    related: list[RelatedBody] = Field(description="The headings that were nearest to it.")


class DeclinedListBody(BaseModel):
    """Questions that the notes did not answer: what could be written next."""

    model_config = read_from(declined=[_DECLINED], count=1)

    declined: list[DeclinedBody] = Field(description="The one that was asked last first.")
    count: int = Field(description="How many there are in all, also beyond `limit`.")

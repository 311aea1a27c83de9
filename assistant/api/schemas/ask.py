"""The JSON of asking: questions, answers, citations."""

from collections.abc import Sequence
from typing import Literal, Self, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from assistant.api.schemas.search import PASSAGE, UNLESS_TOLD, Asked, FiltersBody, PassageBody, TopK
from assistant.api.schemas.shared import Words, example, read_from
from assistant.settings import MAX_QUESTION, Mode
from assistant.types import Answer, Filters, Turn

MAX_TURNS = 50
MAX_ANSWER = 16_000  # characters of one earlier answer

CITATION = {
    "number": 1,
    "note": "aws/ecs.md",
    "heading_path": ["ECS", "Fargate"],
    "line_start": 30,
    "line_end": 30,
    "char_start": 1810,
    "char_end": 1854,
    "quote": "Fargate runs containers without any servers.",
    "note_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
ANSWER = {
    "answer": "Fargate runs containers without any servers. [1]",
    "abstained": False,
    "confidence": 0.93,
    "mode": "extractive",
    "standalone_question": "What is Fargate?",
    "id": None,
    "conversation_id": None,
    "citations": [CITATION],
    "related": [],
    "degraded": [],
    "unsupported": [],
    "unanswered": [],
    "index_revision": "20260131T091500-5f3a",
    "timings_ms": {"retrieve": 12.1, "compose": 3.0},
}
UNSUPPORTED = {
    "text": "Fargate costs nothing.",
    "reason": "meaning",
    "char_start": 49,
    "char_end": 71,
}
RELATED = {"note": "aws/ecs.md", "heading_path": ["ECS", "Fargate"], "line_start": 28}


class AskOptions(TypedDict):
    """The keyword arguments of `Asking.ask` and `Asking.stream`."""

    conversation_id: str | None
    history: Sequence[Turn]
    filters: Filters
    top_k: int | None
    mode: Mode


class TurnBody(BaseModel):
    """One earlier exchange of a conversation."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(question="What is Fargate?", answer="Containers without servers. [1]"),
    )

    question: Words = Field(description="What was asked.", max_length=MAX_QUESTION)
    answer: Words = Field(default="", description="What was answered.", max_length=MAX_ANSWER)


class AskRequest(BaseModel):
    """A question, and how to answer it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            question="And what does it cost?",
            history=[{"question": "What is Fargate?", "answer": "Containers without servers. [1]"}],
            conversation_id=None,
            filters={"paths": ["aws/*"], "tags": []},
            top_k=6,
            mode="auto",
            include=["passages"],
        ),
    )

    question: Asked = Field(description="In plain words; may lean on the history.")
    history: list[TurnBody] = Field(
        default=[], description="Earlier exchanges, oldest first.", max_length=MAX_TURNS
    )
    conversation_id: Words | None = Field(
        default=None,
        description="A conversation that gives the history and keeps the turn; without it, none is kept.",
        max_length=100,
    )
    filters: FiltersBody = Field(default=FiltersBody(), description="Which notes may answer.")
    top_k: TopK | None = Field(
        default=None, description=f"How many passages the answer may be made from; {UNLESS_TOLD}."
    )
    mode: Mode = Field(
        default="auto",
        description="`extractive` uses the notes' own sentences, `llm` the language model whose sentences are"
        " checked against the notes; `auto` takes that if one is set up.",
    )
    include: list[Literal["passages"]] = Field(
        default=[], description="`passages` adds those that the answer was made from."
    )

    def options(self) -> "AskOptions":
        """All but the question, as the assistant takes it."""
        return {
            "conversation_id": self.conversation_id,
            "history": [Turn(turn.question, turn.answer) for turn in self.history],
            "filters": self.filters.inner(),
            "top_k": self.top_k,
            "mode": self.mode,
        }


class CitationBody(BaseModel):
    """The lines of a note that a claim stands on."""

    model_config = read_from(**CITATION)

    number: int = Field(description="The number in square brackets that the answer's text has for it.")
    note: str = Field(description="The note's path.")
    heading_path: tuple[str, ...] = Field(description="The headings above it, outermost first.")
    line_start: int = Field(description="Its first line, 1 being the note's first.")
    line_end: int = Field(description="Its last line.")
    char_start: int = Field(description="Where it begins, in characters of the decoded note.")
    char_end: int = Field(description="Where it ends: the first character that is not part of it.")
    quote: str = Field(description="The note's text between the two, letter by letter.")
    note_sha256: str = Field(description="SHA-256 of the note's bytes; if it differs, the note has changed.")


class RelatedBody(BaseModel):
    """A heading near a question that the notes do not answer."""

    model_config = read_from(**RELATED)

    note: str = Field(description="The note's path.")
    heading_path: tuple[str, ...] = Field(description="The heading, after those above it.")
    line_start: int = Field(description="The heading's line.")


class UnsupportedBody(BaseModel):
    """A sentence that a language model wrote and the notes do not support."""

    model_config = read_from(**UNSUPPORTED)

    text: str = Field(description="The sentence.")
    reason: str = Field(
        description="In what the notes fail it: `number`, `name`, `negation`, `meaning`, `code`, `uncited`."
    )
    char_start: int | None = Field(description="Where it begins in `answer`; null if it was left out.")
    char_end: int | None = Field(description="Where it ends there; `[?]` stands behind it.")


class AnswerBody(BaseModel):
    """What the notes say, with its proof; or, if `abstained`, that they do not say."""

    model_config = read_from(**ANSWER, passages=[PASSAGE])

    answer: str = Field(description="The answer; `[n]` after a claim is the number of its citation.")
    abstained: bool = Field(description="True if the notes do not cover the question; then nothing is cited.")
    confidence: float = Field(description="How sure it is that the notes answer the question, 0 to 1.")
    mode: str = Field(description="How it was made: `llm` by a language model, else `extractive`.")
    standalone_question: str = Field(
        description="The question as it was searched for, with the history in it."
    )
    id: str | None = Field(description="For feedback, of an answer in a conversation; null of any other.")
    conversation_id: str | None = Field(description="The conversation that it is kept in; null if in none.")
    citations: list[CitationBody] = Field(description="In order of number.")
    related: list[RelatedBody] = Field(description="The headings nearest to what is `unanswered`.")
    degraded: list[str] = Field(
        description="What had to be done without this time: `embedding`, `keyword` (no search for words), or"
        " `llm:` and the reason."
    )
    unsupported: list[UnsupportedBody] = Field(
        description="What the language model wrote and the notes do not support; marked in the answer."
    )
    unanswered: list[str] = Field(
        description="The questions that the notes do not answer, as they were searched for: all if"
        " `abstained`, else some of several in one message."
    )
    index_revision: str = Field(description="The generation of the index that it was made from.")
    timings_ms: dict[str, float] = Field(description="How long each stage took, in milliseconds.")
    passages: list[PassageBody] | None = Field(
        default=None,
        description="What the answer was made from; only where `include` asks for it.",
        exclude_if=lambda value: value is None,
    )

    @classmethod
    def of(cls, answer: Answer, *, passages: bool = False) -> Self:
        """The JSON of an answer, with its passages if they are wanted."""
        return cls(
            answer=answer.text,
            abstained=answer.abstained,
            confidence=answer.confidence,
            mode=answer.mode,
            standalone_question=answer.standalone_question,
            id=answer.id,
            conversation_id=answer.conversation_id,
            citations=[CitationBody.model_validate(citation) for citation in answer.citations],
            related=[RelatedBody.model_validate(related) for related in answer.related],
            degraded=list(answer.degraded),
            unsupported=[UnsupportedBody.model_validate(item) for item in answer.unsupported],
            unanswered=list(answer.unanswered),
            index_revision=answer.index_revision,
            timings_ms=dict(answer.timings_ms),
            passages=[PassageBody.of(passage) for passage in answer.passages] if passages else None,
        )

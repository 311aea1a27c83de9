"""What flows through the assistant: turns, passages, citations, answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from assistant.matching import Match
from indexer.token_codes import TokenCodes
from indexer.types import Chunk, Note

DECLINED = "Your notes don't say."


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of a conversation."""

    question: str
    answer: str = ""

    @property
    def told(self) -> str:
        """What its answer says of the notes: nothing, if it was declined."""
        return "" if self.answer.strip() == DECLINED else self.answer


@dataclass(frozen=True, slots=True)
class Filters:
    """Which notes may answer: shell patterns over paths (any may match) and tags (any may match)."""

    paths: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def admit(self, note: Note) -> bool:
        """Whether they let a note through."""
        by_path = not self.paths or any(fnmatchcase(note.path, pattern) for pattern in self.paths)
        return by_path and (not self.tags or any(tag in note.tags for tag in self.tags))


@dataclass(frozen=True, slots=True)
class Ranks:
    """Where each index placed a passage, 1 being first; None if it did not find it."""

    dense: int | None = None
    keyword: int | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """What was found for a question, best score first: a chunk, or some in a row that were found together.

    `similarity` is the cosine of the question to it, `match` says how near it is to each of its units;
    `tokens` are those of its chunks.
    """

    chunk: Chunk
    score: float
    ranks: Ranks
    similarity: float
    match: Match
    tokens: Sequence[TokenCodes]


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact lines that the claim numbered `[number]` stands on.

    `quote` equals the note's text between `char_start` and `char_end`, letter by letter.
    Lines are 1-based and inclusive.
    """

    number: int
    note: str
    heading_path: tuple[str, ...]
    line_start: int
    line_end: int
    char_start: int
    char_end: int
    quote: str
    note_sha256: str


@dataclass(frozen=True, slots=True)
class Related:
    """A heading near a question that the notes do not answer."""

    note: str
    heading_path: tuple[str, ...]
    line_start: int


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A sentence of a language model that the notes do not support, and in what: number, name, meaning, …

    It stands in the answer's text between `char_start` and `char_end`; both are None if it was left out.
    """

    text: str
    reason: str
    char_start: int | None = None
    char_end: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the notes say, with its proof; or, if `abstained`, that they do not say.

    `mode` is `llm` if a language model wrote it, else `extractive`.
    `unanswered` are the questions that the notes do not answer, of several in one message or the only one.
    `id` and `conversation_id` are those of an answer that is kept as a turn of a conversation.
    """

    text: str
    abstained: bool
    confidence: float
    mode: str
    standalone_question: str
    index_revision: str
    citations: Sequence[Citation] = ()
    related: Sequence[Related] = ()
    degraded: Sequence[str] = ()
    unsupported: Sequence[Unsupported] = ()
    unanswered: Sequence[str] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    passages: Sequence[Passage] = ()
    id: str | None = None
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Stream event: the passages that the answer is about to be made from."""

    passages: Sequence[Passage]


@dataclass(frozen=True, slots=True)
class Text:
    """Stream event: the next piece of the answer's text."""

    text: str


Event = Found | Text | Answer

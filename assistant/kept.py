"""What is kept of asking, as values. Times are ISO 8601 in UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from assistant.types import Answer, Related


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its turns."""

    id: str
    title: str
    created_at: str
    updated_at: str
    turn_count: int


@dataclass(frozen=True, slots=True)
class Feedback:
    """What someone thought of an answer."""

    helpful: bool
    comment: str
    given_at: str


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A question, its answer as it was given, without passages, and what was thought of it."""

    question: str
    asked_at: str
    answer: Answer
    feedback: Feedback | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """A question that the notes did not answer, as it was last asked."""

    id: str
    question: str
    times: int
    first_asked_at: str
    last_asked_at: str
    related: Sequence[Related] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list: where it begins, and how long it is at most."""

    limit: int = 50
    offset: int = 0


FIRST_PAGE = Page()


def now() -> str:
    """The time as it is kept: it sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

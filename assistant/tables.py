"""The tables of the database of conversations, and turns as their rows.

`migrations` leads from each earlier form of them to this one.
"""

from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
    TypeDecorator,
    select,
)
from sqlalchemy.types import TypeEngine

from assistant.kept import Feedback, KeptTurn
from assistant.types import Answer

METADATA = MetaData()


class Said(TypeDecorator[str]):
    """Text as people write it. PostgreSQL has no NUL characters; a sign of replacement stands for each."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it is kept and compared."""
        return value if value is None else value.replace("\0", "\ufffd")


class Id(Said):
    """A name that we gave, or that somebody asks for."""

    impl = String(32)
    cache_ok = True


# `folded` is what is searched: casefolded text, as SQLite folds no letters but those of ASCII.
conversations = Table(
    "conversations",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("title", Said, nullable=False),
    Column("folded", Said, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("updated_at", String(32), nullable=False, index=True),
)
turns = Table(
    "turns",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("question", Said, nullable=False),
    Column("text", Said, nullable=False),
    Column("folded", Said, nullable=False),
    Column("asked_at", String(32), nullable=False),
    Column("answer", Said, nullable=False),  # JSON of an Answer
)
feedback = Table(
    "feedback",
    METADATA,
    Column("turn_id", ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("helpful", Boolean, nullable=False),
    Column("comment", Said, nullable=False),
    Column("given_at", String(32), nullable=False, index=True),
)
declined = Table(
    "declined",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("key", Said, nullable=False, unique=True),  # the digest of the question, folded
    Column("question", Said, nullable=False),
    Column("times", Integer, nullable=False),
    Column("first_asked_at", String(32), nullable=False),
    Column("last_asked_at", String(32), nullable=False, index=True),
    Column("related", Said, nullable=False),  # JSON of a list of Related
)
jobs = Table(
    "jobs",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("beaten_at", Float, nullable=False),  # seconds since 1970: when its process last said it is alive
    Column("job", Said, nullable=False),  # JSON of a Job
)

# The number of the form that the tables have; where it stands and how it got there, see `schema`.
version = Table("footnote_version", METADATA, Column("version_num", String(32), primary_key=True))


def rated_turns() -> Select[Any]:
    """Turns with the feedback on them, as `turn_of` takes them."""
    return select(turns, feedback.c.helpful, feedback.c.comment, feedback.c.given_at).outerjoin(feedback)


def turn_of(row: Row[Any]) -> KeptTurn:
    """A row of `rated_turns` as what it says."""
    given = None if row.given_at is None else Feedback(row.helpful, row.comment, row.given_at)
    return KeptTurn(row.question, row.asked_at, msgspec.json.decode(row.answer, type=Answer), given)

"""The tables of the database of conversations, and their version."""

from sqlalchemy import (
    Boolean,
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    select,
)

from assistant.errors import ConversationsUnusable

VERSION = 1
_METADATA = MetaData()

# `folded` is what is searched: casefolded text, as SQLite folds no letters but those of ASCII.
conversations = Table(
    "conversations",
    _METADATA,
    Column("id", String(32), primary_key=True),
    Column("title", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("updated_at", String(32), nullable=False, index=True),
)
turns = Table(
    "turns",
    _METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("asked_at", String(32), nullable=False),
    Column("answer", Text, nullable=False),  # JSON of an Answer
)
feedback = Table(
    "feedback",
    _METADATA,
    Column("turn_id", ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("helpful", Boolean, nullable=False),
    Column("comment", Text, nullable=False),
    Column("given_at", String(32), nullable=False, index=True),
)
declined = Table(
    "declined",
    _METADATA,
    Column("id", String(32), primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # the question, folded
    Column("question", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("first_asked_at", String(32), nullable=False),
    Column("last_asked_at", String(32), nullable=False, index=True),
    Column("related", Text, nullable=False),  # JSON of a list of Related
)
_version = Table("footnote_version", _METADATA, Column("number", Integer, nullable=False))


def prepare(engine: Engine) -> None:
    """Make the tables that are missing. Raises ConversationsUnusable if a newer release made others."""
    with engine.begin() as connection:
        _METADATA.create_all(connection)
        found = connection.execute(select(_version.c.number)).scalar()
        if found is None:
            connection.execute(insert(_version).values(number=VERSION))
        elif found > VERSION:
            raise ConversationsUnusable(
                f"The database of conversations has version {found}; this release reads up to {VERSION}."
                " Use the newer release, or name another database with FOOTNOTE_DATABASE."
            )

"""The store of conversations with their turns, and beside it feedback on answers and declined questions."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from assistant.database import Database
from assistant.declined import DeclinedQuestions
from assistant.errors import ConversationNotFound
from assistant.feedback import FeedbackStore
from assistant.kept import FIRST_PAGE, Conversation, KeptTurn, Page, now
from assistant.tables import conversations, rated_turns, turn_of, turns
from assistant.types import Answer, Turn

TITLE_LENGTH = 80
REMEMBERED_TURNS = 10  # that a follow-up is read against


class Conversations:
    """What is kept of asking. Any thread may use it; other processes may use the same database."""

    def __init__(self, database: Database | None = None) -> None:
        """
        Args:
            database: where it is kept; without it, in memory until the process ends.
        """
        self._database = database or Database()
        self.feedback = FeedbackStore(self._database)
        self.declined = DeclinedQuestions(self._database)

    def create(self, title: str = "") -> Conversation:
        """Begin a conversation; without a title it gets that of its first question."""
        at = now()
        row = {"id": uuid4().hex, "title": _title(title), "created_at": at, "updated_at": at}
        with self._database.transaction() as connection:
            connection.execute(insert(conversations).values(folded=title.casefold(), **row))
        return Conversation(turn_count=0, **row)

    def list(self, text: str = "", page: Page = FIRST_PAGE) -> tuple[Sequence[Conversation], int]:
        """Conversations, the latest first, and how many there are in all.

        Args:
            text: only those with this in the title, a question or an answer, in any case.
        """
        chosen = _with_text(text)
        count = select(func.count()).select_from(conversations).where(*chosen)
        query = _summaries().where(*chosen).order_by(conversations.c.updated_at.desc(), conversations.c.id)
        with self._database.transaction() as connection:
            rows = connection.execute(query.limit(page.limit).offset(page.offset)).all()
            return [_conversation(row) for row in rows], connection.execute(count).scalar_one()

    def get(self, id: str) -> Conversation:
        """One conversation. Raises ConversationNotFound."""
        with self._database.transaction() as connection:
            row = connection.execute(_summaries().where(conversations.c.id == id)).first()
        if row is None:
            raise _no_conversation(id)
        return _conversation(row)

    def turns(self, id: str) -> Sequence[KeptTurn]:
        """The turns of a conversation, oldest first; none if it is unknown."""
        query = rated_turns().where(turns.c.conversation_id == id).order_by(turns.c.number)
        with self._database.transaction() as connection:
            return [turn_of(row) for row in connection.execute(query)]

    def history(self, id: str) -> Sequence[Turn]:
        """The last turns, oldest first, as a follow-up is read against. Raises ConversationNotFound."""
        query = select(turns.c.question, turns.c.text).where(turns.c.conversation_id == id)
        last = query.order_by(turns.c.number.desc()).limit(REMEMBERED_TURNS)
        with self._database.transaction() as connection:
            _must_exist(connection, id)
            rows = connection.execute(last).all()
        return [Turn(row.question, row.text) for row in reversed(rows)]

    def rename(self, id: str, title: str) -> Conversation:
        """Give a conversation another title. Raises ConversationNotFound."""
        values = {"title": _title(title), "folded": title.casefold()}
        with self._database.transaction() as connection:
            if not connection.execute(
                update(conversations).where(conversations.c.id == id).values(values)
            ).rowcount:
                raise _no_conversation(id)
        return self.get(id)

    def delete(self, id: str) -> None:
        """Forget a conversation with all that belongs to it. Raises ConversationNotFound."""
        with self._database.transaction() as connection:
            if not connection.execute(delete(conversations).where(conversations.c.id == id)).rowcount:
                raise _no_conversation(id)

    def keep(self, id: str, question: str, answer: Answer) -> Answer:
        """Add a turn to a conversation; the answer as it is kept, with its own id.

        Raises:
            ConversationNotFound: there is no such conversation, or it was deleted meanwhile.
        """
        kept = replace(answer, id=uuid4().hex, conversation_id=id, passages=())
        row = {
            "id": kept.id,
            "conversation_id": id,
            "question": question,
            "text": answer.text,
            "folded": f"{question}\n{answer.text}".casefold(),
            "answer": msgspec.json.encode(kept).decode(),
        }
        own = update(conversations).where(conversations.c.id == id)
        unnamed = own.where(conversations.c.title == "")
        with self._database.transaction() as connection:
            # Whoever adds a turn holds the conversation's row first: turns have numbers and times in order.
            if not connection.execute(own.values(title=conversations.c.title)).rowcount:
                raise _no_conversation(id)
            at = now()
            connection.execute(own.values(updated_at=at))
            connection.execute(unnamed.values(title=_title(question), folded=_title(question).casefold()))
            connection.execute(insert(turns).values(row | {"asked_at": at}))
        return replace(kept, passages=answer.passages)

    def take_back(self, answer_id: str) -> None:
        """Forget a turn, with the feedback on it; nothing happens if it is unknown."""
        with self._database.transaction() as connection:
            connection.execute(delete(turns).where(turns.c.id == answer_id))

    def close(self) -> None:
        """Close what is open; the store may be used again."""
        self._database.close()


def _must_exist(connection: Connection, id: str) -> None:
    if not connection.execute(select(conversations.c.id).where(conversations.c.id == id)).first():
        raise _no_conversation(id)


def _summaries() -> Any:
    count = select(func.count()).where(turns.c.conversation_id == conversations.c.id).scalar_subquery()
    return select(conversations, count.label("turn_count"))


def _with_text(text: str) -> Sequence[Any]:
    wanted = text.strip().casefold()
    if not wanted:
        return []
    said = select(turns.c.conversation_id).where(turns.c.folded.contains(wanted, autoescape=True))
    return [or_(conversations.c.folded.contains(wanted, autoescape=True), conversations.c.id.in_(said))]


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(row.id, row.title, row.created_at, row.updated_at, row.turn_count)


def _title(text: str) -> str:
    """The text in one line, cut between words where it is long."""
    line = " ".join(text.split())
    if len(line) <= TITLE_LENGTH:
        return line
    return line[: TITLE_LENGTH - 1].rsplit(" ", 1)[0][: TITLE_LENGTH - 1] + "…"


def _no_conversation(id: str) -> ConversationNotFound:
    return ConversationNotFound(
        f"There is no conversation {id!r}. List them with GET /api/v1/conversations, or begin one with POST."
    )

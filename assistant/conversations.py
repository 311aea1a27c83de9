"""What is kept of asking: conversations with their turns, feedback on answers, declined questions.

It is kept in a database: by default a SQLite file beside the index, made when it is first needed.
"""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import (
    Connection,
    Engine,
    Row,
    create_engine,
    delete,
    event,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from assistant import tables
from assistant.errors import AnswerNotFound, ConversationNotFound, ConversationsUnusable, DeclinedNotFound
from assistant.tables import conversations, declined, feedback, turns
from assistant.types import Answer, Related, Turn

IN_MEMORY = "sqlite://"
TITLE_LENGTH = 80
REMEMBERED_TURNS = 10  # that a follow-up is read against
MOST_DECLINED = 1_000  # questions; the ones asked longest ago are forgotten
SECONDS_TO_WAIT = 10  # for another process that is writing


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its turns. Times are ISO 8601 in UTC."""

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


def database_url(setting: str, index: Path) -> str:
    """The address of the database: the setting, which may be a file too, else a file beside the index."""
    if "://" in setting:
        return setting
    place = index.absolute()
    file = Path(setting).expanduser() if setting else place.with_name(f"{place.name}-conversations.sqlite")
    return f"sqlite:///{file}"


class Conversations:
    """The store. Any thread may use it; other processes may use the same database."""

    def __init__(self, url: str = IN_MEMORY) -> None:
        """
        Args:
            url: as SQLAlchemy takes it. Nothing is opened before something is read or kept.
        """
        self._url = url
        self._engine: Engine | None = None
        self._opening = threading.Lock()
        # In memory all share one connection, which takes one transaction at a time.
        self._turn = threading.Lock() if url == IN_MEMORY else contextlib.nullcontext()

    def create(self, title: str = "") -> Conversation:
        """Begin a conversation; without a title it gets that of its first question."""
        now = _now()
        row = {"id": uuid4().hex, "title": _title(title), "created_at": now, "updated_at": now}
        with self._transaction() as database:
            database.execute(insert(conversations).values(folded=title.casefold(), **row))
        return Conversation(turn_count=0, **row)

    def list(self, text: str = "", page: Page = Page()) -> tuple[Sequence[Conversation], int]:
        """Conversations, the latest first, and how many there are in all.

        Args:
            text: only those with this in the title, a question or an answer, in any case.
        """
        chosen = _with_text(text)
        count = select(func.count()).select_from(conversations).where(*chosen)
        query = _summaries().where(*chosen).order_by(conversations.c.updated_at.desc())
        with self._transaction() as database:
            rows = database.execute(query.limit(page.limit).offset(page.offset)).all()
            return [_conversation(row) for row in rows], database.execute(count).scalar_one()

    def get(self, id: str) -> Conversation:
        """One conversation. Raises ConversationNotFound."""
        with self._transaction() as database:
            row = database.execute(_summaries().where(conversations.c.id == id)).first()
        if row is None:
            raise _no_conversation(id)
        return _conversation(row)

    def turns(self, id: str) -> Sequence[KeptTurn]:
        """The turns of a conversation, oldest first; none if it is unknown."""
        query = select(turns, feedback.c.helpful, feedback.c.comment, feedback.c.given_at).outerjoin(feedback)
        with self._transaction() as database:
            rows = database.execute(query.where(turns.c.conversation_id == id).order_by(turns.c.number)).all()
        return [_turn(row) for row in rows]

    def history(self, id: str) -> Sequence[Turn]:
        """The last turns, oldest first, as a follow-up is read against. Raises ConversationNotFound."""
        query = select(turns.c.question, turns.c.text).where(turns.c.conversation_id == id)
        last = query.order_by(turns.c.number.desc()).limit(REMEMBERED_TURNS)
        with self._transaction() as database:
            self._must_exist(database, id)
            rows = database.execute(last).all()
        return [Turn(row.question, row.text) for row in reversed(rows)]

    def rename(self, id: str, title: str) -> Conversation:
        """Give a conversation another title. Raises ConversationNotFound."""
        values = {"title": _title(title), "folded": title.casefold()}
        with self._transaction() as database:
            if not database.execute(
                update(conversations).where(conversations.c.id == id).values(values)
            ).rowcount:
                raise _no_conversation(id)
        return self.get(id)

    def delete(self, id: str) -> None:
        """Forget a conversation with all that belongs to it. Raises ConversationNotFound."""
        with self._transaction() as database:
            if not database.execute(delete(conversations).where(conversations.c.id == id)).rowcount:
                raise _no_conversation(id)

    def keep(self, id: str, question: str, answer: Answer) -> Answer:
        """Add a turn to a conversation; the answer as it is kept, with its own id.

        Raises:
            ConversationNotFound: there is no such conversation, or it was deleted meanwhile.
        """
        now = _now()
        kept = replace(answer, id=uuid4().hex, conversation_id=id, passages=())
        row = {
            "id": kept.id,
            "conversation_id": id,
            "question": question,
            "text": answer.text,
            "folded": f"{question}\n{answer.text}".casefold(),
            "asked_at": now,
            "answer": msgspec.json.encode(kept).decode(),
        }
        touched = update(conversations).where(conversations.c.id == id).values(updated_at=now)
        unnamed = update(conversations).where(conversations.c.id == id, conversations.c.title == "")
        with self._transaction() as database:
            if not database.execute(touched).rowcount:
                raise _no_conversation(id)
            database.execute(unnamed.values(title=_title(question), folded=_title(question).casefold()))
            database.execute(insert(turns).values(row))
        return replace(kept, passages=answer.passages)

    def take_back(self, answer_id: str) -> None:
        """Forget a turn, with the feedback on it; nothing happens if it is unknown."""
        with self._transaction() as database:
            database.execute(delete(turns).where(turns.c.id == answer_id))

    def rate(self, answer_id: str, *, helpful: bool, comment: str = "") -> Feedback:
        """Keep what someone thinks of a kept answer, in place of earlier feedback. Raises AnswerNotFound."""
        given = Feedback(helpful, comment.strip(), _now())
        with self._transaction() as database:
            database.execute(delete(feedback).where(feedback.c.turn_id == answer_id))
            if not database.execute(select(turns.c.id).where(turns.c.id == answer_id)).first():
                raise _no_answer(answer_id)
            values = {"turn_id": answer_id, "helpful": helpful, "comment": given.comment}
            database.execute(insert(feedback).values(given_at=given.given_at, **values))
        return given

    def unrate(self, answer_id: str) -> None:
        """Forget the feedback on an answer, if there is some. Raises AnswerNotFound."""
        with self._transaction() as database:
            database.execute(delete(feedback).where(feedback.c.turn_id == answer_id))
            if not database.execute(select(turns.c.id).where(turns.c.id == answer_id)).first():
                raise _no_answer(answer_id)

    def rated(self, helpful: bool | None = None, page: Page = Page()) -> tuple[Sequence[KeptTurn], int]:
        """Turns with feedback, the latest feedback first, and how many there are in all."""
        chosen = [] if helpful is None else [feedback.c.helpful == helpful]
        query = select(turns, feedback.c.helpful, feedback.c.comment, feedback.c.given_at).join(feedback)
        latest = query.where(*chosen).order_by(feedback.c.given_at.desc())
        count = select(func.count()).select_from(feedback).where(*chosen)
        with self._transaction() as database:
            rows = database.execute(latest.limit(page.limit).offset(page.offset)).all()
            return [_turn(row) for row in rows], database.execute(count).scalar_one()

    def note_declined(self, question: str, related: Sequence[Related] = ()) -> None:
        """Remember that the notes did not answer a question, or that it was asked once more."""
        key, now = " ".join(question.casefold().split()), _now()
        told = {"question": question, "last_asked_at": now, "related": msgspec.json.encode(related).decode()}
        again = update(declined).where(declined.c.key == key).values(times=declined.c.times + 1, **told)
        kept = select(declined.c.id).order_by(declined.c.last_asked_at.desc()).limit(MOST_DECLINED)
        with self._transaction() as database:
            if not database.execute(again).rowcount:
                values = {"id": uuid4().hex, "key": key, "times": 1, "first_asked_at": now, **told}
                database.execute(insert(declined).values(values))
                database.execute(delete(declined).where(declined.c.id.not_in(kept)))

    def declined(self, page: Page = Page()) -> tuple[Sequence[Declined], int]:
        """The questions that the notes did not answer, the one asked last first, and their number in all."""
        query = select(declined).order_by(declined.c.last_asked_at.desc())
        with self._transaction() as database:
            rows = database.execute(query.limit(page.limit).offset(page.offset)).all()
            count = database.execute(select(func.count()).select_from(declined)).scalar_one()
        return [_declined(row) for row in rows], count

    def forget_declined(self, id: str) -> None:
        """Take a question off the list of the declined. Raises DeclinedNotFound."""
        with self._transaction() as database:
            if not database.execute(delete(declined).where(declined.c.id == id)).rowcount:
                raise DeclinedNotFound(f"There is no declined question {id!r}.")

    def close(self) -> None:
        """Close what is open; the store may be used again."""
        with self._opening:
            if self._engine:
                self._engine.dispose()
            self._engine = None

    def _must_exist(self, database: Connection, id: str) -> None:
        if not database.execute(select(conversations.c.id).where(conversations.c.id == id)).first():
            raise _no_conversation(id)

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                engine = _open(self._url)
                tables.prepare(engine)
                self._engine = engine
            return self._engine

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """All or nothing, with whatever fails told as one error of ours."""
        try:
            with self._turn, self._opened().begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError, ImportError) as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise ConversationsUnusable(
                f"The database of conversations cannot be used: {reason}. Make room, mend or move its file,"
                " or name another with FOOTNOTE_DATABASE."
            ) from error


def _open(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    if url == IN_MEMORY:
        shared = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        event.listen(shared, "connect", _keep_references)
        return shared
    file = Path(url.removeprefix("sqlite:///"))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(0o600)  # what somebody asks is nobody else's business
    engine = create_engine(url, connect_args={"timeout": SECONDS_TO_WAIT})
    event.listen(engine, "connect", _prepare_file)
    return engine


def _keep_references(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA foreign_keys = ON")


def _prepare_file(connection: Any, _: Any) -> None:
    """Readers do not wait for a writer, and a crash loses at most the last turns, never the file."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    _keep_references(connection, _)


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


def _turn(row: Row[Any]) -> KeptTurn:
    given = None if row.given_at is None else Feedback(row.helpful, row.comment, row.given_at)
    return KeptTurn(row.question, row.asked_at, msgspec.json.decode(row.answer, type=Answer), given)


def _declined(row: Row[Any]) -> Declined:
    related = msgspec.json.decode(row.related, type=list[Related])
    return Declined(row.id, row.question, row.times, row.first_asked_at, row.last_asked_at, related)


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


def _no_answer(id: str) -> AnswerNotFound:
    return AnswerNotFound(
        f"No answer {id!r} is kept. Answers are kept that are asked for with a conversation_id."
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

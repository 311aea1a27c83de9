"""The questions that the notes did not answer."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import Row, delete, func, select

from assistant.database import Database
from assistant.errors import DeclinedNotFound
from assistant.kept import FIRST_PAGE, Declined, Page, now
from assistant.tables import declined
from assistant.types import Related

MOST = 1_000  # questions; the ones asked longest ago are forgotten


class DeclinedQuestions:
    """The list of them, each question once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, question: str, related: Sequence[Related] = ()) -> None:
        """Remember that the notes did not answer a question, or that it was asked once more."""
        key, at = _key(question), now()
        told = {"question": question, "last_asked_at": at, "related": msgspec.json.encode(related).decode()}
        put = self._database.insert(declined).values(
            id=uuid4().hex, key=key, times=1, first_asked_at=at, **told
        )
        again = put.on_conflict_do_update(
            index_elements=[declined.c.key], set_={"times": declined.c.times + 1, **told}
        )
        kept = select(declined.c.id).order_by(*_LAST_FIRST).limit(MOST)
        with self._database.transaction() as connection:
            if connection.execute(again.returning(declined.c.times)).scalar_one() == 1:
                connection.execute(delete(declined).where(declined.c.id.not_in(kept)))

    def list(self, page: Page = FIRST_PAGE) -> tuple[Sequence[Declined], int]:
        """Declined questions, the one asked last first, and their number in all."""
        query = select(declined).order_by(*_LAST_FIRST).limit(page.limit).offset(page.offset)
        with self._database.transaction() as connection:
            rows = connection.execute(query).all()
            count = connection.execute(select(func.count()).select_from(declined)).scalar_one()
        return [_declined(row) for row in rows], count

    def forget(self, id: str) -> None:
        """Take a question off the list. Raises DeclinedNotFound."""
        with self._database.transaction() as connection:
            if not connection.execute(delete(declined).where(declined.c.id == id)).rowcount:
                raise DeclinedNotFound(f"There is no declined question {id!r}.")


_LAST_FIRST = (declined.c.last_asked_at.desc(), declined.c.id)


def _key(question: str) -> str:
    """What tells a question from others, in any case and spacing; short, as an index takes no long text."""
    folded = " ".join(question.casefold().split())
    return sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()


def _declined(row: Row[Any]) -> Declined:
    related = msgspec.json.decode(row.related, type=list[Related])
    return Declined(row.id, row.question, row.times, row.first_asked_at, row.last_asked_at, related)

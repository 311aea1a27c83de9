"""Feedback on the answers that are kept."""

from collections.abc import Sequence

from sqlalchemy import Boolean, String, delete, func, literal, select

from assistant.database import Database
from assistant.errors import AnswerNotFound
from assistant.kept import FIRST_PAGE, Feedback, KeptTurn, Page, now
from assistant.tables import feedback, rated_turns, turn_of, turns


class FeedbackStore:
    """What was thought of answers; each has the latest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, answer_id: str, *, helpful: bool, comment: str = "") -> Feedback:
        """Keep what someone thinks of a kept answer, in place of earlier feedback. Raises AnswerNotFound."""
        given = Feedback(helpful, comment.strip(), now())
        row = select(
            turns.c.id,
            literal(helpful, Boolean),
            literal(given.comment, feedback.c.comment.type),
            literal(given.given_at, String),
        ).where(turns.c.id == answer_id)
        with self._database.transaction() as connection:
            put = self._database.insert(feedback).from_select(list(feedback.c), row)
            said = {name: put.excluded[name] for name in ("helpful", "comment", "given_at")}
            put = put.on_conflict_do_update(index_elements=[feedback.c.turn_id], set_=said)
            if not connection.execute(put.returning(feedback.c.turn_id)).first():
                raise _no_answer(answer_id)
        return given

    def take_back(self, answer_id: str) -> None:
        """Forget the feedback on an answer, if there is some. Raises AnswerNotFound."""
        with self._database.transaction() as connection:
            connection.execute(delete(feedback).where(feedback.c.turn_id == answer_id))
            if not connection.execute(select(turns.c.id).where(turns.c.id == answer_id)).first():
                raise _no_answer(answer_id)

    def list(self, helpful: bool | None = None, page: Page = FIRST_PAGE) -> tuple[Sequence[KeptTurn], int]:
        """Turns with feedback, the latest feedback first, and how many there are in all."""
        chosen = [] if helpful is None else [feedback.c.helpful == helpful]
        latest = rated_turns().where(feedback.c.turn_id.is_not(None), *chosen)
        latest = latest.order_by(feedback.c.given_at.desc(), turns.c.number.desc())
        count = select(func.count()).select_from(feedback).where(*chosen)
        with self._database.transaction() as connection:
            rows = connection.execute(latest.limit(page.limit).offset(page.offset)).all()
            return [turn_of(row) for row in rows], connection.execute(count).scalar_one()


def _no_answer(id: str) -> AnswerNotFound:
    return AnswerNotFound(
        f"No answer {id!r} is kept. Answers are kept that are asked for with a conversation_id."
    )

"""Asking as the programs around the assistant do it: with what is kept, counted, and how many at once."""

import contextlib
import logging
import threading
from collections.abc import Callable, Generator, Iterator, Sequence

from assistant.conversations import Conversations
from assistant.errors import Busy, ConversationsUnusable, QuestionError
from assistant.pipeline import Assistant
from assistant.settings import Mode
from assistant.types import Answer, Event, Filters, Related, Turn

ANSWERS_AT_ONCE = 32
_log = logging.getLogger(__name__)


class Seats:
    """How many answers are made at once. Nobody waits for a seat: beyond the limit one is told at once."""

    def __init__(self, limit: int = ANSWERS_AT_ONCE) -> None:
        self.limit = limit
        self.taken = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def seat(self) -> Iterator[None]:
        """Hold a seat for as long as the answer takes. Raises Busy."""
        with self._lock:
            if self.taken >= self.limit:
                raise Busy(
                    f"{self.limit} answers are being made, which is as many as there are at once. Retry soon."
                )
            self.taken += 1
        try:
            yield
        finally:
            with self._lock:
                self.taken -= 1


class Asking:
    """One assistant with one memory. The API, the chat and other front ends ask through it."""

    def __init__(
        self,
        assistant: Assistant,
        conversations: Conversations,
        *,
        seats: Seats | None = None,
        answered: Callable[[Answer], object] = lambda answer: None,
    ) -> None:
        """
        Args:
            answered: told of each answer, to count it.
        """
        self.assistant = assistant
        self.conversations = conversations
        self.seats = seats or Seats()
        self._answered = answered

    def ask(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        top_k: int | None = None,
        mode: Mode = "auto",
    ) -> Answer:
        """Answer a question. Arguments and errors as those of `stream`."""
        events = self.stream(
            question,
            conversation_id=conversation_id,
            history=history,
            filters=filters,
            top_k=top_k,
            mode=mode,
        )
        *_, answer = events
        assert isinstance(answer, Answer)
        return answer

    def stream(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        top_k: int | None = None,
        mode: Mode = "auto",
    ) -> Generator[Event, None, None]:
        """Answer a question step by step; the answer is kept if it belongs to a conversation.

        Args:
            conversation_id: a conversation whose turns are read as the history, and which gets this one.

        Raises:
            ConversationNotFound: there is no conversation of that id.
            ConversationsUnusable: the conversation cannot be read or written.
            QuestionError: a history came beside the conversation.

        The errors of `Assistant.ask` come besides.
        """
        if conversation_id is not None:
            kept = self.conversations.history(conversation_id)
            if history:
                raise QuestionError("Send history or conversation_id, not both: a conversation has its own.")
            history = kept
        events = self.assistant.stream(question, history=history, filters=filters, top_k=top_k, mode=mode)
        for event in events:
            yield self._kept(question, event, conversation_id) if isinstance(event, Answer) else event

    def _kept(self, question: str, answer: Answer, conversation_id: str | None) -> Answer:
        self._answered(answer)
        for declined in answer.unanswered:
            self._note_declined(declined, answer.related)
        if conversation_id is None:
            return answer
        return self.conversations.keep(conversation_id, question, answer)

    def _note_declined(self, question: str, related: Sequence[Related]) -> None:
        """The list of gaps is a help; that it cannot be written is no reason to withhold an answer."""
        try:
            self.conversations.declined.note(question, related)
        except ConversationsUnusable as error:
            _log.warning("a declined question was not noted: %s", error)

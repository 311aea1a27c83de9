"""What the conversation of a page does: ask, stop, ask again, and open one that was kept."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, get_args

from assistant.asking import Asking
from assistant.conversations import REMEMBERED_TURNS
from assistant.errors import ConversationNotFound, ConversationsUnusable
from assistant.kept import KeptTurn
from assistant.settings import Mode
from assistant.stopping import Stop
from assistant.types import Answer, Text, Turn
from indexer.errors import FootnoteError, IndexUnusable
from ui.exchanges import Exchange, exchange_html
from ui.finishing import Running
from ui.lean_gradio import gr
from ui.past import as_now
from ui.under_way import UnderWay

REMEMBERED = 100  # exchanges of one conversation that the page shows; its export has all
PAINT_EVERY = 0.05  # seconds; a page painted anew for each word of a fast model would flicker
UNEXPECTED = "Something went wrong while answering. The server's log says what."
GONE = "This conversation is not there any more. Someone may have deleted it."
SKIP = gr.skip()

_log = logging.getLogger(__name__)


class Talk(NamedTuple):
    """New values of the components of the conversation."""

    welcome: Any = SKIP
    past: Any = SKIP
    live: Any = SKIP
    exchanges: Any = SKIP
    conversation: Any = SKIP


class Talking:
    """The events of the conversation. What it has is in the page's state: its exchanges and its id."""

    def __init__(self, asking: Asking, running: Running, welcome: Callable[[], str]) -> None:
        """
        Args:
            welcome: what is shown where nothing has been asked yet, as HTML.
        """
        self._asking = asking
        self._running = running
        self._welcome = welcome
        self._under_way = UnderWay()

    def ask(
        self,
        question: str,
        again: bool,
        mode: str,
        here: str,
        exchanges: Sequence[Exchange],
        conversation: str,
        request: gr.Request | None = None,
    ) -> Iterator[Talk]:
        """Answer a question, showing its text as it comes.

        Args:
            again: in place of the last question and its answer.
            mode: who writes the answer; `auto` if the page says nothing that is known.
            here: the conversation that the page shows. Where its state has another, that one is still on its
                way, or the process that had this page is gone: what was kept is gone on with.
        """
        question = question.strip()
        if not question:
            yield Talk()
            return
        if here and here != conversation:
            exchanges, conversation = self._taken_up(here)
        earlier = [self._now(exchange) for exchange in (exchanges[:-1] if again else exchanges)]
        asked = Exchange(question, replaces=_id(exchanges[-1]) if again and exchanges else "")
        past = "".join(map(exchange_html, earlier))
        yield Talk("", past, exchange_html(asked), [*earlier, asked], conversation)
        answering, last = self._under_way.begin(_page(request), conversation), asked
        for exchange in answering.steps(partial(self._exchange, asked, _mode(mode), earlier, conversation)):
            if exchange is None:
                yield Talk()
                continue
            yield _told(earlier, last := exchange)
        if answering.left:
            yield Talk()  # Gradio shows the last step once more, upon what the page has by then
        elif not last.done:
            yield _told(earlier, replace(last, stopped=True))

    def stop(self, request: gr.Request) -> None:
        """End the answer that is being made; what there is of it stays on the page."""
        self._under_way.stop(_page(request))

    def begin(self, request: gr.Request | None = None) -> Talk:
        """Begin a new conversation."""
        self._under_way.leave(_page(request))
        return Talk(self._welcome(), "", "", [], "")

    def open(self, conversation: str, request: gr.Request | None = None) -> Talk:
        """Go on with a conversation that was kept."""
        talk = self._opened(conversation)
        if self._under_way.is_in(_page(request), conversation):
            return Talk()  # asked before it was there, and so shown already
        self._under_way.leave(_page(request))
        return talk

    def _opened(self, conversation: str) -> Talk:
        try:
            self._asking.conversations.get(conversation)
            turns = self._asking.conversations.turns(conversation)
        except FootnoteError as error:
            told = GONE if isinstance(error, ConversationNotFound) else str(error)
            return Talk("", "", exchange_html(Exchange("", error=told)), [], "")
        exchanges = [self._now(_kept(turn)) for turn in turns[-REMEMBERED:]]
        if not exchanges:
            return Talk(self._welcome(), "", "", [], conversation)
        past = "".join(map(exchange_html, exchanges[:-1]))
        return Talk("", past, exchange_html(exchanges[-1]), exchanges, conversation)

    def _taken_up(self, conversation: str) -> tuple[Sequence[Exchange], str]:
        """What was kept of a conversation, and its id, under which the next answer is kept too."""
        try:
            turns = self._asking.conversations.turns(conversation)
        except ConversationNotFound:
            return [], ""
        except ConversationsUnusable as error:  # the question can be answered all the same
            _log.warning("a conversation cannot be gone on with: %s", error)
            return [], conversation
        return [_kept(turn) for turn in turns[-REMEMBERED:]], conversation

    def _exchange(
        self, asked: Exchange, mode: Mode, earlier: Sequence[Exchange], conversation: str, stop: Stop
    ) -> Iterator[Exchange]:
        try:
            with self._asking.seats.seat():
                yield from self._answered(asked, mode, earlier, conversation, stop)
        except FootnoteError as error:
            yield replace(asked, error=str(error))
        except Exception:
            _log.exception("a question could not be answered")
            yield replace(asked, error=UNEXPECTED)

    def _answered(
        self, asked: Exchange, mode: Mode, earlier: Sequence[Exchange], conversation: str, stop: Stop
    ) -> Iterator[Exchange]:
        history = [_turn(exchange) for exchange in earlier[-REMEMBERED_TURNS:]]
        text, painted = "", 0.0
        with self._running:
            for event in self._asking.stream(asked.question, history=history, mode=mode):
                if stop.given:
                    return
                if isinstance(event, Answer):
                    # The passages are not shown, and a long conversation would hold on to them.
                    answer = self._keep(asked, replace(event, passages=()), conversation)
                    yield replace(asked, partial="", answer=answer, kept=answer.id is not None)
                elif isinstance(event, Text):
                    text += event.text
                    if time.monotonic() - painted >= PAINT_EVERY:
                        yield replace(asked, partial=text)
                        painted = time.monotonic()

    def _keep(self, asked: Exchange, answer: Answer, conversation: str) -> Answer:
        """The answer as it is kept; an answer that cannot be kept is no less one."""
        store = self._asking.conversations
        try:
            try:
                kept = store.keep(conversation or store.create().id, asked.question, answer)
            except ConversationNotFound:  # deleted meanwhile, perhaps on another page
                kept = store.keep(store.create().id, asked.question, answer)
            if asked.replaces:
                store.take_back(asked.replaces)
            return kept
        except ConversationsUnusable as error:
            _log.warning("an answer was not kept: %s", error)
            return answer

    def _now(self, exchange: Exchange) -> Exchange:
        """A past exchange as the notes are now."""
        try:
            return as_now(exchange, self._asking.assistant.index.current.notes)
        except IndexUnusable:  # what asks next says so
            return exchange


def _page(request: gr.Request | None) -> str:
    return (request and request.session_hash) or ""


def _told(earlier: Sequence[Exchange], exchange: Exchange) -> Talk:
    kept = exchange.answer and exchange.answer.conversation_id
    told = [*earlier, exchange][-REMEMBERED:]
    return Talk(live=exchange_html(exchange), exchanges=told, conversation=kept or SKIP)


def _mode(given: str) -> Mode:
    return given if given in get_args(Mode) else "auto"  # type: ignore[return-value]


def _id(exchange: Exchange) -> str:
    """The id of the kept answer that an exchange has or was to take the place of."""
    return (exchange.answer.id if exchange.answer else None) or exchange.replaces


def _turn(exchange: Exchange) -> Turn:
    return Turn(exchange.question, exchange.answer.text if exchange.answer else "")


def _kept(turn: KeptTurn) -> Exchange:
    return Exchange(turn.question, answer=turn.answer, feedback=turn.feedback)

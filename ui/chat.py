"""The chat: a Gradio page around one assistant."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from assistant.asking import Asking
from assistant.conversations import Conversations
from assistant.pipeline import Assistant
from assistant.settings import MAX_QUESTION
from assistant.types import Answer, Text, Turn
from indexer.errors import FootnoteError, IndexMissing, IndexUnusable
from indexer.jobs import Job, RebuildJobs
from ui.finishing import Running
from ui.formatting import Exchange, exchange_html, unusable_html, welcome_html
from ui.index import contents_html, status_html
from ui.lean_gradio import gr
from ui.pages.shell import links_html

REMEMBERED = 50  # exchanges of one conversation that the page keeps
PAINT_EVERY = 0.05  # seconds; a page painted anew for each word of a fast model would flicker
POLL_EVERY = 0.2  # seconds between two looks at a running rebuild
UNEXPECTED = "Something went wrong while answering. The server's log says what."
SKIP = gr.skip()

HEADER = '<h1>Footnote<sup aria-hidden="true">1</sup></h1>'
PANEL = """
<aside id="note" aria-label="Note" hidden>
  <div class="tools">
    <button type="button" id="close">
      <span class="narrow">‹ Back</span><span class="wide">Close</span>
    </button>
  </div>
  <div id="note-place" tabindex="-1"></div>
</aside>
"""

_log = logging.getLogger(__name__)


class Talk(NamedTuple):
    """New values of the components of the conversation."""

    question: Any = SKIP
    welcome: Any = SKIP
    past: Any = SKIP
    live: Any = SKIP
    exchanges: Any = SKIP


class State(NamedTuple):
    """New values of the components that speak of the index."""

    contents: Any = SKIP
    status: Any = SKIP
    welcome: Any = SKIP
    rebuild: Any = SKIP


class Chat:
    """What the page's events do."""

    def __init__(
        self,
        assistant: Assistant,
        jobs: RebuildJobs,
        asking: Asking | None = None,
        running: Running | None = None,
    ) -> None:
        self._assistant = assistant
        self._asking = asking or Asking(assistant, Conversations())
        self._jobs = jobs
        self._running = running or Running()

    def ask(self, question: str, exchanges: Sequence[Exchange]) -> Iterator[Talk]:
        """Answer a question, showing its text as it comes."""
        question = question.strip()
        if not question:
            yield Talk()
            return
        exchange = Exchange(question)
        yield Talk("", "", "".join(map(exchange_html, exchanges)), exchange_html(exchange))
        for exchange in self._exchange(question, exchanges):
            yield Talk(live=exchange_html(exchange))
        yield Talk(exchanges=[*exchanges, exchange][-REMEMBERED:])

    def _exchange(self, question: str, earlier: Sequence[Exchange]) -> Iterator[Exchange]:
        try:
            yield from self._answer(question, [_turn(exchange) for exchange in earlier])
        except FootnoteError as error:
            yield Exchange(question, error=str(error))
        except Exception:
            _log.exception("a question could not be answered")
            yield Exchange(question, error=UNEXPECTED)

    def _answer(self, question: str, history: Sequence[Turn]) -> Iterator[Exchange]:
        with self._asking.seats.seat():
            yield from self._told(question, history)

    def _told(self, question: str, history: Sequence[Turn]) -> Iterator[Exchange]:
        text, painted = "", 0.0
        with self._running:
            for event in self._asking.stream(question, history=history):
                if isinstance(event, Answer):
                    # The passages are not shown, and a long conversation would hold on to them.
                    yield Exchange(question, answer=replace(event, passages=()))
                elif isinstance(event, Text):
                    text += event.text
                    if time.monotonic() - painted >= PAINT_EVERY:
                        yield Exchange(question, text)
                        painted = time.monotonic()

    def begin(self) -> Talk:
        """Begin a new conversation."""
        return Talk("", self._welcome(), "", "", [])

    def open(self) -> Iterator[State]:
        """Say what the index holds, and follow a rebuild that is running."""
        job = self._jobs.latest()
        running = job is not None and not job.state.ended
        yield from self._follow(job) if job and running else [self._state()]

    def rebuild(self, exchanges: Sequence[Exchange]) -> Iterator[State]:
        """Rebuild the index, and say how it goes."""
        for state in self._follow(self._jobs.start()):
            yield state._replace(welcome=SKIP) if exchanges else state

    def _follow(self, job: Job | None) -> Iterator[State]:
        while job is not None and not job.state.ended:
            yield State(status=status_html(None, job), rebuild=gr.update(interactive=False))
            time.sleep(POLL_EVERY)
            job = self._jobs.get(job.id)
        yield self._state(job)

    def _state(self, job: Job | None = None) -> State:
        try:
            manifest = self._assistant.index.current.manifest
        except IndexUnusable:  # the welcome says why
            manifest = None
        return State(
            contents_html(manifest),
            status_html(manifest, job),
            self._welcome(),
            gr.update(interactive=True),
        )

    def _welcome(self) -> str:
        try:
            return welcome_html(self._assistant.example_questions())
        except IndexUnusable as error:
            return unusable_html(str(error), missing=isinstance(error, IndexMissing))


def _turn(exchange: Exchange) -> Turn:
    return Turn(exchange.question, exchange.answer.text if exchange.answer else "")


def _html(name: str, value: str = "") -> Any:
    return gr.HTML(value, elem_id=name, apply_default_css=False)


def create_chat(
    assistant: Assistant,
    jobs: RebuildJobs,
    asking: Asking | None = None,
    running: Running | None = None,
) -> gr.Blocks:
    """Build the page.

    Args:
        asking: what questions go through; it limits how many are answered at once.
        running: where the answers at work are counted.
    """
    chat = Chat(assistant, jobs, asking, running)
    with gr.Blocks(title="Footnote", analytics_enabled=False) as page:
        exchanges = gr.State([])
        with gr.Row(elem_id="bar"):
            _html("brand", HEADER + links_html())
            contents = _html("contents")
            status = _html("status")
            rebuild = gr.Button("Rebuild index", elem_id="rebuild", size="sm")
            begin = gr.Button("New chat", elem_id="begin", size="sm")
        with gr.Column(elem_id="talk"):
            welcome = _html("welcome")
            past = _html("past")
            live = _html("live")
        with gr.Row(elem_id="composer"):
            question = gr.Textbox(
                label="Your question",
                show_label=False,
                container=False,
                placeholder="Ask your notes",
                max_lines=6,
                max_length=MAX_QUESTION,
                elem_id="question",
            )
            ask = gr.Button("Ask", variant="primary", elem_id="ask")
        _html("panel", PANEL)

        talk = [question, welcome, past, live, exchanges]
        state = [contents, status, welcome, rebuild]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        asking = gr.on([question.submit, ask.click], chat.ask, [question, exchanges], talk, **quiet)
        begin.click(chat.begin, None, talk, cancels=asking, **quiet)
        rebuild.click(chat.rebuild, exchanges, state, **quiet)
        page.load(chat.open, None, state, **quiet)
    # Each listener of a page would else wait for those of all others.
    page.queue(default_concurrency_limit=None, api_open=False)
    return page

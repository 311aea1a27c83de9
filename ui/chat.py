"""The chat: a Gradio page around one assistant."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from assistant.asking import Asking
from assistant.conversations import Conversations
from assistant.pipeline import Assistant
from assistant.settings import MAX_QUESTION
from indexer.errors import IndexMissing, IndexUnusable
from indexer.jobs import Job, RebuildJobs
from ui.exchanges import Exchange
from ui.finishing import Running
from ui.formatting import unusable_html, welcome_html
from ui.index import contents_html, status_html
from ui.lean_gradio import gr
from ui.pages.shell import add_nudge, links_html, told
from ui.talking import SKIP, Talking

POLL_EVERY = 0.2  # seconds between two looks at a running rebuild
HEADER = """
<div id="heading">
  <button type="button" id="side-show" class="icon list" aria-label="Conversations" title="Conversations"
    aria-controls="side" aria-expanded="false"></button>
  <h1>Footnote<sup aria-hidden="true">1</sup></h1>
</div>
"""
SIDE = """
<nav id="side" aria-label="Conversations" hidden>
  <div class="tools">
    <h2>Conversations</h2>
    <button type="button" id="side-hide" class="icon list" aria-label="Hide conversations"
      title="Hide conversations"></button>
  </div>
  <input type="search" id="side-search" aria-label="Search conversations" placeholder="Search conversations"
    autocomplete="off" maxlength="200">
  <div id="side-list"></div>
</nav>
<div id="side-shade" hidden></div>
"""
EDITING = """
<p id="editing" hidden>Editing your last question <button type="button" id="edit-end">Cancel</button></p>
"""
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


# Who writes the answers; shown only where there is a language model to choose.
MODE = """
<label id="mode">Answers
  <select>
    <option value="auto">written by the language model</option>
    <option value="extractive">in the notes’ own words</option>
  </select>
</label>
"""


class State(NamedTuple):
    """New values of the components that speak of the index."""

    contents: Any = SKIP
    status: Any = SKIP
    welcome: Any = SKIP
    rebuild: Any = SKIP


_told = told(lambda status: State(status=status, rebuild=gr.update(interactive=True)))


class Chat:
    """What the page's events do that speak of the index."""

    def __init__(self, assistant: Assistant, jobs: RebuildJobs) -> None:
        self._assistant = assistant
        self._jobs = jobs

    @_told
    def open(self, exchanges: Sequence[Exchange] = ()) -> Iterator[State]:
        """Say what the index holds, and follow a rebuild that is running."""
        job = self._jobs.latest()
        running = job if job is not None and not job.state.ended else None
        if exchanges:
            yield self._state(running)
        else:  # the examples have to wait for the model while that is being loaded
            yield self._state(running)._replace(welcome=self.welcome(examples=False))
            yield State(welcome=self.welcome())
        if running:
            yield from self._follow(running, exchanges)

    @_told
    def rebuild(self, exchanges: Sequence[Exchange]) -> Iterator[State]:
        """Rebuild the index, and say how it goes."""
        yield from self._follow(self._jobs.start(), exchanges)

    def _follow(self, job: Job | None, exchanges: Sequence[Exchange]) -> Iterator[State]:
        while job is not None and not job.state.ended:
            yield State(status=status_html(None, job), rebuild=gr.update(interactive=False))
            time.sleep(POLL_EVERY)
            job = self._jobs.get(job.id)
        yield self._state(job)._replace(welcome=SKIP if exchanges else self.welcome())

    def _state(self, job: Job | None = None) -> State:
        try:
            manifest = self._assistant.index.current.manifest
        except IndexUnusable:  # the welcome says why
            manifest = None
        return State(
            contents_html(manifest),
            status_html(manifest, job),
            rebuild=gr.update(interactive=True),
        )

    def welcome(self, *, examples: bool = True) -> str:
        """What a page shows on which nothing has been asked yet."""
        try:
            notes = list(self._assistant.index.current.notes.values())
            return welcome_html(self._assistant.example_questions() if examples else (), notes)
        except IndexUnusable as error:
            return unusable_html(str(error), missing=isinstance(error, IndexMissing))


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
    chat = Chat(assistant, jobs)
    asking = asking or Asking(assistant, Conversations())
    talking = Talking(asking, running or Running(), chat.welcome)
    with gr.Blocks(title="Footnote", analytics_enabled=False) as page:
        exchanges, conversation = gr.State([]), gr.State("")
        # What the page's script hands to an event; see `footnote` in chat.js.
        again = gr.Checkbox(visible=False)
        wanted, mode, here = (gr.Textbox(visible=False) for _ in range(3))
        with gr.Row(elem_id="bar"):
            _html("brand", HEADER + links_html())
            contents = _html("contents")
            status = _html("status")
            rebuild = gr.Button("Rebuild index", elem_id="rebuild", size="sm")
            begin = gr.Button("New chat", elem_id="begin", size="sm")
        _html("beside", SIDE)
        with gr.Column(elem_id="talk"):
            welcome = _html("welcome")
            past = _html("past")
            live = _html("live")
        with gr.Row(elem_id="composer"):
            if assistant.writer:
                _html("who", MODE)
            _html("edit-note", EDITING)
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
            stop = gr.Button("Stop", elem_id="stop")
        show = gr.Button("Open", elem_id="show", elem_classes="unseen")
        _html("panel", PANEL)
        add_nudge()

        talk = [welcome, past, live, exchanges, conversation]
        state = [contents, status, welcome, rebuild]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        put = [question, again, mode, here, exchanges, conversation]
        given = "(question, again, mode, here, ...rest) => [...footnote.send(question), ...rest]"
        # What is wanted while the one before is just ending comes next; by default it would be dropped.
        quiet_last = {**quiet, "trigger_mode": "always_last"}
        asked = gr.on([question.submit, ask.click], talking.ask, put, talk, js=given, **quiet_last)
        asked.failure(None, js="() => footnote.giveBack()", **quiet)
        stop.click(talking.stop, **quiet)
        begin.click(talking.begin, None, talk, **quiet)
        opened = "() => [footnote.wanted]"
        show.click(talking.open, wanted, talk, js=opened, **quiet_last)
        rebuild.click(chat.rebuild, exchanges, state, **quiet)
        page.load(chat.open, exchanges, state, **quiet)
    # Each listener of a page would else wait for those of all others.
    page.queue(default_concurrency_limit=None, api_open=False)
    return page

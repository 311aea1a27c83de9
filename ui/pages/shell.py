"""What all pages have in common: the bar with links between them, and how Gradio's parts are made."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from indexer.errors import FootnoteError
from ui.formatting import sentence
from ui.harmless import clean, note_link
from ui.lean_gradio import gr

PAGES = {"notes": "Notes", "index": "Index", "search": "Search"}  # paths and names, but for the chat at /
BRAND = '<h1><a href="./">Footnote<sup aria-hidden="true">1</sup></a></h1>'
UNEXPECTED = "Something went wrong. The server's log says what."
Event = Callable[..., Iterator[Any]]
_log = logging.getLogger(__name__)
_CURRENT = ' aria-current="page"'
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def links_html(here: str = "") -> str:
    """The links between the pages; that of the page one is on is marked. The chat is ""."""
    links = "".join(
        f'<li><a href="./{path}"{_CURRENT if path == here else ""}>{name}</a></li>'
        for path, name in {"": "Chat", **PAGES}.items()
    )
    return f'<nav class="pages" aria-label="Pages"><ul>{links}</ul></nav>'


@contextmanager
def page(blocks: gr.Blocks, path: str) -> Iterator[None]:
    """A further page of the application, with the bar above what is made inside."""
    with blocks.route(PAGES[path], path, show_in_navbar=False):
        with gr.Row(elem_id="bar", elem_classes="of-page"):
            html("brand", BRAND + links_html(path))
        with gr.Column(elem_id="page", elem_classes=f"page-{path}"):
            html("page-title", f"<h2>{PAGES[path]}</h2>")
            yield
        add_nudge()


def add_nudge() -> None:
    """What the page's script presses so that Gradio opens a stream; see stream.js."""
    nudge = gr.Button("Go on", elem_id="nudge", elem_classes="unseen")
    nudge.click(lambda: None, **QUIET)


def html(name: str, value: str = "", **options: Any) -> Any:
    """A place for HTML, with an id."""
    return gr.HTML(value, elem_id=name, apply_default_css=False, **options)


def note_address(path: str, start: int | None = None, end: int | None = None) -> dict[str, str]:
    """The attributes of a link that opens a note on the page of notes."""
    link = note_link(path, start, end)
    return link | {"href": f"./notes{link['href']}"}


def told(show: Callable[[str], Any]) -> Callable[[Event], Event]:
    """Wraps an event of a page, so that its failure is told on the page in a sentence.

    Args:
        show: makes the page's new values from the HTML of that sentence.
    """

    def wrap(event: Event) -> Event:
        @wraps(event)
        def tell(*arguments: Any) -> Iterator[Any]:
            try:
                yield from event(*arguments)
            except FootnoteError as error:
                yield show(message_html(sentence(str(error)), "failed"))
            except Exception:
                _log.exception("an event of a page failed")
                yield show(message_html(UNEXPECTED, "failed"))

        return tell

    return wrap


def at_once(event: Event) -> Callable[..., Any]:
    """An event of one step, told to Gradio as such.

    Gradio sends the last step of an event twice, and the second time may come when someone types already.
    """

    @wraps(event)
    def run(*arguments: Any) -> Any:
        *_, view = event(*arguments)
        return view

    return run


def message_html(text: str, kind: str = "told") -> str:
    """A line that says what happened. `text` is HTML; `kind` is told, failed or busy."""
    role = "alert" if kind == "failed" else "status"
    return clean(f'<p class="message {kind}" role="{role}">{text}</p>') if text else ""

"""The search page: the passages for a query, and why each stands where it does."""

import glob
import logging
from typing import Any

from assistant.pipeline import Assistant
from assistant.retrieval import CANDIDATES
from assistant.settings import MAX_QUESTION
from assistant.types import Filters
from indexer.errors import FootnoteError, IndexUnusable
from ui.formatting import sentence
from ui.lean_gradio import gr
from ui.pages.ranking import results_html, standing, standing_html
from ui.pages.shell import QUIET, html, message_html, page

HINT = (
    '<p class="hint">An answer is made from the first of these passages. <b>Meaning</b> and <b>Keywords</b>'
    " are the places that the two indexes gave them; the score weighs both, and how near their sentences"
    " are.</p>"
)
UNEXPECTED = "Something went wrong while searching. The server's log says what."
_log = logging.getLogger(__name__)


class SearchPage:
    """What the page's events do."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def open(self, request: gr.Request) -> tuple[Any, Any, Any, Any]:
        """The query and the note that the address names, and what is found for them."""
        asked = dict(request.query_params)
        query, note = asked.get("q", "")[:MAX_QUESTION], asked.get("note", "")
        paths = self._paths()
        note = note if note in paths else ""
        if not query:  # whoever typed one already keeps it
            return gr.skip(), gr.update(choices=paths), gr.skip(), gr.skip()
        results, stood = self.search(query, note)
        return query, gr.update(choices=paths, value=note or None), results, stood

    def search(self, query: str, note: str | None) -> tuple[str, str]:
        """The passages for a query; and, if a note is named, where it stood."""
        if not query.strip():
            return HINT, ""
        try:
            # As many as each index gives to an answer: with more of them the scores would be other ones.
            passages = self._assistant.search(query, top_k=CANDIDATES)
            if not note:
                return results_html(passages), ""
            found = standing(passages, note)
            if found.place is None:
                only = Filters(paths=(glob.escape(note),))
                nearest = self._assistant.search(query, top_k=1, filters=only)
                found = standing(passages, note, next(iter(nearest), None))
            return results_html(passages, note), standing_html(found)
        except FootnoteError as error:
            return message_html(sentence(str(error)), "failed"), ""
        except Exception:
            _log.exception("a search failed")
            return message_html(UNEXPECTED, "failed"), ""

    def _paths(self) -> list[str]:
        try:
            return list(self._assistant.index.current.notes)
        except IndexUnusable:  # the search says why
            return []


def add_search_page(blocks: gr.Blocks, assistant: Assistant) -> None:
    """Add the page at /search."""
    search = SearchPage(assistant)
    with page(blocks, "search"):
        with gr.Row(elem_id="search-form", elem_classes="form-row"):
            query = gr.Textbox(
                label="Search for",
                placeholder="A question, or words",
                max_lines=1,
                max_length=MAX_QUESTION,
                container=False,
                elem_id="query",
            )
            go = gr.Button("Search", variant="primary", elem_id="go")
        note = gr.Dropdown(
            [],
            label="Where did a note stand?",
            value=None,
            elem_id="picked",
            filterable=True,
        )
        stood = html("stood")
        results = html("results", HINT)
        # What is asked while a search goes on is searched next; by default it would be dropped.
        last = {**QUIET, "trigger_mode": "always_last"}
        gr.on([query.submit, go.click, note.change], search.search, [query, note], [results, stood], **last)
        blocks.load(search.open, None, [query, note, results, stood], **QUIET)

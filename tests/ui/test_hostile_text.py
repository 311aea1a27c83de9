"""Whatever a note, question, title, file name or answer holds stays text on every page. Without a browser."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest
from hostile import file_name, payloads

from assistant.matching import Match
from assistant.types import Answer, Citation, Passage, Ranks, Related
from indexer.jobs import Job, JobState
from indexer.reading import note_of
from indexer.types import Build, Chunk, Note, Skipped, Span
from ui.exchanges import Exchange, exchange_html
from ui.formatting import note_html, unusable_html, welcome_html
from ui.index import status_html
from ui.marking import LineRange
from ui.pages.builds_view import builds_html
from ui.pages.index_view import skipped_html, verified_html
from ui.pages.notes_view import disk_version_html, note_view_html, preview_html, tree_html
from ui.pages.ranking import results_html, standing, standing_html

SINK = "http://127.0.0.1:9/sink"
PAYLOADS = payloads(SINK)
TAGS = {
    *("article", "section", "header", "div", "span", "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("a", "b", "strong", "em", "s", "code", "pre", "mark", "sup", "blockquote", "time", "progress"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td"),
    *("button", "details", "summary"),
}
ATTRIBUTES = {
    *("class", "id", "role", "tabindex", "title", "type", "start", "open", "value", "max", "datetime"),
    *("href", "rel", "target"),
}
MATCH = Match(*(np.zeros(0, np.float32) for _ in range(3)))
CITATION = Citation(1, "a.md", ("A",), 1, 1, 0, 1, "x", "sha")
ANSWER = Answer(
    text="It is so [1]",
    abstained=False,
    confidence=0.9,
    mode="extractive",
    standalone_question="Q",
    index_revision="r",
    citations=(CITATION,),
    id="1",
)
BUILD = Build(
    revision="r", started_at="2026-01-31T09:15:00Z", seconds={}, embedded=0, kept=0, changes={}, named={}
)


class Offences(HTMLParser):
    """What in some HTML is more than text, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES and not name.startswith(("data-", "aria-")):
                self.found.append(f"<{tag} {name}>")
            if name == "href" and not (value or "").startswith(("http://", "https://", "mailto:", "?", "./")):
                self.found.append(f"<{tag} href={value}>")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.found.append("<!-- -->")


def exchange(**parts: object) -> str:
    answer = replace(ANSWER, **parts)  # type: ignore[arg-type]
    return exchange_html(Exchange("Q", answer=answer))


def passage(*, note: str = "a.md", heading: str = "A", text: str = "x") -> Passage:
    chunk = Chunk(note, "sha", "A", (), (heading,), Span(0, len(text)), 1, 1, text, "", ())
    return Passage(chunk, 0.5, Ranks(1, 1), 0.5, MATCH, [])


def note(path: str = "a.md", text: str = "# A\n\nx\n", title: str = "A", tag: str = "t") -> Note:
    return Note(path, text, "0" * 64, 0, title, (tag,))


# The places where the text has to come out letter by letter.
LITERAL: Mapping[str, Callable[[str], str]] = {
    "question": lambda text: exchange_html(Exchange(text, answer=ANSWER)),
    "question on its way": lambda text: exchange_html(Exchange(text)),
    "question that was declined": lambda text: exchange_html(
        Exchange(text, answer=replace(ANSWER, abstained=True, citations=()))
    ),
    "question that stands alone": lambda text: exchange(standalone_question=text),
    "title": lambda text: note_html(note(title=text)),
    "tag": lambda text: note_view_html(note(tag=text)),
    "heading of a source": lambda text: exchange(citations=(replace(CITATION, heading_path=(text,)),)),
    "heading that is near": lambda text: exchange(
        abstained=True, citations=(), related=(Related("a.md", (text,), 1),)
    ),
    "heading of a search": lambda text: results_html([passage(heading=text)]),
    "passage of a search": lambda text: results_html([passage(text=text)]),
    "version on disk": lambda text: disk_version_html(f"one\n{text}\n", "one\n"),
    "suggestion": lambda text: welcome_html([text]),
    "what was done without": lambda text: exchange(degraded=(text,)),
    "reason of a skipped file": lambda text: skipped_html([Skipped("a.md", text)]),
    "reason of a build": lambda text: builds_html([replace(BUILD, reason=text)], []),
    "failure of a build": lambda text: status_html(None, Job("1", JobState.FAILED, "t", error=text)),
    "what is damaged": lambda text: verified_html([text]),
}
# Those where it is rendered as Markdown, or is set as code.
RENDERED: Mapping[str, Callable[[str], str]] = {
    "note beside the chat": lambda text: note_html(note(text=text)),
    "cited lines of a note": lambda text: note_html(note(text=text), LineRange(1, 3)),
    "note on its page": lambda text: note_view_html(note(text=text), cited=LineRange(1, 2)),
    "front matter": lambda text: note_html(note_of("a.md", f"---\ntitle: {text}\n---\n# A\n", "0")),
    "heading of a note": lambda text: note_view_html(note(text=f"# A\n\n## {text}\n\n## B\n")),
    "list item": lambda text: note_html(note(text=f"- **{text}:** {text}\n")),
    "table": lambda text: note_html(note(text=f"| {text} |\n|---|\n| {text} |\n")),
    "code": lambda text: note_html(note(text=f"```{text}\n{text}\n```\n")),
    "preview": lambda text: preview_html(text, "a.md"),
    "text of a language model": lambda text: exchange(text=f"{text} [1]"),
    "text on its way": lambda text: exchange_html(Exchange("Q", text)),
    "text that was stopped": lambda text: exchange_html(Exchange("Q", text, stopped=True)),
    "quote": lambda text: exchange(citations=(replace(CITATION, quote=text),)),
    "quote in a table": lambda text: exchange(citations=(replace(CITATION, quote=f"| {text} | x |"),)),
    "error": lambda text: exchange_html(Exchange("Q", error=text)),
    "reason why there is no index": lambda text: unusable_html(text, missing=True),
}
# Those where the name of a file stands.
NAMED: Mapping[str, Callable[[str], str]] = {
    "tree of notes": lambda name: tree_html([note(path=f"a/{name}")]),
    "folder of notes": lambda name: tree_html([note(path=f"{name}/a.md")]),
    "note beside the chat": lambda name: note_html(note(path=name)),
    "note on its page": lambda name: note_view_html(note(path=name)),
    "source": lambda name: exchange(citations=(replace(CITATION, note=name),)),
    "sources of one note": lambda name: exchange(citations=(replace(CITATION, note=name),) * 2),
    "heading that is near": lambda name: exchange(
        abstained=True, citations=(), related=(Related(name, (), 1),)
    ),
    "search": lambda name: results_html([passage(note=name)]),
    "standing in a search": lambda name: standing_html(standing([passage(), passage(note=name)], name)),
    "skipped file": lambda name: skipped_html([Skipped(name, "x")]),
    "build": lambda name: builds_html([replace(BUILD, changes={"added": 1}, named={"added": (name,)})], []),
}


def test_there_are_enough_of_them() -> None:
    assert len(set(PAYLOADS)) >= 150
    assert len(set(map(file_name, PAYLOADS))) >= 150
    assert sum(bool(Offences(payload).found) for payload in PAYLOADS) >= 100  # else this finds nothing


@pytest.mark.parametrize("place", LITERAL)
def test_it_stays_text_letter_by_letter(place: str) -> None:
    for payload in PAYLOADS:
        seen = Offences(LITERAL[place](payload))
        assert seen.found == [], payload
        assert "".join(payload.split()) in "".join(seen.text.split()), payload


@pytest.mark.parametrize("place", RENDERED)
def test_nothing_of_it_acts_where_it_is_rendered(place: str) -> None:
    for payload in PAYLOADS:
        assert Offences(RENDERED[place](payload)).found == [], payload


@pytest.mark.parametrize("place", NAMED)
def test_the_name_of_a_file_stays_text(place: str) -> None:
    for name in map(file_name, PAYLOADS):
        seen = Offences(NAMED[place](name))
        assert seen.found == [], name
        assert "".join(name.split()) in "".join(unescape(seen.text).split()) or name in seen.text, name

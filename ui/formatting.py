"""Answers, sources, notes and the state of the index as sanitised HTML. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from assistant.types import Answer, Citation, Related
from indexer.blocks import Lines as NoteLines
from indexer.blocks import parse_blocks
from indexer.types import Note
from ui.markdown import LineRange, attributes, clean, note_link, render_answer, render_body

_SIGNS = re.compile(r"(`)([^`]+)`|(\*\*)(?=\S)((?:`[^`]*`|[^`*]|\*(?!\*))+)(?<=\S)\*\*")
_COMMAND = re.compile(r"`([^`]+)`|(?<!\S)(--[a-z-]+)")
_FIELD = re.compile(r"([A-Za-z][\w -]*):\s*(.*)")
CHANGED = (
    '<p class="error" role="status">This note has changed since the answer.'
    " Ask again to cite it as it is.</p>"
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question as the page shows it: with an answer, with the text so far, or with what went wrong."""

    question: str
    partial: str = ""
    answer: Answer | None = None
    error: str = ""


def exchange_html(exchange: Exchange) -> str:
    """One question and what came of it."""
    if exchange.error:
        body = f'<p class="error" role="alert">{sentence(exchange.error)}</p>'
    elif exchange.answer is not None:
        body = _declined(exchange.answer) if exchange.answer.abstained else _answer(exchange)
    elif exchange.partial:
        body = f'<div class="answer reading">{render_answer(exchange.partial, _unproved)}</div>'
    else:
        body = '<p class="waiting">Searching the notes…</p>'
    done = "done" if exchange.error or exchange.answer else "pending"
    question = f'<h2 class="question">{escape(exchange.question)}</h2>'
    return clean(f'<section class="exchange {done}">{question}{body}</section>')


def _answer(exchange: Exchange) -> str:
    answer = exchange.answer
    assert answer is not None
    by_number = {citation.number: citation for citation in answer.citations}

    def reference(number: int) -> str | None:
        return _reference(by_number[number]) if number in by_number else None

    return "".join(
        (
            _understood(exchange.question, answer.standalone_question),
            f'<div class="answer reading">{render_answer(answer.text, reference)}</div>',
            "".join(f'<p class="aside">Done without: {escape(text)}</p>' for text in answer.degraded),
            _sources(answer.citations),
        )
    )


def _understood(question: str, standalone: str) -> str:
    if not standalone or standalone.strip().casefold() == question.strip().casefold():
        return ""
    return f'<p class="aside">Understood as: {escape(standalone)}</p>'


def _reference(citation: Citation) -> str:
    label = f"Source {citation.number}: {citation.note}, {lines_text(citation.line_start, citation.line_end)}"
    link = {"class": "ref", "aria-label": label} | _citation_link(citation)
    return f"<sup><a {attributes(link)}>{citation.number}</a></sup>"


def _unproved(number: int) -> str:
    """The number of a claim whose proof has not arrived yet."""
    return f'<sup><span class="ref">{number}</span></sup>'


def _sources(citations: Sequence[Citation]) -> str:
    if not citations:
        return ""
    cards = "".join(f"<li>{_card(citation)}</li>" for citation in citations)
    return f'<h3 class="label">Sources</h3><ol class="sources">{cards}</ol>'


def _card(citation: Citation) -> str:
    link = {"class": "source"} | _citation_link(citation)
    return (
        f'<a {attributes(link)}><span class="number">{citation.number}</span>'
        f'<span class="head"><span class="crumbs">{crumbs(citation.heading_path)}</span>'
        f' <span class="where"><span class="path">{escape(citation.note)}</span>'
        f' <span class="lines">{lines_text(citation.line_start, citation.line_end)}</span></span></span>'
        f'<span class="quote">{_literal(citation.quote)}</span></a>'
    )


def _citation_link(citation: Citation) -> dict[str, str]:
    link = note_link(citation.note, citation.line_start, citation.line_end)
    return {**link, "data-sha": citation.note_sha256[:16]}


def _literal(quote: str) -> str:
    """A quote letter by letter, its bold and code set as such with the signs still there, but quiet."""
    html = _SIGNS.sub(_set, escape(quote, quote=False))
    return html.replace("|", _quiet("|")) if quote.startswith("|") else html


def _set(match: re.Match[str]) -> str:
    if match[1]:
        return f"{_quiet('`')}<code>{match[2]}</code>{_quiet('`')}"
    return f"{_quiet('**')}<b>{_SIGNS.sub(_set, match[4])}</b>{_quiet('**')}"


def _quiet(sign: str) -> str:
    return f'<span class="sign">{sign}</span>'


def _declined(answer: Answer) -> str:
    return f'<div class="declined"><h3>Your notes don’t cover this</h3>{_related(answer.related)}</div>'


def _related(related: Sequence[Related]) -> str:
    if not related:
        return ""
    links = "".join(
        f"<li><a {attributes(note_link(near.note, near.line_start))}>"
        f"{crumbs(near.heading_path or (near.note,))}</a>"
        f' <span class="path">{escape(near.note)}</span></li>'
        for near in related
    )
    return f'<p class="label">Nearest in your notes</p><ul class="related">{links}</ul>'


def crumbs(heading_path: Sequence[str]) -> str:
    """A heading path, outermost first."""
    return '<span class="sep" aria-hidden="true"> › </span>'.join(escape(part) for part in heading_path)


def sentence(message: str) -> str:
    """An error's message, with the commands and options in it set as such."""
    return _COMMAND.sub(lambda match: f"<code>{match[1] or match[2]}</code>", escape(message, quote=False))


def lines_text(start: int, end: int) -> str:
    """A run of lines in words."""
    return f"line {start}" if end <= start else f"lines {start}–{end}"


def note_html(note: Note, cited: LineRange | None = None, *, sha256: str = "") -> str:
    """A note as the side panel shows it, its cited lines marked.

    Nothing is marked in a note whose hash no longer begins with `sha256`: the lines would be other ones.
    """
    changed = "" if note.sha256.startswith(sha256) else CHANGED
    cited = None if changed else cited
    lines = NoteLines(note.text)
    where = ""
    headings: tuple[str, ...] = (note.title,)
    if cited is not None:
        where = lines_text(cited.start, cited.end)
        headings = _headings_above(note, lines.starts[min(cited.start, len(lines.starts)) - 1]) or headings
    body = render_body(
        note.text[note.body_start :],
        path=note.path,
        first_line=lines.number(note.body_start),
        cited=cited,
    )
    return clean(
        f'<article class="note"><header><p class="where"><span class="path">{escape(note.path)}</span>'
        f' <span class="lines">{where}</span></p><h2 class="crumbs">{crumbs(headings)}</h2>'
        f"{changed}</header>{_front_matter(note.text[: note.body_start])}"
        f'<div class="reading">{body}</div></article>'
    )


def _headings_above(note: Note, offset: int) -> tuple[str, ...]:
    above = [block for block in parse_blocks(note.text, note.body_start) if block.span.start <= offset]
    return above[-1].heading_path if above else ()


def _front_matter(front: str) -> str:
    """The fields before a note's text, as quiet metadata; what is no field is left to the field above it."""
    fields: list[list[str]] = []
    for line in front.splitlines():
        if match := _FIELD.fullmatch(line):
            fields.append([match[1], match[2].strip("[] \"'")])
        elif fields and (more := line.strip(" -\"'")):
            fields[-1][1] = ", ".join(filter(None, (fields[-1][1], more)))
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in fields if value
    )
    return f'<dl class="meta">{items}</dl>' if items else ""


def welcome_html(examples: Sequence[str]) -> str:
    """What a first visit shows."""
    buttons = "".join(
        f'<li><button type="button" data-ask="{escape(text)}">{escape(text)}</button></li>'
        for text in examples
    )
    return clean(
        '<section class="welcome"><h2>Ask your notes</h2>'
        "<p>Every claim in an answer carries a number, and every number opens the lines it stands on.</p>"
        f'<ul class="examples" aria-label="Example questions">{buttons}</ul></section>'
    )


def unusable_html(reason: str, *, missing: bool) -> str:
    """What the page says while no question can be answered.

    Args:
        reason: the error's sentences, with commands in backticks.
        missing: nothing has been indexed yet, which is no failure.
    """
    title = "Your notes are not indexed yet" if missing else "The index cannot be used"
    return clean(
        f'<section class="welcome"><h2>{title}</h2>'
        "<p><b>Press “Rebuild index” above, and Footnote reads your notes.</b></p>"
        f"<p>{sentence(reason)}</p></section>"
    )

"""Questions with their answers and sources as sanitised HTML. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from assistant.exporting import with_sources
from assistant.kept import Feedback
from assistant.notices import MARK, notices
from assistant.types import Answer, Citation, Related
from ui.answer_markdown import render_answer
from ui.formatting import crumbs, lines_text, sentence
from ui.harmless import attributes, clean, note_link

WRITTEN = "Written by a language model; every sentence was held against the lines that it cites."
_SIGNS = re.compile(r"(`)([^`]+)`|(\*\*)(?=\S)((?:`[^`]*`|[^`*]|\*(?!\*))+)(?<=\S)\*\*")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question as the page shows it: with an answer, with the text so far, or with what went wrong.

    Without a question it says what went wrong before there was one, and there is nothing to ask again.
    `stopped` says that no more text will come. `replaces` is the id of the kept answer that this one is to
    take the place of. `changed` are the numbers of the citations whose words the notes no longer have.
    """

    question: str
    partial: str = ""
    answer: Answer | None = None
    error: str = ""
    stopped: bool = False
    kept: bool = True
    replaces: str = ""
    feedback: Feedback | None = None
    changed: Sequence[int] = ()

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self.stopped or self.answer is not None or bool(self.error)


def exchange_html(exchange: Exchange) -> str:
    """One question and what came of it."""
    state = {"class": f"exchange {'done' if exchange.done else 'pending'}"}
    if exchange.answer and exchange.answer.id:
        state |= {
            "data-answer": exchange.answer.id,
            "data-conversation": exchange.answer.conversation_id or "",
        }
    question = f'<h2 class="question">{escape(exchange.question)}</h2>' if exchange.question else ""
    actions = _actions(exchange) if exchange.done and question else ""
    return clean(f"<section {attributes(state)}>{question}{_body(exchange)}{actions}</section>")


def _body(exchange: Exchange) -> str:
    if exchange.error:
        return f'<p class="error" role="alert">{sentence(exchange.error)}</p>'
    if exchange.answer is not None:
        answer = exchange.answer
        return _declined(exchange.question, answer) if answer.abstained else _answer(exchange, answer)
    text = f'<div class="answer reading">{render_answer(exchange.partial, _unproved, ())}</div>'
    if exchange.stopped:
        return f'{text if exchange.partial else ""}<p class="aside">Stopped.</p>'
    return text if exchange.partial else '<p class="waiting">Searching the notes…</p>'


def _answer(exchange: Exchange, answer: Answer) -> str:
    by_number = {citation.number: citation for citation in answer.citations}

    def reference(number: int) -> str | None:
        return _reference(by_number[number]) if number in by_number else None

    asides = [escape(text.replace(f" {MARK}", "")) for text in notices(answer)]
    asides += [WRITTEN] if answer.mode == "llm" else []
    asides += [] if exchange.kept else ["This answer could not be kept. The server’s log says why."]
    return "".join(
        (
            _understood(exchange.question, answer.standalone_question),
            _changed(exchange),
            f'<div class="answer reading">{_text(answer, reference)}</div>',
            "".join(f'<p class="aside">{text}</p>' for text in asides),
            _sources(answer.citations, exchange.changed),
            _related(answer.related),
        )
    )


def _text(answer: Answer, reference: Callable[[int], str | None]) -> str:
    """The answer's text; what the notes do not support is marked in it."""
    if answer.mode != "llm":
        return render_answer(answer.text, reference)
    spans = [
        (item.char_start, item.char_end)
        for item in answer.unsupported
        if item.char_start is not None and item.char_end is not None
    ]
    return render_answer(answer.text, reference, unproved=spans)


def _changed(exchange: Exchange) -> str:
    """That the notes no longer have what an answer quotes, and a way to ask them again."""
    if not exchange.changed:
        return ""
    again = {"type": "button", "class": "plain", "data-ask": exchange.question}
    return (
        '<p class="changed">The notes have changed since: what this answer quotes is no longer there in these'
        f" words. <button {attributes(again)}>Ask again</button></p>"
    )


def _understood(question: str, standalone: str) -> str:
    if not standalone or _words(standalone) == _words(question):
        return ""
    return f'<p class="aside">Understood as: {escape(standalone)}</p>'


def _words(text: str) -> list[str]:
    """The words of a question but those that only join it to another one."""
    return [
        word for word in re.findall(r"\w+", text.casefold()) if word not in ("and", "also", "plus", "then")
    ]


def _reference(citation: Citation) -> str:
    label = f"Source {citation.number}: {citation.note}, {lines_text(citation.line_start, citation.line_end)}"
    link = {"class": "ref", "aria-label": label} | _citation_link(citation)
    return f"<sup><a {attributes(link)}>{citation.number}</a></sup>"


def _unproved(number: int) -> str:
    """The number of a claim whose proof has not arrived yet."""
    return f'<sup><span class="ref">{number}</span></sup>'


def _sources(citations: Sequence[Citation], changed: Sequence[int]) -> str:
    """The cited lines as cards; those of one note share one, in the order of their first numbers."""
    if not citations:
        return ""
    by_note: dict[str, list[Citation]] = {}
    for citation in citations:
        by_note.setdefault(citation.note, []).append(citation)
    cards = "".join(_of_note(path, cited, changed) for path, cited in by_note.items())
    return f'<h3 class="label">Sources</h3><ol class="sources">{cards}</ol>'


def _of_note(path: str, cited: Sequence[Citation], changed: Sequence[int]) -> str:
    """What is cited from one note; a heading path that stands right above is not told again."""
    above = [None, *(citation.heading_path for citation in cited)]
    cards = "".join(
        _card(citation, citation.number in changed, again=citation.heading_path == last)
        for citation, last in zip(cited, above, strict=False)
    )
    if len(cited) == 1:
        return f"<li>{cards}</li>"
    return f'<li class="group"><p class="of"><span class="path">{escape(path)}</span></p>{cards}</li>'


def _card(citation: Citation, changed: bool, *, again: bool) -> str:
    states = ["source", *(["gone"] if changed else []), *(["again"] if again else [])]
    link = {"class": " ".join(states)} | _citation_link(citation)
    gone = '<span class="note">No longer in the note</span>' if changed else ""
    return (
        f'<a {attributes(link)}><span class="number">{citation.number}</span>'
        f'<span class="head"><span class="crumbs">{crumbs(citation.heading_path)}</span>'
        f' <span class="where"><span class="path">{escape(citation.note)}</span>'
        f' <span class="lines">{lines_text(citation.line_start, citation.line_end)}</span></span></span>'
        f'<span class="quote">{_literal(citation.quote)}</span>'
        f"{gone}</a>"
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


def _declined(question: str, answer: Answer) -> str:
    asked = answer.standalone_question or question
    search = {"class": "plain", "href": f"./search?{urlencode({'q': asked})}"}
    write = {"class": "plain", "href": f"./notes?{urlencode({'new': asked})}"}
    return (
        f'<div class="declined"><h3>Your notes don’t cover this</h3>{_related(answer.related)}'
        f'<p class="ways"><a {attributes(search)}>Search the notes</a>'
        f"<a {attributes(write)}>Start a note on it</a></p></div>"
    )


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


def _actions(exchange: Exchange) -> str:
    """What can be done with an answer. An error and what was stopped can only be asked again."""
    answer, buttons = exchange.answer, ""
    if answer is not None:
        buttons += _button("copy", "Copy the answer with its sources", {"data-copy": with_sources(answer)})
    if answer is not None and answer.id:
        helpful = exchange.feedback.helpful if exchange.feedback else None
        for name, label, is_helpful in (("up", "This helped", True), ("down", "This did not help", False)):
            pressed = "true" if helpful is is_helpful else "false"
            buttons += _button(name, label, {"data-rate": name, "aria-pressed": pressed})
    buttons += _button("retry", "Ask this again", {"data-redo": "ask"})
    buttons += _button("edit", "Edit the question", {"data-redo": "edit"})
    return f'<div class="actions" role="group" aria-label="About this answer">{buttons}</div>'


def _button(name: str, label: str, told: dict[str, str]) -> str:
    values = {"type": "button", "class": f"icon {name}", "aria-label": label, "title": label, **told}
    return f"<button {attributes(values)}></button>"

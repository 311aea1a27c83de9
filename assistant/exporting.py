"""Answers as text that stands on its own: with a numbered list of the lines that they stand on. Pure."""

from collections.abc import Sequence

from assistant.kept import Conversation, KeptTurn
from assistant.notices import notices
from assistant.types import Answer, Citation, Related

SOURCES = "Sources:"
NEARBY = "What the notes have nearby:"
NOTICE = "Note:"


def place(found: Citation) -> str:
    """Where a citation leads, in words: note and lines."""
    lines = f"line {found.line_start}"
    if found.line_end > found.line_start:
        lines = f"lines {found.line_start}-{found.line_end}"
    return f"{found.note}, {lines}"


def with_sources(answer: Answer) -> str:
    """The answer's text, then its sources as a numbered list; or, if it was declined, what is nearby.

    What a reader should know of how it came about stands at the end.
    """
    return "\n\n".join([answer.text.strip(), *_lists(answer)])


def source_list(answer: Answer) -> str:
    """The lists alone: what comes after the answer's text in `with_sources`."""
    return "".join(f"\n\n{part}" for part in _lists(answer))


def without_sources(text: str) -> str:
    """The answer's text alone, from what `with_sources` made."""
    for begin in (f"{SOURCES}\n", f"{NEARBY}\n", f"{NOTICE} "):
        text = text.split(f"\n\n{begin}")[0]
    return text.strip()


def as_markdown(conversation: Conversation, turns: Sequence[KeptTurn]) -> str:
    """A conversation as a Markdown file: each question a heading, its answer, and the quoted sources."""
    parts = [f"# {_line(conversation.title or 'Conversation')}", f"{conversation.created_at[:10]}"]
    for turn in turns:
        parts += [f"## {_line(turn.question)}", turn.answer.text.strip()]
        if turn.answer.citations:
            parts += [SOURCES, "\n".join(map(_quoted, turn.answer.citations))]
        if turn.answer.related:
            parts += [NEARBY, _nearby(turn.answer.related)]
    return "\n\n".join(parts) + "\n"


def _lists(answer: Answer) -> list[str]:
    cited = "\n".join(f"{one.number}. {place(one)}" for one in answer.citations)
    lists = [f"{SOURCES}\n{cited}"] if cited else []
    lists += [f"{NEARBY}\n{_nearby(answer.related)}"] if answer.related else []
    told = [f"{NOTICE} {notice}" for notice in notices(answer)]
    return [*lists, *told]


def _nearby(related: Sequence[Related]) -> str:
    return "\n".join(
        f"- {' › '.join(one.heading_path) or one.note} ({one.note}, line {one.line_start})" for one in related
    )


def _quoted(citation: Citation) -> str:
    lines = "\n".join(f"   > {line}".rstrip() for line in citation.quote.splitlines())
    return f"{citation.number}. {place(citation)}\n\n{lines}\n"


def _line(text: str) -> str:
    return " ".join(text.split())

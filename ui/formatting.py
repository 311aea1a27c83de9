"""Notes, first visits and sentences as sanitised HTML. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from html import escape

from indexer.blocks import Lines as NoteLines
from indexer.blocks import parse_blocks
from indexer.types import Note
from ui.front_matter import front_matter_html
from ui.harmless import attributes, clean, note_link
from ui.markdown import render_body
from ui.marking import LineRange

MOST_TOPICS = 6
_COMMAND = re.compile(r"`([^`]+)`|(?<!\S)(--[a-z-]+)")
CHANGED = (
    '<p class="error" role="status">This note has changed since the answer.'
    " Ask again to cite it as it is.</p>"
)


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
    page = {"href": f"./notes{note_link(note.path, cited.start if cited else None)['href']}"}
    return clean(
        f'<article class="note"><header><p class="where"><span class="path">{escape(note.path)}</span>'
        f' <span class="lines">{where}</span> <a {attributes(page)}>Open in Notes</a></p>'
        f'<h2 class="crumbs">{crumbs(headings)}</h2>'
        f"{changed}</header>{front_matter_html(note, cited)}"
        f'<div class="reading">{body}</div></article>'
    )


def _headings_above(note: Note, offset: int) -> tuple[str, ...]:
    above = [block for block in parse_blocks(note.text, note.body_start) if block.span.start <= offset]
    return above[-1].heading_path if above else ()


def welcome_html(examples: Sequence[str], notes: Sequence[Note] = ()) -> str:
    """What a first visit shows: what is in the notes, and questions that they answer."""
    buttons = "".join(
        f'<li><button type="button" data-ask="{escape(text)}">{escape(text)}</button></li>'
        for text in examples
    )
    listed = f'<ul class="examples" aria-label="Example questions">{buttons}</ul>' if buttons else ""
    return clean(
        '<section class="welcome"><h2>Ask your notes</h2>'
        f"<p>{_about(notes)}Every claim in an answer carries a number, and every number opens the lines it"
        f" stands on.</p>{listed}</section>"
    )


def _about(notes: Sequence[Note]) -> str:
    """How many notes there are, and the tags that most of them have."""
    if not notes:
        return ""
    tags = Counter(tag for note in notes for tag in note.tags).most_common(MOST_TOPICS)
    about = f" about {', '.join(escape(tag) for tag, _ in tags)}" if tags else ""
    return f"{len(notes):,} {'note' if len(notes) == 1 else 'notes'}{about}. "


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

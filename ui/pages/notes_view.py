"""The tree of notes, and one note with its outline and tags, as sanitised HTML. Pure."""

import difflib
import re
from collections.abc import Iterable, Sequence
from html import escape, unescape

from indexer.blocks import Lines
from indexer.reading import note_of
from indexer.types import Note
from ui.formatting import lines_text
from ui.front_matter import front_matter_html
from ui.harmless import attributes, clean
from ui.index import count
from ui.markdown import render_body
from ui.marking import LineRange
from ui.pages.shell import note_address

_HEADING = re.compile(r"<h([2-6])([^>]*)>(.*?)</h\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def tree_html(notes: Iterable[Note], wanted: str = "", current: str = "") -> str:
    """The notes in their folders.

    Args:
        wanted: only notes with this in their path, title or tags, in any case.
        current: the path of the note that is open.
    """
    needle = wanted.strip().casefold()
    found = [note for note in notes if not needle or needle in _searched(note)]
    if not found:
        return clean(f'<p class="empty">No note has “{escape(wanted.strip())}” in its name or tags.</p>')
    told = f'<p class="label">{count(len(found), "note")}</p>' if needle else ""
    return clean(told + _folder([(note.path.split("/"), note) for note in found], current))


def _searched(note: Note) -> str:
    return "\n".join((note.path, note.title, *note.tags)).casefold()


def _folder(notes: Sequence[tuple[list[str], Note]], current: str) -> str:
    """A list of the folders and notes at one level; the parts that are left of each path come with it."""
    folders: dict[str, list[tuple[list[str], Note]]] = {}
    here = []
    for parts, note in notes:
        if len(parts) > 1:
            folders.setdefault(parts[0], []).append((parts[1:], note))
        else:
            here.append(_leaf(note, parts[0], current))
    inner = [
        f"<li><details open><summary>{escape(name)}</summary>{_folder(inside, current)}</details></li>"
        for name, inside in folders.items()
    ]
    return f"<ul>{''.join(inner)}{''.join(here)}</ul>"


def _leaf(note: Note, name: str, current: str) -> str:
    at = ' aria-current="true"' if note.path == current else ""
    return f"<li><a {attributes(note_address(note.path))}{at}>{escape(name)}</a></li>"


def note_view_html(note: Note, *, cited: LineRange | None = None, indexed: bool = True) -> str:
    """A note as it is on disk: its tags, its outline, its text.

    Args:
        cited: lines to mark and to show first.
        indexed: whether answers are made from this text.
    """
    lines = Lines(note.text)
    body = render_body(
        note.text[note.body_start :], path=note.path, first_line=lines.number(note.body_start), cited=cited
    )
    body, outline = _outlined(body, note.path)
    tags = "".join(f"<li>{escape(tag)}</li>" for tag in note.tags)
    tagged = f'<ul class="tags" aria-label="Tags">{tags}</ul>' if tags else ""
    front = front_matter_html(note, cited, but=("title", "tags"))
    where = f" <span>{lines_text(cited.start, cited.end)}</span>" if cited else ""
    state = "" if indexed else ' <span class="behind">not in the index yet</span>'
    return clean(
        f'<article class="note"><header><p class="where"><span class="path">{escape(note.path)}</span>'
        f'{where}{state}</p>{tagged}{front}</header><div class="columns"><div class="reading">{body}</div>'
        f"{outline}</div></article>"
    )


def _outlined(body: str, path: str) -> tuple[str, str]:
    """A note's HTML with a place before each heading's words, and the list of links to these."""
    entries: list[str] = []

    def place(match: re.Match[str]) -> str:
        number = len(entries)
        level, rest, inner = match.groups()
        link = {"href": f"{note_address(path)['href']}#heading-{number}", "class": f"level-{level}"}
        words = escape(unescape(_TAG.sub("", inner)), quote=False)
        entries.append(f"<li><a {attributes(link)}>{words}</a></li>")
        return f'<h{level}{rest}><span id="heading-{number}"></span>{inner}</h{level}>'

    body = _HEADING.sub(place, body)
    if len(entries) < 2:
        return body, ""
    listed = f"<ul>{''.join(entries)}</ul>"
    beside = f'<section class="outline"><h4>Outline</h4>{listed}</section>'
    above = f'<details class="outline-folded"><summary>Outline</summary>{listed}</details>'
    return body, beside + above  # one of them is shown: where there is room for it, or folded


def preview_html(text: str, path: str) -> str:
    """Text that is being written, as it would look, without its front matter."""
    body = text[note_of(path, text, "").body_start :]
    return clean(f'<div class="reading">{render_body(body, path=path, first_line=1)}</div>')


def disk_version_html(disk: str, mine: str) -> str:
    """A note as it is on disk now, with the lines marked that are not in one's own text."""
    theirs, own = disk.splitlines(), mine.splitlines()
    other: set[int] = set()
    for kind, start, end, _, _ in difflib.SequenceMatcher(None, theirs, own, autojunk=False).get_opcodes():
        if kind != "equal":
            other.update(range(start, end))
    lines = "\n".join(
        f"<mark>{escape(line) or ' '}</mark>" if number in other else escape(line)
        for number, line in enumerate(theirs)
    )
    return clean(f'<h3>On disk now</h3><pre tabindex="0" aria-label="The note on disk">{lines}</pre>')

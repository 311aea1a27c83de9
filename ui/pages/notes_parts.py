"""What the parts of the notes page hold: while a note is read, while one is written, and with none open."""

import re
from typing import Any, NamedTuple, Self

import msgspec

from indexer.types import Note
from ui.lean_gradio import gr
from ui.pages.notes_view import disk_version_html, preview_html
from ui.pages.shell import message_html

SKIP = gr.skip()
SHOWN, HIDDEN = gr.update(visible=True), gr.update(visible=False)


class Opened(msgspec.Struct, frozen=True):
    """The note that a page has open, as it was read. Without a hash it is still to be made.

    The page itself holds it, as text: what the server knew of a page is gone when it is started anew.
    """

    path: str = ""
    sha256: str = ""
    crlf: bool = False  # whether all of its lines end as on Windows
    edited: bool = False  # whether it is being written

    @classmethod
    def of(cls, note: Note) -> Self:
        """This note, as it is on disk."""
        crlf = "\r\n" in note.text and not re.search(r"(?<!\r)\n", note.text)
        return cls(note.path, note.sha256, crlf)

    @classmethod
    def held(cls, text: str) -> Self:
        """What a page holds. Raises msgspec.DecodeError if it is nothing of the kind."""
        return msgspec.json.decode(text, type=cls)

    @property
    def told(self) -> str:
        """As a page holds it."""
        return msgspec.json.encode(self).decode()

    def with_endings(self, text: str) -> str:
        """Text with the line ends that the note had: browsers turn all into line feeds."""
        plain = text.replace("\r\n", "\n")
        return plain.replace("\n", "\r\n") if self.crlf else plain


class Done(NamedTuple):
    """What was done to a note, until the page has told that the index has followed.

    Without a hash the note is gone. `opened` is what the page had open then, `job` the rebuild that follows,
    `at` a time in seconds by a clock that never goes back.
    """

    what: str
    path: str
    sha256: str
    opened: str
    job: str
    at: float


class View(NamedTuple):
    """New values of the page's components."""

    message: Any = SKIP
    tree: Any = SKIP
    view: Any = SKIP
    opened: Any = SKIP
    tools: Any = SKIP
    moving: Any = SKIP
    deleting: Any = SKIP
    editing: Any = SKIP
    target: Any = SKIP
    question: Any = SKIP
    path: Any = SKIP
    editor: Any = SKIP
    preview: Any = SKIP
    disk: Any = SKIP
    take: Any = SKIP
    done: Any = SKIP


def failed(text: str, **values: Any) -> View:
    """Something could not be done: this stays to be read, whatever is told of what was done before."""
    return View(message_html(text, "failed"), done=None, **values)


def closed(view: str) -> View:
    """Nothing is open to be written, moved or deleted; `view` is what is to be read."""
    return View(
        message="",
        view=view,
        opened=Opened().told,
        tools=HIDDEN,
        moving=HIDDEN,
        deleting=HIDDEN,
        editing=HIDDEN,
        disk="",
        take=HIDDEN,
    )


def reading(view: str, note: Note, *, writable: bool) -> View:
    """A note is open to be read."""
    return closed(view)._replace(opened=Opened.of(note).told, tools=SHOWN if writable else HIDDEN)


def writing(opened: Opened, text: str, path: str = "") -> View:
    """A note is being written.

    Args:
        path: proposed for a note that is still to be made.
    """
    return View(
        message="",
        view="",
        opened=_edited(opened),
        tools=HIDDEN,
        moving=HIDDEN,
        deleting=HIDDEN,
        editing=SHOWN,
        path=gr.update(value=opened.path or path, visible=not opened.sha256),
        editor=text,
        preview=preview_html(text, opened.path),
        disk="",
        take=HIDDEN,
    )


def both(disk: Note, mine: str) -> View:
    """Both versions are shown; a save from now on knows of the one on disk."""
    text = (
        "This note was changed on disk while you wrote. Both versions are here: bring them together in"
        " yours, then save, or use the one on disk. Nothing is written yet."
    )
    opened = _edited(Opened.of(disk))
    return failed(text, opened=opened, disk=disk_version_html(disk.text, mine), take=SHOWN)


def _edited(opened: Opened) -> str:
    return msgspec.structs.replace(opened, edited=True).told

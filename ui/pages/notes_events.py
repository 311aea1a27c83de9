"""What the notes page does: read, write, move and delete notes, and see that the index follows."""

import json
import re
import time
from collections.abc import Iterator
from html import escape

from assistant.errors import NoteNotFound
from assistant.pipeline import Assistant
from indexer.errors import FootnoteError, IndexUnusable, NoteChanged, NoteMissing
from indexer.jobs import Job, RebuildJobs
from indexer.notebook import Notebook
from indexer.reading import SUFFIXES
from indexer.types import Note
from ui.formatting import sentence
from ui.index import count
from ui.lean_gradio import gr
from ui.marking import LineRange
from ui.pages.notes_parts import HIDDEN, SHOWN, Opened, View, both, closed, reading, writing
from ui.pages.notes_view import note_view_html, preview_html, tree_html
from ui.pages.shell import message_html, told

POLL_EVERY = 0.1  # seconds between two looks whether the index has followed
LONGEST_EDITED = 200_000  # characters; what is sent with each preview has an end
PATHS = "Choose a path such as <code>folder/name.md</code>: no hidden folders, nothing outside the notes."
_told = told(lambda message: View(message))


class NotesPage:
    """What the page's events do. Without a notebook, notes are those of the index and cannot be written."""

    def __init__(self, assistant: Assistant, jobs: RebuildJobs, notebook: Notebook | None) -> None:
        self._assistant = assistant
        self._jobs = jobs
        self._notebook = notebook

    @_told
    def open(self, request: gr.Request) -> Iterator[View]:
        """Show the note that the address names, or begin the one that it asks for."""
        asked = dict(request.query_params)
        yield View(tree=self._tree(current=asked.get("note", "")))
        if title := asked.get("new", "").strip(" ?!.")[:200]:
            yield from self._begin(title)
        elif note := asked.get("note", ""):
            yield self._shown(note, asked.get("line", ""))
        else:
            yield View(view=self._hint())
        yield View()  # Gradio sends the last step twice, and a draft may be gone on with by then

    @_told
    def choose(self, chosen: str) -> Iterator[View]:
        """Show the note that a link names, as JSON with its path and line; or go on writing a draft."""
        asked = json.loads(chosen)
        if draft := asked.get("draft"):
            yield from self._gone_on(**draft)
            return
        note = str(asked.get("note", ""))
        shown = self._shown(note, str(asked.get("line", ""))) if note else closed(self._hint())
        yield shown._replace(tree=self._tree(current=note))

    @_told
    def filter(self, wanted: str, opened: str) -> Iterator[View]:
        """List the notes that have this in their names or tags."""
        yield View(tree=self._tree(wanted, Opened.held(opened).path))

    @_told
    def edit(self, opened: str) -> Iterator[View]:
        """Open the note, as it is on disk now, to be written."""
        note = self._read(Opened.held(opened).path)
        if len(note.text) > LONGEST_EDITED:
            text = f"This note has {len(note.text):,} characters, too many for this page. Edit its file."
            yield View(message_html(text, "failed"))
            return
        yield writing(Opened.of(note), note.text)

    @_told
    def new(self) -> Iterator[View]:
        """Begin a new note."""
        yield from self._begin("")

    def preview(self, text: str, opened: str) -> str:
        """The text as it would look."""
        return preview_html(text, Opened.held(opened).path)

    @_told
    def save(self, path: str, text: str, opened: str) -> Iterator[View]:
        """Write the note; if it was changed on disk since it was read, show both versions instead."""
        writable, seen = self._writable(), Opened.held(opened)
        if not seen.sha256:
            path = _with_suffix(path.strip())
            try:
                note = writable.create(path, text)
            except NoteMissing:
                yield View(message_html(PATHS, "failed"))
                return
        else:
            try:
                note = writable.replace(seen.path, _with_endings(text, seen.crlf), seen=seen.sha256)
            except NoteChanged:
                yield both(writable.read(seen.path), text)
                return
            except NoteMissing:
                gone = "This note was deleted on disk meanwhile. Save again to write it anew."
                yield View(message_html(gone, "failed"), opened=Opened(seen.path).told, path=seen.path)
                return
        yield from self._followed(_written(note), "Saved", note.path, note.sha256)

    @_told
    def take(self, opened: str) -> Iterator[View]:
        """Edit the version on disk instead of one's own."""
        note = self._read(Opened.held(opened).path)
        yield writing(Opened.of(note), note.text)

    @_told
    def cancel(self, opened: str) -> Iterator[View]:
        """Leave the note as it is."""
        left = Opened.held(opened)
        yield self._shown(left.path) if left.sha256 else closed(self._hint())

    @_told
    def ask_to_move(self, opened: str) -> Iterator[View]:
        """Ask for the note's new path."""
        yield View("", moving=SHOWN, deleting=HIDDEN, target=Opened.held(opened).path)

    @_told
    def move(self, to: str, opened: str) -> Iterator[View]:
        """Give the note another path."""
        seen = Opened.held(opened)
        try:
            note = self._writable().rename(seen.path, _with_suffix(to.strip()), seen=seen.sha256)
        except NoteMissing:
            yield View(message_html(PATHS, "failed"))
            return
        yield from self._followed(_written(note), "Renamed", note.path, note.sha256)

    @_told
    def ask_to_delete(self, opened: str) -> Iterator[View]:
        """Ask whether the note shall go."""
        path = Opened.held(opened).path
        question = f"<p>Delete <b>{escape(path)}</b>? Its file is removed from the notes folder.</p>"
        yield View("", moving=HIDDEN, deleting=SHOWN, question=question)

    @_told
    def delete(self, opened: str) -> Iterator[View]:
        """Remove the note."""
        seen = Opened.held(opened)
        self._writable().delete(seen.path, seen=seen.sha256)
        yield from self._followed(closed(self._hint()), "Deleted", seen.path, "")

    def keep(self) -> View:
        """Neither move nor delete the note."""
        return View(moving=HIDDEN, deleting=HIDDEN)

    def _gone_on(self, opened: str, path: str, text: str) -> Iterator[View]:
        """Write on where a page was before it was loaded anew; saving looks at what is on disk by then."""
        self._writable()
        kept = "What you had written is here as it was. It is not saved yet."
        yield writing(Opened.held(opened), text, path)._replace(message=message_html(kept))

    def _followed(self, done: View, what: str, path: str, sha256: str) -> Iterator[View]:
        """Show what was done, and say when the index has followed; without a hash, when it has let go."""
        started, job = time.monotonic(), self._jobs.start()
        current = path if sha256 else ""
        yield done._replace(
            message=message_html(f"{what}. The index is being brought in step…", "busy"),
            tree=self._tree(current=current),
        )
        ended: Job | None = job
        while ended is not None and not ended.state.ended:
            time.sleep(POLL_EVERY)
            ended = self._jobs.get(job.id)
        if self._indexed(path) != sha256:
            reason = (ended and ended.error) or "The note is skipped; the index page says why."
            text = f"{what}, but the index is as it was. {sentence(reason)}"
            yield View(message_html(text, "failed"), tree=self._tree(current=current))
            return
        took = time.monotonic() - started
        text = f"{what}, and in the index {took:.1f} s later: answers come from this text now."
        if not sha256:
            text = f"{what}, and out of the index {took:.1f} s later."
        view = note_view_html(self._read(path)) if sha256 else self._hint()
        yield View(message_html(text, "done"), tree=self._tree(current=current), view=view)

    def _begin(self, title: str) -> Iterator[View]:
        self._writable()
        name = "-".join(re.findall(r"\w+", title.casefold()))[:60]
        text = f"# {title}\n\n" if title else ""
        yield writing(Opened(), text, name and f"{name}.md")

    def _shown(self, path: str, line: str = "") -> View:
        try:
            note = self._read(path)
        except (NoteMissing, NoteNotFound):
            text = f"There is no note <b>{escape(path)}</b>."
            return closed(self._hint())._replace(message=message_html(text, "failed"))
        cited = LineRange(int(line[:9]), int(line[:9])) if line.isdecimal() and int(line[:9]) else None
        view = note_view_html(note, cited=cited, indexed=self._indexed(path) == note.sha256)
        return reading(view, note, writable=self._notebook is not None)

    def _tree(self, wanted: str = "", current: str = "") -> str:
        try:
            return tree_html(self._assistant.index.current.notes.values(), wanted, current)
        except IndexUnusable as error:
            return message_html(sentence(str(error)), "failed")

    def _hint(self) -> str:
        try:
            notes = count(len(self._assistant.index.current.notes), "note")
        except IndexUnusable:
            return ""
        return f'<p class="empty">{notes}. Choose one to read it.</p>'

    def _read(self, path: str) -> Note:
        return self._notebook.read(path) if self._notebook else self._assistant.note(path)

    def _indexed(self, path: str) -> str:
        """The hash of the note that answers are made from; empty if there is none."""
        try:
            return self._assistant.note(path).sha256
        except (NoteNotFound, IndexUnusable):
            return ""

    def _writable(self) -> Notebook:
        if self._notebook is None:
            raise FootnoteError("Notes can be read here, but not written.")
        return self._notebook


def _written(note: Note) -> View:
    """A note that was just written, and that answers are not made from yet."""
    return reading(note_view_html(note, indexed=False), note, writable=True)


def _with_suffix(path: str) -> str:
    return path if not path or path.lower().endswith(SUFFIXES) else f"{path}.md"


def _with_endings(text: str, crlf: bool) -> str:
    """Text with the line ends that the note had: browsers turn all into line feeds."""
    plain = text.replace("\r\n", "\n")
    return plain.replace("\n", "\r\n") if crlf else plain

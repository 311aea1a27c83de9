"""What the notes page does: read, write, move and delete notes, and see that the index follows."""

import json
import re
import time
from collections.abc import Iterator
from html import escape

from assistant.errors import NoteNotFound
from assistant.pipeline import Assistant
from indexer.errors import FootnoteError, IndexUnusable, NoteChanged, NoteMissing
from indexer.jobs import RebuildJobs
from indexer.notebook import Notebook
from indexer.reading import SUFFIXES
from indexer.types import Note
from ui.formatting import sentence
from ui.index import count
from ui.lean_gradio import gr
from ui.marking import LineRange
from ui.pages.notes_parts import HIDDEN, SHOWN, Done, Opened, View, both, closed, failed, reading, writing
from ui.pages.notes_view import note_view_html, preview_html, tree_html
from ui.pages.shell import message_html, told

POLL_EVERY = 0.1  # seconds between two looks whether the index has followed
LONGEST_EDITED = 200_000  # characters; what is sent with each preview has an end
PATHS = "Choose a path such as <code>folder/name.md</code>: no hidden folders, nothing outside the notes."
_told = told(lambda message: View(message, done=None))


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
    def choose(self, chosen: str, wanted: str) -> Iterator[View]:
        """Show the note that a link names, as JSON with its path and line; or go on writing a draft."""
        asked = json.loads(chosen)
        if draft := asked.get("draft"):
            yield from self._gone_on(**draft)
            return
        note = str(asked.get("note", ""))
        shown = self._shown(note, str(asked.get("line", ""))) if note else closed(self._hint())
        yield shown._replace(tree=self._tree(wanted, note))

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
            yield failed(text)
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
    def save(self, path: str, text: str, opened: str, wanted: str) -> Iterator[View]:
        """Write the note; if it was changed on disk since it was read, show both versions instead."""
        writable, seen = self._writable(), Opened.held(opened)
        if not seen.sha256:
            path = _with_suffix(path.strip())
            try:
                note = writable.create(path, text)
            except NoteMissing:
                yield failed(PATHS)
                return
        else:
            try:
                note = writable.replace(seen.path, seen.with_endings(text), seen=seen.sha256)
            except NoteChanged:
                yield both(writable.read(seen.path), text)
                return
            except NoteMissing:
                gone = "This note was deleted on disk meanwhile. Save again to write it anew."
                yield failed(gone, opened=Opened(seen.path, edited=True).told, path=seen.path)
                return
        yield self._done(_written(note), "Saved", note.path, note.sha256, wanted)

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
    def move(self, to: str, opened: str, wanted: str) -> Iterator[View]:
        """Give the note another path."""
        seen = Opened.held(opened)
        try:
            note = self._writable().rename(seen.path, _with_suffix(to.strip()), seen=seen.sha256)
        except NoteMissing:
            yield failed(PATHS)
            return
        yield self._done(_written(note), "Renamed", note.path, note.sha256, wanted)

    @_told
    def ask_to_delete(self, opened: str) -> Iterator[View]:
        """Ask whether the note shall go."""
        path = Opened.held(opened).path
        question = f"<p>Delete <b>{escape(path)}</b>? Its file is removed from the notes folder.</p>"
        yield View("", moving=HIDDEN, deleting=SHOWN, question=question)

    @_told
    def delete(self, opened: str, wanted: str) -> Iterator[View]:
        """Remove the note."""
        seen = Opened.held(opened)
        self._writable().delete(seen.path, seen=seen.sha256)
        yield self._done(closed(self._hint()), "Deleted", seen.path, "", wanted)

    @_told
    def follow(self, done: Done | None) -> Iterator[View]:
        """Wait until the index has followed what was done; the page is free meanwhile."""
        while done and not self._ended(done):
            time.sleep(POLL_EVERY)
        yield View()

    @_told
    def tell(self, done: Done | None, opened: str, wanted: str) -> Iterator[View]:
        """Say that the index has followed; the note itself is shown anew only where it is still read."""
        view = View()
        if done and self._ended(done):  # else there is something newer, which is followed too
            view = View(self._outcome(done), self._tree(wanted, Opened.held(opened).path))
            if opened == done.opened:
                view = view._replace(view=self._shown(done.path).view if done.sha256 else self._hint())
        yield view

    def keep(self) -> View:
        """Neither move nor delete the note."""
        return View(moving=HIDDEN, deleting=HIDDEN)

    def _gone_on(self, opened: str, path: str, text: str) -> Iterator[View]:
        """Write on where a page was before it was loaded anew; saving looks at what is on disk by then.

        What was saved just before that is only shown.
        """
        self._writable()
        seen = Opened.held(opened)
        if seen.sha256 and self._has(seen, text):
            yield self._shown(seen.path)
            return
        kept = "What you had written is here as it was. It is not saved yet."
        yield writing(seen, text, path)._replace(message=message_html(kept))

    def _has(self, seen: Opened, text: str) -> bool:
        """Whether the note on disk has this text."""
        try:
            return self._read(seen.path).text == seen.with_endings(text)
        except NoteMissing:
            return False

    def _done(self, view: View, what: str, path: str, sha256: str, wanted: str) -> View:
        """What was done, while the index begins to follow; without a hash, to let go."""
        return view._replace(
            message=message_html(f"{what}. The index is being brought in step…", "busy"),
            tree=self._tree(wanted, path if sha256 else ""),
            done=Done(what, path, sha256, view.opened, self._jobs.start().id, time.monotonic()),
        )

    def _ended(self, done: Done) -> bool:
        job = self._jobs.get(done.job)
        return job is None or job.state.ended

    def _outcome(self, done: Done) -> str:
        """Whether the index has followed, or why it has not."""
        if self._indexed(done.path) != done.sha256:
            job = self._jobs.get(done.job)
            reason = (job and job.error) or f"{done.path} is skipped; the index page says why."
            return message_html(f"{done.what}, but the index is as it was. {sentence(reason)}", "failed")
        took = time.monotonic() - done.at
        path = f"<b>{escape(done.path)}</b>"
        text = f"{done.what}, and in the index {took:.1f} s later: answers come from {path} as saved."
        if not done.sha256:
            text = f"{done.what}: {path} is out of the index {took:.1f} s later."
        return message_html(text, "done")

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

"""Reading and writing single notes: whole or not at all, never outside the notes folder."""

import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock

from indexer.errors import NoteChanged, NoteExists, NoteMissing, NotesFolderError, NoteUnfit, NoteUnwritable
from indexer.reading import SUFFIXES, UNSHOWN, is_ignored, note_of, too_many_lines
from indexer.types import Note

ANY = "*"
LOCK = ".writing"  # in the index folder: nothing of ours lies among the notes
SECONDS_TO_WAIT = 10.0  # for another process that writes a note
MAX_PATH = 1_000  # characters of a new note's path
MAX_NAME = 240  # bytes of each of its parts
LONGEST_PATH = 4_096  # characters; no system has a longer one


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a note is: its path in words, and its file inside the folder."""

    path: str
    file: Path


class Notebook:
    """The notes folder as it is on disk now; the index may be some moments behind.

    A path is relative to the folder, with `/` between its parts. One that leads out of the folder, into a
    hidden folder, to an ignored file, into the index or to anything but a Markdown file is as if nothing were
    there: NoteMissing, with no hint of the reason.
    """

    def __init__(self, folder: Path, *, index: Path, max_bytes: int) -> None:
        """
        Args:
            index: the folder of the index; no note is in it.
            max_bytes: the most that a note may have.
        """
        self.max_bytes = max_bytes
        self._folder = folder
        self._index = index
        self._writing = threading.Lock()
        self._others = filelock.FileLock(index / LOCK, timeout=SECONDS_TO_WAIT, thread_local=False)

    def read(self, path: str) -> Note:
        """The note of that path. Raises NoteMissing, also for a file that is no readable note."""
        return self._read(self._place(path))

    def create(self, path: str, text: str) -> Note:
        """Write a new note, with the folders that it needs.

        Raises:
            NoteMissing: no note may be there.
            NoteExists: something is there already.
            NoteUnfit: the text cannot be a note.
            NoteUnwritable: the disk does not take it.
        """
        place, data = self._new_place(path), self._encoded(text)
        with self._write_lock():
            _must_be_free(place)
            place.file.parent.mkdir(parents=True, exist_ok=True)
            with _written_beside(place.file, data, mode=0o644) as written:
                _put(written, place)
        return self._read(place)

    def replace(self, path: str, text: str, *, seen: str) -> Note:
        """Write a note anew if it still is the one that was seen.

        Args:
            seen: the SHA-256 of the bytes that the caller has read, or ANY.

        Raises:
            NoteMissing: there is no such note.
            NoteChanged: it was edited since.
            NoteUnfit: the text cannot be a note.
            NoteUnwritable: the disk does not take it.
        """
        place, data = self._place(path), self._encoded(text)
        with self._write_lock():
            self._must_be(place, seen)
            target = place.file.resolve()  # a link stays one
            with _written_beside(target, data, mode=target.stat().st_mode & 0o777) as written:
                written.replace(target)
                _sync(target.parent)
        return self._read(place)

    def rename(self, path: str, to: str, *, seen: str) -> Note:
        """Move a note to another path. Raises as `create` and `replace`."""
        place, target = self._place(path), self._new_place(to)
        with self._write_lock():
            self._must_be(place, seen)
            _must_be_free(target)
            target.file.parent.mkdir(parents=True, exist_ok=True)
            _put(place.file, target)
            _sync(place.file.parent)
        return self._read(target)

    def delete(self, path: str, *, seen: str) -> None:
        """Remove a note if it still is the one that was seen. Raises as `replace`."""
        place = self._place(path)
        with self._write_lock():
            self._must_be(place, seen)
            place.file.unlink()
            _sync(place.file.parent)

    def _new_place(self, path: str) -> _Place:
        """The file of a path, if a note may be put there. Raises NoteMissing."""
        if not _is_portable(path):
            raise _missing(path)
        return self._place(path)

    def _place(self, path: str) -> _Place:
        """The file of a path, if a note may be there: any that is indexed. Raises NoteMissing."""
        parts = path.split("/")
        fits = len(path) <= LONGEST_PATH and path.lower().endswith(SUFFIXES) and not UNSHOWN.search(path)
        if not fits or any(part == "" or part.startswith(".") for part in parts):
            raise _missing(path)
        if not self._folder.is_dir():
            raise NotesFolderError("The notes folder is not there. Mount it, or name another with --notes.")
        folder = self._folder.resolve()
        file = folder.joinpath(*parts)
        if not self._contains(folder, file) or is_ignored(folder, path):
            raise _missing(path)
        return _Place(path, file)

    def _contains(self, folder: Path, file: Path) -> bool:
        """Whether the file's folders are true ones, no links, and a link at its end stays in `folder`."""
        try:
            target = file.resolve()
            true = file.parent.resolve() == file.parent and target.is_relative_to(folder)
            nearest = next(parent for parent in file.parents if parent.exists())
        except (OSError, RuntimeError):  # a loop of links
            return False
        index = self._index.resolve()
        in_index = folder in index.parents and target.is_relative_to(index)
        return true and nearest.is_dir() and not in_index

    def _read(self, place: _Place) -> Note:
        """The note as it is in the file; what the index skips, but for an empty note, is missing here too."""
        try:
            if not place.file.is_file() or place.file.stat().st_size > self.max_bytes:
                raise _missing(place.path)
            data = place.file.read_bytes()
            text = data.decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise _missing(place.path) from error
        if "\0" in text or too_many_lines(text):
            raise _missing(place.path)
        return note_of(place.path, text, hashlib.sha256(data).hexdigest())

    def _must_be(self, place: _Place, seen: str) -> None:
        found = self._read(place).sha256
        if seen not in (ANY, found):
            raise NoteChanged(
                f"{place.path!r} is another than the one that was read: someone edited it. Read it again, and"
                " bring both edits together."
            )

    def _encoded(self, text: str) -> bytes:
        if "\0" in text:
            raise NoteUnfit("The text holds a NUL character, which no note can have. Remove it.")
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise NoteUnfit("The text holds half of a surrogate pair. Remove that.") from error
        if reason := too_many_lines(text):
            raise NoteUnfit(f"The note has {reason}. Split it.")
        if len(data) > self.max_bytes:
            raise NoteUnfit(
                f"The note has {len(data):,} bytes, at most {self.max_bytes:,} fit. Split it, or raise"
                " FOOTNOTE_MAX_NOTE_MB."
            )
        return data

    @contextlib.contextmanager
    def _write_lock(self) -> Iterator[None]:
        """One writer at a time, over all processes; what the disk refuses is told without its paths."""
        try:
            self._index.mkdir(parents=True, exist_ok=True)
            with self._writing, self._others:
                yield
        except OSError as error:
            reason = error.strerror or "the disk refused it"
            raise NoteUnwritable(f"The note could not be written: {reason}. Nothing was changed.") from error


def _is_portable(path: str) -> bool:
    """Whether other systems would take the path, too."""
    names = [part.encode("utf-8", "replace") for part in path.split("/")]
    return len(path) <= MAX_PATH and "\\" not in path and max(map(len, names)) <= MAX_NAME


def _missing(path: str) -> NoteMissing:
    return NoteMissing(f"There is no note {path[:200]!r}. List the notes with GET /api/v1/notes.")


def _must_be_free(place: _Place) -> None:
    if os.path.lexists(place.file):
        raise NoteExists(f"There is something at {place.path!r} already. Read it, or choose another path.")


@contextlib.contextmanager
def _written_beside(file: Path, data: bytes, *, mode: int) -> Iterator[Path]:
    """The data in a hidden file of the same folder, safe on disk; at the end it is gone or elsewhere."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".unfinished", dir=file.parent)
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        yield written
    finally:
        written.unlink(missing_ok=True)


def _put(file: Path, place: _Place) -> None:
    """Move a file to a place where nothing is. A link fails where a rename would replace another's file."""
    try:
        if file.is_symlink():  # from another folder its own words would lead elsewhere
            place.file.symlink_to(os.path.relpath(file.resolve(), place.file.parent))
        else:
            os.link(file, place.file, follow_symlinks=False)
        file.unlink()
    except FileExistsError as error:
        raise NoteExists(f"There is something at {place.path!r} already. Choose another path.") from error
    except (OSError, NotImplementedError):  # a file system without links
        file.rename(place.file)
    _sync(place.file.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

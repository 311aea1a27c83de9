"""The only reader of the notes folder: folder -> notes, and the files that are skipped with their reasons."""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import frontmatter
import pathspec
import yaml

from indexer.blocks import first_heading
from indexer.errors import NotesFolderError
from indexer.types import Note, Reading, Skipped

SUFFIXES = (".md", ".markdown")
IGNORE_FILE = ".footnoteignore"
BYTE_ORDER_MARK = "\ufeff"  # some editors begin a file with it; it is no text
_FRONT_MATTER = frontmatter.YAMLHandler()


class _Unreadable(Exception):
    """Why one file is skipped."""


def read_notes(folder: Path, *, max_bytes: int, known: Mapping[str, Note] | None = None) -> Reading:
    """Read every Markdown file below `folder`, sorted by path.

    Hidden files and folders are passed over, and what `.footnoteignore` names in Git's pattern language.
    A file that cannot be read is listed with its reason and the others go on. Links that lead out of the
    folder, and links to folders, are not followed.

    Args:
        max_bytes: a larger file is skipped.
        known: notes of an earlier reading by path; one whose bytes are the same is not parsed again.

    Raises:
        NotesFolderError: `folder` is missing or not a folder.
    """
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise NotesFolderError(
            f"The notes folder {str(folder)!r} {problem}. Name another with --notes or FOOTNOTE_NOTES."
        )
    notes: list[Note] = []
    skipped: list[Skipped] = []
    for path, file in sorted(_markdown_files(folder)):
        try:
            notes.append(_read(folder, file, path, max_bytes, (known or {}).get(path)))
        except (_Unreadable, OSError) as error:
            reason = error.strerror or "cannot be read" if isinstance(error, OSError) else str(error)
            skipped.append(Skipped(path, reason))
    return Reading(tuple(notes), tuple(skipped))


def _markdown_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each Markdown file below `folder` that is neither hidden nor ignored, with its relative path."""
    ignored = _ignore_patterns(folder)
    for parent, folders, names in os.walk(folder):
        relative = Path(parent).relative_to(folder)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and not ignored.match_file(f"{(relative / name).as_posix()}/")
        ]
        for name in names:
            path = (relative / name).as_posix()
            if not name.startswith(".") and name.lower().endswith(SUFFIXES) and not ignored.match_file(path):
                yield path.encode("utf-8", "backslashreplace").decode(), Path(parent) / name


def _ignore_patterns(folder: Path) -> pathspec.GitIgnoreSpec:
    file = folder / IGNORE_FILE
    lines = file.read_text("utf-8", errors="replace").splitlines() if file.is_file() else []
    return pathspec.GitIgnoreSpec.from_lines(lines)


def _read(folder: Path, file: Path, path: str, max_bytes: int, known: Note | None) -> Note:
    data = _bytes(folder, file, max_bytes)
    sha256 = hashlib.sha256(data).hexdigest()
    if known and known.sha256 == sha256:
        return known
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Unreadable(f"not UTF-8 (byte {error.start}); save it as UTF-8") from error
    if "\0" in text:
        raise _Unreadable("binary: it holds NUL characters")
    note = note_of(path, text, sha256)
    if not text[note.body_start :].strip():
        raise _Unreadable("empty")
    return note


def note_of(path: str, text: str, sha256: str) -> Note:
    """The note that a decoded file is, with the title and tags that it gives itself."""
    body_start, title, tags = _front_matter(text)
    title = title or first_heading(text, body_start) or Path(path).stem.replace("-", " ").replace("_", " ")
    return Note(path, text, sha256, body_start, title, tags)


def is_ignored(folder: Path, path: str) -> bool:
    """Whether the folder's `.footnoteignore` names the file of that relative path, or a folder above it."""
    return _ignore_patterns(folder).match_file(path)


def _bytes(folder: Path, file: Path, max_bytes: int) -> bytes:
    if file.is_symlink() and not file.resolve().is_relative_to(folder.resolve()):
        raise _Unreadable("a link that leads out of the notes folder")
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        raise _Unreadable("not a regular file")
    if status.st_size > max_bytes:
        size, limit = status.st_size / 2**20, max_bytes / 2**20
        raise _Unreadable(
            f"{size:.1f} MB, over the limit of {limit:.0f} MB; split it or raise FOOTNOTE_MAX_NOTE_MB"
        )
    return file.read_bytes()


def _front_matter(text: str) -> tuple[int, str, tuple[str, ...]]:
    """Where the body begins, and the title and tags; front matter that is not YAML counts as text."""
    start = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    if not _FRONT_MATTER.detect(text[start:]):
        return start, "", ()
    try:
        raw, body = _FRONT_MATTER.split(text[start:])
        metadata = _FRONT_MATTER.load(raw)
    except (ValueError, yaml.YAMLError):
        return start, "", ()
    if not isinstance(metadata, dict):
        return start, "", ()
    tags = metadata.get("tags") or []
    listed = tags if isinstance(tags, list) else str(tags).replace(",", " ").split()
    return len(text) - len(body), str(metadata.get("title") or ""), tuple(str(tag) for tag in listed)

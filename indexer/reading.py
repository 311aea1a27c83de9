"""The only reader of the notes folder: folder -> notes, and the files that are skipped with their reasons."""

import codecs
import hashlib
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import frontmatter
import pathspec
import yaml

from indexer.blocks import title_heading
from indexer.errors import NotesFolderError
from indexer.types import Note, Reading, Skipped

SUFFIXES = (".md", ".markdown")
IGNORE_FILE = ".footnoteignore"
BYTE_ORDER_MARK = "\ufeff"  # some editors begin a file with it; it is no text
MOST_LINES = 100_000  # a table of more rows takes minutes to cut into passages, and gigabytes
MOST_FRONT_MATTER = 20_000  # characters; YAML and TOML are slow to read
LONGEST_TITLE = 300  # characters
LONGEST_TAG = 100
MOST_TAGS = 100  # of one note
# What no name may hold: control characters, line ends, bytes that are no UTF-8, signs that turn others about.
UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_YAML = frontmatter.YAMLHandler()
_TOML = frontmatter.default_handlers.BaseHandler(re.compile(r"^\+{3}\s*$", re.MULTILINE), "+++", "+++")


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
        NotesFolderError: `folder` is missing or not a folder, or its `.footnoteignore` cannot be used.
    """
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise NotesFolderError(
            f"The notes folder {str(folder)!r} {problem}. Name another with --notes or FOOTNOTE_NOTES."
        )
    notes: list[Note] = []
    skipped: list[Skipped] = []
    for path, file in _markdown_files(folder, skipped):
        try:
            notes.append(_read(folder, file, path, max_bytes, (known or {}).get(path)))
        except (_Unreadable, OSError) as error:
            skipped.append(Skipped(path, _reason(error)))
    return Reading(
        tuple(sorted(notes, key=lambda note: note.path)), tuple(sorted(skipped, key=lambda file: file.path))
    )


def _reason(error: Exception) -> str:
    return error.strerror or "cannot be read" if isinstance(error, OSError) else str(error)


def _markdown_files(folder: Path, skipped: list[Skipped]) -> Iterator[tuple[str, Path]]:
    """Each Markdown file below `folder` that is neither hidden nor ignored, with its relative path.

    Files whose names cannot be shown, and folders that cannot be looked into, are added to `skipped`.
    """
    ignored = _ignore_patterns(folder)
    waiting = [("", folder)]
    while waiting:
        above, parent = waiting.pop()
        try:
            entries = list(os.scandir(parent))
        except OSError as error:
            if not above:
                raise NotesFolderError(
                    f"The notes folder {str(folder)!r} cannot be read ({_reason(error)}). Name another with"
                    " --notes or FOOTNOTE_NOTES."
                ) from error
            skipped.append(Skipped(_shown(above), f"a folder that cannot be read: {_reason(error)}"))
            continue
        for entry in entries:
            path = f"{above}{entry.name}"
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if not ignored.match_file(f"{path}/"):
                    waiting.append((f"{path}/", Path(entry.path)))
            elif entry.name.lower().endswith(SUFFIXES) and not ignored.match_file(path):
                if UNSHOWN.search(path):
                    skipped.append(Skipped(_shown(path), "a name with bytes that are no text; rename it"))
                else:
                    yield path, Path(entry.path)


def _shown(path: str) -> str:
    """A path with escapes in place of what is no text."""
    return UNSHOWN.sub(lambda sign: repr(sign.group())[1:-1], path)


def _ignore_patterns(folder: Path) -> pathspec.GitIgnoreSpec:
    """What `.footnoteignore` names. Raises NotesFolderError; to pass over a line would show what it hides."""
    file = folder / IGNORE_FILE
    try:
        lines = file.read_text("utf-8-sig").splitlines() if file.is_file() else []
    except (OSError, UnicodeDecodeError) as error:
        raise NotesFolderError(
            f"The notes' {IGNORE_FILE} cannot be read ({_reason(error)}). Save it as UTF-8, readable."
        ) from error
    for number, line in enumerate(lines, start=1):
        try:
            pathspec.GitIgnoreSpec.from_lines([line])
        except (ValueError, re.error) as error:
            raise NotesFolderError(
                f"Line {number} of the notes' {IGNORE_FILE}, {line[:200]!r}, is no pattern. Correct it."
            ) from error
    return pathspec.GitIgnoreSpec.from_lines(lines)


def _read(folder: Path, file: Path, path: str, max_bytes: int, known: Note | None) -> Note:
    data = _bytes(folder, file, max_bytes)
    sha256 = hashlib.sha256(data).hexdigest()
    if known and known.sha256 == sha256:
        return known
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        kind = "UTF-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "not UTF-8"
        raise _Unreadable(f"{kind} (byte {error.start}); save it as UTF-8") from error
    if "\0" in text:
        raise _Unreadable("binary: it holds NUL characters")
    if reason := too_many_lines(text):
        raise _Unreadable(f"{reason}; split it")
    note = note_of(path, text, sha256)
    if not text[note.body_start :].strip():
        raise _Unreadable("empty")
    return note


def too_many_lines(text: str) -> str:
    """How many lines a text has, if no note may have as many; else nothing."""
    lines = text.count("\n")
    return f"{lines:,} lines, over the limit of {MOST_LINES:,}" if lines > MOST_LINES else ""


def note_of(path: str, text: str, sha256: str) -> Note:
    """The note that a decoded file is, with the title and tags that it gives itself."""
    body_start, title, tags = _front_matter(text)
    title = title or title_heading(text, body_start) or Path(path).stem.replace("-", " ").replace("_", " ")
    return Note(path, text, sha256, body_start, title[:LONGEST_TITLE].rstrip(), tags)


def is_ignored(folder: Path, path: str) -> bool:
    """Whether the folder's `.footnoteignore` names the file of that relative path, or a folder above it."""
    return _ignore_patterns(folder).match_file(path)


def _bytes(folder: Path, file: Path, max_bytes: int) -> bytes:
    if file.is_symlink() and not _leads_inside(folder, file):
        raise _Unreadable("a link that leads out of the notes folder")
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        raise _Unreadable("not a regular file")
    if status.st_size > max_bytes:
        size, limit = status.st_size / 2**20, max_bytes / 2**20
        raise _Unreadable(
            f"{size:.1f} MB, over the limit of {limit:.0f} MB; split it or raise FOOTNOTE_MAX_NOTE_MB"
        )
    with file.open("rb") as stream:
        data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise _Unreadable("it grows while it is read")
    return data


def _leads_inside(folder: Path, link: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(folder.resolve())
    except RuntimeError as error:  # what Python 3.11 says of a loop
        raise _Unreadable("a link that leads to itself") from error


def _front_matter(text: str) -> tuple[int, str, tuple[str, ...]]:
    """Where the body begins, and the title and tags; front matter that is neither YAML nor TOML is text."""
    start = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    handler = next((one for one in (_YAML, _TOML) if one.detect(text[start:])), None)
    if handler is None:
        return start, "", ()
    try:
        raw, body = handler.split(text[start:])
        if len(raw) > MOST_FRONT_MATTER:
            return start, "", ()
        # The faster loader, written in C, takes the process with it where lists nest too deep.
        metadata = _YAML.load(raw, Loader=yaml.SafeLoader) if handler is _YAML else tomllib.loads(raw)
        if isinstance(metadata, dict):
            return len(text) - len(body), _words(metadata.get("title")), _tags(metadata.get("tags"))
    except Exception:  # PyYAML has no error of its own for values that a tag does not fit: "!!bool x"
        pass
    return start, "", ()


def _tags(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else _words(value).replace(",", " ").split()
    tags = (_words(value)[:LONGEST_TAG].rstrip() for value in listed)
    return tuple(islice(filter(None, tags), MOST_TAGS))


def _words(value: object) -> str:
    """A plain value as text; lists and mappings are none (aliases can make a small one endless)."""
    if value is None or isinstance(value, (list, dict, set, tuple)):
        return ""
    # YAML leaves the two halves that JSON writes a sign in ("\ud83d\ude00") as two; alone a half is no text.
    return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")

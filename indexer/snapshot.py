"""One generation of the index on disk: its layout, how it is published, opened and verified.

INDEX/CURRENT                     the revision that serves, swapped by a rename
INDEX/generations/<revision>/     written once, never changed
    manifest.json                 what it was made with, counts, and a SHA-256 of every other file
    notes.json chunks.json        texts
    vectors.npy keywords.npz      what is searched; row i of each is chunk i
    units.npy                     what weighs sentences, list items and rows; in the order of the chunks
    lexicon.json                  names, acronyms and words of the notes
"""

import hashlib
import io
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from indexer.borrowing import borrowed_vectors
from indexer.errors import IndexDamaged, IndexIncompatible, IndexMissing, IndexOutdated, IndexUnusable
from indexer.keyword_index import KeywordIndex
from indexer.lexicon import Lexicon
from indexer.types import Chunk, Note, Skipped, Span, Unit
from indexer.vector_index import VectorIndex

FORMAT_VERSION = 2
CURRENT = "CURRENT"
GENERATIONS = "generations"
KEPT_GENERATIONS = 2  # the one that serves and the one before it
_MANIFEST = "manifest.json"
_UNFINISHED = ".unfinished-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a generation was made with, and what is in it. `created_at` is ISO 8601 in UTC."""

    format_version: int
    revision: str
    created_at: str
    embedding_model: str
    embedding_fingerprint: str
    dimension: int
    chunker_version: str
    notes: int
    chunks: int
    skipped: tuple[Skipped, ...] = ()
    files: Mapping[str, str] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One whole generation in memory. Row i of `own_vectors`, `vectors` and `keywords` is `chunks[i]`.

    `own_vectors` has shape (n, dimension); what is searched, `vectors`, has borrowed from neighbours.
    `unit_vectors` has a row for each unit of each chunk, in their order, and half precision: it only ranks.
    """

    manifest: Manifest
    notes: Mapping[str, Note]
    chunks: Sequence[Chunk]
    own_vectors: NDArray[np.float32]
    unit_vectors: NDArray[np.float16]
    vectors: VectorIndex
    keywords: KeywordIndex
    lexicon: Lexicon
    _unit_rows: NDArray[np.int64] = field(init=False, repr=False)  # where each chunk's units begin; the end

    def __post_init__(self) -> None:
        counts = np.array([0, *(len(chunk.units) for chunk in self.chunks)], dtype=np.int64)
        object.__setattr__(self, "_unit_rows", counts.cumsum())
        rows = {len(self.chunks), len(self.vectors), len(self.keywords), self.manifest.chunks}
        if (
            len(rows) != 1
            or len(self.notes) != self.manifest.notes
            or len(self.unit_vectors) != self._unit_rows[-1]
        ):
            raise IndexDamaged(
                f"The index holds {len(self.chunks)} passages, {len(self.vectors)} vectors and"
                f" {len(self.keywords)} keyword rows, which must be equal. Run `footnote build --full`."
            )

    def units_of(self, row: int) -> NDArray[np.float16]:
        """The vectors of the units of a chunk, of shape (its units, dimension)."""
        return self.unit_vectors[self._unit_rows[row] : self._unit_rows[row + 1]]


class _StoredChunk(msgspec.Struct, array_like=True, frozen=True):
    """A chunk without what its note already says."""

    note: int
    heading_path: tuple[str, ...]
    span: tuple[int, int]
    lines: tuple[int, int]
    context: str
    units: tuple[Unit, ...]


def new_revision(folder: Path, notes: Sequence[Note]) -> str:
    """A name for the next generation: a number above all others, and a hash of what is indexed."""
    numbers = [int(entry.name.split("-")[0]) for entry in (folder / GENERATIONS).glob("[0-9]*-*")]
    digest = _sha256("".join(f"{note.path}\0{note.sha256}\n" for note in notes).encode())
    return f"{max(numbers, default=0) + 1:08d}-{digest[:8]}"


def publish(folder: Path, snapshot: Snapshot) -> Manifest:
    """Write a generation beside the others and make it the one that serves. The caller holds the build lock.

    Until the last rename everything is as it was; after it, whatever happens, the new generation serves.
    """
    generations = folder / GENERATIONS
    generations.mkdir(parents=True, exist_ok=True)
    contents = _encode(snapshot)
    manifest = replace(
        snapshot.manifest, files={name: _sha256(data) for name, data in sorted(contents.items())}
    )
    unfinished = generations / f"{_UNFINISHED}{manifest.revision}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for name, data in [*contents.items(), (_MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))]:
        _write(unfinished / name, data)
    _sync(unfinished)
    unfinished.rename(generations / manifest.revision)
    _sync(generations)
    _write(folder / f"{CURRENT}.new", manifest.revision.encode())
    (folder / f"{CURRENT}.new").replace(folder / CURRENT)
    _sync(folder)
    _remove_old(generations, manifest.revision)
    return manifest


def open_snapshot(folder: Path, *, fingerprint: str | None = None) -> Snapshot:
    """Open the generation that serves, after checking that every file of it is whole.

    Args:
        fingerprint: of the embedding model that questions will be embedded with.

    Raises:
        IndexMissing: nothing has been built.
        IndexDamaged: a file is missing, cut short or altered.
        IndexIncompatible: made with another model, or by a newer or an older release.
    """
    revision = current_revision(folder)
    generation = folder / GENERATIONS / revision
    manifest = _read_manifest(generation)
    if fingerprint and manifest.embedding_fingerprint != fingerprint:
        raise IndexIncompatible(
            f"The index was made with the model {manifest.embedding_model!r}"
            f" ({manifest.embedding_fingerprint[:12]}…), the model in use is {fingerprint[:12]}…."
            " Run `footnote build`, or set FOOTNOTE_EMBEDDING_MODEL back."
        )
    contents = {name: _checked(generation / name, digest) for name, digest in manifest.files.items()}
    return _decode(manifest, contents)


def current_revision(folder: Path) -> str:
    """The revision that serves. Raises IndexMissing or IndexDamaged."""
    try:
        return (folder / CURRENT).read_text("utf-8").strip()
    except FileNotFoundError as error:
        raise IndexMissing(
            f"There is no index in {str(folder)!r} yet. Run `footnote build`, or name another with --index."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamaged(
            f"{str(folder / CURRENT)!r} cannot be read. Run `footnote build --full`, or name another index."
        ) from error


def verify(folder: Path) -> Sequence[str]:
    """Check the serving generation wholly; the problems found, none if it is whole. Raises IndexMissing."""
    current_revision(folder)
    try:
        snapshot = open_snapshot(folder)
    except IndexUnusable as error:
        return [str(error)]
    problems = []
    for chunk in snapshot.chunks:
        note = snapshot.notes[chunk.note]
        if chunk.note_sha256 != note.sha256 or hashlib.sha256(note.text.encode()).hexdigest() != note.sha256:
            problems.append(f"{chunk.note}: its text is not the one that was indexed")
        for unit in chunk.units:
            if not chunk.span.start <= unit.span.start < unit.span.end <= chunk.span.end:
                problems.append(f"{chunk.note}:{chunk.line_start}: a passage's parts lie outside it")
    return sorted(set(problems))


def _encode(snapshot: Snapshot) -> dict[str, bytes]:
    numbers = {path: number for number, path in enumerate(snapshot.notes)}
    stored = [
        _StoredChunk(
            numbers[chunk.note],
            chunk.heading_path,
            (chunk.span.start, chunk.span.end),
            (chunk.line_start, chunk.line_end),
            chunk.context,
            chunk.units,
        )
        for chunk in snapshot.chunks
    ]
    return {
        "notes.json": msgspec.json.encode(list(snapshot.notes.values())),
        "chunks.json": msgspec.json.encode(stored),
        "vectors.npy": _array_bytes(snapshot.own_vectors),
        "units.npy": _array_bytes(snapshot.unit_vectors),
        "keywords.npz": snapshot.keywords.to_bytes(),
        "lexicon.json": msgspec.json.encode(snapshot.lexicon),
    }


def _decode(manifest: Manifest, contents: Mapping[str, bytes]) -> Snapshot:
    try:
        notes = msgspec.json.decode(contents["notes.json"], type=list[Note])
        stored = msgspec.json.decode(contents["chunks.json"], type=list[_StoredChunk])
        own_vectors = np.load(io.BytesIO(contents["vectors.npy"]))
        unit_vectors = np.load(io.BytesIO(contents["units.npy"]))
        keywords = KeywordIndex.from_bytes(contents["keywords.npz"])
        lexicon = msgspec.json.decode(contents["lexicon.json"], type=Lexicon)
    except (KeyError, ValueError, msgspec.MsgspecError) as error:
        raise IndexDamaged(f"The index cannot be read ({error}). Run `footnote build --full`.") from error
    chunks = [_restored(record, notes[record.note]) for record in stored]
    vectors = VectorIndex.from_vectors(borrowed_vectors(own_vectors, chunks))
    by_path = {note.path: note for note in notes}
    return Snapshot(manifest, by_path, chunks, own_vectors, unit_vectors, vectors, keywords, lexicon)


def _array_bytes(array: NDArray[np.floating]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _restored(record: _StoredChunk, note: Note) -> Chunk:
    span = Span(*record.span)
    return Chunk(
        note=note.path,
        note_sha256=note.sha256,
        title=note.title,
        tags=note.tags,
        heading_path=record.heading_path,
        span=span,
        line_start=record.lines[0],
        line_end=record.lines[1],
        text=span.of(note.text),
        context=record.context,
        units=record.units,
    )


def _read_manifest(generation: Path) -> Manifest:
    try:
        data = (generation / _MANIFEST).read_bytes()
        version = msgspec.json.decode(data).get("format_version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise IndexIncompatible(
                f"The index has format {version}; this release reads up to {FORMAT_VERSION}."
                " Use the newer release, or another folder with --index."
            )
        if version != FORMAT_VERSION:
            raise IndexOutdated(
                f"The index has format {version}, this release writes {FORMAT_VERSION}. Run `footnote build`."
            )
        return msgspec.json.decode(data, type=Manifest)
    except (OSError, AttributeError, msgspec.MsgspecError) as error:
        raise IndexDamaged(
            f"The manifest of {generation.name!r} cannot be read. Run `footnote build --full`."
        ) from error


def _checked(file: Path, digest: str) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise IndexDamaged(f"{file.name} of the index is missing. Run `footnote build --full`.") from error
    if _sha256(data) != digest:
        raise IndexDamaged(f"{file.name} of the index is damaged. Run `footnote build --full`.")
    return data


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(file: Path, data: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_old(generations: Path, serving: str) -> None:
    """Remove unfinished generations and all but the newest few, never the one that serves."""
    names = sorted(entry.name for entry in generations.iterdir())
    whole = [name for name in names if not name.startswith(_UNFINISHED)]
    for name in set(names) - set(whole[-KEPT_GENERATIONS:]) - {serving}:
        shutil.rmtree(generations / name, ignore_errors=True)

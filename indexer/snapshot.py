"""One generation of the index: what it holds in memory, and the files that hold it.

manifest.json                 what it was made with, counts, a SHA-256 of every other file, and one of itself
notes.json chunks.json        texts
vectors.npy keywords.npz      what search is made from; row i of each is chunk i
tokens.npy parts.npy norms.npy  what sentences, list items and rows are weighed by; in the order of the chunks
cells.npy centroids.npy       of a large index: the cell that each vector lies in (see vector_index)
lexicon.json                  names, acronyms and words, note by note
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from indexer.borrowing import REACH, borrowed_vectors, shares
from indexer.errors import IndexDamaged, IndexIncompatible, IndexOutdated
from indexer.keyword_index import KeywordIndex
from indexer.lexicon import Lexicon, merged
from indexer.passages import InMemory
from indexer.storage import Buffers, sha256
from indexer.token_codes import TokenCodes
from indexer.types import NO_LINE, Build, Chunk, Line, Note, Skipped, Span, Unit
from indexer.vector_index import EXACT, Cells, Rows, Search, VectorIndex

FORMAT_VERSION = 5  # another one also where `terms` or `learn` find something else: it is taken over
MANIFEST = "manifest.json"
Learned = Mapping[str, msgspec.Raw]  # by the path of a note, the JSON of what its text adds to the lexicon


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a generation was made with, and what is in it. `created_at` is ISO 8601 in UTC.

    `builds` are the one that made it and those before, the latest first.
    """

    format_version: int
    revision: str
    created_at: str
    embedding_model: str
    embedding_fingerprint: str
    dimension: int
    chunker_version: str
    notes: int
    chunks: int
    search: Search = EXACT
    line: Line = NO_LINE
    skipped: tuple[Skipped, ...] = ()
    builds: tuple[Build, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot(InMemory):
    """One whole generation in memory. Row i of `own_vectors`, `vectors` and `keywords` is `chunks[i]`.

    `own_vectors` has shape (n, dimension); what is searched, `vectors`, has borrowed from neighbours.
    `tokens` holds those of each chunk, in their order.
    """

    manifest: Manifest
    notes: Mapping[str, Note]
    chunks: Sequence[Chunk]
    own_vectors: NDArray[np.float32]
    tokens: TokenCodes
    vectors: VectorIndex
    keywords: KeywordIndex
    learned: Learned
    lexicon: Lexicon
    _parts: NDArray[np.int64] = field(init=False, repr=False)  # where each chunk's parts begin; the end
    _at: NDArray[np.int64] = field(init=False, repr=False)  # where each part's tokens begin; the end

    def __post_init__(self) -> None:
        parts = np.array([0, *(1 + len(chunk.units) for chunk in self.chunks)], dtype=np.int64).cumsum()
        object.__setattr__(self, "_parts", parts)
        at = np.concatenate([[0], self.tokens.lengths]).astype(np.int64).cumsum()
        object.__setattr__(self, "_at", at)
        rows = {len(self.chunks), len(self.vectors), len(self.keywords), self.manifest.chunks}
        if (
            len(rows) != 1
            or len(self.notes) != self.manifest.notes
            or (len(self.tokens.lengths), len(self.tokens.norms), len(self.tokens.codes))
            != (parts[-1], parts[-1], at[-1])
        ):
            raise IndexDamaged(
                f"The index holds {len(self.chunks)} passages, {len(self.vectors)} vectors and"
                f" {len(self.keywords)} keyword rows, which must be equal. Run `footnote build`."
            )

    def tokens_of(self, row: int, stop: int | None = None) -> TokenCodes:
        """The tokens of a chunk, of its context, then of each of its units; or of all up to another."""
        first, end = self._parts[row], self._parts[row + 1 if stop is None else stop]
        tokens = self.tokens
        codes = tokens.codes[self._at[first] : self._at[end]]
        return TokenCodes(codes, tokens.lengths[first:end], tokens.norms[first:end])


def short(fingerprint: str) -> str:
    """The beginning of a model's fingerprint."""
    return fingerprint[:8]


class StoredChunk(msgspec.Struct, array_like=True, frozen=True):
    """A chunk without what its note already says; `note` is the number of that."""

    note: int
    heading_path: tuple[str, ...]
    span: tuple[int, int]
    lines: tuple[int, int]
    context: str
    units: tuple[Unit, ...]


class _Sealed(msgspec.Struct):
    """The file of a manifest: its bytes, and their SHA-256. All later formats keep this, byte for byte."""

    sha256: str
    manifest: msgspec.Raw


def seal(manifest: Manifest) -> bytes:
    """The file of a manifest."""
    return _sealed(msgspec.json.format(msgspec.json.encode(manifest), indent=2))


def _sealed(raw: bytes) -> bytes:
    return b'{\n"sha256": "%s",\n"manifest": %s\n}\n' % (sha256([raw]).encode(), raw)


def unseal(data: bytes) -> Manifest:
    """The manifest of a file.

    Raises:
        IndexDamaged: the file is not as it was written.
        IndexIncompatible: it was written by a newer release, or (IndexOutdated) by an older one.
    """
    try:
        raw = bytes(msgspec.json.decode(data, type=_Sealed).manifest)
    except (ValueError, msgspec.MsgspecError) as error:
        if isinstance(version := _version(data), int) and version < FORMAT_VERSION:  # before there were seals
            raise _outdated(version) from error
        raw = b""
    if _sealed(raw) != data:
        raise IndexDamaged(f"{MANIFEST} of the index is damaged. Run `footnote build`.")
    version = _version(raw)
    if isinstance(version, int) and version < FORMAT_VERSION:
        raise _outdated(version)
    if version != FORMAT_VERSION:
        raise IndexIncompatible(
            f"The index has format {version}; this release reads up to {FORMAT_VERSION}."
            " Use the newer release, or another folder with --index."
        )
    try:
        return msgspec.json.decode(raw, type=Manifest)
    except msgspec.MsgspecError as error:
        raise IndexDamaged(f"{MANIFEST} of the index cannot be read. Run `footnote build`.") from error


def _version(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data).get("format_version")
    except (AttributeError, ValueError, msgspec.MsgspecError):
        return None


def _outdated(version: int) -> IndexOutdated:
    return IndexOutdated(
        f"The index has format {version}, this release writes {FORMAT_VERSION}. Run `footnote build`."
    )


def encode(snapshot: Snapshot) -> dict[str, Buffers]:
    """The files of a generation but its manifest, by name; arrays are not copied."""
    numbers = {path: number for number, path in enumerate(snapshot.notes)}
    stored = [stored_chunk(chunk, numbers[chunk.note]) for chunk in snapshot.chunks]
    cells = snapshot.vectors.cells
    searched = {"cells.npy": cells.assigned, "centroids.npy": cells.centroids} if cells else {}
    return {
        "notes.json": [msgspec.json.encode(list(snapshot.notes.values()))],
        "chunks.json": [msgspec.json.encode(stored)],
        "vectors.npy": _array_buffers(snapshot.own_vectors),
        "tokens.npy": _array_buffers(snapshot.tokens.codes),
        "parts.npy": _array_buffers(snapshot.tokens.lengths),
        "norms.npy": _array_buffers(snapshot.tokens.norms),
        "keywords.npz": [snapshot.keywords.to_bytes()],
        "lexicon.json": [msgspec.json.encode(snapshot.learned)],
        **{name: _array_buffers(array) for name, array in searched.items()},
    }


def decode(manifest: Manifest, contents: Mapping[str, bytes]) -> Snapshot:
    """A generation from the bytes of its files. Raises IndexDamaged."""
    try:
        notes = msgspec.json.decode(contents["notes.json"], type=list[Note])
        stored = msgspec.json.decode(contents["chunks.json"], type=list[StoredChunk])
        own_vectors = _array(contents["vectors.npy"], np.float32)
        tokens = TokenCodes(
            _array(contents["tokens.npy"], np.uint8),
            _array(contents["parts.npy"], np.uint16),
            _array(contents["norms.npy"], np.float32),
        )
        learned = msgspec.json.decode(contents["lexicon.json"], type=dict[str, msgspec.Raw])
        lexicon = lexicon_of(learned)
        chunks = [restored_chunk(record, notes[record.note]) for record in stored]
        keywords = KeywordIndex.from_bytes(contents["keywords.npz"], shares(chunks))
        cells = None
        if manifest.search.kind != "exact":
            centroids = _array(contents["centroids.npy"], np.float32)
            cells = Cells(centroids, _array(contents["cells.npy"], np.int32))
    except (KeyError, ValueError, msgspec.MsgspecError) as error:
        raise IndexDamaged(f"The index cannot be read ({error}). Run `footnote build`.") from error
    rows = searched_rows(own_vectors, chunks)
    vectors = VectorIndex.restored(len(chunks), manifest.dimension, rows, manifest.search, cells)
    by_path = {note.path: note for note in notes}
    return Snapshot(manifest, by_path, chunks, own_vectors, tokens, vectors, keywords, learned, lexicon)


def lexicon_of(learned: Learned) -> Lexicon:
    """The lexicon of all notes."""
    return merged(msgspec.json.decode(part, type=Lexicon) for part in learned.values())


def searched_rows(own_vectors: NDArray[np.float32], chunks: Sequence[Chunk]) -> Rows:
    """What gives rows of the vectors that are searched: they have borrowed from the rows beside them."""

    def rows(start: int, stop: int) -> NDArray[np.float32]:
        first, last = max(0, start - REACH), min(stop + REACH, len(chunks))
        mixed = borrowed_vectors(own_vectors[first:last], chunks[first:last])
        return mixed[start - first : stop - first]

    return rows


def _array_buffers(array: NDArray[Any]) -> Buffers:
    """The `.npy` file of an array, whose numbers are not copied."""
    array = np.ascontiguousarray(array)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    return [header.getvalue(), array.reshape(-1).view(np.uint8).data if array.size else b""]


def _array(data: bytes, kind: type[Any]) -> NDArray[Any]:
    """The array of a `.npy` file, in the bytes where it stands. Raises ValueError."""
    header = io.BytesIO(data)
    np.lib.format.read_magic(header)
    shape, by_column, found = np.lib.format.read_array_header_1_0(header)
    if found != np.dtype(kind) or by_column:
        raise ValueError(f"an array of {found} where {np.dtype(kind)} should be")
    return np.frombuffer(data, dtype=found, offset=header.tell()).reshape(shape)


def stored_chunk(chunk: Chunk, number: int) -> StoredChunk:
    """What is to be stored of a chunk, beside its note, which has that number."""
    return StoredChunk(
        number,
        chunk.heading_path,
        (chunk.span.start, chunk.span.end),
        (chunk.line_start, chunk.line_end),
        chunk.context,
        chunk.units,
    )


def restored_chunk(record: StoredChunk, note: Note) -> Chunk:
    """The chunk of a note that was stored so."""
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

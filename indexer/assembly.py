"""Chunks and what was embedded of them -> a whole generation in memory, before anything of it is written.

What stood in the generation before is taken over by rows, in whole arrays; only what is new is worked out.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from indexer import chunking
from indexer.borrowing import shares
from indexer.keyword_index import KeywordIndex, terms
from indexer.lexicon import learn
from indexer.snapshot import FORMAT_VERSION, Learned, Manifest, Snapshot, lexicon_of, searched_rows
from indexer.token_codes import TokenCodes, concatenate
from indexer.types import Chunk, Note, Reading
from indexer.vector_index import VectorIndex

SAMPLED = 2_000  # passages whose units stand for questions where an index is measured
NEW = -1  # in the place of a row


class Made(Protocol):
    """The model that vectors were made with."""

    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a chunk that was embedded: its own vector, of shape (dimension,), and its tokens."""

    whole: NDArray[np.float32]
    tokens: TokenCodes


@dataclass(frozen=True, slots=True)
class NoteRows:
    """A note with all that an index keeps of it; `kept` has what was embedded of each of its chunks."""

    note: Note
    chunks: Sequence[Chunk]
    kept: Sequence[Kept]


@dataclass(frozen=True, slots=True)
class Draft:
    """The chunks of the next generation, and what of them stood in the one before.

    `rows` has for each chunk the row there whose vectors and terms are its own, else NEW; `unchanged` the
    paths of the notes whose chunks are all the same.
    """

    chunks: Sequence[Chunk]
    rows: Sequence[int]
    unchanged: frozenset[str] = frozenset()

    @property
    def new(self) -> list[Chunk]:
        """The chunks that have no row."""
        return [chunk for chunk, row in zip(self.chunks, self.rows, strict=True) if row == NEW]


def key(chunk: Chunk) -> str:
    """What vectors are kept by: the text that they stand for, and how its units part it."""
    parts = [chunk.embedded_text, *(f"{span.start} {span.end}" for span in chunk.embedded_spans)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def found_again(draft: Draft, before: Sequence[Chunk]) -> Draft:
    """The draft with a row also for chunks of changed notes, where one of `before` has the same vectors."""
    new = draft.new
    contexts = {chunk.context for chunk in new}  # nearly all others are passed over without a hash
    there = {key(chunk): row for row, chunk in enumerate(before) if chunk.context in contexts}
    again = iter([there.get(key(chunk), NEW) for chunk in new])
    return replace(draft, rows=[next(again) if row == NEW else row for row in draft.rows])


def assemble(
    embedder: Made,
    revision: str,
    reading: Reading,
    draft: Draft,
    embedded: Sequence[Kept],
    previous: Snapshot | None,
) -> Snapshot:
    """The generation of that name.

    Args:
        embedded: what was embedded of each chunk that has no row, in their order.
        previous: the generation before, which the draft's rows are of.
    """
    chunks = draft.chunks
    matrix = _vectors(draft, embedded, previous)
    vectors = VectorIndex.by_size(
        len(chunks),
        matrix.shape[1],
        searched_rows(matrix, chunks),
        lambda: _like_questions(draft, embedded, previous)[:, : matrix.shape[1]],
        known=previous.vectors if previous else None,
        kept=draft.rows,
    )
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        revision=revision,
        created_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        embedding_model=embedder.name,
        embedding_fingerprint=embedder.fingerprint,
        dimension=matrix.shape[1],
        chunker_version=chunking.VERSION,
        notes=len(reading.notes),
        chunks=len(chunks),
        search=vectors.how,
        skipped=tuple(reading.skipped),
    )
    by_path = {note.path: note for note in reading.notes}
    learned = _learned(draft, by_path, previous)
    return Snapshot(
        manifest=manifest,
        notes=by_path,
        chunks=chunks,
        own_vectors=matrix,
        tokens=concatenate(list(_tokens(draft, embedded, previous))),
        vectors=vectors,
        keywords=_keywords(draft, previous),
        learned=learned,
        lexicon=lexicon_of(learned),
    )


def _vectors(draft: Draft, embedded: Sequence[Kept], previous: Snapshot | None) -> NDArray[np.float32]:
    """The own vectors of the chunks, of shape (n, dimension)."""
    if not draft.chunks:
        return np.zeros((0, 1), np.float32)
    rows = np.asarray(draft.rows)
    width = len(embedded[0].whole) if embedded else previous.own_vectors.shape[1]  # type: ignore[union-attr]
    vectors = np.empty((len(rows), width), np.float32)
    if previous:
        vectors[rows != NEW] = previous.own_vectors[rows[rows != NEW]]
    if embedded:
        vectors[rows == NEW] = [one.whole for one in embedded]
    return vectors


def _tokens(draft: Draft, embedded: Sequence[Kept], previous: Snapshot | None) -> Iterator[TokenCodes]:
    """The tokens of the chunks, in pieces: rows that follow each other are taken over as one."""
    new = iter(embedded)
    rows = [*draft.rows, NEW]
    first = 0
    for at, row in enumerate(draft.rows):
        if row == NEW:
            yield next(new).tokens
        elif rows[at + 1] != row + 1:
            assert previous is not None
            yield previous.tokens_of(rows[first], row + 1)
        if row == NEW or rows[at + 1] != row + 1:
            first = at + 1


def _keywords(draft: Draft, previous: Snapshot | None) -> KeywordIndex:
    new = [terms(chunk.embedded_text) for chunk in draft.new]
    lent = shares(draft.chunks)
    if previous is None:
        return KeywordIndex.from_terms(new, lent)
    return previous.keywords.renewed(np.asarray(draft.rows, dtype=np.int64), new, lent)


def _learned(draft: Draft, notes: Iterable[str], previous: Snapshot | None) -> Learned:
    """What was learned from each note; chunks of a note stand side by side."""
    by_note = {path: list(chunks) for path, chunks in groupby(draft.chunks, lambda chunk: chunk.note)}
    return {
        path: previous.learned[path]
        if previous and path in draft.unchanged
        else msgspec.Raw(msgspec.json.encode(learn(by_note.get(path, ()))))
        for path in notes
    }


def _like_questions(draft: Draft, embedded: Sequence[Kept], previous: Snapshot | None) -> NDArray[np.float32]:
    """Vectors of sentences, items and rows of some passages: they lie about the passages as questions do."""
    new = iter(embedded)
    every = max(1, len(draft.chunks) // SAMPLED)
    some = []
    for at, row in enumerate(draft.rows):
        own = next(new).tokens if row == NEW else None
        if at % every == 0:
            some.append(own or previous.tokens_of(row))  # type: ignore[union-attr]
    return concatenate(some).means()

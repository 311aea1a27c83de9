"""Chunks and what was embedded of them -> a whole generation in memory, before anything of it is written."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from indexer import chunking
from indexer.borrowing import borrowed_terms
from indexer.embedding import Embedder
from indexer.keyword_index import KeywordIndex, terms
from indexer.lexicon import learn
from indexer.snapshot import FORMAT_VERSION, Manifest, Snapshot, searched_rows
from indexer.token_codes import TokenCodes, concatenate
from indexer.types import Chunk, Reading
from indexer.vector_index import VectorIndex

SAME_SIZE = 1.5  # up to this ratio of passages the cells of the index before are good enough


SAMPLED = 2_000  # passages whose units stand for questions where an index is measured


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a chunk that was embedded: its own vector, of shape (dimension,), and its tokens."""

    whole: NDArray[np.float32]
    tokens: TokenCodes


def key(chunk: Chunk) -> str:
    """What vectors are kept by: the text that they stand for, and how its units part it."""
    parts = [chunk.embedded_text, *(f"{span.start} {span.end}" for span in chunk.embedded_spans)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def embedded_by_key(snapshot: Snapshot) -> dict[str, Kept]:
    """What a generation holds of its chunks."""
    return {
        key(chunk): Kept(snapshot.own_vectors[row], snapshot.tokens_of(row))
        for row, chunk in enumerate(snapshot.chunks)
    }


def assemble(
    embedder: Embedder,
    revision: str,
    reading: Reading,
    chunks: Sequence[Chunk],
    embedded: Mapping[str, Kept],
    previous: Snapshot | None,
) -> Snapshot:
    """The generation of that name.

    Args:
        embedded: by `key`, for every chunk.
        previous: the generation before, whose cells may serve again.
    """
    found = [embedded[key(chunk)] for chunk in chunks]
    matrix = np.stack([one.whole for one in found]) if found else np.zeros((0, 1), np.float32)
    vectors = VectorIndex.by_size(
        len(chunks),
        matrix.shape[1],
        searched_rows(matrix, chunks),
        _like_questions(found, matrix.shape[1]),
        known=_known_centroids(previous, len(chunks)),
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
    keywords = borrowed_terms([terms(chunk.embedded_text) for chunk in chunks], chunks)
    by_path = {note.path: note for note in reading.notes}
    return Snapshot(
        manifest,
        by_path,
        chunks,
        matrix,
        concatenate([one.tokens for one in found]),
        vectors,
        KeywordIndex.from_terms(keywords),
        learn(chunks),
    )


def _like_questions(found: Sequence[Kept], dimension: int) -> NDArray[np.float32]:
    """Vectors of sentences, items and rows of some passages: they lie about the passages as questions do."""
    some = concatenate([one.tokens for one in found[:: max(1, len(found) // SAMPLED)]])
    return some.means()[:, :dimension]


def _known_centroids(previous: Snapshot | None, chunks: int) -> NDArray[np.float32] | None:
    if previous is None or previous.vectors.cells is None:
        return None
    before = len(previous.chunks)
    return previous.vectors.cells.centroids if before / SAME_SIZE <= chunks <= before * SAME_SIZE else None

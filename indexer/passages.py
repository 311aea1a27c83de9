"""A generation of the index as questions see it: near passages, passages with words, passages by their row.

Two things are it: a snapshot, which is wholly in memory, and a generation in Milvus, of which little is.
"""

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.chunking import follows
from indexer.lexicon import Lexicon
from indexer.token_codes import TokenCodes
from indexer.types import Chunk, Hit, Note

if TYPE_CHECKING:
    from indexer.keyword_index import KeywordIndex
    from indexer.snapshot import Manifest
    from indexer.vector_index import VectorIndex

Floats = NDArray[np.float32]
Among = Container[int]  # rows that a generation has chosen, in its own form


class Frequencies(Protocol):
    """In how many passages terms stand; its length is that of all passages."""

    def __len__(self) -> int: ...

    def frequency(self, term: str) -> int:
        """In how many passages a term stands."""

    def knows(self, word: str) -> bool:
        """Whether any form of a word stands in a passage."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What some rows are weighed by, each sequence in their order.

    `tokens` are theirs; `searched` and `own` the cosines of a question to what is searched of them and to
    themselves; `worded` how well they hold its terms, 0 without any. All arrays have shape (rows,).
    """

    tokens: Sequence[TokenCodes]
    searched: Floats
    own: Floats
    worded: Floats


class Passages(Protocol):
    """One generation. A row names a passage of it; rows beside each other in a note follow each other."""

    @property
    def manifest(self) -> "Manifest":
        """What it was made with, and what is in it."""

    @property
    def notes(self) -> Mapping[str, Note]:
        """The notes, by path; a text may be fetched when it is asked for."""

    @property
    def lexicon(self) -> Lexicon:
        """What the notes call things."""

    @property
    def keywords(self) -> Frequencies:
        """How rare terms are."""

    @property
    def finds_words(self) -> bool:
        """Whether passages can be found by their words."""

    @property
    def token_dimension(self) -> int:
        """How many numbers a token's vector has."""

    def among(self, chosen: Callable[[Note], bool]) -> Among:
        """The rows of the notes that are chosen; by their paths and tags, not by their texts."""

    def nearest(self, vector: Floats, k: int, among: Among | None = None) -> list[Hit]:
        """The `k` passages that are nearest to a vector of shape (dimension,), best first."""

    def worded(self, terms: Sequence[str], k: int, among: Among | None = None) -> list[Hit]:
        """The `k` passages that hold terms best, best first."""

    def candidates(self, rows: Sequence[int], vector: Floats, terms: Sequence[str]) -> Candidates:
        """What rows are weighed by for a question."""

    def chunks_of(self, rows: Sequence[int]) -> list[Chunk]:
        """The passages of some rows."""

    def beside(self, row: int, reach: int) -> Sequence[int]:
        """The rows of the same section that are at most so far away, and the row itself; in their order."""

    def of_note(self, path: str) -> Sequence[Chunk]:
        """The passages of a note, in order."""

    def sample(self) -> Sequence[Chunk]:
        """Passages from all over, those of a note side by side; all of them where they are in memory."""

    def counts(self) -> Mapping[str, int]:
        """How many passages each note has; a note without any may be missing."""


class InMemory:
    """What a snapshot does for questions."""

    __slots__ = ()

    chunks: Sequence[Chunk]
    notes: Mapping[str, Note]
    own_vectors: Floats
    tokens: TokenCodes
    vectors: "VectorIndex"
    keywords: "KeywordIndex"

    @property
    def finds_words(self) -> bool:
        """True: the terms are there."""
        return True

    @property
    def token_dimension(self) -> int:
        """How many numbers a token's vector has."""
        return int(self.tokens.codes.shape[1]) * 8

    def tokens_of(self, row: int, stop: int | None = None) -> TokenCodes:
        """The tokens of a chunk, or of all up to another."""
        raise NotImplementedError

    def among(self, chosen: Callable[[Note], bool]) -> list[int]:
        """The rows of the notes that are chosen."""
        paths = {path for path, note in self.notes.items() if chosen(note)}
        return [row for row, chunk in enumerate(self.chunks) if chunk.note in paths]

    def nearest(self, vector: Floats, k: int, among: Among | None = None) -> list[Hit]:
        """The `k` passages that are nearest to a vector, best first."""
        return self.vectors.search(vector, k, rows=_rows(among))

    def worded(self, terms: Sequence[str], k: int, among: Among | None = None) -> list[Hit]:
        """The `k` passages that hold terms best, best first."""
        return self.keywords.search(terms, k, rows=_rows(among))

    def candidates(self, rows: Sequence[int], vector: Floats, terms: Sequence[str]) -> Candidates:
        """What rows are weighed by for a question."""
        return Candidates(
            [self.tokens_of(row) for row in rows],
            self.vectors.similarities(vector, rows),
            np.array([self.own_vectors[row] @ vector for row in rows], dtype=np.float32),
            self.keywords.scores(terms)[rows],
        )

    def chunks_of(self, rows: Sequence[int]) -> list[Chunk]:
        """The passages of some rows."""
        return [self.chunks[row] for row in rows]

    def beside(self, row: int, reach: int) -> Sequence[int]:
        """The rows of the same section that are at most so far away, and the row itself."""
        near = range(max(0, row - reach), min(len(self.chunks), row + reach + 1))
        return [other for other in near if follows(self.chunks[row], self.chunks[other])]

    def of_note(self, path: str) -> Sequence[Chunk]:
        """The passages of a note, in order."""
        return [chunk for chunk in self.chunks if chunk.note == path]

    def sample(self) -> Sequence[Chunk]:
        """All passages."""
        return self.chunks

    def counts(self) -> Mapping[str, int]:
        """How many passages each note has."""
        return Counter(chunk.note for chunk in self.chunks)


def _rows(among: Among | None) -> Sequence[int] | None:
    assert among is None or isinstance(among, list)
    return among

"""A generation in Milvus, as questions see it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from indexer.chunking import follows
from indexer.lexicon import Lexicon
from indexer.milvus_fetching import Fetcher, StoredNote
from indexer.milvus_index import Milvus
from indexer.milvus_numbers import note_of, place_of, row_at
from indexer.milvus_rows import Published, Weighed
from indexer.milvus_terms import known_words
from indexer.milvus_words import Words
from indexer.passages import Among, Candidates
from indexer.snapshot import Manifest
from indexer.types import Chunk, Hit, Note

SAMPLED = 200  # notes whose passages stand for all

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Among:
    """Rows of some notes."""

    numbers: frozenset[int]
    condition: str

    def __contains__(self, row: object) -> bool:
        return isinstance(row, int) and note_of(row) in self.numbers


class MilvusGeneration:
    """One generation in Milvus."""

    def __init__(
        self,
        milvus: Milvus,
        table: str,
        published: Published,
        notes: Mapping[str, StoredNote],
        words: Words,
        fetcher: Fetcher,
        *,
        strong: bool = False,
    ) -> None:
        """
        Args:
            table: that of its passages.
            strong: for a generation that is not published yet: all that was written is waited for.
        """
        self.published = published
        self.notes: Mapping[str, StoredNote] = notes
        self.words = words
        self.table = table
        self._milvus = milvus
        self._fetcher = fetcher
        self._strong = strong
        self.finds_words = milvus.finds_words

    @property
    def manifest(self) -> Manifest:
        """What it was made with, and what is in it."""
        return self.published.manifest

    @property
    def lexicon(self) -> Lexicon:
        """What the notes call things."""
        return self.words.lexicon

    @property
    def keywords(self) -> Words:
        """How rare terms are."""
        return self.words

    @property
    def token_dimension(self) -> int:
        """How many numbers a token's vector has."""
        return self.published.token_bytes * 8

    def among(self, chosen: Callable[[Note], bool]) -> Among:
        """The rows of the notes that are chosen; the condition names those or the others, which are fewer."""
        inside = sorted(note.number for note in self.notes.values() if chosen(note))
        if 2 * len(inside) <= len(self.notes):
            return _Among(frozenset(inside), f"note in {inside}")
        within = frozenset(inside)
        outside = sorted(note.number for note in self.notes.values() if note.number not in within)
        return _Among(within, f"note not in {outside}" if outside else "")

    def nearest(self, vector: Floats, k: int, among: Among | None = None) -> list[Hit]:
        """The `k` passages that are nearest to a vector, best first. Raises IndexUnusable."""
        condition = self._condition(among)
        if condition is None:
            return []
        return self._milvus.near(self.table, vector, k, condition, strong=self._strong)

    def worded(self, terms: Sequence[str], k: int, among: Among | None = None) -> list[Hit]:
        """The `k` passages that hold terms best, best first. Raises IndexUnusable."""
        condition = self._condition(among)
        if condition is None:
            return []
        known = known_words(terms, self.words.counts)
        return self._milvus.worded(self.table, known, k, condition, strong=self._strong)

    def _condition(self, among: Among | None) -> str | None:
        """What holds for the rows that are looked through; None if there are none."""
        if not self.manifest.chunks or (isinstance(among, _Among) and not among.numbers):
            return None
        more = among.condition if isinstance(among, _Among) else ""
        return f"{self.published.condition} and {more}" if more else self.published.condition

    def candidates(self, rows: Sequence[int], vector: Floats, terms: Sequence[str]) -> Candidates:
        """What rows are weighed by for a question. Raises IndexUnusable."""
        found = self._fetcher.weighed(self.table, rows, self._strong)
        known = known_words(terms, self.words.counts)
        hits = self._milvus.worded(self.table, known, len(rows), f"id in {list(rows)}", strong=self._strong)
        worded = {hit.row: hit.score for hit in hits}
        return Candidates(
            [found[row].tokens for row in rows],
            np.array([found[row].searched @ vector for row in rows], dtype=np.float32),
            np.array([found[row].own @ vector for row in rows], dtype=np.float32),
            np.array([worded.get(row, 0.0) for row in rows], dtype=np.float32),
        )

    def kept_of(self, rows: Sequence[int]) -> dict[int, Weighed]:
        """What is compared of some rows."""
        return self._fetcher.weighed(self.table, rows, self._strong)

    def chunks_of(self, rows: Sequence[int]) -> list[Chunk]:
        """The passages of some rows. Raises IndexUnusable."""
        texts = self._fetcher.texts(self._by_number[number] for number in {note_of(row) for row in rows})
        return [texts[note_of(row)][1][place_of(row)] for row in rows]

    def beside(self, row: int, reach: int) -> Sequence[int]:
        """The rows of the same section that are at most so far away, and the row itself."""
        note = self._by_number[note_of(row)]
        place, chunks = place_of(row), self.passages_of(note)
        near = range(max(0, place - reach), min(len(chunks), place + reach + 1))
        return [row_at(note.number, other) for other in near if follows(chunks[place], chunks[other])]

    def of_note(self, path: str) -> Sequence[Chunk]:
        """The passages of a note, in order; none of an unknown one."""
        return self.passages_of(self.notes[path]) if path in self.notes else ()

    def passages_of(self, note: StoredNote) -> Sequence[Chunk]:
        """The passages of a note, in order."""
        return self._fetcher.texts([note])[note.number][1]

    def fetch(self, notes: Sequence[StoredNote]) -> None:
        """Fetch what will be asked for, with few requests."""
        self._fetcher.texts(notes)

    def sample(self) -> Sequence[Chunk]:
        """The passages of notes from all over."""
        return self._sample

    @cached_property
    def _sample(self) -> list[Chunk]:
        paths = sorted(self.notes)
        some = [self.notes[path] for path in paths[:: max(1, -(-len(paths) // SAMPLED))]]
        texts = self._fetcher.texts(some)
        return [chunk for note in some for chunk in texts[note.number][1]]

    def counts(self) -> Mapping[str, int]:
        """How many passages each note has."""
        return {path: note.head.chunks for path, note in self.notes.items()}

    @cached_property
    def _by_number(self) -> dict[int, StoredNote]:
        return {note.number: note for note in self.notes.values()}

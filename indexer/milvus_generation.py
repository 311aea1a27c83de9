"""A generation in Milvus, as questions see it. Texts and vectors are fetched by number, and some are kept."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, Generic, TypeVar

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from indexer.chunking import follows
from indexer.errors import IndexUnusable
from indexer.lexicon import Lexicon
from indexer.milvus_index import Milvus
from indexer.milvus_rows import (
    Head,
    Published,
    Weighed,
    known_words,
    note_of,
    place_of,
    row_at,
    text_of,
    weighed,
)
from indexer.milvus_words import Words
from indexer.passages import Among, Candidates
from indexer.snapshot import Manifest
from indexer.types import Chunk, Hit, Note

KEPT_BYTES = 64 * 2**20  # of texts, and as much of vectors and tokens
UNPACKED = 4  # times as large as it is stored a note with its passages is, or so
SAMPLED = 200  # notes whose passages stand for all
ROWS_AT_ONCE = 500  # passages that are fetched with one request
NOTES_AT_ONCE = 50

Floats = NDArray[np.float32]
Value = TypeVar("Value")


class StoredNote(Note):
    """A note whose text is fetched when it is asked for."""

    __slots__ = ("_fetch", "head", "number")

    def __init__(self, number: int, head: Head, fetch: Callable[["StoredNote"], str]) -> None:
        for name in ("path", "sha256", "body_start", "title", "tags"):
            object.__setattr__(self, name, getattr(head, name))
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "head", head)
        object.__setattr__(self, "_fetch", fetch)

    number: int
    head: Head

    @property
    def text(self) -> str:
        """The text. Raises IndexUnusable."""
        return self._fetch(self)  # type: ignore[attr-defined,no-any-return]

    @property
    def line_count(self) -> int:
        """How many lines it has; read of the text only where the index was made by a release that did so."""
        return self.head.lines or super().line_count

    def whole(self) -> Note:
        """The note with its text in it. Raises IndexUnusable."""
        return Note(self.path, self.text, self.sha256, self.body_start, self.title, self.tags)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredNote) and self.number == other.number

    def __hash__(self) -> int:
        return hash(self.number)

    def __repr__(self) -> str:
        return f"StoredNote({self.path!r}, {self.number})"


class Lately(Generic[Value]):
    """What was fetched last by number, up to so many bytes. Any thread may use it."""

    def __init__(self, most: int) -> None:
        self._kept: LRUCache[int, tuple[Value, int]] = LRUCache(most, getsizeof=lambda pair: pair[1])
        self._lock = threading.Lock()

    def get(self, numbers: Iterable[int]) -> dict[int, Value]:
        """Those of the numbers that are here."""
        with self._lock:
            return {number: self._kept[number][0] for number in numbers if number in self._kept}

    def put(self, number: int, value: Value, size: int) -> None:
        """Keep one; what was not asked for longest gives way."""
        with self._lock, contextlib.suppress(ValueError):  # one that is larger than all may be
            self._kept[number] = value, size


class Fetcher:
    """Texts and vectors by number. What has a number never changes, so all generations share what is kept."""

    def __init__(self, milvus: Milvus, notes: str) -> None:
        """
        Args:
            notes: the name of the table of notes.
        """
        self._milvus = milvus
        self._notes = notes
        self._texts: Lately[tuple[Note, list[Chunk]]] = Lately(KEPT_BYTES)
        self._weighed: Lately[Weighed] = Lately(KEPT_BYTES)

    def texts(self, notes: Iterable[StoredNote]) -> dict[int, tuple[Note, list[Chunk]]]:
        """The notes with their texts, and their passages, by number. Raises IndexUnusable."""
        wanted = {note.number: note for note in notes}
        found = self._texts.get(wanted)
        missing = [note for number, note in wanted.items() if number not in found]
        for start in range(0, len(missing), NOTES_AT_ONCE):
            some = missing[start : start + NOTES_AT_ONCE]
            parts = self._parts(some)
            for note in some:
                found[note.number] = text_of(note.head, parts[note.number])
                size = UNPACKED * sum(map(len, parts[note.number]))
                self._texts.put(note.number, found[note.number], size)
        return found

    def text(self, note: StoredNote) -> str:
        """The text of a note. Raises IndexUnusable."""
        return self.texts([note])[note.number][0].text

    def weighed(self, table: str, rows: Sequence[int], strong: bool) -> dict[int, Weighed]:
        """What is compared of passages, by row. Raises IndexUnusable."""
        found = self._weighed.get(rows)
        missing = [row for row in rows if row not in found]
        for start in range(0, len(missing), ROWS_AT_ONCE):
            some = missing[start : start + ROWS_AT_ONCE]
            fields = ["id", "vector", "kept", "more"]
            for row in self._milvus.rows(table, f"id in {some}", fields, strong=strong):
                one = found[int(row["id"])] = weighed(row)
                self._weighed.put(int(row["id"]), one, one.size)
        _must_be_there(rows, found)
        return found

    def _parts(self, notes: Sequence[StoredNote]) -> dict[int, list[str]]:
        ids = [
            row_at(note.number, place)
            for note in notes
            for place in range(1 + note.head.words, 1 + note.head.words + note.head.parts)
        ]
        rows: dict[int, str] = {}
        for start in range(0, len(ids), ROWS_AT_ONCE):
            some = ids[start : start + ROWS_AT_ONCE]
            for row in self._milvus.rows(self._notes, f"id in {some}", ["id", "data"]):
                rows[int(row["id"])] = row["data"]
        if len(rows) < len(ids):  # written so lately that not all servers have heard of it
            for row in self._milvus.rows(
                self._notes, f"id in {[one for one in ids if one not in rows]}", ["id", "data"], strong=True
            ):
                rows[int(row["id"])] = row["data"]
        _must_be_there(ids, rows)
        return {number: [rows[one] for one in own] for number, own in groupby(ids, key=note_of)}


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


def _must_be_there(wanted: Iterable[int], found: Mapping[int, Any]) -> None:
    if any(one not in found for one in wanted):
        raise IndexUnusable(
            "A part of this generation of the index is gone, as others have been built since. Ask again."
        )

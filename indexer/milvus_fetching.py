"""Notes, texts and vectors fetched from Milvus by number, of which some are kept."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Generic, TypeVar

from cachetools import LRUCache

from indexer.errors import IndexUnusable
from indexer.milvus_index import Milvus
from indexer.milvus_numbers import note_of, row_at
from indexer.milvus_rows import (
    HEAD,
    WORDS,
    Head,
    Learned,
    Weighed,
    head_of,
    learned_of,
    text_of,
    weighed,
)
from indexer.types import Chunk, Note

KEPT_BYTES = 64 * 2**20  # of texts, and as much of vectors and tokens
UNPACKED = 4  # times as large as it is stored a note with its passages is, or so
ROWS_AT_ONCE = 500  # passages that are fetched with one request
NOTES_AT_ONCE = 50
LEARNED_AT_ONCE = 1_000  # notes whose words are

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

    def stored(self, number: int, head: Head) -> StoredNote:
        """A note of that number, whose text is fetched when it is asked for."""
        return StoredNote(number, head, self.text)

    def heads(self, condition: str) -> Iterator[StoredNote]:
        """The notes that a condition holds for, after all that was written. Raises IndexUnusable."""
        condition = f"{condition} and kind == {HEAD}"
        for row in self._milvus.each(self._notes, condition, ["note", "data"], strong=True):
            yield self.stored(int(row["note"]), head_of(row["data"]))

    def learned(self, notes: Sequence[StoredNote]) -> Iterator[Learned]:
        """What notes add to the lexicon; nothing of those that are gone."""
        waiting: dict[int, dict[int, str]] = {}
        wanted = {note.number: note for note in notes}
        for start in range(0, len(notes), LEARNED_AT_ONCE):
            numbers = [note.number for note in notes[start : start + LEARNED_AT_ONCE]]
            condition = f"kind == {WORDS} and note in {numbers}"
            for row in self._milvus.each(self._notes, condition, ["id", "note", "data"], strong=True):
                number = int(row["note"])
                parts = waiting.setdefault(number, {})
                parts[int(row["id"])] = row["data"]
                if len(parts) == wanted[number].head.words:
                    yield learned_of([parts[id] for id in sorted(parts)])
                    del waiting[number]

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


def _must_be_there(wanted: Iterable[int], found: Mapping[int, Any]) -> None:
    if any(one not in found for one in wanted):
        raise IndexUnusable(
            "A part of this generation of the index is gone, as others have been built since. Ask again."
        )

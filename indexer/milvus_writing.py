"""Notes written as rows of Milvus, and the generation that they and those before make; nobody sees it yet."""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from indexer.assembly import NoteRows
from indexer.errors import IndexUnreachable
from indexer.milvus_fetching import StoredNote
from indexer.milvus_generation import MilvusGeneration
from indexer.milvus_lease import Lease
from indexer.milvus_numbers import Ranges, first_note, merged_ranges, without
from indexer.milvus_rows import Learned, Published, note_rows, passage_rows
from indexer.milvus_store import MilvusStore
from indexer.milvus_words import Words
from indexer.snapshot import Manifest
from indexer.vector_index import Search

GRAPH = Search("graph")  # how Milvus looks for vectors
SEALED = 5_000  # passages: so many Milvus searches roughly until its graph is made, fewer one by one


class Writer:
    """Writes notes as those of one build, and remembers what a generation needs of them in memory."""

    def __init__(self, store: MilvusStore, lease: Lease) -> None:
        self._store = store
        self._lease = lease
        self._number = first_note(lease.number)
        store.make_tables(0)
        self.notes: dict[str, StoredNote] = {}
        self.learned: list[Learned] = []
        self.dimension = 0
        self.token_bytes = 0
        self._passages = 0

    def add(self, given: Sequence[NoteRows]) -> None:
        """Write some notes. Raises BuildLocked, IndexTooLarge or IndexUnusable."""
        self._lease.require_sign()
        embedded = next((kept for one in given for kept in one.kept), None)
        if embedded is not None:
            self.dimension, self.token_bytes = len(embedded.whole), int(embedded.tokens.codes.shape[1])
        self._store.make_tables(self.dimension)
        heads, passages = [], []
        for one in given:
            head, learned, rows = note_rows(self._number, one)
            heads += rows
            passages += passage_rows(self._number, one)
            self.notes[head.path] = self._store.fetcher.stored(self._number, head)
            self.learned.append(learned)
            self._number += 1
        self._store.milvus.insert(self._store.notes_table, heads)
        if passages:
            self._store.milvus.insert(self._store.passages_table(self.dimension), passages)
            self._passages += len(passages)

    def finish(self) -> None:
        """Once all is written: what is much is to be in the graph soon."""
        if self._passages >= SEALED:
            with contextlib.suppress(IndexUnreachable):  # then Milvus comes to it by itself
                self._store.milvus.seal(self._store.passages_table(self.dimension))


def drafted(
    store: MilvusStore,
    lease: Lease,
    writer: Writer,
    manifest: Manifest,
    notes: Mapping[str, StoredNote],
    token_bytes: int,
    previous: MilvusGeneration | None = None,
    swept: Ranges = (),
) -> MilvusGeneration:
    """A generation of rows that are written.

    Args:
        notes: all notes of it, by path.
        swept: dead notes of the generation before that are gone by now.
    """
    writer.finish()
    begin = first_note(lease.number)
    there = {note.number for note in notes.values()}
    gone = [note for note in previous.notes.values() if note.number not in there] if previous else []
    dead: Ranges = ((0, begin),)  # whatever is there from before
    if previous:
        failed = (previous.published.end, begin)  # what builds between the two may have left
        ranges = [*without(previous.published.dead, swept), failed]
        dead = merged_ranges([*ranges, *((note.number, note.number + 1) for note in gone)])
    before = previous.words if previous else Words()
    words = before.changed(manifest.chunks, writer.learned, store.fetcher.learned(gone) if gone else ())
    published = Published(manifest, first_note(lease.number + 1), dead, token_bytes)
    return store.generation(published, dict(notes), words, strong=True)


def now() -> str:
    """The time as manifests have it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

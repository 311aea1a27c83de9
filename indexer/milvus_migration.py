"""An index moved into Milvus, or read out of it."""

from collections.abc import Iterator
from dataclasses import replace

from indexer.address import Address
from indexer.assembly import Kept, NoteRows
from indexer.errors import IndexDamaged, IndexMissing, IndexOutdated
from indexer.migration import NOTES_AT_ONCE, followed
from indexer.milvus_generation import MilvusGeneration
from indexer.milvus_numbers import row_at
from indexer.milvus_store import MilvusStore
from indexer.milvus_sweeping import sweep
from indexer.milvus_writing import GRAPH, Writer, drafted
from indexer.passages import Passages
from indexer.planning import Progress
from indexer.snapshot import Manifest


def into_milvus(index: Passages, target: Address) -> Iterator[Progress | Manifest]:
    """Write a generation as the next one there, and let it serve."""
    store = MilvusStore(target)
    lease = store.lock()
    for _ in lease.acquire(above=store.above()):
        yield Progress("waiting", 0, 0)
    try:
        swept = sweep(store)
        try:
            previous = store.open()
        except (IndexDamaged, IndexMissing, IndexOutdated):
            previous = None
        writer = Writer(store, lease)
        for progress, some in followed(index):
            yield progress
            writer.add(some)
        revision = f"{lease.number:08d}-{index.manifest.revision[9:]}"
        manifest = replace(index.manifest, revision=revision, files={}, search=GRAPH)
        notes = {path: writer.notes[path] for path in index.notes}
        draft = drafted(store, lease, writer, manifest, notes, writer.token_bytes, previous, swept)
        yield Progress("writing", 0, 1)
        store.publish(draft, lease)
        yield Progress("writing", 1, 1)
        yield manifest
    finally:
        lease.release()
        store.close()


def of_generation(index: Passages) -> Iterator[NoteRows]:
    """The notes of a generation in Milvus, with their texts."""
    assert isinstance(index, MilvusGeneration)
    notes = list(index.notes.values())
    for start in range(0, len(notes), NOTES_AT_ONCE):
        some = notes[start : start + NOTES_AT_ONCE]
        index.fetch(some)
        rows = [row_at(note.number, place) for note in some for place in range(note.head.chunks)]
        found = index.kept_of(rows) if rows else {}
        for note in some:
            own = [found[row_at(note.number, place)] for place in range(note.head.chunks)]
            yield NoteRows(
                note.whole(), list(index.passages_of(note)), [Kept(one.own, one.tokens) for one in own]
            )

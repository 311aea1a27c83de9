"""A generation in Milvus opened: its heads and words are read, of a later one only what changed since."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from indexer.errors import IndexDamaged
from indexer.milvus_fetching import StoredNote
from indexer.milvus_generation import MilvusGeneration
from indexer.milvus_rows import Published
from indexer.milvus_words import Words

if TYPE_CHECKING:
    from indexer.milvus_store import MilvusStore


def opened(store: "MilvusStore", published: Published, before: MilvusGeneration | None) -> MilvusGeneration:
    """A generation; of the one before it what is still there is taken over. Raises IndexUnusable."""
    kept = {note.number: note for note in before.notes.values()} if before else {}
    gone = [note for number, note in kept.items() if not published.has(number)]
    since = before.published.end if before else 0
    new: list[StoredNote] = []
    if since < published.end and published.manifest.notes:
        found = store.fetcher.heads(f"{published.condition} and note >= {since}")
        new = [note for note in found if published.has(note.number)]
    there = [*(note for number, note in kept.items() if published.has(number)), *new]
    if len(there) != published.manifest.notes:
        if before:
            return opened(store, published, None)
        raise IndexDamaged(
            f"The index has {len(there)} notes where {published.manifest.notes} are to be. Ask again; if"
            " it lasts, run `footnote build --full`."
        )
    words = _words(store, published, before, new, gone)
    if words is None:
        return opened(store, published, None)
    notes = {note.path: note for note in sorted(there, key=lambda note: note.path)}
    return store.generation(published, notes, words)


def _words(
    store: "MilvusStore",
    published: Published,
    before: MilvusGeneration | None,
    new: Sequence[StoredNote],
    gone: Sequence[StoredNote],
) -> Words | None:
    """The words of a generation; None if what is to be taken away from them is no longer there."""
    known = before.words if before else Words()
    removed = list(store.fetcher.learned(gone)) if gone else []
    if len(removed) < len(gone):
        return None
    return known.changed(published.manifest.chunks, store.fetcher.learned(new), removed)

"""Is the generation that serves from Milvus whole? Every row there, every passage the text of its note."""

from collections.abc import Iterator, Sequence

import numpy as np

from indexer.checking import chunk_problems
from indexer.errors import FootnoteError, IndexDamaged
from indexer.milvus_fetching import StoredNote
from indexer.milvus_generation import MilvusGeneration
from indexer.milvus_numbers import row_at
from indexer.milvus_opening import opened
from indexer.milvus_rows import HEAD
from indexer.milvus_store import MilvusStore
from indexer.storage import sha256

AT_ONCE = 50  # notes


def problems(store: MilvusStore) -> Iterator[str]:
    """What is wrong with it. Raises IndexUnusable if it cannot be looked at at all."""
    published = store.published(store.pointer(strong=True))
    manifest = published.manifest
    for name, table, wanted in (
        ("notes", store.notes_table, manifest.notes),
        ("passages", store.passages_table(manifest.dimension), manifest.chunks),
    ):
        kind = f" and kind == {HEAD}" if name == "notes" else ""
        found = store.milvus.count(table, f"{published.condition}{kind}") if wanted else 0
        if found != wanted:
            told = f"Milvus has {found} {name} of {manifest.revision}, not {wanted}."
            yield f"{told} Run `footnote build --full`."
    try:
        index = opened(store, published, None)
    except IndexDamaged as error:
        yield str(error)
        return
    notes = list(index.notes.values())
    for start in range(0, len(notes), AT_ONCE):
        some = notes[start : start + AT_ONCE]
        try:
            index.fetch(some)
            for note in some:
                yield from _problems(index, note)
        except FootnoteError as error:
            yield f"{some[0].path} to {some[-1].path}: {error}"


def _problems(index: MilvusGeneration, note: StoredNote) -> Iterator[str]:
    if sha256([note.text.encode()]) != note.sha256:
        yield f"{note.path}: its text is not the one that was indexed"
    chunks = index.passages_of(note)
    if len(chunks) != note.head.chunks:
        yield f"{note.path}: it has {len(chunks)} passages, not {note.head.chunks}"
    yield from chunk_problems(note.text, chunks)
    rows: Sequence[int] = [row_at(note.number, place) for place in range(len(chunks))]
    kept = index.kept_of(rows)
    for row, chunk in zip(rows, chunks, strict=True):
        length = float(np.linalg.norm(kept[row].own))
        if not abs(length - 1) < 1e-3:
            yield f"{chunk.note}:{chunk.line_start}: a passage's vector has length {length:.3f}, not 1"

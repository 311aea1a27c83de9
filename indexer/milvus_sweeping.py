"""What nobody reads any more is removed from Milvus: dead rows, those of failed builds, old generations."""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime

from indexer.errors import IndexDamaged, IndexIncompatible, IndexMissing, IndexOutdated
from indexer.milvus_numbers import Ranges, conditions, first_note
from indexer.milvus_rows import Published, published_of
from indexer.milvus_store import GENERATION, MilvusStore

LEAST = 2  # generations that are kept however old they are


def sweep(store: MilvusStore) -> Ranges:
    """Remove what a failed build left, and what no generation that can be read has; give the latter.

    The caller holds the lease. Raises IndexUnusable.
    """
    try:
        serving = store.published(store.pointer(strong=True))
    except IndexMissing:
        _remove(store, f"note >= {first_note(0)}", store.passages_tables())
        return ()
    except (IndexDamaged, IndexOutdated):
        return ()
    tables = store.passages_tables()
    _remove(store, f"note >= {serving.end}", tables)
    readable = _forget_old(store, serving.manifest.revision)
    dead = min(readable, key=lambda one: one.manifest.revision).dead
    for condition in conditions(dead):
        _remove(store, condition, tables)
    needed = {store.passages_table(one.manifest.dimension) for one in readable}
    for name in set(tables) - needed:
        store.milvus.drop(name)
    return dead


def _forget_old(store: MilvusStore, serving: str) -> list[Published]:
    """Forget generations that nobody reads any more; give those that can be read, and the serving one."""
    readable: list[Published] = []
    now = datetime.now(UTC)
    for revision, parts in _generations(store):
        if revision > serving:  # it was rolled back
            store.forget(revision)
            continue
        with contextlib.suppress(IndexDamaged, IndexIncompatible):
            one = published_of(parts)
            # It was left when the next one was published.
            left = datetime.fromisoformat(readable[-1].manifest.created_at) if readable else now
            if len(readable) < LEAST or (now - left).total_seconds() < store.grace:
                readable.append(one)
                continue
        store.forget(revision)
    return readable


def _generations(store: MilvusStore) -> list[tuple[str, list[str]]]:
    """All that are there with their parts, newest first; asked for at once, as each question takes long."""
    rows = store.milvus.each(
        store.published_table, f'key like "{GENERATION}:%"', ["key", "data"], strong=True
    )
    found: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: str(row["key"])):
        found.setdefault(row["key"].split(":")[1], []).append(row["data"])
    return list(reversed(found.items()))


def _remove(store: MilvusStore, condition: str, tables: Sequence[str]) -> None:
    for name in [*tables, store.notes_table]:
        if store.milvus.has(name):
            store.milvus.remove(name, "id", condition)

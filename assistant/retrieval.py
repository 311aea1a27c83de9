"""Question -> ranked passages: dense and keyword hits, fused by their scores."""

import fnmatch
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.fusion import weighted_sum
from assistant.types import Filters, Passage, Ranks
from indexer.snapshot import Snapshot
from indexer.types import Hit

CANDIDATES = 50  # from each index
# How much each counts: passage vectors, their best unit, keywords. Measured on prose, guides and questions.
DENSE, UNIT, KEYWORD = 0.2, 0.35, 0.45


def retrieve(
    snapshot: Snapshot,
    query: Sequence[str],
    vector: NDArray[np.float32],
    *,
    top_k: int,
    filters: Filters,
) -> Sequence[Passage]:
    """The `top_k` passages for a query, best first.

    Args:
        query: its search terms.
        vector: the query's embedding, of shape (dimension,) and length 1.
    """
    rows = _allowed(snapshot, filters)
    count = max(CANDIDATES, top_k)
    dense = _ranks(snapshot.vectors.search(vector, count, rows=rows) if vector.any() else [])
    keyword = _ranks(snapshot.keywords.search(query, count, rows=rows))
    found = sorted({*dense, *keyword})
    if not found:
        return []
    units = [snapshot.units_of(row).astype(np.float32) @ vector for row in found]
    whole = snapshot.vectors.similarities(vector, found)
    best_unit = np.array([own.max(initial=-1) for own in units], dtype=np.float32)
    scores = weighted_sum([whole, best_unit, snapshot.keywords.scores(query)[found]], [DENSE, UNIT, KEYWORD])
    best = np.argsort(-scores, kind="stable")[:top_k]
    return [
        Passage(
            chunk=snapshot.chunks[row],
            score=float(scores[place]),
            ranks=Ranks(dense.get(row), keyword.get(row)),
            similarity=float(snapshot.own_vectors[row] @ vector),
            similarities=units[place].tolist(),
        )
        for place in best
        for row in [found[place]]
    ]


def _ranks(hits: Sequence[Hit]) -> dict[int, int]:
    return {hit.row: rank for rank, hit in enumerate(hits, start=1)}


def _allowed(snapshot: Snapshot, filters: Filters) -> list[int] | None:
    """The rows that the filters let through; None if there are no filters."""
    if not filters.paths and not filters.tags:
        return None
    notes = {path for path, note in snapshot.notes.items() if _matches(path, note.tags, filters)}
    return [row for row, chunk in enumerate(snapshot.chunks) if chunk.note in notes]


def _matches(path: str, tags: tuple[str, ...], filters: Filters) -> bool:
    by_path = not filters.paths or any(fnmatch.fnmatchcase(path, pattern) for pattern in filters.paths)
    by_tag = not filters.tags or any(tag in tags for tag in filters.tags)
    return by_path and by_tag

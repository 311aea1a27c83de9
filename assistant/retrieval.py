"""Question -> ranked passages: dense and keyword hits, fused."""

import fnmatch
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.fusion import reciprocal_rank_fusion
from assistant.types import Filters, Passage, Ranks
from indexer.keyword_index import terms
from indexer.snapshot import Snapshot
from indexer.types import Hit

CANDIDATES = 50  # from each index


def retrieve(
    snapshot: Snapshot,
    query: str,
    vector: NDArray[np.float32],
    *,
    top_k: int,
    filters: Filters,
) -> Sequence[Passage]:
    """The `top_k` passages for a query, best first.

    Args:
        vector: the query's embedding, of shape (dimension,) and length 1.
    """
    rows = _allowed(snapshot, filters)
    count = max(CANDIDATES, top_k)
    dense = _ranks(snapshot.vectors.search(vector, count, rows=rows))
    keyword = _ranks(snapshot.keywords.search(terms(query), count, rows=rows))
    fused = reciprocal_rank_fusion([list(dense), list(keyword)])
    return [
        Passage(snapshot.chunks[row], score, Ranks(dense.get(row), keyword.get(row)))
        for row, score in fused[:top_k]
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

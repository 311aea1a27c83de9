"""Similarity search over passage vectors. The only door to faiss."""

from collections.abc import Sequence

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.types import Hit


class VectorIndex:
    """Inner products over vectors of length 1, so that a score is a cosine in [-1, 1]. Row i is chunk i."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def from_vectors(cls, vectors: NDArray[np.float32]) -> "VectorIndex":
        """Index an array of shape (n, dimension); rows must have length 1."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self._index.d)

    def similarities(self, query: NDArray[np.float32], rows: Sequence[int]) -> NDArray[np.float32]:
        """The cosine of the query to each of the rows, as an array of shape (len(rows),)."""
        found = self._index.reconstruct_batch(np.asarray(rows, dtype=np.int64))
        return np.asarray(found @ query, dtype=np.float32)

    def search(self, query: NDArray[np.float32], k: int, *, rows: Sequence[int] | None = None) -> list[Hit]:
        """The `k` most similar rows, best first; only among `rows` if they are given."""
        if rows is not None and not rows:
            return []
        k = min(k, len(self) if rows is None else len(rows))
        if k <= 0:
            return []
        selected = (
            None if rows is None else faiss.SearchParameters(sel=faiss.IDSelectorBatch(np.asarray(rows)))  # type: ignore[call-arg]
        )
        scores, found = self._index.search(query.reshape(1, -1).astype(np.float32), k, params=selected)
        pairs = zip(found[0], scores[0], strict=True)
        return [Hit(int(row), float(score)) for row, score in pairs if row >= 0]

import numpy as np
import pytest

from indexer.types import Hit
from indexer.vector_index import VectorIndex

VECTORS = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
EAST = np.array([1, 0], dtype=np.float32)


def test_scores_are_cosines_best_first() -> None:
    hits = VectorIndex.from_vectors(VECTORS).search(EAST, 3)
    assert [hit.row for hit in hits] == [0, 2, 1]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.6, 0.0])


def test_only_the_given_rows_are_searched() -> None:
    index = VectorIndex.from_vectors(VECTORS)
    assert [hit.row for hit in index.search(EAST, 5, rows=[1, 2])] == [2, 1]
    assert index.search(EAST, 5, rows=[]) == []


def test_bytes_give_the_same_index_back() -> None:
    index = VectorIndex.from_bytes(VectorIndex.from_vectors(VECTORS).to_bytes())
    assert index.vectors().tolist() == VECTORS.tolist()
    assert (len(index), index.dimension) == (3, 2)
    assert index.search(EAST, 1) == [Hit(0, 1.0)]


def test_an_empty_index_finds_nothing() -> None:
    assert VectorIndex.from_vectors(np.zeros((0, 2), np.float32)).search(EAST, 3) == []

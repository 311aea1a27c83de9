import numpy as np
import pytest

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


def test_similarities_are_those_of_the_rows_asked_for() -> None:
    index = VectorIndex.from_vectors(VECTORS)
    assert index.similarities(EAST, [2, 0]).tolist() == pytest.approx([0.6, 1.0])
    assert (len(index), index.dimension) == (3, 2)


def test_an_empty_index_finds_nothing() -> None:
    assert VectorIndex.from_vectors(np.zeros((0, 2), np.float32)).search(EAST, 3) == []

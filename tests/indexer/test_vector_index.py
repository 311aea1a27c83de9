import numpy as np
import pytest

from indexer import vector_index
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


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, VectorIndex]:
    """Four thousand vectors strewn around forty topics, and an index of them that is not exact."""
    monkeypatch.setattr(vector_index, "EXACT_UP_TO", 1_000)
    monkeypatch.setattr(vector_index, "FEW", 100)
    monkeypatch.setattr(vector_index, "BLOCK", 900)
    chance = np.random.default_rng(3)
    strewn = chance.standard_normal((40, 32))[chance.integers(40, size=4_000)] + 0.5 * chance.standard_normal(
        (4_000, 32)
    )
    vectors = (strewn / np.linalg.norm(strewn, axis=1, keepdims=True)).astype(np.float32)
    return vectors, VectorIndex.by_size(
        4_000, 32, lambda start, stop: vectors[start:stop], lambda: vectors[::7]
    )


def test_a_large_index_finds_nearly_what_an_exact_one_does(many: tuple[np.ndarray, VectorIndex]) -> None:
    vectors, index = many
    exact = VectorIndex.from_vectors(vectors)
    assert index.how.kind == "cells"
    assert index.how.probes * 2 <= index.how.cells
    assert index.how.recall_at_10 >= vector_index.RECALL
    questions = vectors[3::11]
    found = [
        {hit.row for hit in index.search(one, 10)} & {hit.row for hit in exact.search(one, 10)}
        for one in questions
    ]
    assert sum(map(len, found)) / (10 * len(questions)) >= vector_index.RECALL
    first = index.search(vectors[5], 1)[0]
    assert (first.row, first.score) == (5, pytest.approx(1, abs=1e-3))


def test_a_large_index_gives_the_similarity_of_any_row(many: tuple[np.ndarray, VectorIndex]) -> None:
    vectors, index = many
    rows = [3_999, 0, 17]
    assert index.similarities(vectors[5], rows).tolist() == pytest.approx(
        (vectors[rows] @ vectors[5]).tolist(), abs=1e-3
    )


@pytest.mark.parametrize(
    "step", [400, 100, 2]
)  # few rows are all compared, among many the cells are looked through
def test_a_large_index_is_searched_among_given_rows(many: tuple[np.ndarray, VectorIndex], step: int) -> None:
    vectors, index = many
    rows = list(range(0, 4_000, step))
    found = [hit.row for hit in index.search(vectors[7], 5, rows=rows)]
    expected = [rows[place] for place in np.argsort(-(vectors[rows] @ vectors[7]))[:5]]
    assert set(found) <= set(rows)
    assert len(set(found) & set(expected)) >= 4
    assert found[0] == expected[0]


def test_a_large_index_is_restored_from_its_cells(many: tuple[np.ndarray, VectorIndex]) -> None:
    vectors, index = many
    again = VectorIndex.restored(4_000, 32, lambda start, stop: vectors[start:stop], index.how, index.cells)
    for question in vectors[:20]:
        assert again.search(question, 10) == index.search(question, 10)


def unasked() -> np.ndarray:
    raise AssertionError("it is not to be measured again")


def test_after_a_small_change_the_cells_hold(many: tuple[np.ndarray, VectorIndex]) -> None:
    vectors, index = many
    kept = np.r_[4:2_000, 2_100:4_000]  # 104 rows are gone, the others have moved up
    new = vectors[:200] * 0.6 + vectors[200:400] * 0.8
    new /= np.linalg.norm(new, axis=1, keepdims=True)
    rows = np.concatenate([vectors[kept], new])
    places = [*kept.tolist(), *[-1] * 200]
    again = VectorIndex.by_size(
        len(rows), 32, lambda start, stop: rows[start:stop], unasked, known=index, kept=places
    )
    assert (again.how.kind, again.how.probes, again.how.changed) == ("cells", index.how.probes, 304)
    exact = VectorIndex.from_vectors(rows)
    questions = rows[::11]
    found = [
        {hit.row for hit in again.search(one, 10)} & {hit.row for hit in exact.search(one, 10)}
        for one in questions
    ]
    assert sum(map(len, found)) / (10 * len(questions)) >= vector_index.RECALL - 0.02
    assert all(again.search(row, 1)[0].score == pytest.approx(1, abs=1e-3) for row in new[::9])


def test_small_changes_add_up_until_it_is_measured_again(many: tuple[np.ndarray, VectorIndex]) -> None:
    vectors, index = many
    measured = 0

    def questions() -> np.ndarray:
        nonlocal measured
        measured += 1
        return vectors[::7]

    places = [*range(3_850), *[-1] * 150]  # 150 rows for 150 others: 300 changes, of which 400 are borne
    counts = []
    for _ in range(4):
        index = VectorIndex.by_size(
            4_000, 32, lambda start, stop: vectors[start:stop], questions, known=index, kept=places
        )
        counts.append((index.how.changed, measured))
    assert counts == [(300, 0), (0, 1), (300, 1), (0, 2)]


def test_vectors_without_any_order_are_searched_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where cells would have to be looked through nearly all, they are not worth having."""
    monkeypatch.setattr(vector_index, "EXACT_UP_TO", 100)
    chance = np.random.default_rng(3).standard_normal((1_000, 256)).astype(np.float32)
    vectors = chance / np.linalg.norm(chance, axis=1, keepdims=True)
    index = VectorIndex.by_size(
        1_000, 256, lambda start, stop: vectors[start:stop], lambda: vectors[:200] + vectors[200:400]
    )
    assert index.how == vector_index.Search()

import numpy as np
import pytest

from indexer.borrowing import REACH, WEIGHT, borrowed_vectors, shares
from indexer.types import Chunk, Span


def chunk(note: str, *path: str) -> Chunk:
    return Chunk(note, "", "", (), path, Span(0, 1), 1, 1, "x", "", ())


CHUNKS = [chunk("a.md", "A"), chunk("a.md", "A"), chunk("a.md", "B"), chunk("b.md", "B")]
LONG = [chunk("a.md", "A")] * (REACH + 2)


def test_only_neighbours_of_a_section_lend_their_terms() -> None:
    assert shares(CHUNKS).toarray().tolist() == [
        [WEIGHT, 1, 0, 0],
        [1, WEIGHT, 0, 0],
        [0, 0, WEIGHT, 0],
        [0, 0, 0, WEIGHT],
    ]
    assert shares([]).shape == (0, 0)


def test_a_passage_lends_as_far_as_it_reaches() -> None:
    assert shares(LONG).toarray()[0].tolist() == [WEIGHT, *[1] * REACH, 0]


def test_vectors_lean_to_their_neighbours_and_keep_their_length() -> None:
    vectors = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], dtype=np.float32)
    mixed = borrowed_vectors(vectors, CHUNKS)
    length = (WEIGHT**2 + 1) ** 0.5
    assert mixed[0].tolist() == pytest.approx([WEIGHT / length, 1 / length])
    assert mixed[1].tolist() == pytest.approx([1 / length, WEIGHT / length])
    assert mixed[2:].tolist() == vectors[2:].tolist()
    assert borrowed_vectors(np.zeros((0, 2), np.float32), []).shape == (0, 2)

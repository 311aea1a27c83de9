import numpy as np
import pytest

from indexer.borrowing import borrowed_terms, borrowed_vectors
from indexer.types import Chunk, Span


def chunk(note: str, *path: str) -> Chunk:
    return Chunk(note, "", "", (), path, Span(0, 1), 1, 1, "x", "", ())


CHUNKS = [chunk("a.md", "A"), chunk("a.md", "A"), chunk("a.md", "B"), chunk("b.md", "B")]


def test_only_neighbours_of_a_section_lend() -> None:
    terms = [["one"], ["two"], ["three"], ["four"]]
    assert borrowed_terms(terms, CHUNKS) == [
        ["one", "one", "one", "two"],
        ["two", "two", "two", "one"],
        ["three"] * 3,
        ["four"] * 3,
    ]


def test_vectors_lean_to_their_neighbours_and_keep_their_length() -> None:
    vectors = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], dtype=np.float32)
    mixed = borrowed_vectors(vectors, CHUNKS)
    assert mixed[0].tolist() == pytest.approx([3 / 10**0.5, 1 / 10**0.5])
    assert mixed[1].tolist() == pytest.approx([1 / 10**0.5, 3 / 10**0.5])
    assert mixed[2:].tolist() == vectors[2:].tolist()
    assert borrowed_vectors(np.zeros((0, 2), np.float32), []).shape == (0, 2)

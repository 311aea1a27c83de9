"""A passage borrows from its neighbours, so that it is also found by what they say. Pure.

Cutting a section into passages takes from each the words around it. A share of a neighbour's vector, and its
terms at a share of their weight, give some of that back. Only what is searched borrows; texts and the vectors
that are kept from build to build do not.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from indexer.types import Chunk

WEIGHT = 4  # of a passage's own terms and vector, a neighbour's counting 1; measured on prose and on guides

Vectors = NDArray[np.float32]


def borrowed_vectors(vectors: Vectors, chunks: Sequence[Chunk]) -> Vectors:
    """Each row with a share of the rows beside it in its section, of length 1 again; shape (n, dimension)."""
    beside = np.asarray(_beside(chunks), dtype=np.int64)
    mixed = vectors * np.float32(WEIGHT)
    mixed[beside] += vectors[beside + 1]
    mixed[beside + 1] += vectors[beside]
    lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.asarray(mixed / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def borrowed_terms(terms: Sequence[Sequence[str]], chunks: Sequence[Chunk]) -> list[list[str]]:
    """Each passage's terms, as often as they weigh, and once those of the passages beside it."""
    mixed = [list(own) * WEIGHT for own in terms]
    for row in _beside(chunks):
        mixed[row].extend(terms[row + 1])
        mixed[row + 1].extend(terms[row])
    return mixed


def _beside(chunks: Sequence[Chunk]) -> list[int]:
    """The rows whose next row goes on in the same section."""
    places = [(chunk.note, chunk.heading_path) for chunk in chunks]
    return [row for row, (here, there) in enumerate(pairwise(places)) if here == there]

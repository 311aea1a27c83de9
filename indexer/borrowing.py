"""A passage borrows from its neighbours, so that it is also found by what they say. Pure.

Cutting a section into passages takes from each the words around it. A share of a neighbour's vector, and its
terms at a share of their weight, give some of that back. Only what is searched borrows; texts and the vectors
that are kept from build to build do not.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from indexer.types import Chunk

WEIGHT = 3  # of a passage's own terms and vector, a neighbour's counting 1; measured on prose
REACH = 2  # how many passages away a neighbour may be

Vectors = NDArray[np.float32]
Shares: TypeAlias = Any  # a sparse.csr_array of whole numbers; the library has no types


def borrowed_vectors(vectors: Vectors, chunks: Sequence[Chunk]) -> Vectors:
    """Each row with a share of the rows near it in its section, of length 1 again; shape (n, dimension)."""
    mixed = vectors * np.float32(WEIGHT)
    for distance in range(1, REACH + 1):
        near = np.asarray(_near(chunks, distance), dtype=np.int64)
        mixed[near] += vectors[near + distance]
        mixed[near + distance] += vectors[near]
    lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.asarray(mixed / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def shares(chunks: Sequence[Chunk]) -> Shares:
    """How much each passage takes of the terms of each; of shape (n, n), row i being passage i."""
    count = len(chunks)
    taken = [sparse.eye_array(count, dtype=np.int32, format="csr") * WEIGHT]
    for distance in range(1, REACH + 1):
        near = np.asarray(_near(chunks, distance), dtype=np.int64)
        lent = (np.ones(len(near), np.int32), (near, near + distance))
        later = sparse.csr_array(lent, shape=(count, count))
        taken.append(later + later.T)
    return sparse.csr_array(sum(taken[1:], taken[0]))


def _near(chunks: Sequence[Chunk], distance: int) -> list[int]:
    """The rows whose section still goes on `distance` rows later."""
    places = [(chunk.note, chunk.heading_path) for chunk in chunks]
    return [row for row in range(len(places) - distance) if places[row] == places[row + distance]]

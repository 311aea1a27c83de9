"""The signs of token embeddings: a bit a number, so that every token of a passage can be kept and compared.

Keeping only whether a number of a token's embedding is above zero leaves 48 bytes of 1,536, and nearly all of
what a comparison with a question's tokens needs. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from indexer.embedding import Embedded
from indexer.types import Span

Floats = NDArray[np.float32]
SHORTEST = 1e-9  # a sum that is shorter points nowhere


@dataclass(frozen=True, slots=True)
class TokenCodes:
    """The tokens of some passages, in order.

    `codes` has shape (tokens, token dimension / 8). The tokens of a passage stand in parts: first its
    context, then each of its units; `lengths` has the number of tokens of each part, passage after passage,
    and `norms` the length of their sum, which would be slow to find for each question anew.
    """

    codes: NDArray[np.uint8]
    lengths: NDArray[np.uint16]
    norms: Floats

    def signs(self) -> Floats:
        """The tokens as vectors of length 1, of shape (tokens, token dimension)."""
        return _signs(self.codes)

    def products(self, directions: Floats) -> Floats:
        """The inner product of each token with each direction; of shape (tokens, directions).

        The bits are multiplied as they are, 0 and 1, and the products moved to where signs would have them:
        that spares three passes over an array of all numbers of all tokens.
        """
        width = directions.shape[1]
        bits = np.unpackbits(self.codes, axis=1, count=width).astype(np.float32)
        step = np.float32(1 / np.sqrt(max(1, self.codes.shape[1] * 8)))
        return np.asarray(bits @ (2 * step * directions.T) - step * directions.sum(axis=1))

    def starts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which parts have tokens, and where those of each begin."""
        lengths = self.lengths.astype(np.int64)
        present = np.flatnonzero(lengths)
        return present, (np.cumsum(lengths) - lengths)[present]

    def means(self) -> Floats:
        """The direction of the mean of each part that has tokens, of shape (such parts, token dimension)."""
        present, starts = self.starts()
        if not len(starts):
            return np.zeros((0, self.codes.shape[1] * 8), np.float32)
        sums = np.add.reduceat(self.signs(), starts, axis=0)
        return np.asarray(sums / np.maximum(self.norms[present, None], SHORTEST))


def encode(read: Embedded, context: int, units: Sequence[Span]) -> TokenCodes:
    """The codes of one passage.

    Args:
        context: how many characters its context has.
        units: where each unit stands in the text that was read, one after the other; an empty span for one
            that has no place of its own.
    """
    middle = read.spans[:, 0]  # a token lies in one unit, or between two
    bounds = np.array([0, context, *(unit.end for unit in units)])
    at = np.searchsorted(middle, bounds)
    codes = np.packbits(read.tokens[: at[-1]] > 0, axis=1)
    signs = _signs(codes)
    sums = [signs[start:end].sum(axis=0) for start, end in pairwise(at)]
    norms = np.linalg.norm(sums, axis=1).astype(np.float32)
    return TokenCodes(codes, np.diff(at).astype(np.uint16), norms)


def concatenate(passages: Sequence[TokenCodes]) -> TokenCodes:
    """The codes of several passages as one."""
    if not passages:
        return TokenCodes(np.zeros((0, 1), np.uint8), np.zeros(0, np.uint16), np.zeros(0, np.float32))
    return TokenCodes(
        np.concatenate([passage.codes for passage in passages]),
        np.concatenate([passage.lengths for passage in passages]),
        np.concatenate([passage.norms for passage in passages]),
    )


def _signs(codes: NDArray[np.uint8]) -> Floats:
    bits = np.unpackbits(codes, axis=1).astype(np.float32)
    bits *= 2
    bits -= 1
    bits /= np.sqrt(max(1, bits.shape[1]))
    return bits

"""Several scores of the same things -> one. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


def weighted_sum(scores: Sequence[Scores], weights: Sequence[float]) -> Scores:
    """The sum of scores, each first stretched to reach from 0 to 1, times their weights.

    Fusing scores keeps what ranks lose: that a first place was a narrow or a clear one. Source: Bruch, Gai
    and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", ACM TOIS 2023.

    Args:
        scores: arrays of the same shape (n,).

    >>> weighted_sum([np.array([1, 3]), np.array([4, 2])], [0.75, 0.25]).tolist()
    [0.25, 0.75]
    """
    return np.asarray(sum(w * _stretched(s) for s, w in zip(scores, weights, strict=True)), dtype=np.float32)


def _stretched(scores: Scores) -> Scores:
    low, high = scores.min(initial=np.inf), scores.max(initial=-np.inf)
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)

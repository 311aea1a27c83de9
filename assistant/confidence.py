"""Does the corpus answer this at all? The line between answering and saying no. Pure."""

import math
from collections.abc import Sequence

from assistant.evidence import Evidence

LINE = 0.5


def confidence(evidence: Sequence[Evidence]) -> float:
    """How likely the evidence answers the question, from 0 to 1; at LINE or above it is answered."""
    if not evidence:
        return 0.0
    best = max(0.45 * item.similarity + 0.55 * item.coverage for item in evidence[:5])
    return round(1 / (1 + math.exp(-14 * (best - 0.42))), 3)

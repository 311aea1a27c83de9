"""Looks at each reading of a question -> the surest, and the units that answer whichever is meant. Pure."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assistant.evidence import Evidence
from assistant.looking import Look

CLEARLY = 0.1  # of confidence, between two readings of a question
SHARES = (1.0, 0.5, 0.3)  # how likely the second and third reading are beside the first, and any further one


def surest(looks: Sequence[Look]) -> Look:
    """The likeliest reading, or the one that the notes answer clearly better."""
    best = max(looks, key=lambda found: found.confidence)
    return best if best.confidence > looks[0].confidence + CLEARLY else looks[0]


def pooled(looks: Sequence[Look]) -> Sequence[Evidence]:
    """The units that answer, best first, by the sum over the readings of P(reading) P(unit | reading).

    Which reading is meant is seldom sure: by the confidences alone a wrong one wins as often as a right one.

    Args:
        looks: at each reading, the likeliest first; at least one.
    """
    if len(looks) == 1:
        return looks[0].telling
    found: dict[tuple[str, int], Evidence] = {}
    for number, look in enumerate(looks):
        share = np.log(SHARES[min(number, len(SHARES) - 1)])
        telling = look.telling
        total = np.logaddexp.reduce([item.score for item in telling]) if telling else 0.0
        for item in telling:
            place = (item.chunk.note, item.unit.span.start)
            score = float(share + item.score - total)
            other = found.get(place)
            found[place] = replace(
                other or item, score=float(np.logaddexp(other.score, score)) if other else score
            )
    return sorted(found.values(), key=lambda item: -item.score)

"""Passages in another order: that of their units, or of a cross-encoder, which reads question and passage."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.evidence import Evidence
from assistant.types import Passage

RERANKED = 20  # passages that are read again for one question
MOVED = 6  # passages that their units may move: with more of them what is found in prose gets worse
# The evidence score that counts as much as the whole of a passage's own. Measured on notes, guides and prose:
# from 8 to 24 little changes.
ODDS = 14.0
VERDICT = 0.4  # how much the verdict on a passage counts for the passage, beyond what it counts for its units


class Reranker(Protocol):
    """What tells how well texts answer a question."""

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Higher is better; an array of shape (len(texts),). Raises ModelError."""


def reranked(question: str, passages: Sequence[Passage], reranker: Reranker) -> list[Passage]:
    """The passages, best first by the reranker, each with its score."""
    texts = ["\n".join([" > ".join(passage.chunk.heading_path), passage.chunk.text]) for passage in passages]
    scored = zip(reranker.scores(question, texts).tolist() if texts else [], passages, strict=True)
    return [replace(passage, score=score) for score, passage in sorted(scored, key=lambda pair: -pair[0])]


def by_units(passages: Sequence[Passage], evidence: Sequence[Evidence]) -> list[Passage]:
    """The passages, of which the first MOVED come in an order in which their best units count, too.

    A passage is found as a whole, and answers by one of its units.

    Args:
        passages: best first.
        evidence: their units, best first.
    """
    if not evidence:
        return list(passages)
    best: dict[tuple[str, int], float] = {}
    for item in evidence:
        speaks = item.score + VERDICT * item.features.answers
        best.setdefault((item.chunk.note, item.chunk.span.start), speaks)
    lowest = min(best.values())  # for a passage in which nothing can answer
    places = [(passage.chunk.note, passage.chunk.span.start) for passage in passages[:MOVED]]
    units = [best.get(place, lowest) for place in places]
    units += [min(units)] * (len(passages) - len(units))
    scores = [
        passage.score + (unit - max(units)) / ODDS for passage, unit in zip(passages, units, strict=True)
    ]
    order = sorted(range(len(passages)), key=lambda place: -scores[place])
    return [replace(passages[place], score=max(0.0, scores[place])) for place in order]

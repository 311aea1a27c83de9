"""Passages in another order: that of their units, or of a cross-encoder, which reads question and passage."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.evidence import Evidence
from assistant.fusion import stretched
from assistant.types import Passage

RERANKED = 20  # passages that are read again for one question
UNIT = 0.5  # how much a passage's best unit counts, what it was found by counting the rest


class Reranker(Protocol):
    """What tells how well texts answer a question."""

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Higher is better; an array of shape (len(texts),). Raises ModelError."""


def reranked(question: str, passages: Sequence[Passage], reranker: Reranker) -> list[Passage]:
    """The passages, best first by the reranker, each with its score."""
    texts = ["\n".join([" > ".join(passage.chunk.heading_path), passage.chunk.text]) for passage in passages]
    scored = zip(reranker.scores(question, texts).tolist() if texts else [], passages, strict=True)
    return [replace(passage, score=score) for score, passage in sorted(scored, key=lambda pair: -pair[0])]


def by_units(passages: Sequence[Passage], evidence: Sequence[Evidence], first: int) -> list[Passage]:
    """The passages, of which the first come in an order in which their best units count, too.

    A passage is found as a whole, and answers by one of its units.

    Args:
        passages: best first.
        evidence: their units, best first.
        first: how many passages may change places; those after them stay behind them.
    """
    if not passages:
        return []
    best: dict[tuple[str, int], float] = {}
    for item in evidence:
        best.setdefault((item.chunk.note, item.chunk.span.start), item.score)
    lowest = evidence[-1].score if evidence else 0.0  # that of a passage in which nothing can answer
    places = [(passage.chunk.note, passage.chunk.span.start) for passage in passages[:first]]
    units = stretched(np.array([best.get(place, lowest) for place in places], dtype=np.float32)).tolist()
    units += [0.0] * (len(passages) - first)
    scored = [
        replace(passage, score=(1 - UNIT) * passage.score + UNIT * unit)
        for passage, unit in zip(passages, units, strict=True)
    ]
    return [*sorted(scored[:first], key=lambda passage: -passage.score), *scored[first:]]

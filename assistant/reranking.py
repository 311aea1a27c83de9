"""Passages in the order in which a cross-encoder puts them: it reads question and passage together."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.types import Passage

RERANKED = 20  # passages that are read again for one question


class Reranker(Protocol):
    """What tells how well texts answer a question."""

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Higher is better; an array of shape (len(texts),). Raises ModelError."""


def reranked(question: str, passages: Sequence[Passage], reranker: Reranker) -> list[Passage]:
    """The passages, best first by the reranker, each with its score."""
    texts = ["\n".join([" > ".join(passage.chunk.heading_path), passage.chunk.text]) for passage in passages]
    scored = zip(reranker.scores(question, texts).tolist() if texts else [], passages, strict=True)
    return [replace(passage, score=score) for score, passage in sorted(scored, key=lambda pair: -pair[0])]

"""An embedder without a model: honest, fast, and good enough to find a passage by its words."""

import hashlib
import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from indexer.embedding import Embedded, Vectors
from indexer.keyword_index import terms

DIMENSION = 256
_WORD = re.compile(r"\w+(?:[-_.:/'’]\w+)*")


class HashingEmbedder:
    """Bags of stemmed words, each hashed into 256 signs: texts that share words have a high cosine."""

    def __init__(self, *, name: str = "hashing", fingerprint: str = "f" * 64, max_tokens: int = 256) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.max_tokens = max_tokens
        self.embedded: list[str] = []  # all passages that were ever embedded, in order

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def embed_passages(self, texts: Sequence[str]) -> list[Embedded]:
        self.embedded.extend(texts)
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> Embedded:
        spans = [match.span() for match in _WORD.finditer(text)]
        tokens = [_hashed(text[start:end]) for start, end in spans]
        return Embedded(
            _hashed(text),
            np.stack(tokens) if tokens else np.zeros((0, DIMENSION), np.float32),
            np.array(spans, dtype=np.int64).reshape(-1, 2),
        )

    def load(self) -> None:
        return None


def _hashed(text: str) -> Vectors:
    found = terms(text) or [""]
    vector = np.sum([_direction(term) for term in found], axis=0, dtype=np.float32)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


@cache
def _direction(term: str) -> NDArray[np.int8]:
    """Where a term points: a corner of the cube that its hash picks, far from those of other terms."""
    digest = hashlib.shake_256(term.encode()).digest(DIMENSION // 8)
    return np.unpackbits(np.frombuffer(digest, dtype=np.uint8)).astype(np.int8) * 2 - 1

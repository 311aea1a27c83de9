"""An embedder without a model: honest, fast, and good enough to find a passage by its words."""

import hashlib
from collections.abc import Sequence

import numpy as np

from indexer.embedding import Vectors
from indexer.keyword_index import terms
from indexer.types import Span

DIMENSION = 256


class HashingEmbedder:
    """Bags of stemmed words, hashed into 256 numbers: texts that share words have a high cosine."""

    def __init__(self, *, name: str = "hashing", fingerprint: str = "f" * 64, max_tokens: int = 256) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.max_tokens = max_tokens
        self.embedded: list[str] = []  # all passages that were ever embedded, in order

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        return np.stack([self.embed_query(text) for text in texts])

    def embed_in_context(self, texts: Sequence[str], parts: Sequence[Sequence[Span]]) -> list[Vectors]:
        self.embedded.extend(texts)
        return [
            np.stack([self.embed_query(words) for words in (text, *(part.of(text) for part in own))])
            for text, own in zip(texts, parts, strict=True)
        ]

    def embed_query(self, text: str) -> Vectors:
        vector = np.zeros(DIMENSION, dtype=np.float32)
        for term in terms(text):
            vector[int(hashlib.sha256(term.encode()).hexdigest()[:8], 16) % DIMENSION] += 1
        length = float(np.linalg.norm(vector))
        if not length:
            vector[0] = length = 1.0
        return vector / np.float32(length)

    def load(self) -> None:
        return None

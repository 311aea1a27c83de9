"""An embedder without a model, honest and fast, that finds a passage by its words; evidence as it is told."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from assistant.evidence import Evidence
from assistant.features import Features
from assistant.matching import Asked
from indexer.chunking import chunk_note
from indexer.embedding import Embedded, Vectors
from indexer.keyword_index import terms
from indexer.types import Note

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


def evidence_of(note: Note, scores: Mapping[str, float]) -> list[Evidence]:
    """The units of a note that have a score, best first."""
    [chunk] = chunk_note(note, HashingEmbedder().count_tokens, max_tokens=256)
    nothing = np.zeros(0, np.float32)
    asked, features = Asked(nothing, nothing, nothing, ()), Features(*[0.0] * 10)
    found = [
        Evidence(unit, chunk, features, scores[unit.text], asked, (), read=False)
        for unit in chunk.units
        if unit.text in scores
    ]
    return sorted(found, key=lambda item: -item.score)

"""A question's words held against each unit of the passages found: late interaction over token vectors. Pure.

Source: Khattab and Zaharia, "ColBERT: Efficient and Effective Passage Search via Contextualized Late
Interaction over BERT", SIGIR 2020; here by word instead of by token, and over the signs of tokens.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.expectation import WORD
from indexer.embedding import Embedded
from indexer.keyword_index import is_stop_word, terms
from indexer.passages import Frequencies
from indexer.token_codes import SHORTEST, TokenCodes, concatenate

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the model reads it, word by word.

    `vector` has length 1 and shape (token dimension,); `words` has a row for each word that is no stop word,
    of the same width: the mean of its tokens' embeddings. `weights` says how rare each word is in the notes,
    `names` what it is.
    """

    vector: Floats
    words: Floats
    weights: Floats
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Match:
    """How near a question is to each unit of a passage, in cosines.

    `units` has shape (units,): the question to the mean of the unit's tokens. `own` and `placed` have shape
    (units, words): each word to the likest token of the unit; of the unit or the passage's context.
    """

    units: Floats
    own: Floats
    placed: Floats


def asked(text: str, read: Embedded, keywords: Frequencies) -> Asked:
    """Take a question apart into words; `read` is how the model reads `text`."""
    names, words, weights = [], [], []
    for match in WORD.finditer(text):
        word = match.group()
        inside = (read.spans[:, 0] >= match.start()) & (read.spans[:, 1] <= match.end())
        if not is_stop_word(word, text) and inside.any():
            names.append(word)
            words.append(read.tokens[inside].mean(axis=0))
            weights.append(rarity(word, keywords))
    width = read.tokens.shape[1]
    total = read.tokens.sum(axis=0)
    return Asked(
        np.asarray(total / (np.linalg.norm(total) or 1), dtype=np.float32),
        np.asarray(words, dtype=np.float32).reshape(-1, width),
        np.asarray(weights, dtype=np.float32),
        names,
    )


def rarity(word: str, keywords: Frequencies) -> float:
    """The inverse document frequency of a word among the passages, that of its most frequent term."""
    found = max((keywords.frequency(term) for term in terms(word)), default=0)
    return math.log(1 + (len(keywords) - found + 0.5) / (found + 0.5))


def match(question: Asked, passages: Sequence[TokenCodes]) -> list[Match]:
    """Hold a question against each passage. All of them are compared in one product of matrices."""
    together = concatenate(passages)
    present, starts = together.starts()
    parts = len(together.lengths)
    best = np.full((parts, len(question.words)), -1, dtype=np.float32)
    near = np.zeros(parts, dtype=np.float32)
    if len(present):
        likeness = together.products(np.vstack([question.vector, question.words]))
        best[present] = np.maximum.reduceat(likeness[:, 1:], starts, axis=0)
        sums = np.add.reduceat(likeness[:, 0], starts)
        near[present] = sums / np.maximum(together.norms[present], SHORTEST)
    found, at = [], 0
    for passage in passages:
        context, units = at, slice(at + 1, at + len(passage.lengths))
        own = best[units]
        found.append(Match(near[units], own, np.maximum(own, best[context])))
        at = units.stop
    return found

"""Keyword search: BM25 (Robertson and Zaragoza, 2009) by bm25s, over stemmed words and whole identifiers."""

import io
import re
import threading
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import bm25s
import msgspec
import numpy as np
import Stemmer
from bm25s.stopwords import STOPWORDS_EN_PLUS
from numpy.typing import NDArray
from scipy import sparse

from indexer.borrowing import Shares
from indexer.types import Hit

Counts: TypeAlias = Any  # a sparse.csr_array of whole numbers

STOPWORDS = frozenset(STOPWORDS_EN_PLUS)
_WORD = re.compile(r"\w+(?:['’]\w+)?(?:[-_.:/]\w+)*")
# Where an identifier falls into parts: at its marks, RunTask at its humps, 20GiB after its number.
_SEAM = re.compile(
    r"[-_.:/'’]+|(?<=[a-z]{2})(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})|(?<=\b\d)(?=[^\W\d_])|(?<=\b\d\d)(?=[^\W\d_])"
)
K1, B = 1.2, 0.75  # Lucene's; on prose a little better than bm25s's own 1.5
_LONGEST = 64  # characters; a longer run is no word that anyone asks for
MOST_COUNTED = 2**16 - 1  # of one term in a chunk
_local = threading.local()


def terms(text: str) -> list[str]:
    """The search terms of a text, in order: stems of its words, and identifiers whole and in parts.

    >>> terms("The awsvpc mode needs ecs:RunTask")
    ['awsvpc', 'mode', 'need', 'ecs:runtask', 'ec', 'run', 'task']
    """
    if _is_shouted(text):
        text = text.lower()
    return [term for match in _WORD.finditer(text) for term in _terms_of(match.group())]


def is_stop_word(word: str, text: str = "") -> bool:
    """Whether a word is too common to tell anything; in capitals it is a name (WHERE), unless all text is."""
    is_name = len(word) > 1 and word.isupper() and not _is_shouted(text)
    return word.lower() in STOPWORDS and not is_name


def _is_shouted(text: str) -> bool:
    """Whether all is in capitals, and other words than such as could be names of that kind."""
    return text.isupper() and any(word.group().lower() not in STOPWORDS for word in _WORD.finditer(text))


@lru_cache(maxsize=50_000)
def _terms_of(word: str) -> tuple[str, ...]:
    word = word.replace("’", "'").removesuffix("'s")
    lower = word.lower()
    if is_stop_word(word) or len(word) > _LONGEST:
        return ()
    parts = [part for part in _SEAM.split(word) if part]
    if len(parts) > 1:
        return (lower, *(stem(part) for part in parts if part.lower() not in STOPWORDS))
    return (stem(word),)


def stem(word: str) -> str:
    """The Snowball English stem of a word."""
    if not hasattr(_local, "stemmer"):  # a stemmer is not safe to share between threads
        _local.stemmer = Stemmer.Stemmer("english")
    return str(_local.stemmer.stemWord(word.lower()))


class KeywordIndex:
    """BM25 scores of chunks for search terms. Row i is chunk i."""

    def __init__(self, names: Sequence[str], own: Counts, shares: Shares | None = None) -> None:
        """
        Args:
            names: the terms; each stands in a chunk.
            own: how often each stands in each chunk, of shape (n, terms).
            shares: how much each chunk takes of the terms of each, of shape (n, n); of its own alone if None.
        """
        self._names = names
        self._own = own
        self._rows = int(own.shape[0])
        self._bm25 = _scored(names, own if shares is None else shares @ own)

    @classmethod
    def from_terms(cls, documents: Sequence[Sequence[str]], shares: Shares | None = None) -> "KeywordIndex":
        """Index the search terms of each chunk."""
        numbers: dict[str, int] = {}
        own = _counted(documents, numbers)
        return cls(list(numbers), own, shares)

    def renewed(
        self, rows: NDArray[np.int64], documents: Sequence[Sequence[str]], shares: Shares | None = None
    ) -> "KeywordIndex":
        """The index of chunks most of which are in this one.

        Args:
            rows: for each chunk its row here; negative for one that is new.
            documents: the search terms of each chunk that is new, in their order.
        """
        numbers = dict(self.vocabulary)
        new = _counted(documents, numbers)
        parts = (self._own.data, self._own.indices, self._own.indptr)
        old = sparse.csr_array(parts, shape=(self._rows, len(numbers)))
        order = rows.copy()
        order[rows < 0] = self._rows + np.arange(len(documents))
        own = sparse.vstack([old, new], format="csr")[order]
        names = list(numbers)
        used = np.flatnonzero(own.count_nonzero(axis=0))  # a term that stands nowhere any more is not known
        if len(used) < len(names):
            own, names = own[:, used], [names[number] for number in used]
        return KeywordIndex(names, own, shares)

    @classmethod
    def from_bytes(cls, data: bytes, shares: Shares | None = None) -> "KeywordIndex":
        """What `to_bytes` gave; the caller has checked that it is whole."""
        arrays = np.load(io.BytesIO(data))
        names = msgspec.json.decode(arrays["vocabulary"].tobytes(), type=list[str])
        parts = (arrays["counts"].astype(np.int32), arrays["terms"], arrays["starts"])
        own = sparse.csr_array(parts, shape=(len(arrays["starts"]) - 1, len(names)))
        return cls(names, own, shares)

    def to_bytes(self) -> bytes:
        """How often each term stands in each chunk, and the vocabulary, as an `.npz` file without pickles."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            counts=self._own.data.astype(np.uint16),
            terms=self._own.indices.astype(np.int32),
            starts=self._own.indptr.astype(np.int64),
            vocabulary=np.frombuffer(msgspec.json.encode(self._names), dtype=np.uint8),
        )
        return buffer.getvalue()

    def __len__(self) -> int:
        return self._rows

    @property
    def vocabulary(self) -> "dict[str, int]":
        """The number of each term."""
        return self._bm25.vocab_dict  # type: ignore[no-any-return]

    def frequency(self, term: str) -> int:
        """In how many chunks a term stands."""
        number = self.vocabulary.get(term)
        if number is None:
            return 0
        indptr = self._bm25.scores["indptr"]
        return int(indptr[number + 1] - indptr[number])

    def knows(self, word: str) -> bool:
        """Whether any form of a word stands in a chunk."""
        return any(term in self.vocabulary for term in terms(word))

    def scores(self, query: Sequence[str]) -> NDArray[np.float32]:
        """The BM25 score of every chunk for the query's terms, as an array of shape (n,); 0 without any."""
        known = [term for term in query if term in self.vocabulary]
        if not known:
            return np.zeros(self._rows, dtype=np.float32)
        return np.asarray(self._bm25.get_scores(known), dtype=np.float32)

    def search(self, query: Sequence[str], k: int, *, rows: Sequence[int] | None = None) -> list[Hit]:
        """The `k` best chunks that hold any of the terms, best first; only among `rows` if they are given."""
        scores = self.scores(query)
        among = (
            np.flatnonzero(scores) if rows is None else np.asarray([r for r in rows if scores[r] > 0], int)
        )
        best = among[np.argsort(-scores[among], kind="stable")][:k]
        return [Hit(int(row), float(scores[row])) for row in best]


def _counted(documents: Sequence[Sequence[str]], numbers: dict[str, int]) -> Counts:
    """How often each term stands in each document; terms that have no number yet are given one."""
    found = [Counter(numbers.setdefault(term, len(numbers)) for term in terms) for terms in documents]
    starts = np.cumsum([0, *map(len, found)])
    counts = np.fromiter((count for one in found for count in one.values()), np.int32, starts[-1])
    terms = np.fromiter((number for one in found for number in one), np.int32, starts[-1])
    return sparse.csr_array(
        (np.minimum(counts, MOST_COUNTED), terms, starts), shape=(len(found), len(numbers))
    )


def _scored(names: Sequence[str], counts: Counts) -> bm25s.BM25:
    """A bm25s index as `index` of that library leaves it, with Lucene's formula; made in whole arrays."""
    by_term = sparse.csc_array(counts)
    rows = by_term.shape[0]
    lengths = np.asarray(by_term.sum(axis=1), dtype=np.float64)
    relative = lengths / (lengths.mean() if lengths.any() else 1)
    found = np.diff(by_term.indptr)
    rarity = np.log(1 + (rows - found + 0.5) / (found + 0.5))
    damped = by_term.data / (by_term.data + K1 * (1 - B + B * relative[by_term.indices]))
    data = (np.repeat(rarity, found) * damped).astype(np.float32)
    bm25 = bm25s.BM25(k1=K1, b=B)
    bm25.scores = {
        "data": data,
        "indices": by_term.indices.astype(np.int32, copy=False),
        "indptr": by_term.indptr.astype(np.int64, copy=False),
        "num_docs": rows,
    }
    bm25.vocab_dict = {name: number for number, name in enumerate(names)}
    bm25.unique_token_ids_set = set(bm25.vocab_dict.values())
    bm25.nonoccurrence_array = None  # only the variants BM25L and BM25+ have one
    return bm25

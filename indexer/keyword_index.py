"""Keyword search: BM25 (Robertson and Zaragoza, 2009) by bm25s, over stemmed words and whole identifiers."""

import io
import re
import threading
from collections.abc import Sequence

import bm25s
import msgspec
import numpy as np
import Stemmer
from bm25s.stopwords import STOPWORDS_EN_PLUS
from numpy.typing import NDArray

from indexer.types import Hit

STOPWORDS = frozenset(STOPWORDS_EN_PLUS)
_WORD = re.compile(r"\w+(?:['’]\w+)?(?:[-_.:/]\w+)*")
# Where an identifier falls into parts: at its marks, RunTask at its humps, 20GiB after its number.
_SEAM = re.compile(
    r"[-_.:/'’]+|(?<=[a-z]{2})(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})|(?<=\b\d)(?=[^\W\d_])|(?<=\b\d\d)(?=[^\W\d_])"
)
K1, B = 1.2, 0.75  # Lucene's; on prose a little better than bm25s's own 1.5
_LONGEST = 64  # characters; a longer run is no word that anyone asks for
_local = threading.local()


def terms(text: str) -> list[str]:
    """The search terms of a text, in order: stems of its words, and identifiers whole and in parts.

    >>> terms("The awsvpc mode needs ecs:RunTask")
    ['awsvpc', 'mode', 'need', 'ecs:runtask', 'ec', 'run', 'task']
    """
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = match.group().replace("’", "'").removesuffix("'s")
        lower = word.lower()
        if lower in STOPWORDS or len(word) > _LONGEST:
            continue
        parts = [part for part in _SEAM.split(word) if part]
        if len(parts) > 1:
            found.append(lower)
            found.extend(stem(part) for part in parts if part.lower() not in STOPWORDS)
        else:
            found.append(stem(word))
    return found


def stem(word: str) -> str:
    """The Snowball English stem of a word."""
    if not hasattr(_local, "stemmer"):  # a stemmer is not safe to share between threads
        _local.stemmer = Stemmer.Stemmer("english")
    return str(_local.stemmer.stemWord(word.lower()))


class KeywordIndex:
    """BM25 scores of chunks for search terms. Row i is chunk i."""

    def __init__(self, bm25: bm25s.BM25, rows: int) -> None:
        self._bm25 = bm25
        self._rows = rows

    @classmethod
    def from_terms(cls, documents: Sequence[Sequence[str]]) -> "KeywordIndex":
        """Index the search terms of each chunk."""
        vocabulary: dict[str, int] = {}
        ids = [[vocabulary.setdefault(term, len(vocabulary)) for term in terms] for terms in documents]
        if not vocabulary:  # bm25s has no index of nothing
            return cls(
                _restored(
                    np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(1, np.int32), [], len(ids)
                ),
                len(ids),
            )
        bm25 = bm25s.BM25(k1=K1, b=B)
        bm25.index((ids, vocabulary), show_progress=False, create_empty_token=False)
        return cls(bm25, len(ids))

    @classmethod
    def from_bytes(cls, data: bytes) -> "KeywordIndex":
        """What `to_bytes` gave; the caller has checked that it is whole."""
        arrays = np.load(io.BytesIO(data))
        names = msgspec.json.decode(arrays["vocabulary"].tobytes(), type=list[str])
        rows = int(arrays["num_docs"])
        return cls(_restored(arrays["data"], arrays["indices"], arrays["indptr"], names, rows), rows)

    def to_bytes(self) -> bytes:
        """The scores as a compressed sparse matrix, and the vocabulary, as an `.npz` file without pickles."""
        scores = self._bm25.scores
        names = sorted(self._bm25.vocab_dict, key=self._bm25.vocab_dict.__getitem__)
        buffer = io.BytesIO()
        np.savez(
            buffer,
            data=scores["data"],
            indices=scores["indices"],
            indptr=scores["indptr"],
            num_docs=np.int64(self._rows),
            vocabulary=np.frombuffer(msgspec.json.encode(names), dtype=np.uint8),
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


def _restored(
    data: NDArray[np.float32],
    indices: NDArray[np.int32],
    indptr: NDArray[np.int32],
    names: Sequence[str],
    rows: int,
) -> bm25s.BM25:
    """A bm25s index from its parts, as `index` and `load` of that library leave it."""
    bm25 = bm25s.BM25()
    bm25.scores = {"data": data, "indices": indices, "indptr": indptr, "num_docs": rows}
    bm25.vocab_dict = {name: number for number, name in enumerate(names)}
    bm25.unique_token_ids_set = set(bm25.vocab_dict.values())
    bm25.nonoccurrence_array = None  # only the variants BM25L and BM25+ have one
    return bm25

"""Search terms as one text, whose words are what BM25 of Milvus counts. Pure."""

import hashlib
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache

from indexer.borrowing import shares
from indexer.keyword_index import terms
from indexer.types import Chunk


def words_text(given: Iterable[str]) -> str:
    """Search terms as one text; a term with other signs than letters and digits stands as a code."""
    return " ".join(map(_coded, given))


def known_words(given: Iterable[str], known: Container[str]) -> str:
    """Those of the search terms that stand in a passage, as one text."""
    return words_text(term for term in given if term in known)


@lru_cache(maxsize=50_000)
def _coded(term: str) -> str:
    if term.isascii() and term.isalnum():
        return term
    return f"x{hashlib.blake2b(term.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"


def borrowed_terms(chunks: Sequence[Chunk]) -> list[list[str]]:
    """The terms of each passage, as often as BM25 is to count them: its own, and those of its neighbours."""
    own = [terms(chunk.embedded_text) for chunk in chunks]
    taken = shares(chunks).tocsr()
    borrowed = []
    for row in range(len(chunks)):
        places = slice(taken.indptr[row], taken.indptr[row + 1])
        pairs = zip(taken.indices[places].tolist(), taken.data[places].tolist(), strict=True)
        borrowed.append([term for other, count in pairs for term in own[other] * count])
    return borrowed


def fitting(text: str, size: int) -> str:
    """The text, or as many whole words of it as so many bytes hold."""
    data = text.encode()
    return text if len(data) <= size else data[:size].decode("utf-8", "ignore").rpartition(" ")[0]

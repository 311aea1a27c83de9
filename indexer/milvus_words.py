"""What notes of a generation in Milvus call things, and how rare terms are: sums, kept from build to build.

Texts and vectors stay in Milvus. This is what a process holds of passages, and it grows as a vocabulary does.
"""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from indexer.keyword_index import terms as terms_of
from indexer.lexicon import Lexicon
from indexer.milvus_rows import Learned

Spellings = dict[str, Counter[str]]


class Words:
    """In how many passages terms stand, and the lexicon. It never changes: the next one is another."""

    def __init__(self) -> None:
        self._passages = 0
        self.counts: Counter[str] = Counter()  # of terms, in passages
        self._said: Counter[str] = Counter()  # words as they are written
        self._names: Spellings = {}
        self._acronyms: Spellings = {}

    def changed(
        self, passages: int, added: Iterable[Learned] = (), removed: Iterable[Learned] = ()
    ) -> "Words":
        """Those of a generation of so many passages, which has some notes more and some less."""
        new = Words()
        new._passages = passages
        new.counts, new._said = self.counts.copy(), self._said.copy()
        new._names = {name: found.copy() for name, found in self._names.items()}
        new._acronyms = {name: found.copy() for name, found in self._acronyms.items()}
        for learned in added:
            new._count(learned, 1)
        for learned in removed:
            new._count(learned, -1)
        return new

    def _count(self, learned: Learned, by: int) -> None:
        _add(self.counts, learned.terms.items(), by)
        _add(self._said, learned.lexicon.words.items(), by)
        for kept, said in ((self._names, learned.lexicon.names), (self._acronyms, learned.lexicon.acronyms)):
            for name, meant in said.items():
                spellings = kept.setdefault(name, Counter())
                _add(spellings, [(meant, 1)], by)
                if not spellings:
                    del kept[name]

    @cached_property
    def lexicon(self) -> Lexicon:
        """What the notes call things; of several spellings the most frequent."""
        names, acronyms = _most_frequent(self._names), _most_frequent(self._acronyms)
        for short, long in acronyms.items():
            names.setdefault(short.lower(), short)
            names.setdefault(long.lower(), long)
        return Lexicon(names, acronyms, self._said)

    def __len__(self) -> int:
        return self._passages

    def frequency(self, term: str) -> int:
        """In how many passages a term stands."""
        return self.counts.get(term, 0)

    def knows(self, word: str) -> bool:
        """Whether any form of a word stands in a passage."""
        return any(term in self.counts for term in terms_of(word))


def _add(counts: Counter[str], found: Iterable[tuple[str, int]], by: int) -> None:
    for name, count in found:
        counts[name] += by * count
        if counts[name] <= 0:
            del counts[name]


def _most_frequent(spellings: Spellings) -> dict[str, str]:
    return {
        name: min(found.items(), key=lambda one: (-one[1], one[0]))[0] for name, found in spellings.items()
    }

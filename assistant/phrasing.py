"""Questions about what notes name, in words that read naturally. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from assistant.expectation import content_terms
from indexer.keyword_index import STOPWORDS
from indexer.types import Chunk

LONGEST = 5  # words of a name that reads well in a question
MOST_NOTES = 2  # a term that more notes define is a label, such as "Limits" or "Good to know"
_NAME = re.compile(r"[\w][\w &/.'-]*")
_WITHIN = re.compile(r"\b[a-z][\w-]*[,;]? (?=([^\W\d_][\w-]+))")  # a word after one in small letters
_MIXED = re.compile(r"\w+[A-Z]|.*\d")  # such as EKS, NodePool, S3


class Phrasing:
    """How a question about a name is put; for a name that no question reads well with it is empty."""

    def __init__(self, chunks: Sequence[Chunk], terms: Iterable[tuple[str, str]]) -> None:
        """
        Args:
            chunks: of many notes; they tell which words have a capital of their own, and which a singular.
            terms: each name, with the note that it stands in.
        """
        self._notes = Counter(name.lower() for name, _ in set(terms))
        self._written = Counter(word for chunk in chunks for word in _WITHIN.findall(chunk.text))

    def of_term(self, name: str) -> str:
        """What a defined term is: "What is EKS?", "What does “task role” mean?"."""
        words = name.split()
        if not reads_well(name) or self._notes[name.lower()] > MOST_NOTES:
            return ""
        if all(self._is_name(word) or word.lower() in STOPWORDS for word in words) or (
            len(words) > 1 and all(word[0].isupper() for word in words if word.lower() not in STOPWORDS)
        ):
            return f"What {'are' if self._is_plural(words[-1]) else 'is'} {name}?"
        return f"What does “{self._within(name)}” mean?" if len(words) > 1 else ""

    def of_heading(self, name: str) -> str:
        """What is said under a heading: "What do the notes say about health checks?"."""
        if not reads_well(name) or len(name.split()) < 2 or self._notes[name.lower()] > 1:
            return ""
        return f"What do the notes say about {self._within(name)}?"

    def _is_name(self, word: str) -> bool:
        """Whether a word keeps its capital within a sentence."""
        if _MIXED.match(word):
            return True
        return word[0].isupper() and self._written[word] > self._written[word.lower()]

    def _is_plural(self, word: str) -> bool:
        """Whether a word ends as a plural, and is none of those that the notes use without a singular."""
        if word.isupper() or not word.endswith("s") or word.endswith(("ss", "us", "is")):
            return False
        singular = f"{word[:-3]}y" if word.endswith("ies") else word[:-1]
        return self._uses(singular) > 0 or self._uses(word) == 0

    def _uses(self, word: str) -> int:
        return self._written[word] + self._written[word.lower()]

    def _within(self, name: str) -> str:
        """A name as it stands within a sentence: words with a capital of their own keep it."""
        first, *rest = name.split()
        titled = bool(rest) and all(word[0].isupper() for word in rest if word.lower() not in STOPWORDS)
        return name if titled or self._is_name(first) else " ".join([first[0].lower() + first[1:], *rest])


def reads_well(name: str) -> bool:
    """Whether a name can stand in a question: a few words, the first of them telling."""
    words = name.split()
    named = 0 < len(words) <= LONGEST and words[0].lower() not in STOPWORDS
    return named and bool(_NAME.fullmatch(name)) and bool(content_terms(name))

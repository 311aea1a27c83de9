"""Questions about what notes name, in words that read naturally. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from assistant.expectation import content_terms
from indexer.keyword_index import STOPWORDS
from indexer.types import Chunk

LONGEST = 5  # words of a name that reads well in a question
MOST_NOTES = 2  # a term that more notes define is a label, such as "Limits" or "Good to know"
_CALLOUT = re.compile("caution|danger|example|hint|important|info|notes?|tip|todo|warning", re.I)  # no term
_NAME = re.compile(r"[\w][\w &/.'-]*")
_WITHIN = re.compile(r"\b[a-z][\w-]*[,;]? (?=([^\W\d_][\w-]+))")  # a word after one in small letters
_MIXED = re.compile(r"\w+[A-Z]|.*\d|\w+\.\w")  # such as EKS, NodePool, S3, Node.js


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
        if not reads_well(name) or self._notes[name.lower()] > MOST_NOTES or _CALLOUT.fullmatch(name):
            return ""
        if all(self.is_name(word) or word.lower() in STOPWORDS for word in words) or (
            len(words) > 1 and self._titled(words)
        ):
            return f"What {'are' if self.is_plural(words[-1]) else 'is'} {name}?"
        return f"What does “{self.within(name)}” mean?" if len(words) > 1 else ""

    def of_heading(self, name: str) -> str:
        """What is said under a heading: "What do the notes say about health checks?"."""
        if not reads_well(name) or len(name.split()) < 2 or self.is_common(name):
            return ""
        return f"What do the notes say about {self.within(name)}?"

    def is_common(self, name: str) -> bool:
        """Whether several notes have it, so that a question about it would be about any of them."""
        return self._notes[name.lower()] > 1

    def is_name(self, word: str) -> bool:
        """Whether a word keeps its capital within a sentence."""
        if _MIXED.match(word):
            return True
        return word[0].isupper() and self._written[word] > self._written[word.lower()]

    def is_plural(self, word: str) -> bool:
        """Whether a word ends as a plural, and is none of those that the notes use without a singular."""
        if word.isupper() or not word.endswith("s") or word.endswith(("ss", "us", "is")):
            return False
        singular = f"{word[:-3]}y" if word.endswith("ies") else word[:-1]
        return self._uses(singular) > 0 or self._uses(word) == 0

    def needs_no_article(self, name: str) -> bool:
        """Whether a name can stand alone: one of something, several of them, or what one cannot count."""
        words = name.split()
        return (
            all(self.is_name(word) for word in words)
            or (len(words) > 1 and self._titled(words))
            or self.is_plural(words[-1])
            or words[-1].endswith(("ing", "tion", "sion"))
        )

    def plural_of(self, name: str) -> str:
        """Several of what a name in the singular names; nothing if the notes never speak of them."""
        *before, last = name.split()
        ends = f"{last[:-1]}ies" if re.search(r"[^aeiou]y$", last) else f"{last}s"
        return " ".join([*before, ends]) if self._uses(ends) and not self.is_plural(last) else ""

    def verb_of(self, word: str) -> str:
        """The verb that a heading begins with, as the notes use it: of "Choosing" and "Choose", "choose"."""
        low = word.lower()
        stem = low.removesuffix("ing")
        if stem == low:
            return low if self._written[low] else ""
        forms = [stem, f"{stem}e", *([stem[:-1]] if stem[-1:] == stem[-2:-1] else [])]
        verb = max(forms, key=lambda form: self._written[form])
        return verb if self._written[verb] else ""

    def _titled(self, words: Sequence[str]) -> bool:
        return all(word[0].isupper() for word in words if word.lower() not in STOPWORDS)

    def _uses(self, word: str) -> int:
        return self._written[word] + self._written[word.lower()]

    def within(self, name: str) -> str:
        """A name as it stands within a sentence: words with a capital of their own keep it."""
        first, *rest = name.split()
        telling = [word for word in rest if word.lower() not in STOPWORDS]
        titled = self._titled(rest) and not all(map(self.is_name, telling))
        return name if titled or self.is_name(first) else " ".join([first[0].lower() + first[1:], *rest])


def reads_well(name: str) -> bool:
    """Whether a name can stand in a question: a few words, the first of them telling."""
    words = name.split()
    named = 0 < len(words) <= LONGEST and words[0].lower() not in STOPWORDS
    return named and bool(_NAME.fullmatch(name)) and bool(content_terms(name))

"""What a sentence claims that can be told by its letters: numbers, names, words, and of what. Pure."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assistant.denial import denials, denied, is_denial, within
from assistant.expectation import WORD
from indexer.keyword_index import STOPWORDS, stem, terms

SPELLED = {
    **{"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10},
    **{"eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50},
    **{"sixty": 60, "ninety": 90, "hundred": 100, "thousand": 1000},
    **{"twice": 2, "double": 2, "dozen": 12, "third": 3, "fourth": 4, "fifth": 5},
}
_DIGITS = re.compile(
    r"(?<![\w.,/:-])[$€£]?(\d{1,3}(?:[,\s]\d{3})+(?!\d)|\d+)(\.\d+)?(?:st|nd|rd|th)?(?=[a-zµ%]{0,4}\b|%|\W|$)",
    re.I,
)
FOCUS = 2  # words behind what denies
_HEAD = re.compile(r"\s*+([^:;.]{2,60}?)(?:\s*+\([^)]*+\))?:\s")
_JOINT = re.compile(r"[;\N{EM DASH}]|,\s(?:and|but|while|whereas|so|or|nor)\b|\s(?:whereas|while|but)\b")
# Where a sentence may begin to speak of something else, and where the smallest parts of a line lie apart.
_PART = re.compile(_JOINT.pattern + r"|,\s(?=\w+ \w+ )")
_BREAK = re.compile(
    r"[;,()\N{EN DASH}\N{EM DASH}:.]|\b(?:and|or|but|while|whereas|if|unless|because|so|not|than)\b"
)
_ACRONYM = re.compile(r"\b[A-Z]{2,6}\b")
_PREFIXED = re.compile(r"^(?:un|non-?|dis|in|im)(?=[a-z]{4})")


@dataclass(frozen=True, slots=True)
class Word:
    """A word that carries meaning: where it stands, its stems, and whether it is denied there.

    `focus` says that it stands right behind what denies it.
    """

    text: str
    start: int
    end: int
    stems: frozenset[str]
    denied: bool = False
    focus: bool = False


def numbers(text: str) -> set[str]:
    """The numbers of a text, those in words too, as their shortest decimal."""
    words = re.findall(r"[a-z]+", text.lower())
    return figures(text) | {str(SPELLED[word]) for word in words if word in SPELLED}


def figures(text: str) -> set[str]:
    """The numbers of a text that are in digits, as their shortest decimal."""
    return {_shortest(re.sub(r"[,\s]", "", match[1]) + (match[2] or "")) for match in _DIGITS.finditer(text)}


def _shortest(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else (number.lstrip("0") or "0")


def names(text: str, *, sentence: bool = True) -> set[str]:
    """The names of a text, in lower case: what is in code, identifiers, acronyms, what is capitalised.

    Args:
        sentence: whether its first word is capitalised in any case.
    """
    found = {part.strip("`").lower() for part in re.findall(r"`[^`]+`", text)}
    bare = re.sub(r"`[^`]+`", " ", text)
    for number, match in enumerate(WORD.finditer(bare)):
        word = match.group()
        odd = bool(re.search(r"[A-Z]", word[1:]) or re.search(r"[a-z]\d|\d[a-z]{3}|[_/:]", word, re.I))
        capital = word[0].isupper() and not (number == 0 and sentence)
        if (odd or capital) and word.lower() not in STOPWORDS and not word.isdigit():
            found.add(word.lower())
    return found


@lru_cache(maxsize=20_000)
def words(text: str) -> tuple[Word, ...]:
    """The words of a text that carry meaning."""
    reaches = denied(text)
    found = [
        Word(
            match.group(),
            match.start(),
            match.end(),
            _stems(match.group()),
            within(match.start(), reaches) > 0,
        )
        for match in WORD.finditer(text)
        if _carries(match.group())
    ]
    behind = {
        word.start
        for match in denials(text)
        for word in [word for word in found if word.start >= match.end() and word.denied][:FOCUS]
    }
    return tuple(replace(word, focus=word.start in behind) for word in found)


@dataclass(frozen=True, slots=True)
class Fact:
    """The smallest thing that is said: of what (`heads`, as stems), and from where to where in a text."""

    start: int
    end: int
    heads: tuple[frozenset[str], ...]


def facts(text: str, *, row: bool = False) -> list[Fact]:
    """What a line says, one after the other: "Role: one namespace; ClusterRole: the whole cluster".

    Args:
        row: it is a table row as it is told: "Size – Container: megabytes; Virtual machine: gigabytes".
    """
    found: list[Fact] = []
    first = re.match(r"(.{1,80}?) \N{EN DASH} ", text) if row else None
    whole = [_head(first[1])] if first else []
    at = first.end() if first else 0
    carried: list[frozenset[str]] = []
    for piece in re.finditer(r"[^;]+", text[at:]):
        named = _HEAD.match(piece.group())
        if named:
            carried = [_head(named[1])]
        heads = tuple(head for head in (*whole, *carried) if head)
        found.append(Fact(at + piece.start(), at + piece.end(), heads))
    return found


def clauses(text: str) -> list[tuple[int, int]]:
    """From where to where the parts of a sentence reach that claim something each."""
    cuts = [0, *(match.start() for match in _JOINT.finditer(text)), len(text)]
    return [(start, end) for start, end in pairwise(cuts) if len(text[start:end].split()) > 1]


def parts(text: str, some: Sequence[Word]) -> NDArray[np.int64]:
    """For each word of a sentence the number of the part that it stands in."""
    return _numbered([match.start() for match in _PART.finditer(text)], some)


def pieces(text: str, some: Sequence[Word], start: int) -> NDArray[np.int64]:
    """For each word of a line the number of the smallest part that it stands in; one before `start`."""
    return _numbered([match.start() for match in _BREAK.finditer(text) if match.start() > start], some)


def _numbered(cuts: Sequence[int], some: Sequence[Word]) -> NDArray[np.int64]:
    return np.array([bisect_right(cuts, word.start) for word in some], dtype=np.int64)


def in_words_of(sentence: str, text: str) -> str:
    """The sentence with the acronyms of a text in the place of what they stand for, and the other way round.

    >>> in_words_of("An Auto Scaling group grows", "An ASG grows")
    'An ASG grows'
    """
    for acronym in set(_ACRONYM.findall(text)) - set(_ACRONYM.findall(sentence)):
        if not _spelled_out(acronym).search(text):
            sentence = _spelled_out(acronym).sub(acronym, sentence)
    for acronym in set(_ACRONYM.findall(sentence)) - set(_ACRONYM.findall(text)):
        if match := _spelled_out(acronym).search(text):
            sentence = re.sub(rf"\b{acronym}\b", match.group(), sentence)
    return sentence


@lru_cache(maxsize=1_000)
def _spelled_out(acronym: str) -> re.Pattern[str]:
    """Words in a row that begin with its letters."""
    return re.compile(r"\b" + r"[ -]".join(f"[{sign}{sign.lower()}]\\w+" for sign in acronym) + r"\b")


def _head(text: str) -> frozenset[str]:
    return frozenset(one for word in words(text) for one in word.stems)


def _carries(word: str) -> bool:
    lower = word.lower()
    return lower not in STOPWORDS and not is_denial(lower) and any(sign.isalnum() for sign in word)


def _stems(word: str) -> frozenset[str]:
    spelled = [str(SPELLED[word.lower()])] if word.lower() in SPELLED else []
    return (frozenset(terms(word)) or frozenset([stem(word)])) | frozenset(spelled)


def unprefixed(word: Word) -> frozenset[str]:
    """The stems of a word without a prefix that denies it; none if it has no such prefix."""
    bare = _PREFIXED.sub("", word.text.lower())
    return _stems(bare) if bare != word.text.lower() else frozenset()

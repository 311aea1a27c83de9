"""What a sentence claims that can be told by its letters: numbers, names, and what it denies. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise

from assistant.expectation import WORD
from indexer.keyword_index import STOPWORDS, stem, terms

_SPELLED = {
    **{"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10},
    **{"eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50},
    **{"sixty": 60, "ninety": 90, "hundred": 100, "thousand": 1000},
    **{"twice": 2, "double": 2, "dozen": 12, "third": 3, "fourth": 4, "fifth": 5},
}
_DIGITS = re.compile(
    r"(?<![\w.,/:-])[$€£]?(\d{1,3}(?:[,\s]\d{3})+(?!\d)|\d+)(\.\d+)?(?:st|nd|rd|th)?(?=[a-zµ%]{0,4}\b|%|\W|$)",
    re.I,
)
# A word that denies its clause, and one that denies only what comes after it.
_DENYING = re.compile(
    r"\b(?:not|no|never|none|nor|neither|nothing|nobody|nowhere|cannot|unable|impossible|hardly|exclud\w+)\b"
    r"|n['’]t\b|\bcant\b",
    re.I,
)
_SPARING = re.compile(
    r",\s+not\b(?! (?:only|just))|\b(?:without|instead of|rather than|except|unlike|lacks?)\b", re.I
)
# What looks like a denial and is none: "no more than ten", "No, it cannot".
_NO_DENIAL = re.compile(
    r"\b(?:no (?:more|less|fewer|later|matter|longer than)|not (?:only|just|merely))\b"
    r"|^\W*no,(?=.*\b(?:not|no|never|cannot|only)\b|.*n['’]t\b)",
    re.I,
)
# How far a denial reaches: over its clause.
_CLAUSE_END = re.compile(
    r"[.;:!?()\N{EM DASH}\N{EN DASH}]|,|\b(?:but|because|since|so|while|whereas|if|unless|and|which)\b", re.I
)
FOCUS = 2  # words behind what denies
_CELL = re.compile(
    r"(?:^|;|\N{EN DASH})\s*([^;:\n]{1,60}):\s*(?:no|none|never|not\s[^;]{1,30}|✗|n/a)\s*(?=;|$)", re.I
)
_HEAD = re.compile(r"\s*([^:;.]{2,60}?)(?:\s*\([^)]*\))?:\s")
_JOINT = re.compile(r"[;\N{EM DASH}]|,\s(?:and|but|while|whereas|so|or|nor)\b|\s(?:whereas|while|but)\b")
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
    found = {_shortest(re.sub(r"[,\s]", "", match[1]) + (match[2] or "")) for match in _DIGITS.finditer(text)}
    words = re.findall(r"[a-z]+", text.lower())
    return found | {str(_SPELLED[word]) for word in words if word in _SPELLED}


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
    reaches = list(_denied(text))
    found = [
        Word(
            match.group(),
            match.start(),
            match.end(),
            _stems(match.group()),
            any(start <= match.start() < end for start, end in reaches),
        )
        for match in WORD.finditer(text)
        if _carries(match.group())
    ]
    plain = _without_false_denials(text)
    behind = {
        word.start
        for match in [*_DENYING.finditer(plain), *_SPARING.finditer(plain)]
        for word in [word for word in found if word.start >= match.end() and word.denied][:FOCUS]
    }
    return tuple(replace(word, focus=word.start in behind) for word in found)


def denies(text: str) -> bool:
    """Whether a text denies anything."""
    plain = _without_false_denials(text)
    return bool(_DENYING.search(plain) or _SPARING.search(plain))


@cache
def opposites() -> Sequence[frozenset[str]]:
    """Pairs of words of which the one says what the other denies."""
    lines = resources.files("assistant").joinpath("opposites.txt").read_text("utf-8").splitlines()
    return tuple(frozenset(line.split()) for line in lines)


def opposed(one: str, other: str) -> int:
    """How many words of the one stand against their opposite in the other, which does not have them."""
    mine, theirs = _lower(one), _lower(other)
    return sum(
        1
        for pair in opposites()
        for word in pair
        if word in mine and word not in theirs and (pair - {word}) & theirs
    )


@lru_cache(maxsize=20_000)
def _lower(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+(?:-\w+)*", text.lower()))


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


def _head(text: str) -> frozenset[str]:
    return frozenset(one for word in words(text) for one in word.stems)


def _carries(word: str) -> bool:
    lower = word.lower()
    denying = _DENYING.fullmatch(lower) or _SPARING.fullmatch(lower)
    return lower not in STOPWORDS and not denying and any(sign.isalnum() for sign in word)


def _stems(word: str) -> frozenset[str]:
    plain = frozenset(terms(word)) or frozenset([stem(word)])
    return plain


def _denied(text: str) -> Iterator[tuple[int, int]]:
    """Where something is denied: in the clauses that hold a word which does so."""
    plain = _without_false_denials(text)
    spared = [match.span() for match in _SPARING.finditer(plain)]
    yield from ((end, _reach(text, end)) for _, end in spared)
    for match in _DENYING.finditer(plain):
        if not any(start <= match.start() < end for start, end in spared):
            begun = [end.end() for end in _CLAUSE_END.finditer(text, 0, match.start())]
            yield (begun[-1] if begun else 0), _reach(text, match.end())
    for cell in _CELL.finditer(text):  # "Windows: no"
        yield cell.start(1), cell.end(1)


def _without_false_denials(text: str) -> str:
    return _NO_DENIAL.sub(lambda found: "+" * len(found.group()), text)


def _reach(text: str, start: int) -> int:
    """Where a clause ends; in "no a, b or c" the commas do not end it."""
    for end in _CLAUSE_END.finditer(text, start):
        listed = end.group() == "," and re.match(r",[^.;:()]*?\b(?:or|nor)\b", text[end.start() :])
        if not listed:
            return end.start()
    return len(text)


def unprefixed(word: Word) -> frozenset[str]:
    """The stems of a word without a prefix that denies it; none if it has no such prefix."""
    bare = _PREFIXED.sub("", word.text.lower())
    return _stems(bare) if bare != word.text.lower() else frozenset()

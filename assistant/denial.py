"""What a text denies, excepts, or says by the opposite word: read off the letters. Pure."""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources

from indexer.keyword_index import stem

Reach = tuple[int, int]  # from where to where in a text

# A word that denies its clause, and one that denies only what comes after it.
_DENYING = re.compile(
    r"\b(?:not|no|never|none|nor|neither|nothing|nobody|nowhere|cannot|unable|impossible|hardly|exclud\w+)\b"
    r"|n['’]t\b|\bcant\b",
    re.I,
)
_SPARING = re.compile(
    r",\s+not\b(?! (?:only|just))|\b(?:without|instead of|rather than|except|unlike|lacks?)\b", re.I
)
# A word that says by itself that something is not so, or may not be.
_ADVERSE = re.compile(
    r"\b(?:un(?:supported|available|usable|necessary|aware)|incompatible|needless|deprecated|wrong"
    r"|(?:forbid|prohibit|prevent|disallow)\w*|(?:refus|reject|exclud)\w+|block(?:s|ed)?|den(?:y|ies|ied)"
    r"|fail(?:s|ed)?|ignores?|ruled out|out of the question)\b",
    re.I,
)
# What is so only here, or only then, is denied elsewhere: "not until" says what "only once" says.
_EXCEPTING = re.compile(
    r"\b(?:only|just|solely|exclusively|except|unless|until|nothing but|no other|alone|apart from|other than"
    r"|as long as)\b",
    re.I,
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
_CELL = re.compile(
    r"(?:^|;|\N{EN DASH})\s*([^;:\n]{1,60}):\s*(?:no|none|never|not\s[^;]{1,30}|✗|n/a)\s*(?=;|$)", re.I
)


def denials(text: str) -> Sequence[re.Match[str]]:
    """The words of a text that deny something."""
    plain = _without_false_denials(text)
    return [*_DENYING.finditer(plain), *_SPARING.finditer(plain)]


def is_denial(word: str) -> bool:
    """Whether a word does nothing but deny."""
    return bool(_DENYING.fullmatch(word) or _SPARING.fullmatch(word))


def excepts(text: str) -> bool:
    """Whether a text says of something that it is so only here or only then."""
    return bool(_EXCEPTING.search(text))


@lru_cache(maxsize=20_000)
def denied(text: str) -> Sequence[Reach]:
    """Where something is denied: in the clauses that hold a word which does so."""
    plain = _without_false_denials(text)
    spared = [match.span() for match in _SPARING.finditer(plain)]
    found = [(end, _end(text, end)) for _, end in spared]
    for match in _DENYING.finditer(plain):
        if not any(start <= match.start() < end for start, end in spared):
            found.append(_clause(text, match))
    return [*found, *(cell.span(1) for cell in _CELL.finditer(text))]  # "Windows: no"


@lru_cache(maxsize=20_000)
def opposed(text: str) -> Sequence[Reach]:
    """Where something is denied, or called wrong, impossible or forbidden by a word of its own."""
    return [*denied(text), *(_clause(text, match) for match in _ADVERSE.finditer(text))]


def within(place: int, reaches: Sequence[Reach]) -> int:
    """How many of some reaches hold a place."""
    return sum(start <= place < end for start, end in reaches)


@cache
def _senses() -> Mapping[str, Sequence[tuple[int, int]]]:
    """Of each word of opposites.txt, and of its stem, the lines that it stands in, and the side: 1 or -1."""
    lines = resources.files("assistant").joinpath("opposites.txt").read_text("utf-8").splitlines()
    found: dict[str, dict[int, int]] = {}
    for number, line in enumerate(lines):
        for side, words in zip((1, -1), line.split("|"), strict=True):
            for word in words.split():
                found.setdefault(word, {})[number] = side
                found.setdefault(stem(word), {}).setdefault(number, side)
    return {word: tuple(sides.items()) for word, sides in found.items()}


def _sides(word: str) -> Sequence[tuple[int, int]]:
    """The lines of opposites.txt that a word stands in, in whatever form, and the side."""
    return _senses().get(word) or _senses().get(stem(word)) or ()


def opposite(one: str, other: str) -> bool:
    """Whether one word says what the other denies: "public", "private"."""
    mine, theirs = _sides(one.lower()), _sides(other.lower())
    return any(line == its and side != against for line, side in mine for its, against in theirs)


def contradictions(one: str, other: str) -> int:
    """How many words of a text say the opposite of another: "may", "may not"; "optional", "required"."""
    mine, theirs = _said(one), _said(other)
    return len(
        {words for line, (words, sides) in mine.items() if line in theirs and not sides & theirs[line][1]}
    )


@lru_cache(maxsize=20_000)
def _said(text: str) -> Mapping[int, tuple[frozenset[str], frozenset[int]]]:
    """By line of opposites.txt the words of a text in it, and their sides; a denied one is on the other."""
    reaches = denied(text)
    words: dict[int, set[str]] = {}
    sides: dict[int, set[int]] = {}
    for match in re.finditer(r"\w+(?:[-'’]\w+)*", text.lower()):
        word = match.group().replace("’", "'")
        turned = -1 if word != "cannot" and within(match.start(), reaches) else 1
        for line, side in _sides(word):
            words.setdefault(line, set()).add(word)
            sides.setdefault(line, set()).add(turned * side)
    return {line: (frozenset(words[line]), frozenset(sides[line])) for line in words}


def _without_false_denials(text: str) -> str:
    return _NO_DENIAL.sub(lambda found: "+" * len(found.group()), text)


def _clause(text: str, match: re.Match[str]) -> Reach:
    """The clause that a word stands in."""
    begun = 0
    for end in _CLAUSE_END.finditer(text, 0, match.start()):
        begun = end.end()
    return begun, _end(text, match.end())


def _end(text: str, start: int) -> int:
    """Where a clause ends; in "no a, b or c" the commas do not end it."""
    for end in _CLAUSE_END.finditer(text, start):
        listed = end.group() == "," and re.match(r",[^.;:()]*?\b(?:or|nor)\b", text[end.start() :])
        if not listed:
            return end.start()
    return len(text)

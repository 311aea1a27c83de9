"""What the notes call things: names, acronyms with their long forms, and the words in use. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from indexer.types import Chunk, Kind

LONGEST_NAME = 6  # words
_BOLD = re.compile(r"\*\*(?P<name>[^*\n]{2,60}?):?\*\*")
_LONG_SHORT = re.compile(r"(?<![\w/&'-])(?P<before>(?:[\w/&'-]+ ){1,8})\((?P<short>[A-Z][A-Za-z0-9&]{1,9})\)")
_SHORT_LONG = re.compile(r"\b(?P<short>[A-Z][A-Z0-9]{1,9}) \((?P<long>[A-Za-z][\w/&' -]{5,80})\)")
_WORD = re.compile(r"[^\W\d_][\w'’-]{2,}")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Names as the notes write them, by their lower case; long forms by acronym; how often a word occurs."""

    names: Mapping[str, str] = field(default_factory=dict)
    acronyms: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)


def learn(chunks: Iterable[Chunk]) -> Lexicon:
    """Read the names off headings, bold terms and first table cells; acronyms off "Long Form (LF)"."""
    names: dict[str, str] = {}
    acronyms: dict[str, str] = {}
    words: Counter[str] = Counter()
    for chunk in chunks:
        words.update(match.group().lower() for match in _WORD.finditer(chunk.text))
        if "(" in chunk.text:
            acronyms |= dict(_acronyms(" ".join(chunk.text.replace("*", "").split())))
        for name in _names(chunk):
            names.setdefault(name.lower(), name)
    return Lexicon(names, acronyms, dict(words))


def merged(parts: Iterable[Lexicon]) -> Lexicon:
    """What was learned from parts of the notes, as one: names as they are written first, acronyms last."""
    names: dict[str, str] = {}
    acronyms: dict[str, str] = {}
    words: dict[str, int] = {}
    for part in parts:
        for lower, name in part.names.items():
            names.setdefault(lower, name)
        acronyms.update(part.acronyms)
        for word, count in part.words.items():
            words[word] = words.get(word, 0) + count
    for short, long in acronyms.items():
        names.setdefault(short.lower(), short)
        names.setdefault(long.lower(), long)
    return Lexicon(names, acronyms, words)


def _names(chunk: Chunk) -> Iterator[str]:
    cells = (unit.cells[0][1] for unit in chunk.units if unit.kind is Kind.TABLE_ROW and unit.cells)
    bold = (match["name"] for match in _BOLD.finditer(chunk.text))
    for raw in (*chunk.heading_path, *bold, *cells):
        name = " ".join(re.sub(r"[`*]|\([^)]*\)", " ", raw).split()).rstrip(":?.")
        if len(name) >= 2 and len(name.split()) <= LONGEST_NAME:
            yield name


def _acronyms(text: str) -> Iterator[tuple[str, str]]:
    for match in _LONG_SHORT.finditer(text):
        long = _long_form(match["before"].split(), match["short"])
        if long:
            yield match["short"], long
    for match in _SHORT_LONG.finditer(text):
        long = _long_form(match["long"].split(), match["short"])
        if long:
            yield match["short"], long


def _long_form(words: Sequence[str], short: str) -> str | None:
    """The last of the words that spell the acronym, each of its letters beginning a word or in one."""
    letters = [letter for letter in short.lower() if letter.isalpha()]
    for start in range(len(words) - 1, -1, -1):
        candidate = words[start:]
        if candidate[0][0].lower() == letters[0] and len(candidate) <= len(letters) + 3:
            initials = [word[0].lower() for word in candidate]
            if _spelled(letters, initials) or (
                len(candidate) > 1 and _spelled(letters, "".join(candidate).lower())
            ):
                return " ".join(candidate) if len(candidate) > 1 else None
    return None


def _spelled(letters: Sequence[str], within: Iterable[str]) -> bool:
    """Whether the letters occur in that order."""
    rest = iter(within)
    return all(letter in rest for letter in letters)

"""What an answer named, for what points at it: "it", "the second one". Pure."""

import re
from collections.abc import Sequence

from assistant.evidence import name_of
from assistant.naming import entities
from indexer.lexicon import Lexicon
from indexer.markdown import plain

_ITEM = re.compile(r"^(?P<margin>[ \t]*)(?:[-*+]|\d{1,3}[.)])[ \t]+(?P<said>\S.*)$", re.M)
_MARKS = re.compile(r"(?<![ \t\]])[ \t]*+(?:\[\d++\])++[ \t]*+$")
MOST_WORDS = 5  # of a name
_LONGEST = 1_000  # characters of a line that are looked at
_QUOTES = ('"', "\N{LEFT DOUBLE QUOTATION MARK}")
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")
_NTH = re.compile(
    rf"\b(?:the\s+)?(?P<place>{'|'.join(_PLACES)}|last)\s+"
    r"(?:one|option|item|point|kind|way|of (?:them|these|those))\b",
    re.I,
)


def _items_of(answer: str) -> Sequence[str]:
    """What the items of an answer's list are called; "" where one has no name.

    The list is what the first item introduces, if it introduces one.
    """
    items = [(match["margin"], _said(match["said"])) for match in _ITEM.finditer(answer)]
    introduced = len(items) > 1 and items[0][1].endswith(":")
    margin = items[1 if introduced else 0][0] if items else ""
    return [name_of(said) for depth, said in items if depth == margin]


def nth_put_in(question: str, answer: str) -> str:
    """The question with the item of the answer in it that it points at: "the second one"."""
    pointed = _NTH.search(question)
    named = _items_of(answer) if pointed else ()
    if not pointed or not named:
        return question
    place = pointed["place"].lower()
    number = len(named) - 1 if place == "last" else _PLACES.index(place)
    if number >= len(named) or not all(named[: number + 1]):
        return question
    return question[: pointed.start()] + named[number] + question[pointed.end() :]


def named_first(answer: str, question: str, lexicon: Lexicon) -> str:
    """What an answer is about that the question did not name: what its first line calls it."""
    first = next((line for line in answer.splitlines() if line.strip()), "")
    said = _said(re.sub(r"^(?:[-*+|]|\d{1,2}[.)])\s+", "", first))
    asked = question.lower()
    name = name_of(said)
    no_name = name.startswith(_QUOTES) or len(name.split()) > MOST_WORDS  # it is quoted, or a clause
    found = [] if no_name else [name]
    found.extend(entities(said.removeprefix(name), lexicon))
    return next((one for one in found if one and one.lower() not in asked), "")


def _said(line: str) -> str:
    return plain(_MARKS.sub("", line[:_LONGEST]))

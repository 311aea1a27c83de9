"""What an answer has to hold: the words a question is about, and the shape it asks for. Pure."""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from indexer.keyword_index import STOPWORDS, stem, terms

_WORD = re.compile(r"\w+(?:[-_.:/]\w+)*")
_NUMBER = r"(?:\d[\d,.]*|\b(?:no|one|two|three|four|five|six|seven|eight|nine|ten|twelve|single|unlimited)\b)"
_TIME = r"(?:ms|milliseconds?|s|sec|seconds?|min|minutes?|h|hours?|days?|weeks?|months?|years?)"


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of fact that can be told by its looks: what asks for it, and what it looks like."""

    name: str
    asked: re.Pattern[str]
    given: re.Pattern[str]


SHAPES = (
    Shape(
        "price",
        re.compile(r"\b(?:costs?|prices?|pricing|billed|bills?|charged?|fees?|cheaper|expensive)\b", re.I),
        re.compile(
            r"[$€£¥]|\b(?:costs?|priced?|pricing|billed|bills?|charged?|fees?|free|pays?|paid|cheaper|discount"
            r"|expensive)\b",
            re.I,
        ),
    ),
    Shape("share", re.compile(r"\bpercent(?:age)?\b|%", re.I), re.compile(r"\d\s*(?:%|percent)", re.I)),
    Shape(
        "time",
        re.compile(
            r"\bhow (?:long|often|soon|old|frequently)\b|\b(?:interval|time-?out|ttl|retention|duration)\b"
            r"|\b(?:how many|what) (?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b",
            re.I,
        ),
        re.compile(
            rf"{_NUMBER}[\s-]*{_TIME}\b|\b(?:daily|hourly|weekly|until|never|every|immediately)\b", re.I
        ),
    ),
    Shape("version", re.compile(r"\bversions?\b", re.I), re.compile(r"\bv?\d+\.\d+|\bversions?\s+\d", re.I)),
    Shape(
        "number",
        re.compile(
            r"\bhow (?:many|much|big|large|small|high|far|fast)\b"
            r"|\b(?:maximum|minimum|max|min|biggest|largest|smallest|limits?|number of|size)\b",
            re.I,
        ),
        re.compile(_NUMBER, re.I),
    ),
)


def shape_of(question: str) -> Shape | None:
    """The shape that a question asks for; None if its answer can look like anything."""
    return next((shape for shape in SHAPES if shape.asked.search(question)), None)


@cache
def generic_words() -> frozenset[str]:
    """Words that carry no subject: "company", "best", "happen"."""
    text = resources.files("assistant").joinpath("generic_words.txt").read_text("utf-8")
    return frozenset(text.split())


def content_terms(text: str) -> list[str]:
    """The search terms of the words that a text is about, each once, in order."""
    skipped = generic_words()
    words = (match.group() for match in _WORD.finditer(text))
    kept = [word for word in words if word.lower() not in STOPWORDS and word.lower() not in skipped]
    return list(dict.fromkeys(term for word in kept for term in terms(word) or [stem(word)]))

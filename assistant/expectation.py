"""What an answer has to hold: the words a question is about, and the shape it asks for. Pure."""

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from indexer.keyword_index import STOPWORDS, is_stop_word, stem, terms

WORD = re.compile(r"\w+(?:[-_.:/'’]\w+)*")
_NUMBER = (
    r"(?:(?<![\w.])\d[\d,.]*(?![\w])|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|unlimited)\b)"
)
_ONE = r"\b(?:no|one|a single)\b"
_TIME = r"(?:ms|milliseconds?|s|sec|seconds?|min|minutes?|h|hours?|days?|weeks?|months?|years?)"
_MONTH = (
    r"(?:(?<=\d\s)|(?<=\d\.\s)|(?=\w+\s+\d)|(?=\w+$))"
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_DATE = re.compile(rf"\b(?:19|20)\d\d\b|\b{_MONTH}\b", re.I)
_WHEN = re.compile(
    r"(?:(?:and|but|so)\s+)?(?:(?:since|until|on)\s+)?(?:when|(?:what|which)\s+(?:day|date|year|month))\b",
    re.I,
)
# What is measured, not counted, and how it is written behind a number.
_UNIT = re.compile(
    r"[kmgt]i?bs?|(?:kilo|mega|giga|tera)?bytes?|v?cpus?|degrees?|euros?|dollars?|pounds?|kilos?|miles?|feet|inch(?:es)?"
    r"|(?:kilo|centi|milli|micro)?(?:gram(?:me)?|met(?:re|er)|lit(?:re|er)|watt|volt|amp)s?",
    re.I,
)
_MEASURED = r"(?<![\w.])\d[\d,.]*\s?(?:[KMGT]i?B|[kcm\N{MICRO SIGN}\N{GREEK SMALL LETTER MU}]?[gmlWVA])\b"
_COUNTED = re.compile(
    r"\b(?:how many|(?:number|maximum|minimum|limit) of)\s+(?P<things>(?:[\w/-]+\s*){1,6})", re.I
)

_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\b(?:Dr|Mr|Ms|St|vs)\.)(?<!\bMrs\.)(?<!\bProf\.)(?<!\b(?:e\.g|i\.e)\.)\s+"
)
_ASKING = re.compile(r"\b(?:how|what|when|where|which|who|whose|why)\b", re.I)
_FORMULA = re.compile(r"\b(?:calculate[ds]?|calculation|compute[ds]?|formula)\b", re.I)
_YES_NO = re.compile(
    r"^(?:(?:and|but|so|then|ok(?:ay)?)\b[\s,]*)*"
    r"(?:can|could|do|does|did|is|are|was|will|would|should|must|may|has|have)\b",
    re.I,
)
_THINGS = r"(?:tasks?|jobs?|items?|points?|to-?dos?|repairs?|actions?|chores?|things?|work|issues?)"
_UNDONE = r"(?:left|open|outstanding|remain\w*|pending|unfinished|undone)"
_OPEN_TASKS = re.compile(
    rf"\b{_UNDONE}\s+(?:\w+\s+){{0,2}}{_THINGS}\b|\b{_THINGS}\b[^?]{{0,60}}\b{_UNDONE}\b|\bto-?dos?\b"
    r"|\b(?:left|still|remains?|yet)\s+(?:needs? )?to (?:be )?\w+"
    r"|\b(?:are|is|'s)\s+still\s+(?:open|missing|outstanding|pending)\b"
    r"|\bnot (?:yet )?(?:been )?(?:bought|dealt with|done|finished|fixed|sorted)\b"
    r"|\b(?:has|have)n['’]t (?:yet )?(?:been )?(?:bought|dealt with|done|finished|fixed|sorted)\b",
    re.I,
)

VERB = r"(?:is|are|was|were|do|does|did|can|could|will|would|should|must|may|might|has|have|had|needs?)"


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
            r"[$€£¥]|\b(?:costs?|priced?|pricing|billed|bills?|charged?|fees?|free|pays?|paid|cheaper"
            r"|expensive)\b",
            re.I,
        ),
    ),
    Shape(
        "share",
        re.compile(r"\b(?:what|which|how (?:many|much|high))\b[^?]*(?:\bpercent(?:age)?\b|%)", re.I),
        re.compile(r"\d", re.I),
    ),
    Shape(
        "time",
        re.compile(
            r"\bhow (?:long|often|soon|old|frequently)\b|\b(?:interval|time-?out|ttl|retention|duration)\b"
            r"|\b(?:default|maximum|minimum|longest|shortest)\b[^?]*\b(?:delay|lifetime|period)\b"
            r"|\b(?:how many|what) (?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b",
            re.I,
        ),
        re.compile(
            rf"{_NUMBER}[\s-]*{_TIME}\b|(?<!\d)\d++{_TIME}\b|\ban?\s+{_TIME}\b"
            r"|\b(?:daily|hourly|weekly|monthly)\b",
            re.I,
        ),
    ),
    Shape(
        "date",
        re.compile(r"\b(?:since when|when (?:did|was|were)|(?:what|which) (?:year|month|date))\b", re.I),
        _DATE,
    ),
    Shape(
        "clock",
        re.compile(r"\bat (?:what|which) (?:time|hour)\b|\b(?:what|which) (?:time|hour) of\b", re.I),
        re.compile(r"\b\d{1,2}:\d\d\b|\b\d{1,2}\s?[ap]\.?m\b|\b(?:midnight|noon|midday|o'clock)\b", re.I),
    ),
    Shape(
        "port",
        re.compile(r"\b(?:what|which) (?:\w+ ){0,2}ports? (?:is|are|do|does|has|must|should)\b", re.I),
        re.compile(r"\b\d{2,5}\b"),
    ),
    Shape(
        "version",
        re.compile(
            rf"\b(?:which|what)(?:\s+(?!{VERB}\b)[\w.-]+){{0,3}}\s+versions?\b"
            r"|\b(?:newest|latest|oldest|minimum) [^?]*\bversion\b",
            re.I,
        ),
        re.compile(r"\bv?\d+\.\d+|\bversions?\s+\d", re.I),
    ),
    Shape(
        "number",
        re.compile(
            r"\bhow (?:many|much|big|large|small|high|far|fast)\b"
            r"|\b(?:maximum|minimum|number of)\b"
            r"|\b(?:biggest|largest|smallest)\b[^?]*\b(?:size|number|amount|count|memory|volume|value|file|image)\b",
            re.I,
        ),
        re.compile(rf"{_NUMBER}|{_MEASURED}", re.I),
    ),
)


def shape_of(question: str) -> Shape | None:
    """The shape that a question asks for; None if its answer can look like anything.

    One that counts things asks for a number beside their name. A question for yes or no, or for a formula,
    has none.
    """
    question = _asked_last(question)
    if asks_yes_or_no(question) or _FORMULA.search(question):
        return None
    shape = next((shape for shape in SHAPES if shape.asked.search(question)), None)
    thing = _counted(question) if shape and shape.name == "number" else ""
    if not thing or shape is None:
        return shape
    number = rf"(?:{_NUMBER}|{_ONE})"
    beside = rf"{number}\s+(?:[\w/-]+\s+){{0,3}}{thing}\w*|\b{thing}\w*[^.;]{{0,30}}?{_NUMBER}"
    return replace(shape, given=re.compile(beside, re.I))


def date_asked_for(question: str) -> re.Pattern[str] | None:
    """What the date looks like that a question asks for; None if it asks for none."""
    return _DATE if _WHEN.match(_asked_last(question)) else None


def asks_for_open_tasks(question: str) -> bool:
    """Whether a question asks for what is still to be done."""
    return bool(_OPEN_TASKS.search(_asked_last(question)))


def asks_yes_or_no(question: str) -> bool:
    """Whether a question can be answered by yes or no."""
    return bool(_YES_NO.match(_asked_last(question)))


def asks_more(question: str) -> bool:
    """Whether a question goes on to a further one: "which are there, and what does each cost"."""
    return len(_ASKING.findall(question)) > 1


def _asked_last(question: str) -> str:
    """The last sentence of a question; what comes before it sets the scene."""
    return _SENTENCE_END.split(question.strip())[-1]


def _counted(question: str) -> str:
    """The stem of what a question counts: "contain" of "how many containers fit in a task"."""
    match = _COUNTED.search(question)
    things: list[str] = []
    for word in match["things"].split() if match else ():
        if is_stop_word(word, question) or word.lower() in generic_words():
            break
        things.append(word)
    measured = not things or _UNIT.fullmatch(things[0]) or _UNIT.fullmatch(things[-1])
    return "" if measured else re.escape(stem(things[-1]))


@cache
def generic_words() -> frozenset[str]:
    """Words that carry no subject: "company", "best", "happen"."""
    text = resources.files("assistant").joinpath("generic_words.txt").read_text("utf-8")
    return frozenset(text.split())


def content_terms(text: str) -> list[str]:
    """The search terms of the words that a text is about, each once, in order."""
    kept = [match.group() for match in WORD.finditer(text) if _tells(match.group(), text)]
    return list(dict.fromkeys(term for word in kept for term in terms(word) or [stem(word)]))


def _tells(word: str, text: str) -> bool:
    if word.lower() in STOPWORDS:  # many of which are generic words, too
        return not is_stop_word(word, text)
    return word.lower() not in generic_words()

"""What a question asks of the numbers and dates in a column: "over 2,000 a month", "in 2026". Pure."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.claims import SPELLED

BEST = 10  # the most that a mark may be: "four out of five" asks of a column of marks, whatever it is called
_NUMBER = (
    rf"(?<![\d.,])(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\b(?:{'|'.join(SPELLED)})\b)(?![.,]?\d)"
)
_AMOUNT = rf"(?P<sign>[$€£])?\s?(?P<amount>{_NUMBER})\s?(?P<thousand>k\b)?\s?(?P<unit>%|[^\W\d]+|[$€£])?"
_COMPARISONS = {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}
_BEFORE = re.compile(
    r"\b(?:(?P<ge>at least|not? less than|no fewer than)|(?P<le>at most|not? more than|up to)"
    r"|(?P<gt>over|above|exceed(?:s|ed|ing)?|(?:more|greater|higher|longer|bigger|larger|older) than)"
    rf"|(?P<lt>under|below|(?:less|fewer|lower|shorter|smaller|cheaper|younger) than))\s+{_AMOUNT}",
    re.I,
)
_BEHIND = re.compile(
    rf"{_AMOUNT}\s+(?:(?P<ge>(?:or|and) (?:more|higher|above|better|longer|over|greater))"
    r"|(?P<le>or (?:less|lower|below|fewer|under)))\b",
    re.I,
)
_OUT_OF = re.compile(rf"(?P<amount>{_NUMBER})\s+out of\s+(?P<most>{_NUMBER})", re.I)
_A_YEAR = r"(?:19|20)\d\d"
_YEAR = re.compile(rf"\b(?:in|during|for)\s+(?P<year>{_A_YEAR})\b", re.I)
# What may turn a condition round, widen it, or be one that is not understood here.
UNCLEAR = re.compile(
    r"\b(?:except|without|never|neither|nor|between|since|before|after|earlier|later|half|quarter|minus|million|billion)\b"
    r"|(?<!\bno)\bnot\b(?! (?:more|less) than)|n['’]t\b|(?<!\w)-\d|\d[.\s]\d{3}\b"
    r"|\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b",
    re.I,
)
_PERIOD = re.compile(r"\b(?:a|per|each|every)\s+(?P<period>day|week|month|year)\b", re.I)
_PERIODS = {
    "day": "dail|/ ?d",
    "week": "weekl|/ ?w",
    "month": "mth|/ ?m|p\\.?m\\.?",
    "year": "annu|yr|/ ?y|p\\.?a\\.?",
}
_IN_CELL = re.compile(
    r"^(?P<front>\D*?)(?P<minus>[-\N{MINUS SIGN}]\s?)?(?P<sign>[$€£]?)\s?"
    rf"(?P<amount>{_NUMBER})\s?(?P<thousand>k\b)?(?P<rest>\D*)$",
    re.I,
)
EMPTY = re.compile(r"\W*(?:n/?a|none|unknown)?\W*$", re.I)
_UNITS = [
    re.compile(rf"(?:(?<![a-z])(?:{words})(?![a-z]){sign})", re.I)
    for words, sign in (
        *(("dollars?|usd", r"|\$"), ("euros?|eur", "|€"), ("pounds?|quid|gbp", "|£"), ("percent", "|%")),
        *(
            (words, "")
            for words in ("ms|milliseconds?", "s|secs?|seconds?", "m|mins?|minutes?", "h|hrs?|hours?")
        ),
        *((words, "") for words in ("d|days?", "w|weeks?", "months?|mths?", "y|yrs?|years?")),
        *(
            (words, "")
            for words in ("ki?b", "mi?b", "gi?b", "ti?b", "grams?|g", "kg|kilos?", "km", "cm", "mm")
        ),
    )
]


@dataclass(frozen=True, slots=True)
class Condition:
    """What a cell has to be: of a number `holds` says it, of a date its `year`.

    No cell of the column may be above `most`; all of it is in the `unit` and per `period`, if they are known.
    """

    holds: Callable[[float], bool] | None = None
    year: str = ""
    most: float = float("inf")
    unit: re.Pattern[str] | None = None
    period: str = ""

    def met(self, cell: str) -> bool:
        """Whether a cell is so."""
        if self.holds is None:
            return self.year in re.findall(r"\d+", cell)
        found = _IN_CELL.match(cell)
        return found is not None and self.holds(_value(found))

    def fits(self, name: str, cells: Sequence[str]) -> bool:
        """Whether it may be about a column: some of the cells meet it, and some do not.

        One of numbers has nothing else in it, and all in one unit.
        """
        if self.holds is not None:
            found = [_IN_CELL.match(cell) for cell in cells if not EMPTY.match(cell)]
            values = [_value(match) for match in found if match]
            units = {_unit(match) for match in found if match}
            if len(values) < len(found) or len(units) != 1 or max(values) > self.most:
                return False
            told = f"{name} {' '.join(units)}"
            if self.unit and not self.unit.search(told):
                return False
            if self.period and not _tells(self.period, told):
                return False
        return 0 < sum(map(self.met, cells)) < len(cells)


def conditions(text: str) -> list[Condition] | None:
    """The conditions in a question; None if there is a number in it that belongs to none."""
    found: list[Condition] = []
    period = _PERIOD.search(text)
    spans: list[re.Match[str]] = []
    for match in (*_BEFORE.finditer(text), *_BEHIND.finditer(text)):
        compare = next(
            _COMPARISONS[name] for name in match.groupdict() if name in _COMPARISONS and match[name]
        )
        amount = _number(match["amount"]) * (1000 if match["thousand"] else 1)
        named = f"{match['sign'] or ''} {match['unit'] or ''}"
        unit = next((unit for unit in _UNITS if unit.search(named)), None)
        per = period["period"].lower() if period else ""
        found.append(Condition(_compared(compare, amount), unit=unit, period=per))
        spans.append(match)
    if (marks := _OUT_OF.search(text)) and not found:
        amount, most = _number(marks["amount"]), _number(marks["most"])
        found.append(Condition(_compared(operator.eq, amount), most=most))
        spans.append(marks)
    if year := _YEAR.search(text):
        found.append(Condition(year=year["year"]))
        spans.append(year)
    rest = "".join(
        sign for at, sign in enumerate(text) if not any(one.start() <= at < one.end() for one in spans)
    )
    return None if re.search(r"(?<!\w)\d", rest) else found


def _compared(compare: Callable[[float, float], bool], amount: float) -> Callable[[float], bool]:
    return lambda value: compare(value, amount)


def _tells(period: str, told: str) -> bool:
    """Whether what stands at a column is per that period; where nothing is said, it is."""
    said = [one for one, short in _PERIODS.items() if re.search(rf"(?<![a-z])(?:{one}|{short})", told, re.I)]
    return not said or period in said


def _unit(match: re.Match[str]) -> str:
    return re.sub(r"\W*s?\b\W*$", "", f"{match['front']}{match['sign']} {match['rest']}".strip().lower())


def _value(match: re.Match[str]) -> float:
    return _number(match["amount"]) * (1000 if match["thousand"] else 1) * (-1 if match["minus"] else 1)


def _number(text: str) -> float:
    return float(SPELLED.get(text.lower()) or text.replace(",", ""))

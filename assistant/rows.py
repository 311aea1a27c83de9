"""The rows of a table that meet what a question asks of its columns: "over 2,000", "in 2026". Pure."""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.claims import SPELLED
from assistant.evidence import Evidence, term_set
from assistant.expectation import VERB
from assistant.question import Question
from indexer.passages import Passages

MOST = 10  # rows that are told
FEWEST = 3  # rows of a table of which some may be chosen
NUMERIC = 0.6  # the share of a column's cells that have a number, if it is one of numbers
_NUMBER = rf"(?:\d[\d,]*(?:\.\d+)?|\b(?:{'|'.join(SPELLED)})\b)"
_AMOUNT = rf"(?P<sign>[$€£])?\s?(?P<amount>{_NUMBER})\s?(?P<thousand>k\b)?\s?(?P<unit>%|[^\W\d]+)?"
_COMPARISONS = {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}
_BEFORE = re.compile(
    r"\b(?:(?P<ge>at least|not? less than|no fewer than)|(?P<le>at most|not? more than|up to)"
    r"|(?P<gt>over|above|exceed(?:s|ed|ing)?|(?:more|greater|higher|longer|bigger|larger) than)"
    rf"|(?P<lt>under|below|(?:less|fewer|lower|shorter|smaller|cheaper) than))\s+{_AMOUNT}",
    re.I,
)
_BEHIND = re.compile(
    rf"{_AMOUNT}\s+(?:(?P<ge>(?:or|and) (?:more|higher|above|better|longer|over|greater))"
    r"|(?P<le>or (?:less|lower|below|fewer|under)))\b",
    re.I,
)
_OUT_OF = re.compile(rf"(?P<amount>{_NUMBER})\s+out of\s+(?P<most>{_NUMBER})", re.I)
_YEAR = re.compile(r"\b(?:in|during|for|of|until)\s+(?P<year>(?:19|20)\d\d)\b", re.I)
# What asks for several things by one of their columns: "what was …", "who …" ask for one.
_SEVERAL = re.compile(
    rf"^(?:(?:and|so|but|ok|also)\b[\s,]*)*(?:(?:for|in|on|at|by|with)\s+)?"
    rf"(?:(?:which|whose|what)\s+(?!(?:{VERB}|about|else|happens?|if)\b)\w|(?:list|name|show)\b)",
    re.I,
)
_IN_CELL = re.compile(
    r"(?P<minus>(?<!\w)[-\N{MINUS SIGN}])?[$€£]?\s?(?P<amount>\d[\d,]*(?:\.\d+)?)\s?(?P<thousand>k\b)?", re.I
)
# A range, a date, a time of day.
_NO_NUMBER = re.compile(
    r"\d\s?(?:-|\N{EN DASH}|to)\s?[$€£]?\d|\b\d{4}-\d\d|\d:\d\d"
    r"|\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\b",
    re.I,
)
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
class _Condition:
    """What a cell has to be: of a number `holds` says it, of a date its `year`.

    No cell of the column may be above `most`; all of it is in the `unit`, if that is a known one.
    """

    holds: Callable[[float], bool] | None = None
    year: str = ""
    most: float = float("inf")
    unit: re.Pattern[str] | None = None

    def met(self, cell: str) -> bool:
        if self.holds is None:
            return self.year in re.findall(r"\d+", cell)
        value = _value(cell)
        return value is not None and self.holds(value)


def meeting(question: Question, evidence: Sequence[Evidence], snapshot: Passages) -> list[Evidence]:
    """The rows, in the order of their table, that meet the question's conditions.

    None if it has none, or if no table among the evidence has a column for each that it is clearly about. A
    year is passed over that no column has, if there is something else to meet.
    """
    asked = list(_conditions(question.text)) if _SEVERAL.match(question.text) else []
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for item in evidence if asked else ():
        header = tuple(name for name, _ in item.unit.cells)
        if header and (item.chunk.note, header) not in seen:
            seen.add((item.chunk.note, header))
            found = _of_table(question.text, asked, _table(item, header, evidence, snapshot))
            if found:
                return found if len(found) <= MOST else []
    return []


def _of_table(text: str, asked: Sequence[_Condition], rows: Sequence[Evidence]) -> list[Evidence]:
    if len(rows) < FEWEST:
        return []
    columns = [(condition, _column(text, condition, rows)) for condition in asked]
    missing = [condition for condition, column in columns if column is None]
    if len(missing) == len(asked) or any(not condition.year for condition in missing):
        return []
    return [
        row
        for row in rows
        if all(column is None or condition.met(row.unit.cells[column][1]) for condition, column in columns)
    ]


def _conditions(text: str) -> Iterator[_Condition]:
    for found in _OUT_OF.finditer(text):
        yield _Condition(_compared(operator.eq, _number(found["amount"])), most=_number(found["most"]))
    for match in (*_BEFORE.finditer(text), *_BEHIND.finditer(text)):
        compare = next(
            _COMPARISONS[name] for name in match.groupdict() if name in _COMPARISONS and match[name]
        )
        amount = _number(match["amount"]) * (1000 if match["thousand"] else 1)
        named = f"{match['sign'] or ''} {match['unit'] or ''}"
        unit = next((unit for unit in _UNITS if unit.search(named)), None)
        yield _Condition(_compared(compare, amount), unit=unit)
    if year := _YEAR.search(text):
        yield _Condition(year=year["year"])


def _compared(compare: Callable[[float, float], bool], amount: float) -> Callable[[float], bool]:
    return lambda value: compare(value, amount)


def _table(
    item: Evidence, header: tuple[str, ...], evidence: Sequence[Evidence], snapshot: Passages
) -> list[Evidence]:
    """All rows of the table that a row is of."""
    known = {(one.chunk.note, one.unit.span.start): one for one in evidence}
    return [
        known.get((chunk.note, unit.span.start)) or replace(item, unit=unit, chunk=chunk)
        for chunk in snapshot.of_note(item.chunk.note)
        if chunk.heading_path == item.chunk.heading_path
        for unit in chunk.units
        if tuple(name for name, _ in unit.cells) == header
    ]


def _column(text: str, condition: _Condition, rows: Sequence[Evidence]) -> int | None:
    """The column that a condition is about: the one that the question names, or the only one it can be."""
    header = [name for name, _ in rows[0].unit.cells]
    columns = [[row.unit.cells[at][1] for row in rows] for at in range(len(header))]
    able = [at for at, cells in enumerate(columns) if _may_be(condition, header[at], cells)]
    words = term_set(text)
    found = [at for at in able if words & term_set(header[at])] or able
    return found[0] if len(found) == 1 else None


def _may_be(condition: _Condition, name: str, cells: Sequence[str]) -> bool:
    """Whether a condition may be about a column: some of the cells meet it, and some do not."""
    if condition.holds is not None:
        values = [value for cell in cells if (value := _value(cell)) is not None]
        if len(values) < NUMERIC * len(cells) or max(values, default=0) > condition.most:
            return False
        if condition.unit and not condition.unit.search(" ".join((name, *cells))):
            return False
    return 0 < sum(map(condition.met, cells)) < len(cells)


def _value(cell: str) -> float | None:
    match = None if _NO_NUMBER.search(cell) else _IN_CELL.search(cell)
    if match is None:
        return None
    return _number(match["amount"]) * (1000 if match["thousand"] else 1) * (-1 if match["minus"] else 1)


def _number(text: str) -> float:
    return float(SPELLED.get(text.lower()) or text.replace(",", ""))

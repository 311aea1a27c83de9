"""The rows of a table that meet what a question asks of its columns: "over 2,000", "in 2026", "T1". Pure.

Nothing is chosen where anything is in doubt: the table, the column, the units in it, or a word of the
question that is not understood here. Such a question is answered as any other.
"""

import operator
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.claims import SPELLED
from assistant.evidence import Evidence, term_set
from assistant.expectation import VERB, WORD, content_terms
from assistant.question import Question
from indexer.passages import Passages

MOST = 10  # rows that are told
FEWEST = 3  # rows of a table of which some may be chosen
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
# What asks for several things by their columns: "which tools …", "what of our tools …".
_SEVERAL = re.compile(
    rf"^(?:(?:and|so|but|ok|also)\b[\s,]*)*(?:(?:for|in|on|at|by|with)\s+)?(?:which|whose|what|list|name|show)\s+"
    rf"(?P<subject>(?:(?!{VERB}\b)[\w'’-]+\s+){{0,3}}?(?:[\w'’-]*[^s\W]s|people|children))\b",
    re.I,
)
# What may turn a condition round, widen it, or be one that is not understood here.
_UNCLEAR = re.compile(
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
_EMPTY = re.compile(r"\W*(?:n/?a|none|unknown)?\W*$", re.I)
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

    No cell of the column may be above `most`; all of it is in the `unit` and per `period`, if they are known.
    """

    holds: Callable[[float], bool] | None = None
    year: str = ""
    most: float = float("inf")
    unit: re.Pattern[str] | None = None
    period: str = ""

    def met(self, cell: str) -> bool:
        if self.holds is None:
            return self.year in re.findall(r"\d+", cell)
        found = _IN_CELL.match(cell)
        return found is not None and self.holds(_value(found))


def meeting(question: Question, evidence: Sequence[Evidence], snapshot: Passages) -> list[Evidence]:
    """The rows, in the order of their table, that meet the question's conditions, or hold what it names.

    None if it has none, or if no table among the evidence has a column for each that it is clearly about. A
    year that a table does not speak of is passed over, if there is something else to meet.
    """
    several = _SEVERAL.match(question.text)
    if several is None or _UNCLEAR.search(question.text):
        return []
    asked, subject = _conditions(question.text), term_set(several["subject"])
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for item in evidence if asked is not None else ():
        header = tuple(name for name, _ in item.unit.cells)
        if header and (item.chunk.note, header) not in seen:
            seen.add((item.chunk.note, header))
            rows = _table(item, header, evidence, snapshot)
            found = (
                _of_table(question.text, subject, asked, rows)
                if asked
                else _of_values(question.text, subject, rows)
            )
            if found:
                return found if len(found) <= MOST else []
    return []


def _of_table(
    text: str, subject: frozenset[str], asked: Sequence[_Condition], rows: Sequence[Evidence]
) -> list[Evidence]:
    names = [name for name, _ in rows[0].unit.cells]
    above = term_set(" ".join((*rows[0].chunk.heading_path, rows[0].chunk.note.replace("/", " "))))
    if len(rows) < FEWEST or not subject & (term_set(" ".join(names)) | above):
        return []
    columns = []
    for one in asked:
        meant = " ".join(names) if one.year else names[0]
        alone = bool(subject & term_set(meant)) or one.most <= BEST
        columns.append((one, _column(term_set(text) - subject, one, rows, alone=alone)))
    missing = [condition for condition, column in columns if column is None]
    if len(missing) == len(asked) or not all(_nowhere(condition, rows) for condition in missing):
        return []
    named = _named(text, rows)
    return [
        row
        for row in rows
        if all(column is None or condition.met(row.unit.cells[column][1]) for condition, column in columns)
        and all(name in row.unit.text for name in named)
    ]


def _of_values(text: str, subject: frozenset[str], rows: Sequence[Evidence]) -> list[Evidence]:
    """The rows that have what the question names in a cell of its own: "which services are T1".

    Nothing where more than a verb of the question is left that the table does not explain.
    """
    header = [name for name, _ in rows[0].unit.cells]
    above = term_set(" ".join((*rows[0].chunk.heading_path, rows[0].chunk.note.replace("/", " "))))
    if len(rows) < FEWEST or not subject & (term_set(" ".join(header)) | above):
        return []
    wanted: dict[int, set[str]] = {}
    for column in range(1, len(header)):
        for cell, value in _values([row.unit.cells[column][1] for row in rows]).items():
            if not term_set(value) <= above and _stands_in(value, text):
                wanted.setdefault(column, set()).add(cell)
    values = " ".join(cell for cells in wanted.values() for cell in cells)
    known = subject | above | term_set(" ".join(header)) | term_set(values)
    unexplained = [term for term in content_terms(text) if term not in known]
    found = [row for row in rows if all(row.unit.cells[at][1] in cells for at, cells in wanted.items())]
    return found if wanted and len(unexplained) <= 1 and len(found) < len(rows) else []


def _values(cells: Sequence[str]) -> dict[str, str]:
    """Each cell of a column without the words that most have: "Kiwi" of "Team Kiwi"."""
    words = {cell: cell.split() for cell in cells if not _EMPTY.match(cell)}
    found = Counter(word for some in words.values() for word in set(some))
    return {
        cell: " ".join(word for word in some if found[word] <= len(words) / 2) for cell, some in words.items()
    }


def _stands_in(value: str, text: str) -> bool:
    """Whether a question names a value, which says something by itself."""
    named = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.I)
    return bool(content_terms(value)) and named is not None


def _nowhere(condition: _Condition, rows: Sequence[Evidence]) -> bool:
    """Whether a condition is for a year that the table does not speak of."""
    return bool(condition.year) and not any(condition.year in row.unit.text for row in rows)


def _named(text: str, rows: Sequence[Evidence]) -> list[str]:
    """The names in a question that some of the rows hold, and some do not: "which of Ana's tools"."""
    words = [re.split(r"['’]", match.group())[0] for match in WORD.finditer(text) if match.start()]
    names = [word for word in words if word[0].isupper() and word != "I"]
    return [name for name in names if 0 < sum(name in row.unit.text for row in rows) < len(rows)]


def _conditions(text: str) -> list[_Condition] | None:
    """The conditions in a question; None if there is a number in it that belongs to none."""
    found: list[_Condition] = []
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
        found.append(_Condition(_compared(compare, amount), unit=unit, period=per))
        spans.append(match)
    if (marks := _OUT_OF.search(text)) and not found:
        amount, most = _number(marks["amount"]), _number(marks["most"])
        found.append(_Condition(_compared(operator.eq, amount), most=most))
        spans.append(marks)
    if year := _YEAR.search(text):
        found.append(_Condition(year=year["year"]))
        spans.append(year)
    rest = "".join(
        sign for at, sign in enumerate(text) if not any(one.start() <= at < one.end() for one in spans)
    )
    return None if re.search(r"(?<!\w)\d", rest) else found


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


def _column(
    words: frozenset[str], condition: _Condition, rows: Sequence[Evidence], *, alone: bool
) -> int | None:
    """The column that a condition is about: the one that the question names, or the only one it can be.

    Args:
        words: the terms of the question but those of what it asks for.
        alone: whether a column that is not named will do.
    """
    header = [name for name, _ in rows[0].unit.cells]
    if condition.year and any(condition.year in name for name in header):
        return None  # it names a column
    columns = [[row.unit.cells[at][1] for row in rows] for at in range(len(header))]
    able = [at for at, cells in enumerate(columns) if _may_be(condition, header[at], cells)]
    named = [at for at, name in enumerate(header) if at and words & term_set(name)]
    found = [at for at in able if at in named]
    if not found and alone and (condition.year or condition.most <= BEST or not named):
        found = able
    return found[0] if len(found) == 1 else None


def _may_be(condition: _Condition, name: str, cells: Sequence[str]) -> bool:
    """Whether a condition may be about a column: some of the cells meet it, and some do not.

    One of numbers has nothing else in it, and all in one unit.
    """
    if condition.holds is not None:
        found = [_IN_CELL.match(cell) for cell in cells if not _EMPTY.match(cell)]
        values = [_value(match) for match in found if match]
        units = {_unit(match) for match in found if match}
        if len(values) < len(found) or len(units) != 1 or max(values) > condition.most:
            return False
        told = f"{name} {' '.join(units)}"
        if condition.unit and not condition.unit.search(told):
            return False
        if condition.period and not _tells(condition.period, told):
            return False
    return 0 < sum(map(condition.met, cells)) < len(cells)


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

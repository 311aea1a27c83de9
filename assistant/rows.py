"""The rows of a table that meet what a question asks of its columns: "over 2,000", "in 2026", "T1". Pure.

Nothing is chosen where anything is in doubt: the table, the column, the units in it, or a word of the
question that is not understood here. Such a question is answered as any other.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from assistant.conditions import BEST, EMPTY, UNCLEAR, Condition, conditions
from assistant.evidence import Evidence, term_set
from assistant.expectation import VERB, WORD, content_terms
from assistant.question import Question
from indexer.passages import Passages
from indexer.units import row_in_words

MOST = 10  # rows that are told
FEWEST = 3  # rows of a table of which some may be chosen
WIDE = 3  # columns beside the first, of which those that a question names are told alone
_LEANT_ON = re.compile(r"\s\([^()]*\)\?*$")
# What asks for several things by their columns: "which tools …", "what of our tools …".
_SEVERAL = re.compile(
    rf"^(?:(?:and|so|but|ok|also)\b[\s,]*)*(?:(?:for|in|on|at|by|with)\s+)?(?:which|whose|what|list|name|show)\s+"
    rf"(?P<subject>(?:(?!{VERB}\b)[\w'’-]+\s+){{0,3}}?(?:[\w'’-]*[^s\W]s|people|children))\b",
    re.I,
)


def meeting(question: Question, evidence: Sequence[Evidence], snapshot: Passages) -> list[Evidence]:
    """The rows, in the order of their table, that meet the question's conditions, or hold what it names.

    None if it has none, or if no table among the evidence has a column for each that it is clearly about. A
    year that a table does not speak of is passed over, if there is something else to meet.
    """
    several = _SEVERAL.match(question.text)
    if several is None or UNCLEAR.search(question.text):
        return []
    asked, subject = conditions(question.text), term_set(several["subject"])
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


def narrowed(question: Question, items: Sequence[Evidence]) -> list[Evidence]:
    """The rows of wide tables with the columns alone that the question names; anything else as it is.

    They have to be all that is asked for: no word of the question may be left that the rows do not explain.
    What stands in brackets at its end is what it leans on.
    """
    text = _LEANT_ON.sub("", question.text)
    asked = frozenset(content_terms(text))
    rows = [(item, _asked_for(item, asked, text)) for item in items]
    told = [_above(item) | term_set(row_in_words(cells)) for item, cells in rows if cells]
    if not told or asked.difference(*told):
        return list(items)
    return [
        replace(item, unit=replace(item.unit, text=row_in_words(cells))) if cells else item
        for item, cells in rows
    ]


def _asked_for(item: Evidence, asked: frozenset[str], text: str) -> Sequence[tuple[str, str]]:
    """The first cell of a row, and those whose column or value is named; none if no column is, or few are."""
    first, *rest = item.unit.cells or (("", ""),)
    named = [cell for cell in rest if content_terms(cell[0]) and term_set(cell[0]) <= asked and cell[1]]
    if len(rest) < WIDE or not named:
        return ()
    return [first, *(cell for cell in rest if cell in named or _stands_in(cell[1], text))]


def _above(item: Evidence) -> frozenset[str]:
    """The terms of the headings and of the note that an item stands under."""
    return term_set(" ".join((*item.chunk.heading_path, item.chunk.note.replace("/", " "))))


def _of_table(
    text: str, subject: frozenset[str], asked: Sequence[Condition], rows: Sequence[Evidence]
) -> list[Evidence]:
    names = [name for name, _ in rows[0].unit.cells]
    above = _above(rows[0])
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
    above = _above(rows[0])
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
    words = {cell: cell.split() for cell in cells if not EMPTY.match(cell)}
    found = Counter(word for some in words.values() for word in set(some))
    return {
        cell: " ".join(word for word in some if found[word] <= len(words) / 2) for cell, some in words.items()
    }


def _stands_in(value: str, text: str) -> bool:
    """Whether a question names a value, which says something by itself."""
    named = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.I)
    return bool(content_terms(value)) and named is not None


def _nowhere(condition: Condition, rows: Sequence[Evidence]) -> bool:
    """Whether a condition is for a year that the table does not speak of."""
    return bool(condition.year) and not any(condition.year in row.unit.text for row in rows)


def _named(text: str, rows: Sequence[Evidence]) -> list[str]:
    """The names in a question that some of the rows hold, and some do not: "which of Ana's tools"."""
    words = [re.split(r"['’]", match.group())[0] for match in WORD.finditer(text) if match.start()]
    names = [word for word in words if word[0].isupper() and word != "I"]
    return [name for name in names if 0 < sum(name in row.unit.text for row in rows) < len(rows)]


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
    words: frozenset[str], condition: Condition, rows: Sequence[Evidence], *, alone: bool
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
    able = [at for at, cells in enumerate(columns) if condition.fits(header[at], cells)]
    named = [at for at, name in enumerate(header) if at and words & term_set(name)]
    found = [at for at in able if at in named]
    if not found and alone and (condition.year or condition.most <= BEST or not named):
        found = able
    return found[0] if len(found) == 1 else None

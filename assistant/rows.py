"""The rows of a table that meet what a question asks of its columns: "over 2,000", "in 2026", "T1". Pure.

Nothing is chosen where anything is in doubt: the table, the column, the units in it, or a word of the
question that is not understood here. Such a question is answered as any other.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.cells import FEWEST, NOT, explained, holding, looked_up
from assistant.conditions import BEST, UNCLEAR, Condition, conditions
from assistant.evidence import Evidence, term_set
from assistant.expectation import VERB, WORD
from assistant.question import Question
from indexer.passages import Passages

MOST = 10  # rows that are told
# What asks for several things by their columns: "which tools …", "what of our tools …".
_SEVERAL = re.compile(
    rf"^(?:(?:and|so|but|ok|also)\b[\s,]*)*(?:(?:for|in|on|at|by|with)\s+)?(?:which|whose|what|list|name|show)\s+"
    rf"(?P<subject>(?:(?!{VERB}\b)[\w'’-]+\s+){{0,3}}?"
    r"(?!(?:this|its)\b)(?:[\w'’-]*[^s\W](?-i:s)|people|children))\b",
    re.I,
)


def meeting(question: Question, evidence: Sequence[Evidence], snapshot: Passages) -> list[Evidence]:
    """The rows, in the order of their table, that meet the question's conditions, or that it names.

    None if it has none, or if no table among the evidence has a column for each that it is clearly about. A
    year that a table does not speak of is passed over, if there is something else to meet.
    """
    if found := looked_up(question, evidence):
        return found
    several = _SEVERAL.match(question.text)
    unclear = UNCLEAR.search(NOT.sub("", question.text))
    asked = conditions(question.text) if several and not unclear else None
    if several is None or asked is None or (asked and UNCLEAR.search(question.text)):
        return []
    subject = term_set(several["subject"])
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for item in evidence:
        header = tuple(name for name, _ in item.unit.cells)
        if header and (item.chunk.note, header) not in seen:
            seen.add((item.chunk.note, header))
            rows = _table(item, header, evidence, snapshot)
            found = (
                _of_table(question.text, subject, asked, rows)
                if asked
                else holding(question.text, subject, rows)
            )
            if found:
                return found if len(found) <= MOST else []
    return []


def _of_table(
    text: str, subject: frozenset[str], asked: Sequence[Condition], rows: Sequence[Evidence]
) -> list[Evidence]:
    names = [name for name, _ in rows[0].unit.cells]
    above = explained(rows[0])
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

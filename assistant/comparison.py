"""Evidence -> what is compared side by side, with a citation in each cell. Pure."""

import re
from collections.abc import Sequence
from itertools import product

from assistant.evidence import PROSE, Evidence, name_terms, name_words, term_set
from assistant.expectation import WORD, asks_more, content_terms
from assistant.question import Question
from assistant.writing import Composed, Numbers, said
from indexer.keyword_index import terms
from indexer.markdown import escaped
from indexer.types import Kind

MOST_ROWS = 10
NOTHING = "\N{EN DASH}"  # for a cell that is empty
MOST_SIDES = 4  # for which columns are sought, and columns for each
MOST_EACH = 2  # items told of each side where no table compares them
_COMPARING = frozenset(terms("vs versus compare comparison difference differ"))  # asks for no aspect
# The words of a question for nothing but two things.
_PLAIN = re.compile(
    r"an?|and|are|between|can|compare|comparison|could|differ(?:s|ent|ences?)?|do|does|explain|from|how|in|is|it|main|me"
    r"|of|or|please|short|show|tell|than|the|to|vs|versus|what(?:['’]s)?|with|you",
    re.I,
)
# Of an evidence score, below the best: what is farther does not compare in the regard that is asked about.
NEAR_TABLE, NEAR_ITEMS = 3.0, 1.0


def compared(question: Question, evidence: Sequence[Evidence], numbers: Numbers) -> Composed | None:
    """A table of the question's sides; None if what comes nearest does not speak of all of them."""
    if not question.sides:
        return None
    sides = [frozenset(terms(side)) for side in question.sides]
    lines = [item for item in evidence if item.unit.kind in PROSE]
    aspect, plain = _aspect(question), names_all(question, lines)
    return (
        _by_columns(sides, lines, numbers, aspect)
        or _by_rows(sides, lines, numbers, aspect, plain=plain)
        or (_by_items(question, sides, lines, numbers) if len(sides) == 2 else None)
    )


def names_all(question: Question, evidence: Sequence[Evidence]) -> bool:
    """Whether nothing but some things is asked for, and the evidence has something named for each."""
    sides = [frozenset(terms(side)) for side in question.sides]
    words = set(WORD.findall(question.text)) - set(WORD.findall(" ".join(question.sides)))
    if not sides or not all(sides) or not all(map(_PLAIN.fullmatch, words)):
        return False
    return all(any(side == _named(item) for item in evidence) for side in sides)


def _aspect(question: Question) -> frozenset[str]:
    """The terms of the one regard in which the sides are compared; none where more is asked."""
    if asks_more(question.text):
        return frozenset()
    sides = frozenset(terms(" ; ".join(question.sides)))
    return frozenset(content_terms(question.text)) - _COMPARING - sides


def _by_columns(
    sides: Sequence[frozenset[str]], evidence: Sequence[Evidence], numbers: Numbers, aspect: frozenset[str]
) -> Composed | None:
    """From the rows of a table of the notes that has a column for each side; the aspect's, if any is."""
    rows: dict[tuple[str, str], list[tuple[Evidence, Sequence[int]]]] = {}
    for item in evidence:
        if columns := _columns(sides, item):
            key = (item.chunk.note, "|".join(name for name, _ in item.unit.cells))
            rows.setdefault(key, []).append((item, columns))
    best = next(iter(rows.values()), [])[:MOST_ROWS]
    if not best or best[0][0].score < evidence[0].score - NEAR_TABLE:
        return None
    first, columns = best[0]
    best = [row for row in best if aspect & term_set(row[0].unit.cells[0][1])] or best
    names = [escaped(first.unit.cells[column][0]) for column in columns]
    lines = [f"| {_line(names)}", _rule(1 + len(names))]
    for item, columns in sorted(best, key=lambda row: row[0].unit.span.start):
        mark = numbers.mark(item.chunk, item.unit.span)
        thing, *values = (escaped(item.unit.cells[column][1]) for column in (0, *columns))
        lines.append(_line([thing, *(f"{value or NOTHING} {mark}" for value in values)]))
    return Composed("\n".join(lines), numbers.citations)


def _columns(sides: Sequence[frozenset[str]], item: Evidence) -> Sequence[int]:
    """The numbers of the columns, after the first, whose names together best match the sides.

    None if there is not one for each.
    """
    names = [frozenset(terms(name)) for name, _ in item.unit.cells]
    if len(sides) > min(len(names) - 1, MOST_SIDES):
        return ()
    alike = [{at: _alike(side, names[at]) for at in range(1, len(names))} for side in sides]
    able = [
        [at for at in sorted(of, key=of.__getitem__, reverse=True) if of[at]][:MOST_SIDES] for of in alike
    ]
    found = [one for one in product(*able) if len(set(one)) == len(sides)]
    return max(found, key=lambda one: sum(of[at] for of, at in zip(alike, one, strict=True)), default=())


def _alike(side: frozenset[str], names: frozenset[str]) -> float:
    """How much of both a side and a name have in common, if one has all of the other; else nothing."""
    alike = side and names and (side <= names or names <= side)
    return len(side & names) / len(side | names) if alike else 0.0


def _by_rows(
    sides: Sequence[frozenset[str]],
    evidence: Sequence[Evidence],
    numbers: Numbers,
    aspect: frozenset[str],
    *,
    plain: bool,
) -> Composed | None:
    """From the rows of a table of the notes, one for each side; its columns, or the aspect's, are the lines.

    Args:
        plain: nothing but the sides is asked for; else the best evidence is a row, or a column the aspect.
    """
    of: dict[tuple[str, str], dict[int, Evidence]] = {}
    for item in evidence:
        named = [at for at, side in enumerate(sides) if item.unit.cells[1:] and side == _named(item)]
        if len(named) == 1:
            key = (item.chunk.note, "|".join(name for name, _ in item.unit.cells))
            of.setdefault(key, {}).setdefault(named[0], item)
    found = next((rows for rows in of.values() if len(rows) == len(sides)), None)
    if found is None:
        return None
    rows = [found[at] for at in sorted(found)]
    header = [name for name, _ in rows[0].unit.cells]
    columns = [at for at, name in enumerate(header) if at and aspect & term_set(name)]
    if not (plain or columns or any(item is evidence[0] for item in rows)):
        return None
    marks = [numbers.mark(item.chunk, item.unit.span) for item in rows]
    lines = [f"| {_line([escaped(item.unit.cells[0][1]) for item in rows])}", _rule(1 + len(rows))]
    for at in columns or range(1, len(header)):
        values = [
            f"{escaped(item.unit.cells[at][1]) or NOTHING} {mark}"
            for item, mark in zip(rows, marks, strict=True)
        ]
        lines.append(_line([escaped(header[at]), *values]))
    return Composed("\n".join(lines), numbers.citations)


def _named(item: Evidence) -> frozenset[str]:
    """The terms of what an item is called; a row is called what stands in its first cell."""
    return frozenset(terms(item.unit.cells[0][1])) if item.unit.cells else name_terms(item.unit.text)


def _by_items(
    question: Question,
    sides: Sequence[frozenset[str]],
    evidence: Sequence[Evidence],
    numbers: Numbers,
) -> Composed | None:
    """From what the notes say of one side and not of the other, the items named for a side first."""
    columns = []
    for text, side, other in zip(question.sides, sides, question.sides[::-1], strict=True):
        own = [
            item for item in evidence if _speaks_of(text, other, item) and not _speaks_of(other, text, item)
        ]
        named = sorted(own, key=lambda item: -len(side & name_terms(item.unit.text)) / (len(side) or 1))
        columns.append(named[:MOST_EACH])
    if not all(columns):
        return None
    if max(item.score for column in columns for item in column) < evidence[0].score - NEAR_ITEMS:
        return None
    lines = [_line([_capital(side) for side in question.sides]), "|---|---|"]
    for pair in range(max(len(column) for column in columns)):
        cells = [column[pair] if pair < len(column) else None for column in columns]
        lines.append(_line([_cell(item, numbers) if item else "" for item in cells]))
    return Composed("\n".join(lines), numbers.citations)


def _speaks_of(side: str, other: str, item: Evidence) -> bool:
    """Whether an item is of a side and not of the other: it is named for it, or holds all of its words.

    A name may be the first word alone: "**Linear:** …" of "canary and linear traffic shifting". One that has
    the words of both is of the side whose words stand together: "Task execution role" is no "task role".
    """
    words, others = terms(side), terms(other)
    whole, rest = frozenset(words), frozenset(others) - frozenset(words)
    name = name_words(item.unit.text)
    names = frozenset(name)
    if words and words[0] in names and names <= whole - frozenset(others):
        return True
    if words and whole <= names and not _holds(name, others):
        return True
    held = term_set(item.unit.text) | term_set(" ".join(lead.text for lead in item.unit.parents))
    return bool(whole) and whole <= held and not (rest and rest <= held)


def _holds(name: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the words stand in a name side by side."""
    return any(list(name[at : at + len(words)]) == list(words) for at in range(len(name)))


def _cell(item: Evidence, numbers: Numbers) -> str:
    words = said(item, numbers.notes[item.chunk.note])
    escaped = words if item.unit.kind is Kind.TABLE_ROW else words.replace("\\|", "|")
    return f"{escaped} {numbers.mark(item.chunk, item.unit.span)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rule(columns: int) -> str:
    return "|" + "---|" * columns


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

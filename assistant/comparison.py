"""Evidence -> two columns side by side, with a citation in each cell. Pure."""

from collections.abc import Sequence

from assistant.evidence import PROSE, Evidence, name_terms, name_words, term_set
from assistant.question import Question
from assistant.writing import Composed, Numbers, said
from indexer.keyword_index import terms
from indexer.markdown import escaped
from indexer.types import Kind

MOST_ROWS = 10
NOTHING = "\N{EN DASH}"  # for a cell that is empty
MOST_EACH = 2  # items told of each side where no table compares them
# Of an evidence score, below the best: what is farther does not compare in the regard that is asked about.
NEAR_TABLE, NEAR_ITEMS = 3.0, 1.0


def compared(question: Question, evidence: Sequence[Evidence], numbers: Numbers) -> Composed | None:
    """A table of the question's two sides; None if what comes nearest does not speak of both."""
    if not question.sides:
        return None
    sides = [frozenset(terms(side)) for side in question.sides]
    lines = [item for item in evidence if item.unit.kind in PROSE]
    return _by_columns(sides, lines, numbers) or _by_items(question, sides, lines, numbers)


def _by_columns(
    sides: Sequence[frozenset[str]], evidence: Sequence[Evidence], numbers: Numbers
) -> Composed | None:
    """From the rows of a table of the notes that has a column for each side."""
    rows: dict[tuple[str, str], list[tuple[Evidence, int, int]]] = {}
    for item in evidence:
        columns = [_column(side, item) for side in sides]
        if None not in columns and columns[0] != columns[1]:
            key = (item.chunk.note, "|".join(name for name, _ in item.unit.cells))
            rows.setdefault(key, []).append((item, columns[0] or 0, columns[1] or 0))
    best = next(iter(rows.values()), [])[:MOST_ROWS]
    if not best or best[0][0].score < evidence[0].score - NEAR_TABLE:
        return None
    first, one, other = best[0]
    names = [escaped(first.unit.cells[column][0]) for column in (one, other)]
    lines = [f"| {_line(names)}", "|---|---|---|"]
    for item, one, other in sorted(best, key=lambda row: row[0].unit.span.start):
        mark = numbers.mark(item.chunk, item.unit.span)
        thing, *values = (escaped(item.unit.cells[column][1]) for column in (0, one, other))
        lines.append(_line([thing, *(f"{value or NOTHING} {mark}" for value in values)]))
    return Composed("\n".join(lines), numbers.citations)


def _column(side: frozenset[str], item: Evidence) -> int | None:
    """The number of the column, after the first, whose name best matches a side."""
    matches = [
        (len(side & names) / len(side | names), -number)
        for number, (name, _) in enumerate(item.unit.cells)
        if number and (names := frozenset(terms(name))) and (side <= names or names <= side)
    ]
    return -max(matches)[1] if matches else None


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


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

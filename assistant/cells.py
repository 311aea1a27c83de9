"""The cells of a table that a question names: "which services are T1", "which port does X use". Pure.

Nothing is chosen, and nothing left out, where a word of the question is not explained by the table.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from assistant.conditions import EMPTY
from assistant.evidence import Evidence, term_set
from assistant.expectation import asks_more, content_terms
from assistant.question import Question
from indexer.units import row_in_words

FEWEST = 3  # rows of a table of which some may be chosen
WIDE = 3  # columns beside the first, of which those that a question names are told alone
MOST_ALIKE = 3  # rows of one name
NOT = re.compile(r"\s*(?:\bnot\b|n['’]t\b)", re.I)
_JOINED = re.compile(r"\b(?:and|or)\b|[,/&]", re.I)
_LISTED = re.compile(r"\s*(?:[,;/&+]|\b(?:and|or)\b)\s*", re.I)
# Holds one column against another, or against what it should be.
_COMPARING = re.compile(
    r"\b(?:above|below|beyond|between|enough|fewer|least|left|less|more|most|over|still|than|under|within"
    r"|\w{3,}est)\b",
    re.I,
)
_LEANT_ON = re.compile(r"\s\([^()]*\)\?*$")


def explained(item: Evidence) -> frozenset[str]:
    """The terms of the headings and of the note that an item stands under."""
    return term_set(" ".join((*item.chunk.heading_path, item.chunk.note.replace("/", " "))))


def holding(text: str, subject: frozenset[str], rows: Sequence[Evidence]) -> list[Evidence]:
    """The rows that have, or with one "not" have not, what a question names in a cell, alone or in a list.

    None where more than a verb of the question is left that the table does not explain, or where a cell says
    more of what is named: "done" beside "not done".

    Args:
        subject: the terms of what is asked for.
        rows: all rows of a table.
    """
    header = [name for name, _ in rows[0].unit.cells]
    above = explained(rows[0])
    if len(rows) < FEWEST or not subject & (term_set(" ".join(header)) | above) or asks_more(text):
        return []
    said, denials = NOT.subn("", text)
    columns = [_values([row.unit.cells[at][1] for row in rows]) for at in range(len(header))]
    named = {at: found for at, lists in enumerate(columns) if at and (found := _named_of(said, lists, above))}
    known = subject | above | term_set(" ".join((*header, *frozenset().union(*named.values()))))
    doubtful = any(
        _says_more(row, at, columns[at][place], named[at]) for at in named for place, row in enumerate(rows)
    )
    if not named or denials > 1 or (denials and len(named) > 1) or doubtful or not _explains(known, said):
        return []
    has = [all(values & columns[at][place] for at, values in named.items()) for place in range(len(rows))]
    chosen = [row for row, one in zip(rows, has, strict=True) if one is not bool(denials)]
    return chosen if len(chosen) < len(rows) else []


def _named_of(text: str, lists: Sequence[frozenset[str]], above: frozenset[str]) -> frozenset[str]:
    """The values of a column that a text names, if each is all that some cell says.

    What stands in the headings, too, tells nothing apart.
    """
    found = {one for one in frozenset().union(*lists) if _names(text, one) and not term_set(one) <= above}
    return frozenset(found) if all(frozenset([one]) in lists for one in found) else frozenset()


def _says_more(row: Evidence, column: int, listed: frozenset[str], values: frozenset[str]) -> bool:
    """Whether a cell has one of some values among other words: "not done"."""
    return any(one not in listed and _names(row.unit.cells[column][1], one) for one in values)


def _explains(known: frozenset[str], text: str) -> bool:
    """Whether some terms are all of a question but for one verb; what is joined to something is no verb."""
    joined = _JOINED.search(text)
    unexplained = frozenset(content_terms(text)) - known
    return len(unexplained) <= 1 and not (joined and unexplained & term_set(text[joined.end() :]))


def _values(cells: Sequence[str]) -> list[frozenset[str]]:
    """What each cell of a column lists, in lower case, without the words that most have: "kiwi" of a team."""
    bare = ["" if EMPTY.match(cell) else cell.lower() for cell in cells]
    lists = [[one for one in _LISTED.split(cell) if one] for cell in bare]
    alone = {one for some in lists for one in some}
    found = Counter(word for one in alone for word in set(one.split()))
    return [
        frozenset(" ".join(word for word in one.split() if found[word] <= len(alone) / 2) for one in some)
        for some in lists
    ]


def _names(text: str, value: str) -> bool:
    """Whether a text names a value; a word that carries no subject ("done") has to be what something is."""
    if value.lower() not in text.lower() or not term_set(value):
        return False
    before = "" if content_terms(value) else r"\b(?:is|are|was|were|be|been|still|and|or)\s+"
    return re.search(rf"{before}(?<!\w){re.escape(value)}(?!\w)", text, re.I) is not None


def looked_up(question: Question, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The rows whose column a question asks for by its name, and for nothing else: "which port has X"."""
    text = _LEANT_ON.sub("", question.text)
    if _COMPARING.search(text) or NOT.search(text):
        return []
    asked = frozenset(content_terms(text))
    found = [
        item
        for item in evidence
        for first in [item.unit.cells[0][1] if item.unit.cells else ""]
        if first and _names(text, first) and (cells := _asked_for([item], asked, text)[0])
        if asked <= explained(item) | term_set(row_in_words(cells))
        if any(_asks_for(text, column, first) for column, _ in cells[1:] if content_terms(column))
    ]
    return found if len(found) <= MOST_ALIKE else []


def _asks_for(text: str, column: str, first: str) -> bool:
    """Whether a text asks for a column of what is called `first`: "which port", "X's port", "port of X"."""
    name, thing = (rf"(?<!\w){re.escape(one)}" for one in (column, first))
    asked = (
        rf"\b(?:what|which|whose|how (?:much|many))(?:['’]s|\s+(?:is|are|was|were))?\s+(?:the\s+)?{name}s?\b"
    )
    begun = r"^(?:(?:what|who)(?:['’]s|\s+(?:is|are|was|were))\s+)?(?:the\s+)?"
    whole = rf"{begun}(?:{name}s?\s+(?:of|for)\s+(?:the\s+)?{thing}|{thing}(?:['’]s)?\s+{name})\W*$"
    return bool(re.search(rf"{asked}|{whole}", text, re.I))


def narrowed(question: Question, items: Sequence[Evidence]) -> list[Evidence]:
    """The rows of wide tables with the columns alone that the question names; anything else as it is.

    They have to be all that is asked for, and held against nothing. What stands in brackets at the question's
    end is what it leans on.
    """
    text = _LEANT_ON.sub("", question.text)
    asked = frozenset(content_terms(text))
    wide = [item for item in items if len(item.unit.cells) > WIDE]
    cells = dict(zip(map(id, wide), _asked_for(wide, asked, text), strict=True))
    told = [explained(item) | term_set(row_in_words(cells[id(item)])) for item in wide if cells[id(item)]]
    if not told or asked.difference(*told) or _COMPARING.search(text) or asks_more(text):
        return list(items)
    return [
        replace(item, unit=replace(item.unit, text=row_in_words(cells[id(item)])))
        if cells.get(id(item))
        else item
        for item in items
    ]


def _asked_for(rows: Sequence[Evidence], asked: frozenset[str], text: str) -> list[Sequence[tuple[str, str]]]:
    """Of each row the first cell and those whose column, or a value of it, is named; none if no column is."""
    columns = {
        (name, at)
        for row in rows
        for at, (name, value) in enumerate(row.unit.cells)
        if at and value and content_terms(name) and term_set(name) <= asked
    }
    valued = {
        (name, at)
        for row in rows
        for at, (name, value) in enumerate(row.unit.cells)
        if at and _names(text, value)
    }
    kept = [
        [cell for at, cell in enumerate(row.unit.cells) if not at or (cell[0], at) in columns | valued]
        for row in rows
    ]
    has = [any((name, at) in columns for at, (name, _) in enumerate(row.unit.cells)) for row in rows]
    return [cells if one else () for cells, one in zip(kept, has, strict=True)]

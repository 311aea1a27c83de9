"""Evidence -> an answer made of the notes' own words, each item with its number. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.citations import cite
from assistant.evidence import Evidence
from assistant.question import Question, Wants
from assistant.types import Citation
from indexer.keyword_index import terms
from indexer.types import Kind, Lead, Note

MOST_ITEMS = 4
MOST_LISTED = 8
WORTH = 0.72  # a further item is given if its score is at least this share of the best one's
SAME = 0.7  # two items that share this many of their terms say the same
_QUOTE_SIGN = re.compile(r"\s*\n\s*(?:>\s?)*")


@dataclass(frozen=True, slots=True)
class Composed:
    """The text of an answer in Markdown, and the citation of each number in it."""

    text: str
    citations: Sequence[Citation]


def compose(question: Question, evidence: Sequence[Evidence], notes: Mapping[str, Note]) -> Composed:
    """Put together the few units that answer, the best first.

    Args:
        evidence: best first; at least one.
        notes: the notes that the evidence is from, by path.
    """
    return _write(choose(question, evidence), notes)


def choose(question: Question, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The best unit, the list that it introduces if it does, and others that add something."""
    best = evidence[0]
    children = [item for item in evidence if any(lead.span == best.unit.span for lead in item.unit.parents)]
    if children and (best.unit.text.endswith(":") or question.wants is Wants.LIST):
        return [best, *sorted(children, key=_place)[: MOST_LISTED - 1]]
    chosen = [best]
    for item in evidence[1:]:
        if len(chosen) == MOST_ITEMS or item.score < WORTH * best.score:
            break
        if not any(_same(item, other) for other in chosen):
            chosen.append(item)
    return chosen


def _place(item: Evidence) -> tuple[str, int]:
    return item.chunk.note, item.unit.span.start


def _same(one: Evidence, other: Evidence) -> bool:
    a, b = set(terms(one.unit.text)), set(terms(other.unit.text))
    return len(a & b) >= SAME * min(len(a), len(b))


def _write(items: Sequence[Evidence], notes: Mapping[str, Note]) -> Composed:
    """One item is a sentence, several are a list; a parent is told before the first of its children."""
    lines: list[str] = []
    citations: list[Citation] = []
    told: set[tuple[str, int]] = set()
    for item in items:
        depth = 0
        for lead in item.unit.parents:
            if (item.chunk.note, lead.span.start) not in told:
                told.add((item.chunk.note, lead.span.start))
                citations.append(cite(len(citations) + 1, notes[item.chunk.note], item.chunk, lead.span))
                lines.append(f"{'  ' * depth}- {_said(lead, notes[item.chunk.note])} [{len(citations)}]")
            depth += 1
        if (item.chunk.note, item.unit.span.start) in told:
            continue
        told.add((item.chunk.note, item.unit.span.start))
        citations.append(cite(len(citations) + 1, notes[item.chunk.note], item.chunk, item.unit.span))
        lines.append(f"{'  ' * depth}- {_words(item, notes[item.chunk.note])} [{len(citations)}]")
    text = lines[0].removeprefix("- ") if len(lines) == 1 else "\n".join(lines)
    return Composed(text, citations)


def _words(item: Evidence, note: Note) -> str:
    """What the unit says, in the note's letters and on one line; a table row as it is told."""
    if item.unit.kind is Kind.TABLE_ROW:
        return item.unit.text
    return _QUOTE_SIGN.sub(" ", item.unit.span.of(note.text))


def _said(lead: Lead, note: Note) -> str:
    return _QUOTE_SIGN.sub(" ", lead.span.of(note.text))

"""What is asked for and stands in a heading alone, told above what is said there. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.evidence import Evidence
from assistant.expectation import date_asked_for
from assistant.question import Question, long_form
from indexer.blocks import words_of_heading
from indexer.passages import Passages
from indexer.types import Chunk, Kind, Lead, Span


def headed(question: Question, items: Sequence[Evidence], snapshot: Passages) -> list[Evidence]:
    """The items, each under its heading if that has the date that is asked for, as in a journal.

    The first is, too, if none says what the acronym is short for that is asked for.
    """
    if date := date_asked_for(question.text):
        return [_under_heading(item, date, snapshot) for item in items]
    if long := long_form(question.subject, snapshot.lexicon):
        spelled = re.compile(re.escape(long), re.I)
        if not any(_says(item, spelled) for item in items):
            return [*(_under_heading(item, spelled, snapshot) for item in items[:1]), *items[1:]]
    return list(items)


def _says(item: Evidence, wanted: re.Pattern[str]) -> bool:
    return any(map(wanted.search, [item.unit.text, *(lead.text for lead in item.unit.parents)]))


def _under_heading(item: Evidence, wanted: re.Pattern[str], snapshot: Passages) -> Evidence:
    heading = next(filter(wanted.search, reversed(item.chunk.heading_path)), "")
    span = _place(heading, item.chunk, snapshot) if heading and not _says(item, wanted) else None
    if span is None:
        return item
    return replace(item, unit=replace(item.unit, parents=(Lead(heading, span), *item.unit.parents)))


def _place(heading: str, chunk: Chunk, snapshot: Passages) -> Span | None:
    """Where the words of the heading stand that a passage is under."""
    above = [
        unit.span
        for other in snapshot.of_note(chunk.note)
        for unit in other.units
        if unit.kind is Kind.HEADING and unit.text == heading and unit.span.start < chunk.span.end
    ]
    return words_of_heading(snapshot.notes[chunk.note].text, above[-1]) if above else None

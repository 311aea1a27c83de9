"""Chosen units -> Markdown with numbers, and the citation behind each number. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistant.citations import cite
from assistant.evidence import Evidence
from assistant.types import Citation
from indexer.types import Chunk, Kind, Note, Span

_LINE_END = re.compile(r"\s*\n\s*(?:>\s?)*")


@dataclass(frozen=True, slots=True)
class Composed:
    """The text of an answer in Markdown, and the citation of each number in it."""

    text: str
    citations: Sequence[Citation]


@dataclass
class Numbers:
    """Hands out citation numbers in order of appearance, one for each range of a note."""

    notes: Mapping[str, Note]
    citations: list[Citation] = field(default_factory=list)
    _given: dict[tuple[str, Span], int] = field(default_factory=dict)

    def mark(self, chunk: Chunk, span: Span) -> str:
        """The mark `[n]` of a range, cited now if it was not before."""
        key = (chunk.note, span)
        if key not in self._given:
            self._given[key] = len(self.citations) + 1
            self.citations.append(cite(self._given[key], self.notes[chunk.note], chunk, span))
        return f"[{self._given[key]}]"

    def has(self, chunk: Chunk, span: Span) -> bool:
        """Whether a range has been cited."""
        return (chunk.note, span) in self._given


def write_items(items: Sequence[Evidence], numbers: Numbers) -> Composed:
    """One item is a sentence, several are a list; a parent is told before the first of its children."""
    notes = numbers.notes
    lines: list[str] = []
    for item in items:
        note = notes[item.chunk.note]
        for depth, lead in enumerate(item.unit.parents):
            if not numbers.has(item.chunk, lead.span):
                words = on_one_line(lead.span.of(note.text))
                lines.append(f"{'  ' * depth}- {words} {numbers.mark(item.chunk, lead.span)}")
        if not numbers.has(item.chunk, item.unit.span):
            depth = len(item.unit.parents)
            lines.append(f"{'  ' * depth}- {said(item, note)} {numbers.mark(item.chunk, item.unit.span)}")
    text = lines[0].strip().removeprefix("- ") if len(lines) == 1 else "\n".join(lines)
    return Composed(text, numbers.citations)


def said(item: Evidence, note: Note) -> str:
    """What a unit says, in the note's letters and on one line; a table row as it is told."""
    if item.unit.kind is Kind.TABLE_ROW:
        return item.unit.text
    return on_one_line(item.unit.span.of(note.text))


def on_one_line(text: str) -> str:
    """The text with its line ends, and the quote signs after them, made spaces."""
    return _LINE_END.sub(" ", text)

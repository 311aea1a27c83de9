"""Chosen units -> Markdown with numbers, and the citation behind each number. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import dedent

from assistant.citations import cite
from assistant.evidence import Evidence
from assistant.types import Citation
from indexer.types import Chunk, Kind, Note, Span

_QUOTED = re.compile(r"^\s*(?:>\s?)+")
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
            margin = "  " * len(item.unit.parents)
            between = "\n" if item.unit.kind is Kind.CODE else " "  # behind a fence nothing may stand
            words = said(item, note) + between + numbers.mark(item.chunk, item.unit.span)
            lines.append(f"{margin}- " + words.replace("\n", f"\n{margin}  "))
    text = dedent(lines[0].replace("- ", "  ", 1)) if len(lines) == 1 else "\n".join(lines)
    return Composed(text, numbers.citations)


def said(item: Evidence, note: Note) -> str:
    """What a unit says, in its note's letters on one line; a table row as it is told, code as it stands."""
    if item.unit.kind is Kind.TABLE_ROW:
        return item.unit.text
    if item.unit.kind is Kind.CODE:
        return _fenced(item.unit.span, note.text)
    return on_one_line(item.unit.span.of(note.text))


def _fenced(span: Span, text: str) -> str:
    """Code between fences, without the margin that it has in its note: an indentation, quote signs."""
    margin = span.start - text.rfind("\n", 0, span.start) - 1
    lines = [_QUOTED.sub("", line) for line in f"{' ' * margin}{span.of(text)}".splitlines()]
    lines = [line[min(margin, len(line) - len(line.lstrip())) :] for line in lines]
    return "\n".join(lines if lines[0].startswith(("```", "~~~")) else ["```", *lines, "```"])


def on_one_line(text: str) -> str:
    """The text with its line ends, and the quote signs after them, made spaces."""
    return _LINE_END.sub(" ", text)

"""Chosen units -> Markdown with numbers, and the citation behind each number. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistant.citations import cite
from assistant.evidence import Evidence
from assistant.types import Citation
from indexer.blocks import code_at
from indexer.markdown import commonmark, escaped
from indexer.types import Chunk, Kind, Note, Span


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
    _told: set[tuple[str, Span]] = field(default_factory=set)

    def again(self) -> "Numbers":
        """The same numbers for a further answer, in which nothing has been told yet."""
        return Numbers(self.notes, self.citations, self._given)

    def mark(self, chunk: Chunk, span: Span) -> str:
        """The mark `[n]` of a range, cited now if it was not before."""
        key = (chunk.note, span)
        self._told.add(key)
        if key not in self._given:
            self._given[key] = len(self.citations) + 1
            self.citations.append(cite(self._given[key], self.notes[chunk.note], chunk, span))
        return f"[{self._given[key]}]"

    def cites(self, chunk: Chunk, span: Span) -> bool:
        """Whether a range has a number."""
        return (chunk.note, span) in self._given

    def has(self, chunk: Chunk, span: Span) -> bool:
        """Whether a range has been told."""
        return (chunk.note, span) in self._told


def write_items(items: Sequence[Evidence], numbers: Numbers, *, listed: bool = False) -> str:
    """One item is a sentence, several are a list; a parent is told before its children.

    What hangs on something that was told before stands as deep as if it hung on nothing.

    Args:
        listed: one item is a list, too.
    """
    notes = numbers.notes
    told: list[tuple[int, str]] = []  # how deep it stands, and what
    here: set[tuple[str, Span]] = set()
    for item in _gathered(items):
        note, path = notes[item.chunk.note], places(item)
        for depth, lead in enumerate(item.unit.parents):
            if not numbers.has(item.chunk, lead.span):
                words = commonmark(lead.span.of(note.text))
                told.append((len(here & set(path[:depth])), f"{words} {numbers.mark(item.chunk, lead.span)}"))
                here.add(path[depth])
        if not numbers.has(item.chunk, item.unit.span):
            between = "\n" if item.unit.kind is Kind.CODE else " "  # behind a fence nothing may stand
            words = f"{said(item, note)}{between}{numbers.mark(item.chunk, item.unit.span)}"
            told.append((len(here & set(path[:-1])), words))
            here.add(path[-1])
    if len(told) == 1 and not listed:
        return told[0][1]
    return "\n".join(_listed(depth, words) for depth, words in told)


def _gathered(items: Sequence[Evidence]) -> list[Evidence]:
    """The items in their order, but what hangs on one thing side by side."""
    standing = [places(item) for item in items]
    first: dict[tuple[str, Span], int] = {}
    for number, place in enumerate(place for path in standing for place in path):
        first.setdefault(place, number)
    order = sorted(range(len(items)), key=lambda at: [first[place] for place in standing[at]])
    return [items[at] for at in order]


def places(item: Evidence) -> list[tuple[str, Span]]:
    """Where what an item hangs on stands, outermost first, and the item itself."""
    return [(item.chunk.note, span) for span in (*(lead.span for lead in item.unit.parents), item.unit.span)]


def _listed(depth: int, words: str) -> str:
    margin = "  " * depth
    return f"{margin}- " + words.replace("\n", f"\n{margin}  ")


def said(item: Evidence, note: Note) -> str:
    """What a unit says, in its note's words on one line; a table row as it is told, code as it stands."""
    if item.unit.kind is Kind.TABLE_ROW:
        return escaped(item.unit.text)
    if item.unit.kind is Kind.CODE:
        return _fenced(*code_at(note.text, item.unit.span))
    return commonmark(item.unit.span.of(note.text))


def _fenced(language: str, code: str) -> str:
    """Code between fences that nothing in it ends."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
    return f"{fence}{language}\n{code}\n{fence}"

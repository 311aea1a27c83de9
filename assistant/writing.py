"""Chosen units -> Markdown with numbers, and the citation behind each number. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistant.citations import cite
from assistant.evidence import Evidence
from assistant.paragraphs import goes_on
from assistant.steps import Line, markers, number_before
from assistant.types import Citation
from indexer.blocks import code_at
from indexer.markdown import commonmark, escaped
from indexer.types import Chunk, Kind, Note, Span

Place = tuple[str, Span]  # a note, and where in it


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
    _given: dict[Place, int] = field(default_factory=dict)
    _told: set[Place] = field(default_factory=set)

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

    What hangs on something that was told before stands as deep as if it hung on nothing, and a sentence that
    goes on from the one above it in that one's line.

    Args:
        listed: one item is a list, too.
    """
    told: list[Line] = []
    here: set[Place] = set()

    def tell(item: Evidence, path: Sequence[Place], words: str) -> None:
        note, span = path[-1]
        of = (*path[:-1][-1:], note, item.chunk.heading_path)
        number = number_before(numbers.notes[note].text, span.start)
        told.append(Line(len(here & set(path[:-1])), of, number, f"{words}{numbers.mark(item.chunk, span)}"))
        here.add(path[-1])

    last: tuple[Evidence, int] | None = None  # the item that was told last, and in which line
    for item in _gathered(items):
        note, path = numbers.notes[item.chunk.note], places(item)
        for depth, lead in enumerate(item.unit.parents, start=1):
            if not numbers.has(item.chunk, lead.span):
                tell(item, path[:depth], f"{commonmark(lead.span.of(note.text))} ")
        if not numbers.has(item.chunk, item.unit.span):
            between = "\n" if item.unit.kind is Kind.CODE else " "  # behind a fence nothing may stand
            tell(item, path, f"{said(item, note)}{between}")
            if last and last[1] == len(told) - 2 and goes_on(note, last[0], item):
                further = told.pop()
                told[-1] = replace(told[-1], words=f"{told[-1].words} {further.words}")
            last = item, len(told) - 1
    if len(told) == 1 and not listed:
        return told[0].words
    return _as_list(told)


def _gathered(items: Sequence[Evidence]) -> list[Evidence]:
    """The items in their order, but what hangs on one thing side by side."""
    standing = [places(item) for item in items]
    first: dict[Place, int] = {}
    for number, place in enumerate(place for path in standing for place in path):
        first.setdefault(place, number)
    order = sorted(range(len(items)), key=lambda at: [first[place] for place in standing[at]])
    return [items[at] for at in order]


def places(item: Evidence) -> list[Place]:
    """Where what an item hangs on stands, outermost first, and the item itself."""
    return [(item.chunk.note, span) for span in (*(lead.span for lead in item.unit.parents), item.unit.span)]


def _as_list(lines: Sequence[Line]) -> str:
    signs = markers(lines)
    width = max(len(sign) for sign in ("", *signs)) + 1  # what hangs on a line has to stand behind its sign
    margins = [" " * width * line.depth for line in lines]
    return "\n".join(map(_listed, signs, margins, (line.words for line in lines)))


def _listed(sign: str, margin: str, words: str) -> str:
    return f"{margin}{sign} " + words.replace("\n", f"\n{margin}{' ' * len(sign)} ")


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

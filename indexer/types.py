"""What flows through the indexer: notes, blocks of their text, chunks. Imports nothing of ours."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

NEWLINE = re.compile(r"\r\n?|\n")  # the line ends that CommonMark knows


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range `start <= i < end` of characters of a decoded note."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The characters of `text` that the span covers."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Note:
    """One Markdown file, decoded, letter by letter as stored.

    `path` is relative to the notes folder, with `/` between its parts. `sha256` is of the file's bytes.
    `body_start` is the offset in characters at which the text begins, after any front matter.
    """

    path: str
    text: str
    sha256: str
    body_start: int
    title: str
    tags: tuple[str, ...] = ()

    @property
    def line_count(self) -> int:
        """How many lines it has, 1 at least; the line end at its end begins no further one."""
        return 1 + sum(end.end() < len(self.text) for end in NEWLINE.finditer(self.text))


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file below the notes folder that is not indexed, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A build that made a generation, as this and later generations remember it.

    `started_at` is ISO 8601 in UTC. `seconds` is how long each stage took; the writing, in which it is
    remembered, is not among them. `changes` counts the notes that were added, changed, renamed and removed,
    `named` has the first of each. `reason` says why all notes were gone through again.
    """

    revision: str
    started_at: str
    seconds: Mapping[str, float]
    embedded: int
    kept: int
    changes: Mapping[str, int]
    named: Mapping[str, tuple[str, ...]]
    reason: str = ""


class Kind(StrEnum):
    """What a block of a note is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_HEADER = "table_header"
    TABLE_ROW = "table_row"
    CODE = "code"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Lead:
    """What lower lines hang on, in plain words, and its place: a list item, an introduction."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Block:
    """A run of whole lines of a note that belong together.

    `span` covers the lines without the white space around them; `content` is where the words begin, after
    any list marker. `text` is a paragraph or list item in plain words; it is empty where they say nothing.
    `depth` is the heading level (1 to 6) or the nesting of a list item (0 is outermost).
    `parents` give the block its meaning, outermost first: the items above a nested one, the title of a
    callout, the line that introduces a list, a table or code. `cells` and `header` are a table row's plain
    cells and the names of their columns.
    """

    kind: Kind
    span: Span
    content: int
    text: str = ""
    depth: int = 0
    heading_path: tuple[str, ...] = ()
    parents: tuple[Lead, ...] = ()
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


TO_DO, DONE = "\u2610", "\u2611"  # how the box of a task is shown
_BOXES = {TO_DO: "open task", DONE: "task done"}


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest piece that can be cited: a sentence, a list item, a table row, a code fence, a heading.

    `text` says it in plain words, without markup; it is empty where nobody is shown any, as for a comment. A
    table row is told as "column: value" pairs, and `cells` has its columns and values apart.
    """

    kind: Kind
    span: Span
    text: str
    parents: tuple[Lead, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()

    @property
    def read_aloud(self) -> str:
        """Its words as the embedding model reads them: the box of a task says whether that is done."""
        box, rest = self.text[:1], self.text[1:]
        return f"{_BOXES[box]}:{rest}" if box in _BOXES else self.text


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a note: what is embedded, searched and shown.

    `text` equals the note's text between `span.start` and `span.end`. Lines are 1-based and inclusive.
    `context` is what the embedding model reads before the words: headings, and the list items or table
    columns that the first unit hangs on.
    """

    note: str
    note_sha256: str
    title: str
    tags: tuple[str, ...]
    heading_path: tuple[str, ...]
    span: Span
    line_start: int
    line_end: int
    text: str
    context: str
    units: tuple[Unit, ...]

    @property
    def embedded_text(self) -> str:
        """The text whose embedding stands for the chunk: its context, then its units in plain words."""
        words = [unit.read_aloud for unit in self.units if unit.kind is not Kind.HEADING and unit.text]
        return "\n".join([self.context, *words] if self.context else words)

    @property
    def embedded_spans(self) -> list[Span]:
        """Where each unit stands in `embedded_text`; nowhere if it is a heading or empty."""
        at = len(self.context) + 1 if self.context else 0
        spans = []
        for unit in self.units:
            if unit.kind is Kind.HEADING or not unit.text:
                spans.append(Span(at, at))
            else:
                spans.append(Span(at, at + len(unit.read_aloud)))
                at += len(unit.read_aloud) + 1
        return spans


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk found by one of the two indexes: its row and its score (higher is better)."""

    row: int
    score: float


@dataclass(frozen=True, slots=True)
class Line:
    """Where a corpus divides answering from declining, and how well that went with questions made from it.

    A question of confidence `at` or more is answered. `answered` and `declined` are the shares, from 0 to 1,
    of `answerable` and of `unanswerable` questions that were treated rightly; `chunks` counts passages.
    """

    at: float = 0.5
    answerable: int = 0
    answered: float = 0.0
    unanswerable: int = 0
    declined: float = 0.0
    chunks: int = 0


NO_LINE = Line()  # as it is before anything was fitted


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was found below a notes folder, in order of path."""

    notes: Sequence[Note]
    skipped: Sequence[Skipped]

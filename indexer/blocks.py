"""Note text -> blocks with exact offsets. markdown-it-py does the parsing; the lines are ours."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from textwrap import dedent

from indexer.dialect import PARSER
from indexer.leaves import CALLOUT, Leaf, begins_section, leaves_of
from indexer.markdown import words
from indexer.types import NEWLINE, Block, Kind, Lead, Span

_FENCE = re.compile(r"`{3,}|~{3,}")
_MARKERS = re.compile(r"(?:\s|>|(?:[-+*]|\d{1,9}[.)]|#{1,6})[ \t\r\n])*")  # no other space follows a marker


class Lines:
    """Where the lines of a text begin; turns line numbers into offsets and back."""

    def __init__(self, text: str) -> None:
        self.starts = [0, *(match.end() for match in NEWLINE.finditer(text))]
        self.length = len(text)

    def span(self, first: int, end: int) -> Span:
        """The characters of lines `first` to `end`, 0-based and half-open."""
        stop = self.starts[end] if end < len(self.starts) else self.length
        return Span(self.starts[first], stop)

    def number(self, offset: int) -> int:
        """The 1-based number of the line that holds the character at `offset`."""
        return bisect_right(self.starts, offset)


def code_at(text: str, span: Span) -> tuple[str, str]:
    """The language, if it is told, and the lines of code at a place of a text, without fences and margin.

    The place may also be a part of a block of code that was cut.
    """
    line = text[text.rfind("\n", 0, span.start) + 1 : span.start]
    markdown = dedent(f"{'' if line.strip() else line}{span.of(text)}")
    leaves = [token for token in PARSER.parse(markdown) if token.nesting == 0]
    if len(leaves) == 1 and leaves[0].type in ("fence", "code_block"):
        return leaves[0].info.strip().replace("`", ""), leaves[0].content.rstrip("\n")
    before, _, last = markdown.rstrip().rpartition("\n")
    return "", before.rstrip() if _FENCE.fullmatch(last.strip()) else markdown


def title_heading(text: str, start: int = 0) -> str | None:
    """The plain text of the note's first heading, if it stands above all others of the note."""
    pairs = pairwise(PARSER.parse(text[start:]))
    headings = [pair for pair in pairs if begins_section(pair[0])]
    levels = [token.tag for token, _ in headings]
    return words(headings[0][1]) if levels and levels[0] < min(levels[1:], default="h7") else None


def parse_blocks(text: str, start: int = 0) -> list[Block]:
    """Cut a note's text, from offset `start` on, into blocks that hold every line with a word on it, once."""
    body = text[start:]
    lines = Lines(body)
    leaves = list(leaves_of(PARSER.parse(body)))
    blocks: list[Block] = []
    path: list[tuple[int, str]] = []
    for leaf in _fill_gaps(leaves, len(lines.starts)):
        if leaf.kind is Kind.HEADING:
            path = [*(step for step in path if step[0] < leaf.depth), (leaf.depth, leaf.text)]
        span = _trim(body, lines.span(leaf.first, leaf.end))
        if span.start == span.end:
            continue
        content = _content_start(body, span, leaf.kind)
        leaf.words = Span(start + content, start + span.end)
        blocks.append(
            Block(
                kind=leaf.kind,
                span=Span(start + span.start, start + span.end),
                content=start + content,
                text=leaf.text,
                depth=leaf.depth,
                heading_path=tuple(name for _, name in path),
                parents=tuple(Lead(parent.text, parent.words) for parent in leaf.parents if parent.words),
                cells=leaf.cells,
                header=leaf.header,
            )
        )
    return blocks


def words_of_heading(text: str, span: Span) -> Span:
    """Where a heading's words stand: without its number signs, or the line that is drawn below it."""
    said = span.of(text)
    if drawn := [end.start() for end in NEWLINE.finditer(said)]:
        return _trim(text, Span(span.start, span.start + drawn[-1]))
    begin = len(said) - len(said.lstrip("#"))
    closed = said.rstrip("#")
    end = len(closed) if closed[-1:] in (" ", "\t") else len(said)
    return _trim(text, Span(span.start + begin, span.start + max(begin, end)))


def _fill_gaps(leaves: Sequence[Leaf], line_count: int) -> Iterator[Leaf]:
    """The leaves in order, with the lines that the parser gave no token (link definitions) as leaves too."""
    at = 0
    for leaf in leaves:
        first = max(leaf.first, at)
        if first > at:
            yield Leaf(Kind.OTHER, at, first)
        if leaf.end > first:
            leaf.first = first
            at = min(leaf.end, line_count)
            yield leaf
    if at < line_count:
        yield Leaf(Kind.OTHER, at, line_count)


def _trim(text: str, span: Span) -> Span:
    raw = span.of(text)
    start = span.start + len(raw) - len(raw.lstrip())
    return Span(start, max(start, span.start + len(raw.rstrip())))


def _content_start(text: str, span: Span, kind: Kind) -> int:
    """Where a block's words begin: after quote signs, the markers of lists and headings, a callout's kind."""
    if kind not in (Kind.LIST_ITEM, Kind.PARAGRAPH, Kind.OTHER):
        return span.start
    at = span.start
    for signs in (_MARKERS, CALLOUT):
        found = signs.match(text, at, span.end)
        at = found.end() if found and found.end() < span.end else at
    return at

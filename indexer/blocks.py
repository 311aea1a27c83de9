"""Note text -> blocks with exact offsets. markdown-it-py does the parsing; the lines are ours."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from textwrap import dedent

from markdown_it import MarkdownIt
from markdown_it.token import Token

from indexer.types import NEWLINE, Block, Kind, Lead, Span

_PARSER = MarkdownIt("commonmark").enable("table")
_MARKUP = re.compile(r"[*_`\[\]\\<&~!]")
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


def plain(markdown: str) -> str:
    """The words of a piece of inline Markdown on one line, without its markup."""
    if _MARKUP.search(markdown):
        markdown = _words(_PARSER.parseInline(markdown)[0])
    return " ".join(markdown.split())


def code_at(text: str, span: Span) -> tuple[str, str]:
    """The language, if it is told, and the lines of code at a place of a text, without fences and margin.

    The place may also be a part of a block of code that was cut.
    """
    line = text[text.rfind("\n", 0, span.start) + 1 : span.start]
    markdown = dedent(f"{'' if line.strip() else line}{span.of(text)}")
    leaves = [token for token in _PARSER.parse(markdown) if token.nesting == 0]
    if len(leaves) == 1 and leaves[0].type in ("fence", "code_block"):
        return leaves[0].info.strip().replace("`", ""), leaves[0].content.rstrip("\n")
    before, _, last = markdown.rstrip().rpartition("\n")
    return "", before.rstrip() if _FENCE.fullmatch(last.strip()) else markdown


def first_heading(text: str, start: int = 0) -> str | None:
    """The plain text of the first heading that begins a section of the note, if it has one."""
    pairs = pairwise(_PARSER.parse(text[start:]))
    return next((_words(inline) for token, inline in pairs if _begins_section(token)), None)


def parse_blocks(text: str, start: int = 0) -> list[Block]:
    """Cut a note's text, from offset `start` on, into blocks that hold every line with a word on it, once."""
    body = text[start:]
    lines = Lines(body)
    leaves = list(_Walk().leaves(_PARSER.parse(body)))
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
                depth=leaf.depth,
                heading_path=tuple(name for _, name in path),
                parents=tuple(Lead(parent.text, parent.words) for parent in leaf.parents if parent.words),
                cells=leaf.cells,
                header=leaf.header,
            )
        )
    return blocks


@dataclass
class _Leaf:
    kind: Kind
    first: int
    end: int
    text: str = ""
    depth: int = 0
    parents: tuple["_Leaf", ...] = ()
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    words: Span | None = None  # where its text stands, once that is known


@dataclass
class _Walk:
    """One pass over the parser's tokens; keeps what the leaf at hand hangs on."""

    items: list[_Leaf | None] = field(default_factory=list)  # the first paragraphs of the open list items
    intros: list[_Leaf | None] = field(default_factory=list)  # for each open list, what introduces it
    header: tuple[str, ...] = ()
    last_paragraph: _Leaf | None = None

    def leaves(self, tokens: Sequence[Token]) -> Iterator[_Leaf]:
        for index, token in enumerate(tokens):
            if token.type.endswith("list_open"):
                last = self.last_paragraph
                self.intros.append(last if last and last.text.endswith(":") else None)
            elif token.type.endswith("list_close"):
                self.intros.pop()
            elif token.type == "list_item_open":
                self.items.append(None)
            elif token.type == "list_item_close":
                self.items.pop()
            elif token.map and (leaf := self._leaf(tokens, index)):
                self.last_paragraph = leaf if leaf.kind is Kind.PARAGRAPH else None
                yield leaf

    def _leaf(self, tokens: Sequence[Token], index: int) -> _Leaf | None:
        token = tokens[index]
        first, end = token.map or (0, 0)
        if _begins_section(token):
            return _Leaf(Kind.HEADING, first, end, _words(tokens[index + 1]), int(token.tag[1]))
        if token.type in ("paragraph_open", "heading_open"):
            return self._paragraph(first, end, _words(tokens[index + 1]))
        if token.type in ("fence", "code_block"):
            return _Leaf(Kind.CODE, first, end, parents=self._parents(len(self.items)))
        if token.type == "tr_open":
            return self._row(first, end, tuple(_row_cells(tokens, index)), tokens[index - 1].type)
        if token.type in ("html_block", "hr"):
            return _Leaf(Kind.OTHER, first, end)
        return None

    def _paragraph(self, first: int, end: int, words: str) -> _Leaf:
        depth = len(self.items)
        if not depth:
            return _Leaf(Kind.PARAGRAPH, first, end, words)
        if self.items[-1]:  # a further paragraph of the item hangs on its first
            return _Leaf(Kind.PARAGRAPH, first, end, words, depth - 1, self._parents(depth))
        item = _Leaf(Kind.LIST_ITEM, first, end, words, depth - 1, self._parents(depth - 1))
        self.items[-1] = item
        return item

    def _parents(self, items: int) -> tuple[_Leaf, ...]:
        """The outermost list's introduction and the first `items` open items."""
        return tuple(leaf for leaf in [*self.intros[:1], *self.items[:items]] if leaf)

    def _row(self, first: int, end: int, cells: tuple[str, ...], before: str) -> _Leaf:
        if before == "thead_open":
            self.header = cells
            return _Leaf(Kind.TABLE_HEADER, first, end + 1, cells=cells)  # with the line of dashes below it
        parents = self._parents(len(self.items))
        return _Leaf(Kind.TABLE_ROW, first, end, parents=parents, cells=cells, header=self.header)


def _begins_section(token: Token) -> bool:
    """Whether it is a heading, and of the note itself: one in a quote or a list item ends with that."""
    return token.type == "heading_open" and token.level == 0


def _row_cells(tokens: Sequence[Token], index: int) -> Iterator[str]:
    for at in range(index, len(tokens)):
        token = tokens[at]
        if token.type == "tr_close":
            return
        if token.type == "inline":
            yield _words(token)


def _words(inline: Token) -> str:
    """The visible words of an inline token, on one line."""
    parts = []
    for child in inline.children or []:
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type == "image":
            parts.append(child.content)
    return " ".join("".join(parts).split())


def _fill_gaps(leaves: Sequence[_Leaf], line_count: int) -> Iterator[_Leaf]:
    """The leaves in order, with the lines that the parser gave no token (link definitions) as leaves too."""
    at = 0
    for leaf in leaves:
        first = max(leaf.first, at)
        if first > at:
            yield _Leaf(Kind.OTHER, at, first)
        if leaf.end > first:
            leaf.first = first
            at = min(leaf.end, line_count)
            yield leaf
    if at < line_count:
        yield _Leaf(Kind.OTHER, at, line_count)


def _trim(text: str, span: Span) -> Span:
    raw = span.of(text)
    start = span.start + len(raw) - len(raw.lstrip())
    return Span(start, max(start, span.start + len(raw.rstrip())))


def _content_start(text: str, span: Span, kind: Kind) -> int:
    """Where a block's words begin: after quote signs, and the markers of lists and of headings in them."""
    if kind not in (Kind.LIST_ITEM, Kind.PARAGRAPH):
        return span.start
    markers = _MARKERS.match(text, span.start, span.end)
    return markers.end() if markers and markers.end() < span.end else span.start

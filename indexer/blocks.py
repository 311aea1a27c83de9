"""Note text -> blocks with exact offsets. markdown-it-py does the parsing; the lines are ours."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from textwrap import dedent

from markdown_it.token import Token

from indexer.markdown import PARSER, plain, words
from indexer.types import NEWLINE, Block, Kind, Lead, Span

_CALLOUT = re.compile(r"\[![\w-]+(?:\|[^\]\n]*)?\][+-]?[ \t]*")
_NESTING = {
    f"{name}_{end}": name
    for name in ("bullet_list", "ordered_list", "list_item", "blockquote")
    for end in ("open", "close")
}
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
    headings = [pair for pair in pairs if _begins_section(pair[0])]
    levels = [token.tag for token, _ in headings]
    return words(headings[0][1]) if levels and levels[0] < min(levels[1:], default="h7") else None


def parse_blocks(text: str, start: int = 0) -> list[Block]:
    """Cut a note's text, from offset `start` on, into blocks that hold every line with a word on it, once."""
    body = text[start:]
    lines = Lines(body)
    leaves = list(_Walk().leaves(PARSER.parse(body)))
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
    quotes: list[_Leaf | None] = field(
        default_factory=list
    )  # for each open quote, its title if it is a callout
    details: _Leaf | None = None  # the summary of what HTML folds up
    table: tuple[_Leaf, ...] = ()  # what the open table hangs on
    header: tuple[str, ...] = ()
    quoted_from: int = -1  # the line at which the last quote began
    last_paragraph: _Leaf | None = None

    def leaves(self, tokens: Sequence[Token]) -> Iterator[_Leaf]:
        for index, token in enumerate(tokens):
            if token.nesting and token.type in _NESTING:
                self._nest(token)
            elif token.map:
                for leaf in self._leaves(tokens, index):
                    self.last_paragraph = leaf if leaf.kind is Kind.PARAGRAPH else None
                    yield leaf

    def _nest(self, token: Token) -> None:
        open_ = {"list_item": self.items, "blockquote": self.quotes}.get(_NESTING[token.type], self.intros)
        if token.nesting < 0:
            open_.pop()
        else:
            open_.append(self._introduction() if open_ is self.intros else None)
            if open_ is self.quotes and token.map:
                self.quoted_from = token.map[0]

    def _leaves(self, tokens: Sequence[Token], index: int) -> Iterator[_Leaf]:
        token = tokens[index]
        first, end = token.map or (0, 0)
        if _begins_section(token):
            self.details = None
            yield _Leaf(Kind.HEADING, first, end, words(tokens[index + 1]), int(token.tag[1]))
        elif token.type in ("paragraph_open", "heading_open"):
            yield from self._paragraph(first, end, tokens[index + 1])
        elif token.type in ("fence", "code_block"):
            yield _Leaf(Kind.CODE, first, end, parents=self._introduced())
        elif token.type == "tr_open":
            yield self._row(first, end, tuple(_row_cells(tokens, index)), tokens[index - 1].type)
        elif token.type == "html_block":
            yield self._html(first, end, token.content)
        elif token.type == "hr":
            yield _Leaf(Kind.OTHER, first, end)

    def _paragraph(self, first: int, end: int, inline: Token) -> Iterator[_Leaf]:
        callout = _CALLOUT.match(inline.content) if self.quotes and first == self.quoted_from else None
        if not callout:
            yield self._said(first, end, words(inline))
            return
        title, _, rest = inline.content[callout.end() :].partition("\n")
        leaf = _Leaf(Kind.PARAGRAPH, first, first + 1, plain(title), parents=self._parents())
        self.quotes[-1] = leaf
        yield leaf
        if rest:
            yield self._said(first + 1, end, plain(rest))

    def _said(self, first: int, end: int, text: str) -> _Leaf:
        depth = max(0, len(self.items) - 1)
        if not self.items or self.items[-1]:  # a further paragraph of an item hangs on its first
            return _Leaf(Kind.PARAGRAPH, first, end, text, depth, self._parents())
        item = _Leaf(Kind.LIST_ITEM, first, end, text, depth, self._parents())
        self.items[-1] = item
        return item

    def _html(self, first: int, end: int, content: str) -> _Leaf:
        """Nothing but a summary, and what stands beside it, says something."""
        if "</details>" in content:
            self.details = None
        if not content.lstrip().startswith("<details"):
            return _Leaf(Kind.OTHER, first, end)
        leaf = _Leaf(Kind.PARAGRAPH, first, end, plain(content), parents=self._parents())
        if "</details>" not in content:
            self.details = leaf
        return leaf

    def _row(self, first: int, end: int, cells: tuple[str, ...], before: str) -> _Leaf:
        if before == "thead_open":
            self.header, self.table = cells, self._introduced()
            return _Leaf(Kind.TABLE_HEADER, first, end + 1, cells=cells)  # with the line of dashes below it
        return _Leaf(Kind.TABLE_ROW, first, end, parents=self.table, cells=cells, header=self.header)

    def _parents(self) -> tuple[_Leaf, ...]:
        """The open items, titles and introductions, outermost first."""
        above = (*self.intros, *self.items, *self.quotes, self.details)
        return tuple(sorted((leaf for leaf in above if leaf and leaf.text), key=lambda leaf: leaf.first))

    def _introduced(self) -> tuple[_Leaf, ...]:
        """What code or a table hangs on: the line right above that leads on to it, too."""
        parents, last = self._parents(), self._introduction()
        return (*parents, last) if last and all(last is not parent for parent in parents) else parents

    def _introduction(self) -> _Leaf | None:
        last = self.last_paragraph
        return last if last and last.text.endswith(":") else None


def _begins_section(token: Token) -> bool:
    """Whether it is a heading, and of the note itself: one in a quote or a list item ends with that."""
    return token.type == "heading_open" and token.level == 0


def _row_cells(tokens: Sequence[Token], index: int) -> Iterator[str]:
    for at in range(index, len(tokens)):
        token = tokens[at]
        if token.type == "tr_close":
            return
        if token.type == "inline":
            yield words(token)


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
    """Where a block's words begin: after quote signs, the markers of lists and headings, a callout's kind."""
    if kind not in (Kind.LIST_ITEM, Kind.PARAGRAPH):
        return span.start
    at = span.start
    for signs in (_MARKERS, _CALLOUT):
        found = signs.match(text, at, span.end)
        at = found.end() if found and found.end() < span.end else at
    return at

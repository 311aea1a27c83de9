"""The parser's tokens -> leaves: runs of lines that say one thing, each with what it hangs on. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token

from indexer.dialect import HTML_COMMENT
from indexer.markdown import plain, words
from indexer.types import Kind, Span

CALLOUT = re.compile(r"\[![\w-]+(?:\|[^\]\n]*)?\][+-]?[ \t]*")
_NESTING = {
    f"{name}_{end}": name
    for name in ("bullet_list", "ordered_list", "list_item", "blockquote")
    for end in ("open", "close")
}
_FOLDS = re.compile(rf"{HTML_COMMENT}|<(/?)details\b", re.I | re.S)  # a comment folds nothing up
_MOST_FOLDS = 20  # one in another: a note may open thousands, and what is in them hangs on each


@dataclass
class Leaf:
    """A run of whole lines, 0-based and half-open, that the parser takes for one thing."""

    kind: Kind
    first: int
    end: int
    text: str = ""
    depth: int = 0
    parents: tuple["Leaf", ...] = ()
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    words: Span | None = None  # where its text stands, once that is known


def leaves_of(tokens: Sequence[Token]) -> Iterator[Leaf]:
    """The leaves of a note in the order of its lines; those of link definitions are left out."""
    return _Walk().leaves(tokens)


def begins_section(token: Token) -> bool:
    """Whether it is a heading, and of the note itself: one in a quote or a list item ends with that."""
    return token.type == "heading_open" and token.level == 0


@dataclass
class _Walk:
    """One pass over the parser's tokens; keeps what the leaf at hand hangs on."""

    items: list[Leaf | None] = field(default_factory=list)  # the first paragraphs of the open list items
    intros: list[Leaf | None] = field(default_factory=list)  # for each open list, what introduces it
    quotes: list[Leaf | None] = field(default_factory=list)  # the titles of the open quotes that are callouts
    details: list[Leaf | None] = field(default_factory=list)  # the summaries of what HTML folds up
    table: tuple[Leaf, ...] = ()  # what the open table hangs on
    header: tuple[str, ...] = ()
    quoted_from: int = -1  # the line at which the last quote began
    last_paragraph: Leaf | None = None

    def leaves(self, tokens: Sequence[Token]) -> Iterator[Leaf]:
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

    def _leaves(self, tokens: Sequence[Token], index: int) -> Iterator[Leaf]:
        token = tokens[index]
        first, end = token.map or (0, 0)
        if begins_section(token):
            self.details.clear()
            yield Leaf(Kind.HEADING, first, end, words(tokens[index + 1]), int(token.tag[1]))
        elif token.type in ("paragraph_open", "heading_open"):
            yield from self._paragraph(first, end, tokens[index + 1])
        elif token.type in ("fence", "code_block"):
            yield Leaf(Kind.CODE, first, end, parents=self._introduced())
        elif token.type == "tr_open":
            yield self._row(first, end, tuple(_row_cells(tokens, index)), tokens[index - 1].type)
        elif token.type == "html_block":
            yield self._html(first, end, token.content)
        elif token.type == "hr":
            yield Leaf(Kind.OTHER, first, end)

    def _paragraph(self, first: int, end: int, inline: Token) -> Iterator[Leaf]:
        callout = CALLOUT.match(inline.content) if self.quotes and first == self.quoted_from else None
        if not callout:
            yield self._said(first, end, words(inline))
            return
        title, _, rest = inline.content[callout.end() :].partition("\n")
        leaf = Leaf(Kind.PARAGRAPH, first, first + 1, plain(title), parents=self._parents())
        self.quotes[-1] = leaf
        yield leaf
        if rest:
            yield self._said(first + 1, end, plain(rest))

    def _said(self, first: int, end: int, text: str) -> Leaf:
        depth = max(0, len(self.items) - 1)
        if not self.items or self.items[-1]:  # a further paragraph of an item hangs on its first
            return Leaf(Kind.PARAGRAPH, first, end, text, depth, self._parents())
        item = Leaf(Kind.LIST_ITEM, first, end, text, depth, self._parents())
        self.items[-1] = item
        return item

    def _html(self, first: int, end: int, content: str) -> Leaf:
        """Nothing but a summary, and what stands beside it, says something."""
        summary: Leaf | None = None
        for tag in _FOLDS.finditer(content):
            if tag[1] == "/":
                del self.details[-1:]
            elif tag[1] == "" and not summary:
                summary = Leaf(Kind.PARAGRAPH, first, end, plain(content), parents=self._parents())
                self.details.append(summary)
            elif tag[1] == "":  # its summary is told with the one before
                self.details.append(None)
        return summary or Leaf(Kind.OTHER, first, end)

    def _row(self, first: int, end: int, cells: tuple[str, ...], before: str) -> Leaf:
        if before == "thead_open":
            self.header, self.table = cells, self._introduced()
            return Leaf(Kind.TABLE_HEADER, first, end + 1, cells=cells)  # with the line of dashes below it
        return Leaf(Kind.TABLE_ROW, first, end, parents=self.table, cells=cells, header=self.header)

    def _parents(self) -> tuple[Leaf, ...]:
        """The open items, titles and introductions, outermost first."""
        above = (*self.intros, *self.items, *self.quotes, *self.details[:_MOST_FOLDS])
        return tuple(sorted((leaf for leaf in above if leaf and leaf.text), key=lambda leaf: leaf.first))

    def _introduced(self) -> tuple[Leaf, ...]:
        """What code or a table hangs on: the line right above that leads on to it, too."""
        parents, last = self._parents(), self._introduction()
        return (*parents, last) if last and all(last is not parent for parent in parents) else parents

    def _introduction(self) -> Leaf | None:
        last = self.last_paragraph
        return last if last and last.text.endswith(":") else None


def _row_cells(tokens: Sequence[Token], index: int) -> Iterator[str]:
    for at in range(index, len(tokens)):
        token = tokens[at]
        if token.type == "tr_close":
            return
        if token.type == "inline":
            yield words(token)

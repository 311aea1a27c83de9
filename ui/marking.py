"""The cited lines of a note, marked in what its Markdown was parsed to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

MARK_OPEN, MARK_CLOSE = '<mark class="cited">', "</mark>"
LEAVES = {"text", "text_special", "code_inline"}  # the tokens that hold the words of a block


@dataclass(frozen=True, slots=True)
class LineRange:
    """A run of lines of a note, 1-based and inclusive."""

    start: int
    end: int

    def meets(self, first: int, last: int) -> bool:
        """Whether the two runs share a line."""
        return self.start <= last and first <= self.end

    def __contains__(self, line: int) -> bool:
        return self.start <= line <= self.end


def mark(tokens: Sequence[Token], cited: LineRange) -> None:
    """Mark the blocks that lie in the cited lines; a fence is told which of its lines to mark.

    Args:
        cited: counted from the first line of what was parsed.
    """
    row = False
    for token in tokens:
        if token.map is None:
            row = row and token.type != "tr_close"
            continue
        first, last = token.map[0] + 1, token.map[1]
        if token.type == "tr_open":
            row = True
            if cited.meets(first, last):
                token.attrs["class"] = "cited"
        elif token.type == "inline" and not row and cited.meets(first, last):
            token.children = list(_mark_inline(token, cited))
        elif token.type in ("fence", "code_block") and cited.meets(first, last):
            start = first + (token.type == "fence")
            token.meta["cited"] = LineRange(cited.start - start, cited.end - start)
    _mark_place(tokens, cited)


def _mark_inline(token: Token, cited: LineRange) -> Iterator[Token]:
    """Mark leaf by leaf, which is always well nested, and line by line where the lines can be told apart."""
    children, (first, end) = token.children or [], token.map or [0, 0]
    breaks = sum(child.type in ("softbreak", "hardbreak") for child in children)
    apart = breaks == end - first - 1
    line = first + 1
    for child in children:
        line += apart and child.type in ("softbreak", "hardbreak")
        if child.type in LEAVES and child.content and (not apart or line in cited):
            yield from (html(MARK_OPEN), child, html(MARK_CLOSE))
        else:
            yield child


def _mark_place(tokens: Sequence[Token], cited: LineRange) -> None:
    """Where the cited lines hold nothing that can be marked, name the next block as the place to open."""
    marked = any(
        token.attrs.get("class") == "cited" or "cited" in token.meta or MARK_OPEN in _contents(token)
        for token in tokens
    )
    blocks = [token for token in tokens if token.map and token.nesting == 1]
    after = (block for block in blocks if block.map and block.map[0] + 1 >= cited.start)
    if not marked and (place := next(after, blocks[-1] if blocks else None)):
        place.attrs["id"] = "cited"


def _contents(token: Token) -> list[str]:
    return [child.content for child in token.children or ()]


def html(content: str) -> Token:
    """HTML of our own, as a token."""
    return Token("html_inline", "", 0, content=content)

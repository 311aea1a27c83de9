"""The Markdown of an answer, its numbers as links to what they stand on, and what is not proved marked."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from markdown_it.token import Token

from ui.markdown import parser, soften
from ui.marking import LEAVES, MARK_CLOSE, html

_REFERENCE = re.compile(r"(\s*)\[(\d{1,3}|\?)\]")
# Around what is not proved, while Markdown is being parsed: signs that count as punctuation, as the ends of a
# sentence do, and that nobody writes.
_BEGIN, _END = "\u2e22", "\u2e25"
_DOUBT_OPEN = '<mark class="unproved">'
_DOUBTFUL = '<span class="doubt">not proved</span>'


def render_answer(
    text: str,
    reference: Callable[[int], str | None],
    unproved: Sequence[tuple[int, int]] | None = None,
) -> str:
    """Render an answer.

    Args:
        reference: gives the HTML that stands for `[n]`, or None to leave it as text.
        unproved: from where to where the text says what the notes do not; `[?]` says so behind it. None if
            nothing was checked, as nothing had to be.
    """
    tokens = _PARSER.parse(text if unproved is None else _delimited(text, unproved))
    soften(tokens)
    open_ = False
    for token in tokens:
        leaves = [
            leaf for child in token.children or () for leaf in _number(child, reference, unproved is not None)
        ]
        token.children = []
        for leaf in _joined(leaves):
            parts, open_ = _doubted(leaf, open_)
            token.children += parts
        if token.type in ("fence", "code_block"):
            token.content = token.content.replace(_BEGIN, "").replace(_END, "")
    return str(_PARSER.renderer.render(tokens, _PARSER.options, {}))


def _delimited(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with signs around the spans, which are in order and disjoint; code blocks get none."""
    text = text.replace(_BEGIN, " ").replace(_END, " ")
    for start, end in reversed(spans):
        said = text[start:end]
        if not said.startswith(("```", "|")):
            text = f"{text[:start]}{_BEGIN}{said}{_END}{text[end:]}"
    return text


def _doubted(leaf: Token, doubted: bool) -> tuple[list[Token], bool]:
    """A leaf in pieces, those between the signs marked, and whether what follows is between them."""
    if leaf.type not in LEAVES:
        return [leaf], doubted
    pieces: list[Token] = []
    for part in re.split(f"([{_BEGIN}{_END}])", leaf.content):
        if part in (_BEGIN, _END):
            doubted = part == _BEGIN
        elif part:
            said = Token(leaf.type, leaf.tag, 0, content=part, markup=leaf.markup)
            pieces += [html(_DOUBT_OPEN), said, html(MARK_CLOSE)] if doubted else [said]
    return pieces, doubted


def _joined(leaves: Sequence[Token]) -> Iterator[Token]:
    """The leaves, texts that stand side by side as one."""
    for kind, group in groupby(leaves, key=lambda leaf: leaf.type):
        if kind == "text":
            yield Token("text", "", 0, content="".join(leaf.content for leaf in group))
        else:
            yield from group


def _number(token: Token, reference: Callable[[int], str | None], checked: bool) -> Iterator[Token]:
    if token.type == "text_special":  # an escaped sign is no part of a number
        yield Token("text", "", 0, content=token.content)
        return
    if token.type != "text":
        yield token
        return
    position = 0
    for match in _REFERENCE.finditer(token.content):
        doubt = _DOUBTFUL if checked else None
        stands = doubt if match[2] == "?" else reference(int(match[2]))
        if stands is not None:
            yield Token("text", "", 0, content=token.content[position : match.start()])
            yield html(stands)
            position = match.end()
    yield Token("text", "", 0, content=token.content[position:])


# In an answer `[1]: …` is a claim's number, not the definition of a link, and `\[1\]` is no claim's number.
_PARSER = parser().disable(["reference", "text_join"])

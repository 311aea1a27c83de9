"""Notes' Markdown in plain words, and as it is read everywhere; what in it is one. Pure."""

import re
from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from indexer.dialect import BREAK, NOTING, PARSER, Noted
from indexer.types import Span

LONGEST_EMPHASIS = 400  # characters; in a longer one a sentence may end
_MARKUP = re.compile(r"[*_`\[\]\\<&~!$=%^]")
_LINE_END = re.compile(r"\\?(?:\r\n?|\n)[ \t>]*+")
_BEGINS = re.compile(r"\A(?:(\d{1,9})(?=[.)]\s)|(?=[-+*]\s|#{1,6}\s|>))")  # a list, a heading, a quote
_LINE_ENDS = re.compile(r"(?<![ \t])[ \t]*+\\?(?:[\r\n]+[ \t>]*+)++")
_NUMBER = re.compile(r"\[(\d{1,3}|\?)\]")


def plain(markdown: str) -> str:
    """The words of a piece of inline Markdown on one line, without its markup."""
    markdown = one_line(markdown)
    if _MARKUP.search(markdown):
        markdown = words(PARSER.parseInline(markdown)[0])
    return " ".join(markdown.split())


def words(inline: Token) -> str:
    """The visible words of an inline token, on one line."""
    parts = []
    for child in inline.children or []:
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type == "image":
            parts.append(words(child))
        elif child.type in ("softbreak", "hardbreak") or BREAK.match(child.content):
            parts.append(" ")
    return " ".join("".join(parts).split())


def commonmark(text: str) -> str:
    """A piece of a note on one line, in Markdown that says the same everywhere.

    Numbers in brackets are escaped, for in an answer they are citations; so is what begins a list or heading.
    """
    text = _LINE_ENDS.sub(" ", text)
    if _MARKUP.search(text):
        for span, shown in sorted(_noted(text).shown, key=lambda one: -one[0].start):
            before, after = text[: span.start], text[span.end :]
            gap = not shown.strip() and before.endswith(" ")
            text = before + after.lstrip(" ") if gap else before + escaped(shown) + after
    return _BEGINS.sub(r"\1\\", text.strip())


def escaped(text: str) -> str:
    """Words in which numbers in brackets are no citations."""
    return _NUMBER.sub(r"\\[\1\\]", text)


def wholes(text: str) -> list[Span]:
    """The parts of a piece of Markdown on one line in which no sentence ends, in order and disjoint."""
    if not _MARKUP.search(text):
        return []
    found: list[Span] = []
    for span in sorted(_noted(text).wholes, key=lambda span: span.start):
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def one_line(text: str) -> str:
    """As many characters on one line; the signs of a quote at the beginning of lines are spaces, too."""
    return _LINE_END.sub(lambda end: " " * len(end.group()), text)


def _noted(text: str) -> Noted:
    noted = Noted(text)
    tokens = NOTING.inline.parse(text, NOTING, {"noted": noted}, [])
    noted.wholes += (span for span in _emphasised(tokens) if span.end - span.start <= LONGEST_EMPHASIS)
    return noted


def _emphasised(tokens: Sequence[Token]) -> Iterator[Span]:
    """From where to where emphasis reaches, with its signs: of two the inner one has become the token."""
    open_: list[int] = []
    for token in tokens:
        if token.type in ("em_open", "strong_open"):
            open_.append(token.meta["at"] + 1 - len(token.markup))
        elif token.type in ("em_close", "strong_close") and open_:
            yield Span(open_.pop(), token.meta["at"] + len(token.markup))

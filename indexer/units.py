"""Blocks -> units: the smallest pieces of a note that can be cited, each with what it hangs on. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from indexer.blocks import parse_blocks
from indexer.dialect import HTML_COMMENT
from indexer.markdown import plain
from indexer.sentences import language_of, sentences
from indexer.types import Block, Kind, Lead, Span, Unit

LONGEST_STEP = 400  # characters of a heading, a parent or a column's name: all that hangs on it repeats them
LONG_ITEM = 400  # characters; a longer list item is cut into sentences
_COMMENTS = re.compile(rf"(?:\s*+(?:{HTML_COMMENT}|%%.*?%%))++", re.S)
_NUMBER = re.compile(r"(?=\D*\d)(?:[^\w]|\d)+")  # a number, a date, a time: it names nothing by itself
_TERM = re.compile(r"[^\r\n]{1,200}+(?=\r?\n[ \t>]*+:[ \t])")  # of a definition list
Placed = tuple[Unit, int, tuple[str, ...]]  # a unit, where its chunk would begin, the headings above it


def units_of(text: str, body_start: int = 0) -> list[Placed]:
    """The units of a note's text, in order."""
    language = language_of(text, body_start)
    blocks = [_repeatable(block) for block in parse_blocks(text, body_start)]
    return _led(
        [
            (unit, start, block.heading_path)
            for block in blocks
            for unit, start in _units(text, block, language)
        ]
    )


def shortened(words: str, size: int) -> str:
    """At most `size` characters: the last words of what leads on, as in "you need these:", else the first."""
    if len(words) <= size:
        return words
    if words.endswith(":"):
        last = words[len(words) - size :]
        return last.partition(" ")[2] or last
    first = words[:size]
    return first.rpartition(" ")[0] or first


def _repeatable(block: Block) -> Block:
    """The block without most of what is long above it, or notes would grow with their square."""
    return replace(
        block,
        heading_path=tuple(shortened(name, LONGEST_STEP) for name in block.heading_path),
        parents=tuple(replace(lead, text=shortened(lead.text, LONGEST_STEP)) for lead in block.parents),
        header=tuple(shortened(name, LONGEST_STEP) for name in block.header),
    )


def _units(text: str, block: Block, language: str) -> Iterator[tuple[Unit, int]]:
    """The units of a block, each with the offset at which its chunk would begin."""
    if block.kind is Kind.HEADING:
        yield Unit(block.kind, block.span, block.heading_path[-1]), block.span.start
    elif block.kind in (Kind.TABLE_ROW, Kind.TABLE_HEADER):
        cells = tuple(zip(block.header, block.cells, strict=False))
        yield Unit(block.kind, block.span, _told(block), block.parents, cells), block.span.start
    elif block.kind is Kind.CODE:
        yield Unit(block.kind, block.span, block.span.of(text), block.parents), block.span.start
    elif block.kind is Kind.OTHER:
        yield from _other(text, block, language)
    else:
        yield from _sentences(text, block, language)


def _other(text: str, block: Block, language: str) -> Iterator[tuple[Unit, int]]:
    """What is told as it stands; of a comment nothing is, and what stands behind it is a paragraph."""
    comments = _COMMENTS.match(text, block.content, block.span.end)
    hidden = Span(block.span.start, comments.end()) if comments else block.span
    yield Unit(block.kind, hidden, "" if comments else hidden.of(text), block.parents), hidden.start
    behind = text[hidden.end : block.span.end]
    if behind:
        start = block.span.end - len(behind.lstrip())
        place = Span(start, block.span.end)
        shown = replace(block, kind=Kind.PARAGRAPH, span=place, content=start, text=plain(behind))
        yield from _sentences(text, shown, language)


def _led(units: Sequence[Placed]) -> list[Placed]:
    """The units, those under an introduction of several sentences led by the last of these."""
    leading = {unit.span.end: unit.span for unit, _, _ in units if unit.text.endswith(":")}
    return [(_led_by(leading, unit), start, path) for unit, start, path in units]


def _led_by(leading: Mapping[int, Span], unit: Unit) -> Unit:
    places = [leading.get(lead.span.end, lead.span) for lead in unit.parents]
    if places == [lead.span for lead in unit.parents]:
        return unit
    leads = zip(unit.parents, places, strict=True)
    return replace(unit, parents=tuple(Lead(lead.text, place) for lead, place in leads))


def _told(block: Block) -> str:
    """A table row in words; without a header, its cells side by side."""
    if not block.header:
        return " | ".join(block.cells)
    return row_in_words(list(zip(block.header, block.cells or ("",), strict=False)))


def row_in_words(cells: Sequence[tuple[str, str]]) -> str:
    """A table row in words: "value – column: value; column: value"; of a number the column is told, too.

    Args:
        cells: the column and the value of each, at least one.
    """
    (column, first), *rest = cells
    if column and _NUMBER.fullmatch(first):
        first = f"{column}: {first}"
    named = [f"{name}: {cell}" if name else cell for name, cell in rest if cell]
    return f"{first} \N{EN DASH} {'; '.join(named)}" if named else first


def _sentences(text: str, block: Block, language: str) -> Iterator[tuple[Unit, int]]:
    """The sentences of a paragraph or a long list item; a short one stays whole."""
    said = text[block.content : block.span.end]
    whole = block.kind is Kind.LIST_ITEM and len(said) <= LONG_ITEM
    spans = [Span(0, len(said))] if whole else list(sentences(said, language))
    spans[-1:] = [Span(last.start, len(said)) for last in spans[-1:]]  # a sign at the end may be no quote's
    term = _defined(said, block)
    end = 0
    for number, span in enumerate(spans):
        signs = said[end : span.start].lstrip()  # those of a quote go with what follows them
        start = block.content + span.start - len(signs) if number else block.span.start
        words = plain(span.of(said)) if len(spans) > 1 else block.text
        place = Span(block.content + span.start, block.content + span.end)
        parents = (*block.parents, *term) if number else block.parents
        yield Unit(block.kind if words else Kind.OTHER, place, words, parents), start
        end = span.end


def _defined(said: str, block: Block) -> tuple[Lead, ...]:
    """The term above ": what it is", which all sentences below it are about."""
    term = _TERM.match(said)
    return (Lead(plain(term[0]), Span(block.content, block.content + term.end())),) if term else ()

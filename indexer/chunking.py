"""Blocks -> chunks: pieces of a note that fit the embedding model and each say one thing. Pure.

The chunks of a note are disjoint and together hold every character of its text that is not white space, and
before them the properties of the note.
A chunk stays within one section; it breaks between sentences, list items and table rows, and inside one
only where that alone is too long for the model.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from indexer.blocks import Lines
from indexer.properties import properties_of
from indexer.types import Chunk, Kind, Note, Span, Unit
from indexer.units import LONGEST_STEP, Placed, shortened, units_of

VERSION = "5"
TARGET_TOKENS = 120  # beyond this a chunk says more than one thing, and its vector blurs
CONTEXT_TOKENS = 64  # at most this many go to headings and parents
STEP_TOKENS = CONTEXT_TOKENS // 2 - 1  # a heading or parent that has more leaves this much to the others
SPECIAL_TOKENS = 2  # the model's own, at both ends
LONGEST = 4_000  # characters of a chunk: what nobody is shown has no tokens, and a long word few
SLICE = 1_000  # characters; nothing longer is handed to the tokenizer as one unit
CountTokens = Callable[[Sequence[str]], Sequence[int]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A unit on its way into a chunk; `start` includes the list marker before its words."""

    unit: Unit
    start: int
    tokens: int
    heading_path: tuple[str, ...]


def chunk_note(note: Note, count_tokens: CountTokens, *, max_tokens: int) -> list[Chunk]:
    """Cut a note into chunks whose `embedded_text` has at most `max_tokens` tokens, the model's own included.

    Args:
        count_tokens: for each text, how many tokens it has, without the model's special ones.
        max_tokens: the embedding model's window.
    """
    lines = Lines(note.text)
    above = (shortened(note.title, LONGEST_STEP),)
    front = [(unit, unit.span.start, above) for unit in properties_of(note.text, note.body_start)]
    budget = max_tokens - SPECIAL_TOKENS - CONTEXT_TOKENS
    return [
        _chunk(note, lines, group, count_tokens)
        for units in (front, units_of(note.text, note.body_start))
        for group in _pack(
            list(_fit(note.text, units, count_tokens, budget)), min(TARGET_TOKENS, budget), budget
        )
    ]


def follows(before: Chunk, after: Chunk) -> bool:
    """Whether the second of two chunks goes on in the section of the first."""
    return (before.note, before.heading_path) == (after.note, after.heading_path)


def joined(chunks: Sequence[Chunk], text: str) -> Chunk:
    """Chunks of one section that stand in a row, as one; `text` is that of their note."""
    first, last = chunks[0], chunks[-1]
    if first is last:
        return first
    span = Span(first.span.start, last.span.end)
    units = tuple(unit for chunk in chunks for unit in chunk.units)
    return replace(first, span=span, line_end=last.line_end, text=span.of(text), units=units)


def _fit(
    text: str,
    units: Sequence[Placed],
    count_tokens: CountTokens,
    budget: int,
) -> Iterator[_Piece]:
    """Pieces of at most `budget` tokens; a longer unit is cut, at line ends or spaces if it has any."""
    sliced = [
        (part, start if part.span.start == unit.span.start else part.span.start, path)
        for unit, start, path in units
        for part in _slices(text, unit, SLICE)
    ]
    counts = count_tokens([unit.read_aloud for unit, _, _ in sliced])
    for (unit, start, path), tokens in zip(sliced, counts, strict=True):
        if tokens <= budget or unit.span.end - unit.span.start < 2:
            yield _Piece(unit, start, min(tokens, budget), path)
        else:
            halves = _slices(text, unit, (unit.span.end - unit.span.start + 1) // 2)
            smaller = [(half, start if i == 0 else half.span.start, path) for i, half in enumerate(halves)]
            yield from _fit(text, smaller, count_tokens, budget)


def _slices(text: str, unit: Unit, limit: int) -> Iterator[Unit]:
    """The unit itself if it has at most `limit` characters, else consecutive parts of it that do."""
    if unit.span.end - unit.span.start <= limit:
        yield unit
        return
    at = unit.span.start
    while at < unit.span.end:
        end = min(at + limit, unit.span.end)
        if end < unit.span.end:
            cut = max(text.rfind("\n", at + 1, end), text.rfind(" ", at + limit // 2, end))
            end = cut if cut > at else end
        words = Span(at, end).of(text)
        if words.strip():
            said = " ".join(words.split()) if unit.text else ""
            yield Unit(unit.kind, _stripped(words, at), said, unit.parents)
        at = end


def _stripped(words: str, at: int) -> Span:
    left = len(words) - len(words.lstrip())
    return Span(at + left, at + len(words.rstrip()))


def _pack(pieces: Sequence[_Piece], target: int, budget: int) -> Iterator[list[_Piece]]:
    """Groups of consecutive pieces: one section each, near `target` tokens, within `budget` and LONGEST."""
    group: list[_Piece] = []
    tokens = 0
    for piece in pieces:
        only_headings = all(member.unit.kind is Kind.HEADING for member in group)
        above = group[-1].heading_path if group else ()
        goes_on = only_headings and piece.heading_path[: len(above)] == above
        new_section = piece.unit.kind is Kind.HEADING and not goes_on
        full = tokens + piece.tokens > (budget if only_headings else target)
        if group and (new_section or full or piece.unit.span.end - group[0].start > LONGEST):
            carried = [] if new_section else _leading(group, budget - piece.tokens)
            yield group[: len(group) - len(carried)]
            group, tokens = carried, sum(member.tokens for member in carried)
        group.append(piece)
        tokens += piece.tokens
    if group:
        yield group


def _leading(group: Sequence[_Piece], room: int) -> list[_Piece]:
    """The last piece of a group if it only makes sense with what follows, the header of a table, and fits."""
    last = group[-1]
    leads = last.unit.kind is Kind.TABLE_HEADER and last.tokens <= room
    return [last] if len(group) > 1 and leads else []


def _chunk(note: Note, lines: Lines, group: Sequence[_Piece], count_tokens: CountTokens) -> Chunk:
    span = Span(group[0].start, group[-1].unit.span.end)
    path = group[-1].heading_path
    title = shortened(note.title, LONGEST_STEP)
    first = next((piece.unit for piece in group if piece.unit.kind is not Kind.HEADING), group[0].unit)
    return Chunk(
        note=note.path,
        note_sha256=note.sha256,
        title=note.title,
        tags=note.tags,
        heading_path=path,
        span=span,
        line_start=lines.number(span.start),
        line_end=lines.number(span.end - 1),
        text=span.of(note.text),
        context=_context(title, path, tuple(lead.text for lead in first.parents), count_tokens),
        units=tuple(piece.unit for piece in group),
    )


def _context(title: str, path: tuple[str, ...], parents: tuple[str, ...], count_tokens: CountTokens) -> str:
    """Headings, then parents: if they are too many, long ones are cut; then the outer ones are dropped."""
    headings = path if title in path else (title, *path)
    steps = [step for step in (*headings, *parents) if step]
    counts = list(count_tokens(steps)) if steps else []
    if sum(counts) + len(steps) > CONTEXT_TOKENS:
        pairs = zip(steps, counts, strict=True)
        steps = [_cut(step, count_tokens) if count > STEP_TOKENS else step for step, count in pairs]
        counts = list(count_tokens(steps))
    while steps and sum(counts) + len(steps) > CONTEXT_TOKENS:
        steps, counts = steps[1:], counts[1:]
    kept_headings = steps[: max(0, len(steps) - len(parents))]
    return "\n".join([*([" > ".join(kept_headings)] if kept_headings else []), *steps[len(kept_headings) :]])


def _cut(step: str, count_tokens: CountTokens) -> str:
    """What a heading or parent leads on with or begins with, in at most STEP_TOKENS tokens."""

    def tokens(size: int) -> int:
        return count_tokens([shortened(step, size)])[0]

    return shortened(step, bisect_right(range(len(step) + 1), STEP_TOKENS, key=tokens) - 1)

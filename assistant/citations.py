"""Spans of notes -> citations. A quote is cut from the note, so it always equals its text."""

from functools import lru_cache

from assistant.types import Citation
from indexer.blocks import Lines
from indexer.types import Chunk, Note, Span


def cite(number: int, note: Note, chunk: Chunk, span: Span) -> Citation:
    """The citation of `span`, a part of `note` under the headings of `chunk`."""
    lines = _lines(note.text)
    return Citation(
        number=number,
        note=note.path,
        heading_path=chunk.heading_path,
        line_start=lines.number(span.start),
        line_end=lines.number(max(span.start, span.end - 1)),
        char_start=span.start,
        char_end=span.end,
        quote=span.of(note.text),
        note_sha256=note.sha256,
    )


def line_of(note: Note, offset: int) -> int:
    """The line of a note, 1-based, that holds a character."""
    return _lines(note.text).number(offset)


@lru_cache(maxsize=64)
def _lines(text: str) -> Lines:
    return Lines(text)

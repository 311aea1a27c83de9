"""Past answers held against the notes as they are now. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.types import Citation
from indexer.blocks import Lines
from indexer.types import Note
from ui.exchanges import Exchange


def as_now(exchange: Exchange, notes: Mapping[str, Note]) -> Exchange:
    """The exchange with each citation where its words are now; those whose words are gone are told.

    Args:
        notes: of the index that serves, by path.
    """
    answer = exchange.answer
    if answer is None or not answer.citations:
        return exchange
    found = [_moved(citation, notes.get(citation.note)) for citation in answer.citations]
    gone = [old.number for old, new in zip(answer.citations, found, strict=True) if new is None]
    citations: Sequence[Citation] = [new or old for old, new in zip(answer.citations, found, strict=True)]
    return replace(exchange, answer=replace(answer, citations=citations), changed=gone)


def _moved(citation: Citation, note: Note | None) -> Citation | None:
    """The citation where its words stand now, the nearest place to where they stood; None if nowhere."""
    if note is None:
        return None
    if note.sha256 == citation.note_sha256:
        return citation
    places = _places(note.text, citation.quote)
    if not places:
        return None
    start = min(places, key=lambda place: abs(place - citation.char_start))
    end = start + len(citation.quote)
    lines = Lines(note.text)
    return replace(
        citation,
        char_start=start,
        char_end=end,
        line_start=lines.number(start),
        line_end=lines.number(max(start, end - 1)),
        note_sha256=note.sha256,
    )


def _places(text: str, quote: str) -> Sequence[int]:
    places, at = [], text.find(quote)
    while at >= 0 and quote:
        places.append(at)
        at = text.find(quote, at + 1)
    return places

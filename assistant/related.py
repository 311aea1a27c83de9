"""The headings near a question that the notes do not answer. Pure."""

from collections.abc import Iterator, Sequence

from assistant.citations import line_of
from assistant.evidence import Evidence
from assistant.types import Related
from indexer.passages import Passages
from indexer.types import Chunk, Kind

MOST = 3
NEAR = 3.0  # of an evidence score, below the best; what is farther, some twenty times, only fills up


def related(evidence: Sequence[Evidence], snapshot: Passages) -> Sequence[Related]:
    """The nearest headings, each once, with the lines that they stand on.

    Args:
        evidence: best first, of notes of the snapshot.
    """
    nearest: dict[tuple[str, tuple[str, ...]], Chunk] = {}
    for item in evidence:
        if item.score < evidence[0].score - NEAR:
            break
        nearest.setdefault((item.chunk.note, item.chunk.heading_path), item.chunk)
    return [
        Related(chunk.note, chunk.heading_path, _line_of_heading(chunk, snapshot))
        for chunk in list(nearest.values())[:MOST]
    ]


def _line_of_heading(chunk: Chunk, snapshot: Passages) -> int:
    """The line of the heading that a passage stands under, or else where the passage begins."""
    own = list(_headings([chunk]))
    above = own or [at for at in _headings(snapshot.of_note(chunk.note)) if at < chunk.span.start]
    return line_of(snapshot.notes[chunk.note], above[-1]) if above else chunk.line_start


def _headings(chunks: Sequence[Chunk]) -> Iterator[int]:
    return (unit.span.start for chunk in chunks for unit in chunk.units if unit.kind is Kind.HEADING)

"""Where in the notes a conversation is: a follow-up mostly asks for what is beside what was told. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.types import Turn
from indexer.keyword_index import terms
from indexer.passages import Passages
from indexer.types import Chunk

LINES = 3  # of an answer; what comes after them was said beside the point
BESIDE = 2  # passages on each side of the one that was told from


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The rows of the chunks that an answer was told from, its first line's first, and those beside them."""

    rows: Sequence[int] = ()
    beside: Sequence[int] = ()
    sections: Sequence[tuple[str, tuple[str, ...]]] = ()

    def nearness(self, chunk: Chunk) -> float:
        """1 in the section of the first line, less in those of later ones, 0 elsewhere."""
        place = (chunk.note, chunk.heading_path)
        return 1 / (1 + self.sections.index(place)) if place in self.sections else 0.0


def whereabouts(turn: Turn, snapshot: Passages) -> Whereabouts:
    """Where the answer of a turn stands in the notes; without one, where its question leads."""
    said = [line for line in turn.told.splitlines() if line.strip("-| ")][:LINES] or [turn.question]
    best = [hit.row for line in said for hit in snapshot.worded(terms(line), 1)]
    rows = list(dict.fromkeys(best))
    sections = list(dict.fromkeys((chunk.note, chunk.heading_path) for chunk in snapshot.chunks_of(rows)))
    return Whereabouts(rows, [near for row in rows[:1] for near in snapshot.beside(row, BESIDE)], sections)

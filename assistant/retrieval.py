"""Question -> ranked passages: dense and keyword hits, fused by their scores, neighbours joined."""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.fusion import weighted_sum
from assistant.matching import Asked, Match, match
from assistant.types import Filters, Passage, Ranks
from indexer.chunking import follows, joined
from indexer.snapshot import Snapshot
from indexer.types import Chunk, Hit

CANDIDATES = 50  # from each index
# How much each counts: passage vectors, those of their best unit, its words, keywords. Measured on prose,
# guides and questions.
DENSE, UNIT, WORDS, KEYWORD = 0.15, 0.2, 0.3, 0.35
ALIKE = 0.89  # a neighbour is joined to a passage if its score is at least this share of the passage's
LONGEST = 1_000  # characters of what was joined

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: search terms, the question's vector, of shape (dimension,), and its words.

    `rows` are chunks that are looked at in any case: those that the conversation was at.
    """

    terms: Sequence[str]
    vector: Floats
    words: Asked
    rows: Sequence[int] = ()


def retrieve(snapshot: Snapshot, query: Query, *, top_k: int, filters: Filters) -> Sequence[Passage]:
    """The `top_k` passages for a query, best first, and after them those of its rows that are not among them.

    Chunks that follow each other in a note and were found for much the same are one passage: what answers
    often reaches over the place where a section was cut.
    """
    rows = _allowed(snapshot, filters)
    count = max(CANDIDATES, top_k)
    dense = _ranks(snapshot.vectors.search(query.vector, count, rows=rows) if query.vector.any() else [])
    keyword = _ranks(snapshot.keywords.search(query.terms, count, rows=rows))
    near = [row for row in query.rows if rows is None or row in rows]
    found = sorted({*dense, *keyword, *near})
    if not found:
        return []
    matches = match(query.words, [snapshot.tokens_of(row) for row in found])
    scores = weighted_sum(
        [
            snapshot.vectors.similarities(query.vector, found),
            np.array([own.units.max(initial=0) for own in matches], dtype=np.float32),
            np.array([_best_words(own, query.words.weights) for own in matches], dtype=np.float32),
            snapshot.keywords.scores(query.terms)[found],
        ],
        [DENSE, UNIT, WORDS, KEYWORD],
    )
    groups = _together(snapshot, found, scores, top_k)
    seen = {found[place] for group in groups for place in group}
    groups.extend([found.index(row)] for row in near if row not in seen)
    return [
        Passage(
            chunk=_joined(snapshot, [found[place] for place in group]),
            score=float(max(scores[place] for place in group)),
            ranks=Ranks(_first(dense, found, group), _first(keyword, found, group)),
            similarity=max(float(snapshot.own_vectors[found[place]] @ query.vector) for place in group),
            match=_one([matches[place] for place in group]),
        )
        for group in groups
    ]


def _best_words(found: Match, weights: Floats) -> float:
    """How near the question's words are to the unit that has the likest, rare words counting more."""
    total = float(weights.sum())
    return float((found.placed @ weights).max(initial=0) / total) if total else 0.0


def _together(snapshot: Snapshot, found: Sequence[int], scores: Floats, top_k: int) -> list[list[int]]:
    """Places in `found`, those that make one passage side by side, the best passage first."""
    groups: list[list[int]] = []
    for place in np.argsort(-scores, kind="stable").tolist():
        beside = next((group for group in groups if _joins(snapshot, found, scores, place, group)), None)
        if beside is not None:
            beside.append(place)
            beside.sort()
        elif len(groups) < top_k:
            groups.append([place])
    return groups


def _joins(
    snapshot: Snapshot, found: Sequence[int], scores: Floats, place: int, group: Sequence[int]
) -> bool:
    """Whether the chunk at a place goes on where a group ends or begins, and was found for as much."""
    if scores[place] < ALIKE * max(scores[member] for member in group):
        return False
    row, first, last = found[place], found[group[0]], found[group[-1]]
    if row not in (first - 1, last + 1):
        return False
    pair = (last, row) if row > last else (row, first)
    before, after = (snapshot.chunks[one] for one in pair)
    start = min(before.span.start, snapshot.chunks[first].span.start)
    end = max(after.span.end, snapshot.chunks[last].span.end)
    return follows(before, after) and end - start <= LONGEST


def _joined(snapshot: Snapshot, rows: Sequence[int]) -> Chunk:
    chunks = [snapshot.chunks[row] for row in rows]
    return joined(chunks, snapshot.notes[chunks[0].note].text)


def _one(matches: Sequence[Match]) -> Match:
    if len(matches) == 1:
        return matches[0]
    return Match(
        np.concatenate([one.units for one in matches]),
        np.concatenate([one.own for one in matches]),
        np.concatenate([one.placed for one in matches]),
    )


def _first(ranks: dict[int, int], found: Sequence[int], group: Sequence[int]) -> int | None:
    """The best rank of a group's chunks in one of the indexes."""
    return min((ranks[found[place]] for place in group if found[place] in ranks), default=None)


def _ranks(hits: Sequence[Hit]) -> dict[int, int]:
    return {hit.row: rank for rank, hit in enumerate(hits, start=1)}


def _allowed(snapshot: Snapshot, filters: Filters) -> list[int] | None:
    """The rows that the filters let through; None if there are no filters."""
    if not filters.paths and not filters.tags:
        return None
    notes = {path for path, note in snapshot.notes.items() if _matches(path, note.tags, filters)}
    return [row for row, chunk in enumerate(snapshot.chunks) if chunk.note in notes]


def _matches(path: str, tags: tuple[str, ...], filters: Filters) -> bool:
    by_path = not filters.paths or any(fnmatch.fnmatchcase(path, pattern) for pattern in filters.paths)
    by_tag = not filters.tags or any(tag in tags for tag in filters.tags)
    return by_path and by_tag

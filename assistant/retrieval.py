"""Question -> ranked passages: dense and keyword hits, fused by their scores, neighbours joined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.fusion import weighted_sum
from assistant.matching import Asked, Match, match
from assistant.types import Filters, Passage, Ranks
from indexer.chunking import follows, joined
from indexer.passages import Among, Passages
from indexer.types import Chunk, Hit

CANDIDATES = 50  # from each index
# How much each counts: passage vectors, those of their best unit, its words, keywords. Measured on prose,
# guides and questions.
DENSE, UNIT, WORDS, KEYWORD = 0.2, 0.15, 0.3, 0.35
ALIKE = 0.9  # a neighbour is joined to a passage if its score is at least this share of the passage's
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


def retrieve(index: Passages, query: Query, *, top_k: int, filters: Filters) -> Sequence[Passage]:
    """The `top_k` passages for a query, best first, and after them those of its rows that are not among them.

    Chunks that follow each other in a note and were found for much the same are one passage: what answers
    often reaches over the place where a section was cut.
    """
    among = _allowed(index, filters)
    count = max(CANDIDATES, top_k)
    dense = _ranks(index.nearest(query.vector, count, among) if query.vector.any() else [])
    keyword = _ranks(index.worded(query.terms, count, among))
    near = [row for row in query.rows if among is None or row in among]
    found = sorted({*dense, *keyword, *near})
    if not found:
        return []
    known = index.candidates(found, query.vector, query.terms)
    matches = match(query.words, known.tokens)
    scores = weighted_sum(
        [
            known.searched,
            np.array([own.units.max(initial=0) for own in matches], dtype=np.float32),
            _best_words(matches, query.words.weights),
            known.worded,
        ],
        [DENSE, UNIT, WORDS, KEYWORD],
    )
    chunks = _chunks(index, found, scores, top_k)
    groups = _together(chunks, found, scores, top_k)
    seen = {found[place] for group in groups for place in group}
    groups.extend([found.index(row)] for row in near if row not in seen)
    return [
        Passage(
            chunk=_joined(index, [found[place] for place in group]),
            score=float(max(scores[place] for place in group)),
            ranks=Ranks(_first(dense, found, group), _first(keyword, found, group)),
            similarity=max(float(known.own[place]) for place in group),
            match=_one([matches[place] for place in group]),
            tokens=[known.tokens[place] for place in group],
        )
        for group in groups
    ]


def _best_words(matches: Sequence[Match], weights: Floats) -> Floats:
    """How near the question's words are to each passage's unit that has the likest, rare ones counting more.

    One product for all: of very many tiny ones numpy now and then warns that a number is none where all are.
    """
    best = np.zeros(len(matches), dtype=np.float32)
    if total := float(weights.sum()):
        near = np.concatenate([found.placed for found in matches]) @ weights / total
        np.maximum.at(
            best, np.repeat(np.arange(len(matches)), [len(found.placed) for found in matches]), near
        )
    return best


def _chunks(index: Passages, found: Sequence[int], scores: Floats, top_k: int) -> dict[int, Chunk]:
    """Those of the chunks by row that may come to stand beside another: few of an index that is elsewhere."""
    rows = set(found)
    pairs = [row for row in found if row - 1 in rows or row + 1 in rows]
    best = [found[place] for place in np.argsort(-scores, kind="stable")[:top_k].tolist()]
    wanted = sorted({*pairs, *best})
    return dict(zip(wanted, index.chunks_of(wanted), strict=True))


def _together(
    chunks: Mapping[int, Chunk], found: Sequence[int], scores: Floats, top_k: int
) -> list[list[int]]:
    """Places in `found`, those that make one passage side by side, the best passage first."""
    groups: list[list[int]] = []
    for place in np.argsort(-scores, kind="stable").tolist():
        beside = next((group for group in groups if _joins(chunks, found, scores, place, group)), None)
        if beside is not None:
            beside.append(place)
            beside.sort()
        elif len(groups) < top_k:
            groups.append([place])
    return groups


def _joins(
    chunks: Mapping[int, Chunk], found: Sequence[int], scores: Floats, place: int, group: Sequence[int]
) -> bool:
    """Whether the chunk at a place goes on where a group ends or begins, and was found for as much."""
    row, first, last = found[place], found[group[0]], found[group[-1]]
    if row not in (first - 1, last + 1) or scores[place] < ALIKE * max(scores[member] for member in group):
        return False
    pair = (last, row) if row > last else (row, first)
    before, after = (chunks[one] for one in pair)
    start = min(before.span.start, chunks[first].span.start)
    end = max(after.span.end, chunks[last].span.end)
    return follows(before, after) and end - start <= LONGEST


def _joined(index: Passages, rows: Sequence[int]) -> Chunk:
    chunks = index.chunks_of(rows)
    return joined(chunks, index.notes[chunks[0].note].text) if len(chunks) > 1 else chunks[0]


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


def _allowed(index: Passages, filters: Filters) -> Among | None:
    """The rows that the filters let through; None if there are no filters."""
    if not filters.paths and not filters.tags:
        return None
    return index.among(filters.admit)

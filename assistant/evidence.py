"""Passages -> the units in them that speak to the question, with how well each does."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.question import Question, Wants
from assistant.types import Passage
from indexer.keyword_index import KeywordIndex, terms
from indexer.types import Chunk, Kind, Unit

_ANSWERING = (Kind.PARAGRAPH, Kind.LIST_ITEM, Kind.TABLE_ROW)
_NAME = re.compile(r"^(?P<name>[^:.;\N{EN DASH}]{2,60}?)\s*(?::|\N{EN DASH})\s")
MEANING, WORDS = 0.5, 0.5  # how much similarity and shared words weigh in a unit's score
DEFINES, COUNTS = (
    0.25,
    0.08,
)  # bonus for the unit that defines the subject, or holds a number when asked for one


@dataclass(frozen=True, slots=True)
class Evidence:
    """A unit as evidence for a question.

    `similarity` is a cosine in [-1, 1]; `coverage` in [0, 1] is the share of the question's terms, weighted
    by their rarity, that stand in the unit, its headings or its parents; `score` orders the units.
    """

    unit: Unit
    chunk: Chunk
    similarity: float
    coverage: float
    score: float


def unit_text(chunk: Chunk, unit: Unit) -> str:
    """What a unit says, with the heading and the parents that give it meaning."""
    heading = chunk.heading_path[-1] if chunk.heading_path else chunk.title
    return "\n".join([heading, *(lead.text for lead in unit.parents), unit.text])


def candidates(passages: Sequence[Passage]) -> list[tuple[Unit, Chunk]]:
    """The units of the passages that can answer, in order of the passages."""
    return [
        (unit, passage.chunk)
        for passage in passages
        for unit in passage.chunk.units
        if unit.kind in _ANSWERING
    ]


def weigh(
    question: Question,
    units: Sequence[tuple[Unit, Chunk]],
    similarities: NDArray[np.float32],
    keywords: KeywordIndex,
) -> list[Evidence]:
    """Score each unit; best first.

    Args:
        similarities: the cosine of the question to each unit, of shape (len(units),).
    """
    weights = term_weights(question.text, keywords)
    subject = set(terms(question.subject))
    weighed = []
    for (unit, chunk), similarity in zip(units, similarities, strict=True):
        covered = coverage(weights, unit, chunk)
        score = MEANING * float(similarity) + WORDS * covered + _bonus(question, subject, unit)
        weighed.append(Evidence(unit, chunk, float(similarity), covered, score))
    return sorted(weighed, key=lambda evidence: -evidence.score)


def term_weights(text: str, keywords: KeywordIndex) -> dict[str, float]:
    """Each term of a text with its inverse document frequency; a term in no chunk weighs most."""
    chunks = len(keywords)
    return {
        term: math.log(1 + (chunks - found + 0.5) / (found + 0.5))
        for term in terms(text)
        for found in [keywords.frequency(term)]
    }


def coverage(weights: dict[str, float], unit: Unit, chunk: Chunk) -> float:
    """The weighted share of the terms that the unit covers; what only its surroundings hold counts half."""
    total = sum(weights.values())
    if not total:
        return 0.0
    own = set(terms(unit.text))
    around = set(terms(" ".join([chunk.title, *chunk.heading_path, *(lead.text for lead in unit.parents)])))
    held = sum(
        weight if term in own else weight / 2 if term in around else 0.0 for term, weight in weights.items()
    )
    return held / total


def _bonus(question: Question, subject: set[str], unit: Unit) -> float:
    if question.wants is Wants.DEFINITION and subject:
        name = _NAME.match(unit.text)
        named = set(terms(name["name"])) if name else set()
        return DEFINES * len(subject & named) / len(subject | named) if named else 0.0
    if question.wants is Wants.QUANTITY and any(character.isdigit() for character in unit.text):
        return COUNTS
    return 0.0

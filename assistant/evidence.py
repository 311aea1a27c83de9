"""Passages -> the units in them that speak to the question, with how well each does. Pure."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assistant.cross_attention import Verdict
from assistant.expectation import WORD, Shape, asks_for_open_tasks, asks_yes_or_no, content_terms, shape_of
from assistant.features import Features, scored
from assistant.matching import Asked
from assistant.question import Question, long_forms
from assistant.types import Passage
from assistant.whereabouts import Whereabouts
from indexer.keyword_index import terms
from indexer.markdown import plain
from indexer.passages import Frequencies, Passages
from indexer.types import TO_DO, Chunk, Kind, Lead, Unit

Place = tuple[str, int]
PROSE = (Kind.PARAGRAPH, Kind.LIST_ITEM, Kind.TABLE_ROW)
ANSWERING = (*PROSE, Kind.CODE)
_NAME = re.compile(r"^(?P<name>[^:.;\N{EN DASH}]{2,60}?)\s*(?::|\N{EN DASH})\s")
_POINTER = re.compile(r"(?:note:? )?(?:for (?:more|further|additional) \w+|to learn more|see also)\b", re.I)
_POLAR = re.compile(
    r"\b(?:not?|never|cannot|can't|only|without|none|neither|nor|yes|supports?|supported|also|too)\b", re.I
)
_LINK_ALONE = re.compile(r"[^\w\[]*+\[[^\]]*+\]\([^)]*+\)\W*+")
LIKE = 0.65  # the cosine that a word or text has to one that says the same
SHORTEST_SENTENCE = 3  # words; a paragraph of fewer without a stop is a label: "**Topics**"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A unit as evidence for a question; `score` orders units, best first.

    A difference of two scores is a logarithm of odds: how much likelier the one is to answer than the other.
    """

    unit: Unit
    chunk: Chunk
    features: Features
    score: float
    words: Asked
    nearness: Sequence[float]  # of each of the question's words, the cosine to its likest token here
    read: bool  # whether a net has read its passage

    @property
    def place(self) -> Place:
        """Where the unit stands: its note, and its first character there."""
        return self.chunk.note, self.unit.span.start

    @property
    def around(self) -> str:
        """What stands above the unit: the note's title, headings, parents."""
        return _around(self.unit, self.chunk)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that could answer: its number in its passage, whose rank counts from 1."""

    unit: Unit
    passage: Passage
    number: int
    rank: int
    verdict: Verdict | None = None


def candidates(passages: Sequence[Passage], verdicts: Sequence[Verdict] = ()) -> list[Candidate]:
    """The units of the passages that can answer; `verdicts` are those on the passages, if there are any."""
    return [
        Candidate(unit, passage, number, rank, verdicts[rank - 1] if verdicts else None)
        for rank, passage in enumerate(passages, start=1)
        for number, unit in enumerate(passage.chunk.units)
        if unit.kind in ANSWERING and not _points_elsewhere(unit, passage.chunk)
    ]


def beyond(told: str, units: Sequence[Candidate]) -> list[Candidate]:
    """The units of which an answer, in Markdown, has not told yet."""
    said = _worded(plain(told))
    return [one for one in units if not told or _worded(one.unit.text) not in said]


def _worded(text: str) -> str:
    return f" {' '.join(WORD.findall(text.lower()))} "


def _points_elsewhere(unit: Unit, chunk: Chunk) -> bool:
    """Whether a unit says nothing but where to read on: a link alone, "For more information, see …"."""
    start = chunk.span.start
    said = chunk.text[unit.span.start - start : unit.span.end - start]
    short = unit.kind is Kind.PARAGRAPH and len(unit.text.split()) < SHORTEST_SENTENCE
    title_of_a_list = short and not unit.text.endswith((".", "!", "?"))
    return bool(_POINTER.match(unit.text) or _LINK_ALONE.fullmatch(said)) or title_of_a_list


def weigh(
    question: Question,
    words: Asked,
    units: Sequence[Candidate],
    snapshot: Passages,
    at: Whereabouts | None = None,
) -> list[Evidence]:
    """Score each unit; best first. `at` is where the conversation is, if the question leans on it."""
    weights = term_weights(question.text, snapshot.keywords)
    long = next(iter(long_forms(question.subject, snapshot.lexicon)), "").lower()
    shape, polar = shape_of(question.text), asks_yes_or_no(question.text)
    tasks = asks_for_open_tasks(question.text)
    asked = frozenset(terms(question.text))
    subject = frozenset(terms(question.subject))
    weighed = []
    for candidate in units:
        unit, chunk, match = candidate.unit, candidate.passage.chunk, candidate.passage.match
        verdict = candidate.verdict
        own, around = _held(weights, unit, chunk)
        name = name_terms(unit.text) if unit.kind is not Kind.CODE else frozenset()
        features = Features(
            similarity=float(match.units[candidate.number]),
            matched=_mean(match.placed[candidate.number]),
            said=_mean(match.own[candidate.number]),
            coverage=own,
            around=around,
            reciprocal_rank=1 / candidate.rank,
            named=len(name & asked) / len(name) if name else 0.0,
            subject=_subject(unit, name, subject, long),
            shapeless=float(shape is not None and not _has(shape, unit, chunk)),
            polar=float(polar and bool(_POLAR.search(unit.text))),
            near=at.nearness(chunk) if at else 0.0,
            code=float(unit.kind is Kind.CODE),
            to_do=float(tasks and unit.text.startswith(TO_DO)),
            answers=verdict.answers if verdict else 0.0,
            stands=float(verdict.units[candidate.number]) if verdict else 0.0,
        )
        nearness = match.placed[candidate.number].tolist()
        score = scored(features, read=verdict is not None)
        weighed.append(Evidence(unit, chunk, features, score, words, nearness, verdict is not None))
    return sorted(_answered(weighed), key=lambda evidence: -evidence.score)


def _answered(weighed: Sequence[Evidence]) -> list[Evidence]:
    """The units in their order, but a question is one with what follows it, which answers its like."""
    found: list[Evidence] = []
    for item in weighed:
        if found and _is_asked(found[-1], item):
            asked = found.pop()
            lead = Lead(asked.unit.text, asked.unit.span)
            parents = (*(other for other in item.unit.parents if other.span != lead.span), lead)
            best = max(asked, item, key=lambda one: one.score)
            item = replace(best, unit=replace(item.unit, parents=parents))
        found.append(item)
    return found


def _is_asked(asked: Evidence, item: Evidence) -> bool:
    """Whether what precedes an item asks for it; items of one list follow on nothing."""
    asks, answers = (one.unit.text.endswith("?") for one in (asked, item))
    listed = asked.unit.kind is item.unit.kind is Kind.LIST_ITEM and asked.unit.parents == item.unit.parents
    return asks and not answers and not listed and asked.chunk is item.chunk


def by_words(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Evidence found without a model: what it holds of the question's terms stands in for its nearness."""
    found = []
    for item in evidence:
        own, around = item.features.coverage, item.features.around
        near = replace(item.features, similarity=LIKE * own, said=LIKE * own, matched=LIKE * (own + around))
        found.append(replace(item, features=near, score=scored(near, read=False)))
    return sorted(found, key=lambda item: -item.score)


def for_several(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Evidence for a question that several units answer together, best first."""
    found = [replace(item, score=scored(item.features, read=item.read, several=True)) for item in evidence]
    return sorted(found, key=lambda item: -item.score)


def _has(shape: Shape, unit: Unit, chunk: Chunk) -> bool:
    """Whether a unit has a fact of that shape; its date may stand above it, as in a journal."""
    above = f"{_around(unit, chunk)} " if shape.name == "date" else ""
    return bool(shape.given.search(f"{above}{unit.text}"))


def _subject(unit: Unit, name: frozenset[str], subject: frozenset[str], long: str) -> float:
    """How well a unit's name is the subject; 1 also where it spells out the acronym that the subject is."""
    if long and long in unit.text.lower():
        return 1.0
    if not name or not (name <= subject or subject <= name):  # "task execution role" is no "ECS task role"
        return 0.0
    return len(name & subject) / len(name | subject)


def term_weights(text: str, keywords: Frequencies) -> dict[str, float]:
    """Each content term of a text with its inverse document frequency; a term in no chunk weighs most."""
    chunks = len(keywords)
    return {
        term: math.log(1 + (chunks - found + 0.5) / (found + 0.5))
        for term in content_terms(text)
        for found in [keywords.frequency(term)]
    }


def name_of(text: str) -> str:
    """The name that a text begins with: "Task role: …"; "" if it has none."""
    name = _NAME.match(text)
    return name["name"] if name else ""


@lru_cache(maxsize=20_000)
def name_words(text: str) -> tuple[str, ...]:
    """The terms, in order, of the name that a text begins with."""
    return tuple(terms(name_of(text)))


@lru_cache(maxsize=20_000)
def name_terms(text: str) -> frozenset[str]:
    """The terms of the name that a text begins with."""
    return frozenset(name_words(text))


@lru_cache(maxsize=20_000)
def term_set(text: str) -> frozenset[str]:
    """The terms of a text."""
    return frozenset(terms(text))


def _held(weights: dict[str, float], unit: Unit, chunk: Chunk) -> tuple[float, float]:
    """The weighted shares of the terms that the unit holds, and that only its surroundings hold."""
    total = sum(weights.values())
    if not total:
        return 0.0, 0.0
    own = term_set(unit.text)
    around = term_set(_around(unit, chunk))
    held = sum(weight for term, weight in weights.items() if term in own)
    beside = sum(weight for term, weight in weights.items() if term in around and term not in own)
    return held / total, beside / total


def _around(unit: Unit, chunk: Chunk) -> str:
    return " ".join([chunk.title, *chunk.heading_path, *(lead.text for lead in unit.parents)])


def _mean(values: NDArray[np.float32]) -> float:
    return float(values.mean()) if values.size else 0.0

"""Does the corpus answer this at all? The line between answering and saying no. Pure."""

import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from assistant.claims import numbers
from assistant.days import day_in
from assistant.evidence import Evidence, term_set
from assistant.expectation import content_terms, generic_words, shape_of
from assistant.question import Question, Wants
from indexer.keyword_index import terms

LINE = 0.5
BEST = 5  # units whose scores count together
SCORE = 20.0  # evidence scores are told in this unit
VERDICT = 10.0  # and the verdicts of a net in this
GENERIC = 0.3  # how much a word that carries no subject counts
KNOWN, UNLIKE = 0.75, 0.6  # a word whose likest token is that near is said; one farther by this is not at all
ANOTHER = 8.0  # how much speaks against answering what is asked of "port 8080" by what is said of another
SHORT = 10  # words; in a longer question numbers may say how things are, instead of naming what is asked for
_NAMING = re.compile(r"(?:what|which|who|when|where|how (?:many|much))\b|\S+(?:\s+\S+){0,2}\W*$", re.I)
AROUND = 0.15  # how much of a word is missing that only the headings and parents hold


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for and against a question's being answered, by its best units."""

    score: float  # of the best unit, in SCORE
    others: float  # the mean score of the BEST best, in SCORE
    unsaid: float  # how much of what the question names its best unit does not say, from 0 to 1
    subject: float  # how well the best unit's name is what a definition is asked of, from 0 to 1
    shaped: float  # 1 if the question asks for a number, a time, … and the unit has one
    shapeless: float  # 1 if it asks for one and the unit has none
    length: float  # words in the question that are no stop words, of ten
    answers: float  # the verdict on the best unit's passage, in VERDICT; 0 without one
    most: float  # and the best on any passage
    stands: float  # the logarithm of the probability that the answer is in the best unit, in VERDICT
    several: float  # 1 if the question asks for several things, of which one unit says little
    similarity: float  # the cosine of the question to the best unit


# Halfway between what a logistic regression makes of golden questions over corpus/ and of those over vaults:
# tests/bench/confidence.py. UNREAD is for where no net has read the passages.
UNREAD = Signs(8.86, -3.59, -3.57, 1.74, -1.77, -3.43, 3.19, 0, 0, 0, 0, 0)
UNREAD_BIAS = -3.83
READ = Signs(5.79, 4.72, -0.86, -0.03, -0.5, -1.06, 2.91, 1.73, 2.34, -2.0, 0.98, 3.52)
READ_BIAS = -7.48


def confidence(question: Question, evidence: Sequence[Evidence]) -> float:
    """How likely the evidence answers the question, from 0 to 1; at LINE or above it is answered."""
    if not evidence:
        return 0.0
    found = signs(question, evidence)
    weights, bias = (READ, READ_BIAS) if evidence[0].read else (UNREAD, UNREAD_BIAS)
    total = bias + sum(w * x for w, x in zip(astuple(weights), astuple(found), strict=True))
    if _names_another(question, evidence[:BEST]):
        total -= ANOTHER
    return round(1 / (1 + math.exp(-total)), 3)


def stands_there(question: Question, evidence: Sequence[Evidence]) -> bool:
    """Whether what is asked for stands as it is above the best unit, or in it, if nothing but it was typed.

    A name that the notes have is found, however little a model knows of it: "Pouilly-le-Fort".
    """
    if question.wants is not Wants.DEFINITION or not evidence or not content_terms(question.subject):
        return False
    named, best = _folded(question.subject), evidence[0]
    bare = named == _folded(question.text)
    above = any(named == _folded(heading) for heading in (best.chunk.title, *best.chunk.heading_path))
    return above or (bare and f" {named} " in f" {_folded(best.unit.text)} ")


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def answers(sure: float, line: float = LINE) -> bool:
    """Whether a question of that confidence is answered, where that is the line."""
    return sure >= line


def signs(question: Question, evidence: Sequence[Evidence]) -> Signs:
    """The signs for and against; of at least one unit, best first."""
    best = evidence[0]
    asked_shape = shape_of(question.text) is not None
    return Signs(
        score=best.score / SCORE,
        others=float(np.mean([item.score for item in evidence[:BEST]])) / SCORE,
        unsaid=_unsaid(best),
        subject=best.features.subject,
        shaped=float(asked_shape and not best.features.shapeless),
        shapeless=best.features.shapeless,
        length=len(best.words.names) / 10,
        answers=best.features.answers / VERDICT,
        most=max(item.features.answers for item in evidence) / VERDICT,
        stands=best.features.stands / VERDICT,
        several=float(question.wants is Wants.LIST),
        similarity=best.features.similarity,
    )


def _names_another(question: Question, evidence: Sequence[Evidence]) -> bool:
    """Whether a short question names something by a number, or a day, that none of the evidence has."""
    named = [word for word in evidence[0].words.names if any(sign.isdigit() for sign in word)]
    if not named or len(question.text.split()) > SHORT or not _NAMING.match(question.text):
        return False
    if day := day_in(question.text):
        return not any(day.is_of_unit(item.unit, item.chunk) for item in evidence)
    said = " ".join(f"{item.unit.text} {item.around}" for item in evidence)
    there, counted = set(terms(said)), numbers(said)
    return any(there.isdisjoint(_identifying(word)) and not numbers(word) & counted for word in named)


def _identifying(word: str) -> list[str]:
    """The terms of a word that only it has: of P-12e not the 12, which is in P-12d, too."""
    return [
        term
        for term in terms(word)
        if any(map(str.isdigit, term)) and (not term.isdigit() or term == word.lower())
    ]


def _unsaid(best: Evidence) -> float:
    """The share of the question's words, by their rarity, that a unit neither holds nor comes near to."""
    if not best.words.names:
        return 0.0
    own, around = term_set(best.unit.text), term_set(best.around)
    missing, total = 0.0, 0.0
    for name, weight, near in zip(best.words.names, best.words.weights, best.nearness, strict=True):
        counted = float(weight) * (GENERIC if name.lower() in generic_words() else 1.0)
        missing += counted * _missing(terms(name), float(near), own, around)
        total += counted
    return missing / total if total else 0.0


def _missing(asked: Sequence[str], near: float, own: frozenset[str], around: frozenset[str]) -> float:
    """How much of a word is not said: nothing if the unit holds it, else by its likest token's cosine."""
    if any(term in own for term in asked):
        return 0.0
    if any(term in around for term in asked):
        return AROUND
    return min(1.0, max(0.0, (KNOWN - near) / UNLIKE))

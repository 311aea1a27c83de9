"""Does the corpus answer this at all? The line between answering and saying no. Pure."""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from assistant.evidence import Evidence, term_set, term_weights
from assistant.expectation import shape_of
from assistant.question import Question
from indexer.keyword_index import KeywordIndex

LINE = 0.5
LOOKED_AT = 8  # units; what they hold together is what the corpus says of a question


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for and against a question's being answered, by its best unit. Each lies in [0, 1]."""

    similarity: float
    coverage: float  # of the question's content terms, by the unit and what surrounds it
    missing: float  # the rarity of the rarest term that it does not hold, over that of a term in no chunk
    unknown: float  # the share of the content terms that stand nowhere in the corpus
    shaped: float  # 1 if the question asks for a number, a time, … and the unit has one
    shapeless: float  # 1 if it asks for one and the unit has none
    length: float  # content terms in the question, of ten


# Fitted by logistic regression on the developing half of the golden questions and sixty questions of general
# knowledge, which no notes answer; the bias puts LINE where 3 % of the answerable ones are declined.
WEIGHTS = Signs(3.5, 2.35, -0.5, -1.9, -1.95, -5.1, 1.05)
BIAS = -1.5


def confidence(question: Question, evidence: Sequence[Evidence], keywords: KeywordIndex) -> float:
    """How likely the evidence answers the question, from 0 to 1; at LINE or above it is answered."""
    if not evidence:
        return 0.0
    found = signs(question, evidence, keywords)
    total = BIAS + sum(w * x for w, x in zip(astuple(WEIGHTS), astuple(found), strict=True))
    return round(1 / (1 + math.exp(-total)), 3)


def answers(sure: float) -> bool:
    """Whether a question of that confidence is answered."""
    return sure >= LINE


def signs(question: Question, evidence: Sequence[Evidence], keywords: KeywordIndex) -> Signs:
    """The signs of the best unit."""
    weights = term_weights(question.text, keywords)
    best = evidence[0]
    chunk = best.chunk
    held = term_set(best.unit.text) | term_set(
        " ".join([chunk.title, *chunk.heading_path, *(lead.text for lead in best.unit.parents)])
    )
    rarest = math.log(1 + (len(keywords) + 0.5) / 0.5)
    missing = [weight for term, weight in weights.items() if term not in held]
    unknown = [term for term in weights if not keywords.frequency(term)]
    asked_shape = shape_of(question.text) is not None
    return Signs(
        similarity=best.features.similarity,
        coverage=best.features.coverage + best.features.around,
        missing=max(missing, default=0.0) / rarest,
        unknown=len(unknown) / len(weights) if weights else 0.0,
        shaped=float(asked_shape and not best.features.shapeless),
        shapeless=best.features.shapeless,
        length=min(len(weights), 10) / 10,
    )

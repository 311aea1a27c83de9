"""What tells how well a unit answers a question, and how much each counts. Pure."""

from dataclasses import dataclass, fields, replace
from operator import attrgetter, mul


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of a unit as an answer to a question. Each lies in [0, 1], similarities in [-1, 1].

    `similarity` is the cosine of the question to the unit; `said` the mean of those of its words to the
    likest tokens of the unit, `matched` to those of the unit and its passage's context.
    `coverage` is the share of the question's content terms, weighted by their rarity, that stand in the unit;
    `around` the share that only its headings and parents hold. `named` says how much of the name before the
    unit's colon the question holds, `subject` how well that name is the question's subject. `shapeless` is 1
    if the question asks for a number, a time, … and the unit has none; `polar` is 1 if it asks for yes or no
    and the unit has a word that says so. `near` is 1 beside what a follow-up leans on. `code` is 1 for code,
    `to_do` for an open task if such are asked for.

    `answers` and `stands` are the verdict of a net, as logarithms: of the odds that the unit's passage
    answers the question, and of the probability that the answer then stands in the unit.
    """

    similarity: float
    matched: float
    said: float
    coverage: float
    around: float
    reciprocal_rank: float
    named: float
    subject: float
    shapeless: float
    polar: float
    near: float = 0.0
    code: float = 0.0
    to_do: float = 0.0
    answers: float = 0.0
    stands: float = 0.0


# Fitted by conditional logistic regression on golden questions, tests/bench/evidence.py: which of the units
# found is on the right lines? UNREAD is for where no net has read the passages; code counts as in READ.
# Too few asked for open tasks: these count for as much as a shape that is missing counts against.
UNREAD = Features(11.6, 11.1, 8.0, 2.8, 6.4, 2.1, 1.5, 3.8, -4.1, 1.1, near=2.5, code=-3.0, to_do=4.1)
READ = Features(
    6.0, 12.5, 1.2, 2.2, 4.2, 2.0, 0.9, 3.6, -2.7, 0.7, 3.5, -3.0, to_do=2.7, answers=0.38, stands=0.3
)
# Of what several units answer together, a net that looks for one knows less: fitted on questions for lists.
OF_SEVERAL = replace(READ, answers=0.2, stands=0.0)
_values = attrgetter(*(field.name for field in fields(Features)))  # astuple copies each, which takes long


def scored(features: Features, *, read: bool, several: bool = False) -> float:
    """The evidence score of a unit.

    Args:
        read: whether a net has read its passage.
        several: whether it is one of several units that answer together.
    """
    weights = UNREAD if not read else OF_SEVERAL if several else READ
    return float(sum(map(mul, _values(weights), _values(features))))

"""What speaks for and against a sentence's standing on some lines of a passage, and how much. Pure."""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from assistant.alignment import Alignment
from assistant.claims import numbers
from assistant.denial import contradictions, excepts, opposed
from assistant.readings import Line
from indexer.keyword_index import terms

MOST_LINES = 3  # that one sentence stands on
ADDS = 0.06  # a further line has to bring the mean of the words that much nearer
LEAST = 0.5  # mean nearness that the words of any supported sentence have
SPARED = 0.12  # of the mean nearness; a line that brings no more than that is not cited
SWAPPED, RIVALLED = 0.3, 0.2  # what is more counts no more
LINE = 0.5


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for and against a sentence's being supported by some lines."""

    whole: float  # mean nearness to one fact, of the part of the sentence for which that is least
    similarity: float  # cosine of the sentence to the best of the lines
    agreed: float  # 1 if both deny the same
    swapped: float  # how much nearer is what is told of another thing, at most SWAPPED
    rivalled: float  # how much closer to its fellows stands another word instead of one, at most RIVALLED
    denied: float  # how many signs more than one there are that one side denies what the other says
    nearness: float = 1  # mean over the sentence's words of the cosine to their likest word there
    numbers: int = 0  # how many numbers do not stand there
    names: int = 0  # how many names do not


# Of the signs before `nearness`. Fitted by ridge logistic regression on tests/golden/support-dev.yaml and,
# counted less, on support-fit.yaml, by tests/bench/support.py; what follows them rules support out.
WEIGHTS = (1.89, 1.24, 2.19, -11.88, -3.55, -0.81)
BIAS = -1.67


def choose(one: Alignment) -> list[int]:
    """The line that is nearest to a sentence, and others that say what it leaves unsaid."""
    alike = np.array([float(one.sentence.vector @ line.read.vector) for line in one.lines])
    chosen = [int(np.argmax(one.nearest @ one.weights + alike))]
    while len(chosen) < min(MOST_LINES, len(one.lines)):
        best = one.nearest[chosen].max(axis=0)
        gains = (np.maximum(one.nearest, best) - best) @ one.weights + _gained(one, chosen)
        place = int(np.argmax(gains))
        if gains[place] < ADDS:
            break
        chosen.append(place)
    return chosen


def _gained(one: Alignment, chosen: Sequence[int]) -> Sequence[int]:
    """How many of the numbers and names that the chosen lines lack each line has."""
    said = numbers(one.sentence.text)
    here = [one.lines[at] for at in chosen]
    figures = said - set().union(*(line.numbers for line in here))
    named = [name for name in one.sentence.names if not _named(name, here)]
    return [
        len(figures & line.numbers) + sum(_named(name, [line]) for name in named) if figures or named else 0
        for line in one.lines
    ]


def needed(one: Alignment, chosen: Sequence[int]) -> Sequence[int]:
    """The chosen lines that support a sentence, without those that it stands as well without."""
    for at in chosen[1:]:
        fewer = [other for other in chosen if other != at]
        before, after = signs(one, chosen), signs(one, fewer)
        if confidence(after) >= LINE and after.nearness > before.nearness - SPARED:
            return needed(one, fewer)
    return chosen


def signs(one: Alignment, chosen: Sequence[int]) -> Signs:
    """What speaks for and against standing on some of the lines; the others may speak against it, too."""
    lines = [one.lines[at] for at in chosen]
    there = {number for line in lines for number in line.numbers}
    return Signs(
        whole=one.whole,
        similarity=max(float(one.sentence.vector @ line.read.vector) for line in lines),
        agreed=float(one.agreed),
        swapped=min(one.swapped, SWAPPED),
        rivalled=min(one.rivalled, RIVALLED),
        denied=_denials(one, lines),
        nearness=float(one.nearest[list(chosen)].max(axis=0) @ one.weights),
        numbers=len(numbers(one.sentence.text) - there),
        names=sum(not _named(name, lines) for name in one.sentence.names),
    )


def _denials(one: Alignment, lines: Sequence[Line]) -> float:
    """How many signs there are, more than one, that one side denies what the other says.

    None count where either says that something is so only here or only then: "not until", "only once".
    """
    text = one.sentence.text
    best = one.lines[int(np.argmax(one.nearest @ one.weights))].unit.text
    if excepts(text) or excepts(best):
        return 0.0
    alone = bool(opposed(text)) != bool(opposed(best))
    contrary = contradictions(text, " ; ".join(line.unit.text for line in lines)) > 0
    return max(0.0, one.denied + one.turned + alone + contrary - 1.0)


def confidence(found: Signs) -> float:
    """How likely the lines support the sentence, from 0 to 1; not at all if a number or name is not there."""
    if found.numbers or found.names or found.nearness < LEAST:
        return 0.0
    total = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, astuple(found), strict=False))
    return 1 / (1 + math.exp(-total))


def reason(found: Signs) -> str:
    """In what the lines fail the sentence, as far as it can be told."""
    if found.numbers:
        return "number"
    if found.names:
        return "name"
    if found.denied:
        return "negation"
    return "meaning"


def _named(name: str, lines: Sequence[Line]) -> bool:
    """Whether a name stands in some lines, above them, or among the tags of their note."""
    single = name.removesuffix("s")
    forms = set(terms(name)) | set(terms(single))
    return any(
        single in f"{line.where}\n{line.read.text}".lower() or bool(forms & line.terms) for line in lines
    )

"""What speaks for and against a sentence's standing on some lines of a passage, and how much. Pure."""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from assistant.alignment import Alignment
from assistant.claims import figures, numbers
from assistant.contrast import EXACT, Contrast
from assistant.denial import contradictions, excepts, opposed
from assistant.readings import Line
from indexer.keyword_index import terms

MOST_LINES = 3  # that one sentence stands on
ADDS = 0.06  # a further line has to bring the mean of the words that much nearer
LEAST = 0.5  # mean nearness that the words of any supported sentence have
SPARED = 0.12  # of the mean nearness; a line that brings no more than that is not cited
SWAPPED, RIVALLED, WORDS = 0.3, 0.2, 20  # what is more counts no more
STRANGE = 0.45  # nearness below which a word has nothing near
LINE = 0.5


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for and against a sentence's being supported by some lines."""

    whole: float  # mean nearness to one fact, of the part of the sentence for which that is least
    agreed: float  # 1 if both deny the same
    both_denied: float  # 1 if a clause denies what the fact nearest to it denies
    turned: float  # 1 if a word that carries a subject is denied on one side only
    denied: float  # how many signs more than one there are that one side denies what the other says
    contrary: float  # how many things a clause and its fact say the opposite of, at most 2
    swapped: float  # how much nearer is what is told of another thing, at most SWAPPED
    crossed: float  # how many pairs stand crosswise, at most 3
    reversed: float  # the share of pairs of words that stand the other way round
    rivalled: float  # how much closer to its fellows stands another word instead of one, at most RIVALLED
    least: float  # nearness of the word that is least near
    less: float  # and of the next
    strange: float  # the share of the words that have nothing near
    paired: float  # how many pairs of words of a clause the passage has, at most 12
    told: float  # mean nearness of the words of the likest line to the sentence's
    repeated: float  # and the share of them that the sentence has, too
    words: float  # how many the sentence has, at most WORDS
    lines: float  # how many lines it takes
    excepts: float  # 1 if the sentence says that something is so only here or only then
    counted: float  # how many numbers in words do not stand there
    nearness: float = 1  # mean over the sentence's words of the cosine to their likest word there
    numbers: int = 0  # how many numbers in digits do not stand there
    names: int = 0  # how many names do not


# Of the signs before `nearness`. Fitted by ridge logistic regression on sentences labelled by hand, by
# tests/bench/support.py; what follows them rules support out.
# fmt: off
WEIGHTS = (
    1.92, 1.9, 0.81, 0.41, -0.32, -0.76, -5.66, -1.11, 0.99, -2.42,
    -0.81, 1.85, -2.28, -0.2, 5.51, -4.43, 0.35, -0.37, 0.7, -1.91,
)
# fmt: on
BIAS = -4.26


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
    digits = figures(one.sentence.text) - there
    nearest = one.nearest[list(chosen)].max(axis=0)
    told = np.sort(nearest[one.telling])
    likest = int(np.argmax(one.nearest @ one.weights))
    back = one.near[likest][:, ~one.lines[likest].over].max(axis=0, initial=0)
    contrast = Contrast(one)
    return Signs(
        whole=one.whole,
        agreed=float(one.agreed),
        both_denied=float(contrast.both_denied),
        turned=float(one.turned),
        denied=_denials(one, lines),
        contrary=float(contrast.contrary),
        swapped=min(one.swapped, SWAPPED),
        crossed=float(contrast.crossed),
        reversed=contrast.reversed,
        rivalled=min(one.rivalled, RIVALLED),
        least=float(told[0]),
        less=float(told[min(1, len(told) - 1)]),
        strange=float((told < STRANGE).mean()),
        paired=float(contrast.paired),
        told=float(back.mean()) if len(back) else 0.0,
        repeated=float((back >= EXACT).mean()) if len(back) else 0.0,
        words=float(min(len(nearest), WORDS)),
        lines=float(len(lines)),
        excepts=float(excepts(one.sentence.text)),
        counted=float(len(numbers(one.sentence.text) - there - digits)),
        nearness=float(nearest @ one.weights),
        numbers=len(digits),
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
    if found.numbers or found.counted:
        return "number"
    if found.names:
        return "name"
    if found.denied or found.contrary or found.turned:
        return "negation"
    return "meaning"


def _named(name: str, lines: Sequence[Line]) -> bool:
    """Whether a name stands in some lines, above them, or among the tags of their note."""
    single = name.removesuffix("s")
    forms = set(terms(name)) | set(terms(single))
    return any(
        single in f"{line.where}\n{line.read.text}".lower() or bool(forms & line.terms) for line in lines
    )

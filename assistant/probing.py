"""Where a corpus divides answering from declining, fitted on questions made from it. Run when it is indexed.

Questions that it answers are made from what it defines, its headings and its own rare words; questions that
it does not are general ones, and near ones: things that notes rarely tell, asked of its own names.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from assistant.confidence import LINE
from assistant.conversation import Reading
from assistant.evidence import PROSE
from assistant.expectation import WORD
from assistant.looking import look
from assistant.matching import rarity
from assistant.phrasing import reads_well
from assistant.suggestions import naming_questions
from indexer.embedding import Embedder
from indexer.keyword_index import STOPWORDS
from indexer.passages import Passages
from indexer.processors import processors
from indexer.types import Line

T = TypeVar("T")
MOST = 40  # questions of each side
FEWEST = 8  # with fewer of either side nothing is fitted
LOWEST, HIGHEST = 0.3, 0.6  # probes are easier than what people ask, so they move the line this far at most
SPARED = 0.03  # the share of the questions that it answers which may be declined
MOST_DECLINED = 0.9  # the share of the others that must be
NEAR = (
    "How much does {name} cost per month?",
    "Who invented {name}?",
    "In which year did {name} first come out?",
    "How many people work on {name}?",
    "Which companies sell books about {name}?",
)


def line_fitter(embedder: Embedder) -> Callable[[Passages], Line]:
    """What fits the line of a generation."""
    return lambda snapshot: fit_line(snapshot, embedder)


def fit_line(snapshot: Passages, embedder: Embedder) -> Line:
    """The line nearest to LINE that declines most questions without an answer, and SPARED of the others."""
    answered = _confidences(answerable(snapshot), snapshot, embedder)
    declined = _confidences(unanswerable(snapshot), snapshot, embedder)
    if min(len(answered), len(declined)) < FEWEST:
        return Line(chunks=snapshot.manifest.chunks)
    spared = float(np.quantile(answered, SPARED))
    needed = float(np.quantile(declined, MOST_DECLINED))
    at = round(min(HIGHEST, max(LOWEST, min(spared, max(LINE, needed)))), 3)
    return Line(
        at=at,
        answerable=len(answered),
        answered=round(float((answered >= at).mean()), 3),
        unanswerable=len(declined),
        declined=round(float((declined < at).mean()), 3),
        chunks=snapshot.manifest.chunks,
    )


def _confidences(questions: Sequence[str], snapshot: Passages, embedder: Embedder) -> NDArray[np.float64]:
    def confidence(question: str) -> float:
        return look(snapshot, embedder, Reading(question)).confidence

    with ThreadPoolExecutor(processors(), "probe") as threads:
        return np.array(list(threads.map(confidence, questions)))


def answerable(snapshot: Passages) -> Sequence[str]:
    """Questions that the notes answer: some of what they name, some the rare words of a line."""
    named = naming_questions(snapshot, MOST // 2)
    return [*named, *_rare_words(snapshot, MOST - len(named))]


def unanswerable(snapshot: Passages) -> Sequence[str]:
    """Questions that the notes hardly answer: general ones, and near ones about what they name."""
    names = [name for name in sorted(set(snapshot.lexicon.names.values())) if reads_well(name)]
    some = _thinned(names, MOST // 2)
    near = [NEAR[number % len(NEAR)].format(name=name) for number, name in enumerate(some)]
    return [*near, *_thinned(general_questions(), MOST - len(near))]


@cache
def general_questions() -> Sequence[str]:
    """Questions of general knowledge."""
    return tuple(
        resources.files("assistant").joinpath("general_questions.txt").read_text("utf-8").splitlines()
    )


def _rare_words(snapshot: Passages, count: int) -> Iterator[str]:
    """The three rarest words of the longest line of some passages, in the order in which they stand there."""
    for chunk in _thinned(snapshot.sample(), count):
        lines = [unit.text for unit in chunk.units if unit.kind in PROSE]
        words = dict.fromkeys(WORD.findall(max(lines, key=len, default="")))
        telling = [word for word in words if word.lower() not in STOPWORDS]
        rare = sorted(telling, key=lambda word: -rarity(word, snapshot.keywords))[:3]
        if rare:
            yield " ".join(word for word in telling if word in rare)


def _thinned(things: Sequence[T], count: int) -> Sequence[T]:
    """At most `count` of them, from all over."""
    return things[:: max(1, -(-len(things) // max(1, count)))]

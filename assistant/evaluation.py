"""Golden questions -> scorecard: does the assistant find, say, prove and decline what it should?

A golden file is a YAML list. An entry is a question, or `conversation: [question, …]` whose turns see those
before them. A question has `question`, `kind`, and, unless the notes don't answer it (`kind: unanswerable`),
`evidence` (a list of `note` and `lines`, each of which alone is proof; a passage also has to hold their
`text`, if they have one) and `facts` (what a whole answer holds; ` | ` stands between alternatives). Texts
and facts are compared letter by letter but for case, markup and white space.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from assistant.errors import GoldenError
from assistant.pipeline import Assistant
from assistant.types import Answer, Citation, Passage, Turn
from indexer.types import Chunk

UNANSWERABLE = "unanswerable"
RESAMPLES = 2_000
_MARKUP = re.compile(r"[*`_]|\[\d+\]")


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lines of a note that prove an answer, as "12" or "12-14"; 1-based and inclusive.

    `text` is what in these lines answers, for lines of which a passage may hold a part only.
    """

    note: str
    lines: Annotated[str, msgspec.Meta(pattern=r"^\d+(-\d+)?$")]
    text: str = ""

    def touches(self, note: str, first: int, last: int) -> bool:
        """Whether lines `first` to `last` of `note` hold any of these lines."""
        start, _, end = self.lines.partition("-")
        return note == self.note and first <= int(end or start) and last >= int(start)


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question with what a good answer holds."""

    question: str
    kind: str
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[str, ...] = ()
    follow_up: bool = False
    near: bool = False


class _Conversation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    conversation: tuple[Golden, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one question went. `rank` is that of the first passage that is right, if there is one."""

    golden: Golden
    answer: Answer
    rank: int | None
    facts_found: float
    cited: bool

    @property
    def answerable(self) -> bool:
        """Whether the notes answer the question."""
        return self.golden.kind != UNANSWERABLE


@dataclass(frozen=True, slots=True)
class Measure:
    """A mean over `count` questions and its 95 % confidence interval; None where nothing was counted."""

    value: float | None
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Score:
    """One row of the scorecard. All are shares from 0 to 1 but `words`, a median."""

    hit_1: Measure
    hit_5: Measure
    mrr: Measure
    facts: Measure
    cited: Measure
    wrongly_declined: Measure
    rightly_declined: Measure
    words: float | None


def load(file: Path) -> Sequence[Sequence[Golden]]:
    """The conversations of a golden file; a question alone is one of a single turn. Raises GoldenError."""
    try:
        raw = msgspec.yaml.decode(file.read_bytes())
        entries = [entry if "conversation" in entry else {"conversation": [entry]} for entry in raw]
        return [conversation.conversation for conversation in msgspec.convert(entries, list[_Conversation])]
    except OSError as error:
        raise GoldenError(f"{str(file)!r} cannot be read: {error.strerror}.") from error
    except (msgspec.MsgspecError, TypeError) as error:
        raise GoldenError(f"{str(file)!r} is no file of golden questions: {error}") from error


def evaluate(assistant: Assistant, conversations: Sequence[Sequence[Golden]]) -> Iterator[Outcome]:
    """Ask every question, each conversation from its start."""
    for conversation in conversations:
        history: list[Turn] = []
        for golden in conversation:
            answer = assistant.ask(golden.question, history=history)
            history.append(Turn(golden.question, answer.text))
            yield judge(golden, answer)


def judge(golden: Golden, answer: Answer) -> Outcome:
    """Hold an answer against what is expected of it."""
    text = folded(answer.text)
    found = [any(folded(form) in text for form in fact.split(" | ")) for fact in golden.facts]
    return Outcome(
        golden,
        answer,
        rank=_first_rank(golden, answer.passages),
        facts_found=sum(found) / len(found) if found else float(not answer.abstained),
        cited=any(_on_the_lines(golden, citation) for citation in answer.citations),
    )


def scorecard(outcomes: Sequence[Outcome]) -> dict[str, Score]:
    """The score of each kind of question, of the follow-ups, and of all."""
    rows: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        golden = outcome.golden
        kind = golden.kind if outcome.answerable else f"{UNANSWERABLE}, {'near' if golden.near else 'far'}"
        rows.setdefault(kind, []).append(outcome)
    rows = dict(sorted(rows.items()))
    rows["standalone"] = [outcome for outcome in outcomes if not outcome.golden.follow_up]
    rows["follow-up"] = [outcome for outcome in outcomes if outcome.golden.follow_up]
    rows["all"] = list(outcomes)
    return {name: score(members) for name, members in rows.items() if members}


def score(outcomes: Sequence[Outcome]) -> Score:
    """The score of some outcomes. A wrongly declined question has none of its facts and no citation.

    Questions that name no facts do not count among those that have some.
    """
    asked = [outcome for outcome in outcomes if outcome.answerable]
    unanswerable = [outcome for outcome in outcomes if not outcome.answerable]
    lengths = [len(outcome.answer.text.split()) for outcome in asked if not outcome.answer.abstained]
    return Score(
        hit_1=_mean([outcome.rank == 1 for outcome in asked]),
        hit_5=_mean([outcome.rank is not None and outcome.rank <= 5 for outcome in asked]),
        mrr=_mean([1 / outcome.rank if outcome.rank else 0.0 for outcome in asked]),
        facts=_mean([outcome.facts_found for outcome in asked if outcome.golden.facts]),
        cited=_mean([outcome.cited for outcome in asked if not outcome.answer.abstained]),
        wrongly_declined=_mean([outcome.answer.abstained for outcome in asked]),
        rightly_declined=_mean([outcome.answer.abstained for outcome in unanswerable]),
        words=float(np.median(lengths)) if lengths else None,
    )


def _mean(values: Sequence[float]) -> Measure:
    """A mean with its interval by the percentile bootstrap (Efron, 1979); the seed makes it repeatable."""
    if not values:
        return Measure(None, None, None, 0)
    array = np.asarray(values, dtype=float)
    draws = np.random.default_rng(0).integers(0, len(array), size=(RESAMPLES, len(array)))
    low, high = np.percentile(array[draws].mean(axis=1), [2.5, 97.5])
    return Measure(float(array.mean()), float(low), float(high), len(values))


def _first_rank(golden: Golden, passages: Sequence[Passage]) -> int | None:
    for rank, passage in enumerate(passages, start=1):
        if any(_holds(passage.chunk, place) for place in golden.evidence):
            return rank
    return None


def _holds(chunk: Chunk, place: Evidence) -> bool:
    """Whether a passage is on the right lines, and holds what in them answers where that is told."""
    on_the_lines = place.touches(chunk.note, chunk.line_start, chunk.line_end)
    return on_the_lines and folded(place.text) in folded(chunk.text)


def _on_the_lines(golden: Golden, citation: Citation) -> bool:
    places = golden.evidence
    return any(place.touches(citation.note, citation.line_start, citation.line_end) for place in places)


def folded(text: str) -> str:
    """A text as facts are compared: without case, markup, numbers of citations, or runs of white space."""
    return " ".join(_MARKUP.sub("", text).lower().split())

"""The scorecard of an evaluation: as a table, as JSON, and as a chart of answering against declining."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from assistant.evaluation import Measure, Outcome, Score
from indexer.types import Line

COLUMNS = {
    "hit@1": "hit_1",
    "hit@5": "hit_5",
    "MRR": "mrr",
    "facts": "facts",
    "cited": "cited",
    "wrongly declined": "wrongly_declined",
    "rightly declined": "rightly_declined",
}


def table(scores: Mapping[str, Score]) -> Table:
    """One row a kind: means, with half the width of the 95 % interval where it is of all questions."""
    drawn = Table("questions", *COLUMNS, "words", box=None, header_style="bold")
    for name, score in scores.items():
        whole = name in ("all", "standalone", "follow-up")
        cells = [_told(getattr(score, field), interval=whole) for field in COLUMNS.values()]
        drawn.add_row(name, *cells, "" if score.words is None else f"{score.words:.0f}")
    return drawn


def _told(measure: Measure, *, interval: bool) -> str:
    if measure.value is None or measure.low is None or measure.high is None:
        return ""
    spread = f" [{measure.low:.2f}, {measure.high:.2f}]" if interval else ""
    return f"{measure.value:.2f}{spread}"


def told(line: Line) -> str:
    """Where the index divides answering from declining, how well that went with questions made from it."""
    if not line.answerable:
        return f"Answered from a confidence of {line.at:g}; too few names in the notes to fit that to them."
    return (
        f"Answered from a confidence of {line.at:g}, fitted to these notes: of {line.answerable} questions"
        f" made from them {line.answered:.0%} are answered, of {line.unanswerable} that they should not"
        f" answer {line.declined:.0%} are declined."
    )


def as_json(scores: Mapping[str, Score], outcomes: Sequence[Outcome]) -> bytes:
    """The scores, and how each question went."""
    questions: list[dict[str, Any]] = [
        {
            "question": outcome.golden.question,
            "standalone_question": outcome.answer.standalone_question,
            "kind": outcome.golden.kind,
            "rank": outcome.rank,
            "facts": outcome.facts_found,
            "cited": outcome.cited,
            "abstained": outcome.answer.abstained,
            "confidence": outcome.answer.confidence,
            "answer": outcome.answer.text,
        }
        for outcome in outcomes
    ]
    return msgspec.json.encode({"scores": scores, "questions": questions})


def draw(outcomes: Sequence[Outcome], file: Path, line: float) -> None:
    """Draw, as PNG, the share of questions declined at each line of confidence; `line` is the one in use."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for label, answerable in (("answerable", True), ("unanswerable", False)):
        values = sorted(item.answer.confidence for item in outcomes if item.answerable is answerable)
        shares = [(number + 1) / len(values) for number in range(len(values))]
        axes.step([0, *values, 1], [0, *shares, 1], where="post", label=f"{label} ({len(values)})")
    axes.axvline(line, color="grey", linestyle="--", label=f"the line ({line:g})")
    axes.set(xlabel="confidence", ylabel="share that a line there would decline", xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    figure.savefig(file, dpi=120, format="png")

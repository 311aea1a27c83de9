"""How well confidence tells questions that the notes answer from those that they don't; and its weights.

PYTHONPATH=. python tests/bench/confidence.py [INDEX]   # an index of corpus/, else .footnote/index

Asks all questions of tests/golden/ but the measuring half. Prints the area under the curve, and how many
without an answer are declined where a share of those with one are, too: as confidence is; then with its
signs weighed anew, on each note by what the questions on others taught. Last, the weights that all teach.
"""

import sys
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from assistant.confidence import LINE, Signs, signs
from assistant.conversation import Reading
from assistant.evaluation import UNANSWERABLE, Golden, load
from assistant.looking import Look, look
from assistant.pipeline import Assistant, open_assistant
from assistant.types import Turn
from indexer.settings import IndexSettings

ROOT = Path(__file__).parents[2]
FILES = ("dev", "practice", "fit", "further")
SHARES = (0.02, 0.03, 0.05)
RIDGE = 0.3
WORSE = 4.0  # how many questions that are wrongly answered are as bad as one that is wrongly declined


@dataclass(frozen=True, slots=True)
class Asked:
    """A golden question, its file, the note that it is about, what was found, and how sure that is."""

    golden: Golden
    file: str
    note: str
    signs: Signs
    sure: float


def questions(assistant: Assistant, file: str) -> Iterator[tuple[Golden, Look, float]]:
    """The questions of a file, each follow-up as it was understood; what was found, and how sure that is."""
    for conversation in load(ROOT / f"tests/golden/{file}.yaml"):
        history: list[Turn] = []
        for golden in conversation:
            answer = assistant.ask(golden.question, history=history)
            turn = history[-1] if golden.follow_up else None
            reading = Reading(answer.standalone_question, turn)
            yield golden, look(assistant.index.current, assistant.embedder, reading), answer.confidence
            history.append(Turn(golden.question, answer.text))


def ask(assistant: Assistant, file: str) -> Iterator[Asked]:
    """The signs for all questions of a file."""
    for golden, found, sure in questions(assistant, file):
        note = golden.evidence[0].note if golden.evidence else found.evidence[0].chunk.note
        yield Asked(golden, file, note, signs(found.question, found.evidence), sure)


def told(name: str, sure: NDArray[np.float64], answered: NDArray[np.bool_], line: float) -> str:
    """One line of figures; what lies below the line is declined."""
    declined = [
        f"{float((sure[~answered] < np.quantile(sure[answered], share)).mean()):.2f} at {share}"
        for share in SHARES
    ]
    area = float(roc_auc_score(answered, sure))
    at = f"{(sure[~answered] < line).mean():.2f} at {(sure[answered] < line).mean():.3f}"
    return f"{name:19} {len(answered):5}, area {area:.3f}, declined {', '.join(declined)}; here {at}"


def main() -> None:
    """Print weights and figures."""
    index = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".footnote/index"
    assistant = open_assistant(IndexSettings(notes=ROOT / "corpus", index=index))
    asked = [one for file in FILES for one in ask(assistant, file)]
    table = np.array([astuple(one.signs) for one in asked])
    answered = np.array([one.golden.kind != UNANSWERABLE for one in asked])
    counts = {True: WORSE, False: 1.0}
    model = make_pipeline(StandardScaler(), LogisticRegression(C=RIDGE, class_weight=counts, max_iter=2_000))
    sure = cross_val_predict(
        model,
        table,
        answered,
        groups=[one.note for one in asked],
        cv=GroupKFold(10),
        method="decision_function",
    )
    for name, values, line in (
        ("as it is", np.array([one.sure for one in asked]), LINE),
        ("crosswise", sure, 0.0),
    ):
        for file in FILES:
            part = np.array([one.file == file for one in asked])
            print(told(f"{name}, {file}", values[part], answered[part], line))  # noqa: T201
    scale, fitted = model.fit(table, answered).steps[0][1], model.steps[1][1]
    weights = fitted.coef_[0] / scale.scale_
    print("BIAS", round(float(fitted.intercept_[0] - weights @ scale.mean_), 2))  # noqa: T201
    for field, weight in zip(fields(Signs), weights, strict=True):
        print(field.name, round(float(weight), 2))  # noqa: T201


if __name__ == "__main__":
    main()

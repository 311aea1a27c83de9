"""How well confidence tells questions that the notes answer from those that they don't; and its weights.

PYTHONPATH=. python tests/bench/confidence.py [INDEX]   # an index of corpus/, else .footnote/index

Asks all questions of tests/golden/ that have some without an answer among them, but the measuring half; and
those over four vaults in tests/golden/vaults, which are indexed for it. Prints the area under the curve, and
how many without an answer are declined where a share of those with one are, too: as confidence is; then with
its signs weighed anew, on each note of corpus/ and on each vault by what the questions on others taught. The
weights are the mean of those that corpus/ teaches and those that the vaults do; last, these.
"""

import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from assistant.confidence import LINE, Signs, signs
from assistant.conversation import Reading
from assistant.evaluation import UNANSWERABLE, Golden, load
from assistant.looking import Look, look
from assistant.pipeline import Assistant, open_assistant
from assistant.probing import line_fitter
from assistant.types import Turn
from indexer.modelless import embedder_or_stand_in
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests/golden"
FILES = ("dev", "practice", "fit", "further")
VAULTS = [
    GOLDEN / "vaults" / name for name in ("home", "roastery", "study", "work")
]  # others are for measuring
SHARES = (0.02, 0.03, 0.05)
RIDGE = 0.3

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A golden question, its file or vault, its note, what was found, and how sure that is."""

    golden: Golden
    file: str
    note: str
    signs: Signs
    sure: float


def questions(assistant: Assistant, file: Path) -> Iterator[tuple[Golden, Look, float]]:
    """The questions of a file, each follow-up as it was understood; what was found, and how sure that is."""
    for conversation in load(file):
        history: list[Turn] = []
        for golden in conversation:
            answer = assistant.ask(golden.question, history=history)
            turn = history[-1] if golden.follow_up else None
            reading = Reading(answer.standalone_question, turn)
            yield golden, look(assistant.index.current, assistant.embedder, reading), answer.confidence
            history.append(Turn(golden.question, answer.text))


def ask(assistant: Assistant, file: Path, name: str) -> Iterator[Asked]:
    """The signs for all questions of a file."""
    for golden, found, sure in questions(assistant, file):
        note = golden.evidence[0].note if golden.evidence else found.evidence[0].chunk.note
        yield Asked(golden, name, note, signs(found.question, found.evidence), sure)


def over_vault(vault: Path, folder: Path) -> Assistant:
    """An assistant over the notes of a vault, whose index is made in a folder."""
    indexing = IndexSettings(notes=vault / "notes", index=folder)
    embedder = embedder_or_stand_in(indexing.embedding_model, indexing.precision)
    deque(rebuild(indexing, embedder, fit_line=line_fitter(embedder)), maxlen=0)
    return open_assistant(indexing)


def weights(asked: Sequence[Asked]) -> Floats:
    """The weights of the signs that some questions teach, and last the bias."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=RIDGE, max_iter=2_000))
    scale, fitted = (step for _, step in model.fit(table(asked)[:, :-1], answered(asked)).steps)
    found = fitted.coef_[0] / scale.scale_
    return np.append(found, fitted.intercept_[0] - found @ scale.mean_)


def table(asked: Sequence[Asked]) -> Floats:
    """A row for each question: its signs, and 1."""
    return np.array([(*astuple(one.signs), 1.0) for one in asked])


def answered(asked: Sequence[Asked]) -> NDArray[np.bool_]:
    """Which of the questions the notes answer."""
    return np.array([one.golden.kind != UNANSWERABLE for one in asked])


def crosswise(
    asked: Sequence[Asked], groups: Sequence[str], splits: GroupKFold | LeaveOneGroupOut, others: Floats
) -> Floats:
    """How sure each is by what questions on other notes teach, and by the weights that others do."""
    sure = np.zeros(len(asked))
    for teaching, tried in splits.split(asked, groups=groups):
        own = weights([asked[place] for place in teaching])
        sure[tried] = table([asked[place] for place in tried]) @ (own + others) / 2
    return sure


def told(name: str, sure: Floats, answered: NDArray[np.bool_], line: float) -> str:
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
    corpus = [one for name in FILES for one in ask(assistant, GOLDEN / f"{name}.yaml", name)]
    vaults: list[Asked] = []
    for vault in VAULTS:
        with TemporaryDirectory() as folder:
            asked = over_vault(vault, Path(folder) / "index")
            vaults += ask(asked, vault / "questions.yaml", vault.name)
    for some, groups, splits, others in (
        (corpus, [one.note for one in corpus], GroupKFold(10), weights(vaults)),
        (vaults, [one.file for one in vaults], LeaveOneGroupOut(), weights(corpus)),
    ):
        as_it_is = np.array([one.sure for one in some])
        anew = crosswise(some, groups, splits, others)
        for name, sure, line in (("as it is", as_it_is, LINE), ("crosswise", anew, 0.0)):
            for file in dict.fromkeys(one.file for one in some):
                part = np.array([one.file == file for one in some])
                print(told(f"{name}, {file}", sure[part], answered(some)[part], line))  # noqa: T201
    *found, bias = ((weights(corpus) + weights(vaults)) / 2).round(2).tolist()
    print(f"READ = Signs({', '.join(map(str, found))})")  # noqa: T201
    print(f"BIAS {bias}, of {', '.join(field.name for field in fields(Signs))}")  # noqa: T201


if __name__ == "__main__":
    main()

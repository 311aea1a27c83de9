"""How often the best unit of those found is on the right lines; and what evidence is weighed with.

PYTHONPATH=. python tests/bench/evidence.py [INDEX [GUIDES]]   # an index of corpus/, else .footnote/index

Asks the questions with an answer of tests/golden/ but those of the measuring half; and, of an index GUIDES of
shared/data/aws-guides, those of aws-guides-practice.yaml, each of which counts half. Prints the share whose
first unit is right: as it is; then with the features weighed anew, on each note by what the questions on
others taught. Last, the weights that all teach.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from confidence import FILES, GOLDEN, ROOT, questions
from labelled import GUIDES

from assistant.evaluation import Golden
from assistant.evidence import Evidence
from assistant.features import Features
from assistant.pipeline import open_assistant
from indexer.settings import IndexSettings

RIDGE = 1e-3
FOLDS = 8
ON_GUIDES = "aws-guides-practice"
COUNTS = {ON_GUIDES: 0.5}  # how much a question of a file counts in fitting; 1 of others


@dataclass(frozen=True, slots=True)
class Found:
    """The units found for a question, best first: their features, and which are on the right lines."""

    file: str
    note: str
    features: NDArray[np.float64]
    right: NDArray[np.bool_]


def on_the_lines(golden: Golden, item: Evidence) -> bool:
    """Whether a unit is on the right lines."""
    chunk, unit = item.chunk, item.unit
    start = unit.span.start - chunk.span.start
    said = chunk.text[start : unit.span.end - chunk.span.start]
    first = chunk.line_start + chunk.text[:start].count("\n")
    last = first + said.rstrip("\n").count("\n")
    return any(place.touches(chunk.note, first, last) for place in golden.evidence)


def fitted(some: Sequence[Found]) -> NDArray[np.float64]:
    """The weights by conditional logistic regression: of each question's units, which is right?"""
    everything = np.concatenate([one.features for one in some])
    spread = everything.std(axis=0) + 1e-9
    most = max(len(one.right) for one in some)
    table = torch.zeros(len(some), most, everything.shape[1])
    there, right = (
        torch.zeros(len(some), most, dtype=torch.bool),
        torch.zeros(len(some), most, dtype=torch.bool),
    )
    for row, one in enumerate(some):
        count = len(one.right)
        table[row, :count] = torch.from_numpy((one.features / spread).astype(np.float32))
        there[row, :count], right[row, :count] = True, torch.from_numpy(one.right)
    counts = torch.tensor([COUNTS.get(one.file, 1.0) for one in some])
    weights = torch.zeros(everything.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=300)

    def lost() -> torch.Tensor:
        optimizer.zero_grad()
        likely = (table @ weights).masked_fill(~there, -1e4).log_softmax(1)
        missed = -torch.logsumexp(likely.masked_fill(~right, -1e4), 1)
        found = (counts * missed).sum() / counts.sum() + RIDGE * (weights**2).sum()
        found.backward()
        return found

    optimizer.step(lost)
    return weights.detach().numpy() / spread


def told(name: str, some: Sequence[Found], first: Sequence[int]) -> None:
    """Print one line of figures."""
    hit = np.array([one.right[at] for one, at in zip(some, first, strict=True)])
    of = np.array([one.file for one in some])
    parts = [f"{file} {hit[of == file].mean():.3f}" for file in dict.fromkeys(of.tolist())]
    print(f"{name:10} {len(some)} questions, {hit.mean():.3f}: {', '.join(parts)}")  # noqa: T201


def found_in(notes: Path, index: Path, files: Sequence[str]) -> Iterator[Found]:
    """What an index of some notes has for the questions of files, where it has anything right."""
    assistant = open_assistant(IndexSettings(notes=notes, index=index))
    for file in files:
        for golden, found, _ in questions(assistant, GOLDEN / f"{file}.yaml"):
            right = np.array([on_the_lines(golden, item) for item in found.evidence])
            if right.any():
                features = np.array([astuple(item.features) for item in found.evidence])
                yield Found(file, golden.evidence[0].note, features, right)


def main() -> None:
    """Print weights and figures."""
    index = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".footnote/index"
    some = list(found_in(ROOT / "corpus", index, (*FILES, "lists")))
    for guides in sys.argv[2:]:
        some += found_in(GUIDES, Path(guides), [ON_GUIDES])
    told("as it is", some, [0] * len(some))
    first = np.zeros(len(some), dtype=int)
    for learn, hold in GroupKFold(FOLDS).split(some, groups=[one.note for one in some]):
        weights = fitted([some[at] for at in learn])
        for at in hold:
            first[at] = int(np.argmax(some[at].features @ weights))
    told("crosswise", some, first.tolist())
    for field, weight in zip(fields(Features), fitted(some), strict=True):
        print(f"    {field.name}={weight:.2f},")  # noqa: T201


if __name__ == "__main__":
    main()

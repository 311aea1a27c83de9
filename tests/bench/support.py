"""How well the check tells what notes support from what they don't, on sentences labelled by hand.

PYTHONPATH=. python tests/bench/support.py [HALF...]   # dev and measure by default; also practice, fit, pairs
PYTHONPATH=. python tests/bench/support.py --weights   # what assistant/weighing.py weighs the signs with
PYTHONPATH=. python tests/bench/support.py --crossed   # dev and practice, each note weighed without it

Prints precision and recall of what is supported and of what is not, and how many of each kind pass, with 95 %
confidence intervals (Wilson, 1927); and what a check costs against reading the passage.
"""

import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cache, partial
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parent.parent))

from labelled import Pair, labelled

from assistant.readings import lines_of, read_sentence
from assistant.support import Passages, aligned
from assistant.weighing import LEAST, WEIGHTS, choose, signs
from indexer.embedding import SentenceTransformerEmbedder, open_embedder

Z = 1.96
OTHERS = 0.6  # how much a sentence on a note that is none of these counts in fitting
SHIFT = -0.2  # of the bias: as much of what passes is supported as of what is supported passes
RIDGE = 0.3


def interval(part: int, whole: int) -> str:
    """A share with its confidence interval."""
    if not whole:
        return "-"
    share, squared = part / whole, Z * Z / whole
    middle = (share + squared / 2) / (1 + squared)
    half = Z * sqrt(share * (1 - share) / whole + squared / whole / 4) / (1 + squared)
    return f"{share:.2f} ({middle - half:.2f}-{middle + half:.2f}), {part} of {whole}"


def figures(pairs: Sequence[Pair], passed: Sequence[bool]) -> dict[str, str]:
    """What is told of a half."""
    both = list(zip(pairs, passed, strict=True))
    right = {kept: sum(one is pair.supported is kept for pair, one in both) for kept in (True, False)}
    said = {kept: sum(one is kept for _, one in both) for kept in (True, False)}
    true = {kept: sum(pair.supported is kept for pair, _ in both) for kept in (True, False)}
    rows = {
        f"{name} {measure}": interval(right[kept], of[kept])
        for kept, name in ((True, "supported"), (False, "unsupported"))
        for measure, of in (("precision", said), ("recall", true))
    }
    for kind in sorted({pair.kind for pair in pairs}):
        mine = [one for pair, one in both if pair.kind == kind]
        rows[f"{kind} that passes"] = interval(sum(mine), len(mine))
    return rows


def checked(pairs: Sequence[Pair], embedder: SentenceTransformerEmbedder) -> tuple[list[bool], float, float]:
    """Whether each passes; the median ms of a check, and of the first one, which reads its passages."""
    passed, checks, readings = [], [], []
    for pair in pairs:
        passages = Passages(pair.passages, embedder.embed_passages)
        places = range(len(pair.passages))
        started = time.perf_counter()
        passages.support(pair.sentence, places)  # reads the passages, too
        between = time.perf_counter()
        passed.append(passages.support(pair.sentence, places).found)
        checks.append(time.perf_counter() - between)
        readings.append(between - started)
    return passed, *(1000 * sorted(some)[len(some) // 2] for some in (checks, readings))


@dataclass(frozen=True)
class Examples:
    """Sentences to learn the weights from: `signs` of shape (sentences, signs), scaled by nothing.

    `ruled_out` are those that no weights can save; `counts` is how much each counts, so that the kinds of the
    halves weigh as they do in the developing one.
    """

    pairs: Sequence[Pair]
    signs: NDArray[np.float64]
    right: NDArray[np.bool_]
    ruled_out: NDArray[np.bool_]
    counts: NDArray[np.float64]


def examples(embedder: SentenceTransformerEmbedder) -> Examples:
    """Those of dev, practice and fit; one on several passages is weighed on the likeliest."""
    read = cache(partial(read_sentence, meaning=embedder.embed_passages))
    lines = cache(lambda passage: lines_of(passage, embedder.embed_passages))
    halves = {half: labelled(half, embedder.count_tokens) for half in ("dev", "practice", "fit")}
    share = Counter(pair.kind for pair in halves["dev"])
    over_corpus = Counter(pair.kind for half in ("dev", "practice") for pair in halves[half])
    of = {"dev": over_corpus, "practice": over_corpus, "fit": Counter(pair.kind for pair in halves["fit"])}
    rows, ruled, counts, pairs = [], [], [], []
    for half, some in halves.items():
        for pair in some:
            told = [aligned(pair.sentence, lines(passage), read) for passage in pair.passages]
            found = [signs(one, choose(one)) for one in told if one is not None]
            best = min(found, key=lambda one: (one.numbers + one.names, -one.nearness))
            rows.append(astuple(best)[: len(WEIGHTS)])
            ruled.append(bool(best.numbers or best.names or best.nearness < LEAST))
            counts.append((OTHERS if half == "fit" else 1.0) * share[pair.kind] / of[half][pair.kind])
            pairs.append(pair)
    right = np.array([pair.supported for pair in pairs])
    return Examples(pairs, np.array(rows), right, np.array(ruled), np.array(counts) / np.mean(counts))


def fitted(some: Examples, among: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Weights of the signs and the bias: ridge logistic regression on some that are not ruled out anyhow."""
    used = among & ~some.ruled_out
    spread = some.signs[used].std(axis=0)
    model = LogisticRegression(C=RIDGE, max_iter=5_000)
    model.fit(some.signs[used] / spread, some.right[used], some.counts[used])
    return model.coef_[0] / spread, float(model.intercept_[0]) + SHIFT


def crossed(some: Examples) -> NDArray[np.bool_]:
    """Whether each passes with weights that were fitted without the sentences on its note."""
    notes = np.array([pair.passages[0].note for pair in some.pairs])
    passed = np.zeros(len(notes), dtype=bool)
    for note in set(notes):
        weights, bias = fitted(some, notes != note)
        own = (notes == note) & ~some.ruled_out
        passed[own] = some.signs[own] @ weights + bias >= 0
    return passed


def tell(name: str, pairs: Sequence[Pair], passed: Sequence[bool]) -> None:
    """Print the figures of some pairs."""
    print(f"{name}: {len(pairs)} sentences")  # noqa: T201
    for row, value in figures(pairs, passed).items():
        print(f"  {row:24} {value}")  # noqa: T201


if __name__ == "__main__":
    embedder = open_embedder("all-MiniLM-L6-v2")
    if sys.argv[1:] in (["--weights"], ["--crossed"]):
        some = examples(embedder)
        weights, bias = fitted(some, np.ones(len(some.pairs), dtype=bool))
        print([*weights.round(2).tolist(), round(bias, 2)])  # noqa: T201
        if sys.argv[1:] == ["--crossed"]:
            passed = crossed(some)
            count = {half: len(labelled(half, embedder.count_tokens)) for half in ("dev", "practice")}
            for half, places in (
                ("dev", range(count["dev"])),
                ("practice", range(count["dev"], count["dev"] + count["practice"])),
                ("dev and practice", range(count["dev"] + count["practice"])),
            ):
                tell(half, [some.pairs[at] for at in places], [bool(passed[at]) for at in places])
        sys.exit()
    for half in sys.argv[1:] or ["dev", "measure"]:
        pairs = labelled(half, embedder.count_tokens)
        done, check, reading = checked(pairs, embedder)
        tell(half, pairs, done)
        print(f"  a check {check:.1f} ms, with the passage read first {reading:.1f} ms")  # noqa: T201

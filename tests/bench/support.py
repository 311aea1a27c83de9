"""How well the check tells what notes support from what they don't, on sentences labelled by hand.

PYTHONPATH=. python tests/bench/support.py [HALF...]      # dev and measure unless told otherwise; also fit
PYTHONPATH=. python tests/bench/support.py --weights      # what assistant/weighing.py weighs the signs with

Prints precision and recall of what is supported and of what is not, and how many of each kind pass, with 95 %
confidence intervals (Wilson, 1927); and what a check costs against reading the passage.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import astuple
from functools import partial
from math import sqrt
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parent.parent))

from labelled import Pair, labelled

from assistant.readings import lines_of, read_sentence
from assistant.support import Passages, aligned
from assistant.weighing import LEAST, WEIGHTS, choose, signs
from indexer.embedding import SentenceTransformerEmbedder, open_embedder

Z = 1.96
OTHERS = 0.6  # how much a sentence on a note that is not of corpus/ counts in fitting
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


def fitted(embedder: SentenceTransformerEmbedder) -> list[float]:
    """Weights of the signs and, last, the bias: ridge logistic regression on what is not ruled out anyhow.

    The pairs of corpus/ count in full, those of other notes OTHERS; one on several passages is weighed on the
    likeliest.
    """
    read = partial(read_sentence, meaning=embedder.embed_passages)
    rows, right, counted = [], [], []
    for half, weight in (("dev", 1.0), ("fit", OTHERS)):
        for pair in labelled(half, embedder.count_tokens):
            passages = [lines_of(passage, embedder.embed_passages) for passage in pair.passages]
            told = [aligned(pair.sentence, lines, read) for lines in passages]
            found = [signs(one, choose(one)) for one in told if one is not None]
            best = min(found, key=lambda one: (one.numbers + one.names, -one.nearness))
            if not best.numbers and not best.names and best.nearness >= LEAST:
                rows.append(astuple(best)[: len(WEIGHTS)])
                right.append(pair.supported)
                counted.append(weight)
    spread = np.std(rows, axis=0)
    model = LogisticRegression(C=RIDGE, max_iter=5_000).fit(np.array(rows) / spread, right, counted)
    return [*(model.coef_[0] / spread).round(2).tolist(), round(float(model.intercept_[0]), 2)]


if __name__ == "__main__":
    embedder = open_embedder("all-MiniLM-L6-v2")
    if sys.argv[1:] == ["--weights"]:
        print(fitted(embedder))  # noqa: T201
        sys.exit()
    for half in sys.argv[1:] or ["dev", "measure"]:
        pairs = labelled(half, embedder.count_tokens)
        passed, check, reading = checked(pairs, embedder)
        print(f"{half}: {len(pairs)} sentences")  # noqa: T201
        for name, value in figures(pairs, passed).items():
            print(f"  {name:24} {value}")  # noqa: T201
        print(f"  a check {check:.1f} ms, with the passage read first {reading:.1f} ms")  # noqa: T201

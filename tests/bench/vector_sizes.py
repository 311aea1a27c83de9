"""How long a question takes and how much memory an index of vectors, by its size and kind.

python tests/bench/vector_sizes.py [PASSAGES...]      # 50000 and 500000 unless told otherwise

The vectors are synthetic, of 384 numbers: topics that differ most in a few directions, as embeddings do,
passages strewn around them, and questions around passages. Each size and kind has a process of its own.
"""

import json
import resource
import subprocess
import sys
import time

import numpy as np
from numpy.typing import NDArray

from indexer import vector_index
from indexer.vector_index import VectorIndex, recall, tenth_scores

DIMENSION = 384
QUESTIONS = 200
Vectors = NDArray[np.float32]


def unit(vectors: Vectors) -> Vectors:
    """Rows of length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def passages(count: int, chance: np.random.Generator) -> Vectors:
    """Rows around one topic for every hundred, with a spectrum that falls off."""
    falling = (1 / np.sqrt(1 + np.arange(DIMENSION) / 8)).astype(np.float32)
    topics = chance.standard_normal((max(50, count // 100), DIMENSION), dtype=np.float32) * falling
    rows = np.empty((count, DIMENSION), dtype=np.float32)
    for start in range(0, count, 50_000):
        stop = min(start + 50_000, count)
        strewn = chance.standard_normal((stop - start, DIMENSION), dtype=np.float32) * falling
        rows[start:stop] = unit(topics[chance.integers(len(topics), size=stop - start)] + 0.8 * strewn)
    return rows


def questions(rows: Vectors, chance: np.random.Generator) -> Vectors:
    """Rows that are near to passages, as questions are: at a cosine of about 0.7."""
    falling = (1 / np.sqrt(1 + np.arange(DIMENSION) / 8)).astype(np.float32)
    near = rows[chance.integers(len(rows), size=QUESTIONS)]
    return unit(near + unit(chance.standard_normal((QUESTIONS, DIMENSION), dtype=np.float32) * falling))


def memory() -> float:
    """What the process holds now, in MB."""
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def measure(count: int, kind: str) -> dict[str, object]:
    """The figures of one size and kind."""
    chance = np.random.default_rng(7)
    rows = passages(count, chance)
    asked, other = questions(rows, chance), questions(rows, chance)
    vector_index.EXACT_UP_TO = count if kind == "exact" else 0
    before, started = memory(), time.perf_counter()
    index = VectorIndex.by_size(count, DIMENSION, lambda start, stop: rows[start:stop], lambda: other)
    built, held = time.perf_counter() - started, memory() - before
    started = time.perf_counter()
    VectorIndex.restored(count, DIMENSION, lambda start, stop: rows[start:stop], index.how, index.cells)
    opened = time.perf_counter() - started
    times = []
    for question in asked:
        started = time.perf_counter()
        index.search(question, 10)
        times.append(1000 * (time.perf_counter() - started))
    tenth = tenth_scores(count, lambda start, stop: rows[start:stop], asked)
    reached = recall(index, asked, tenth)
    some = list(range(0, count, 100))
    started = time.perf_counter()
    for question in asked[:50]:
        index.search(question, 10, rows=some)
    filtered = (time.perf_counter() - started) * 1000 / 50
    return {
        "passages": count,
        "asked_for": kind,
        "kind": index.how.kind,
        "cells": index.how.cells,
        "probes": index.how.probes,
        "build_s": built,
        "open_s": opened,
        "p50_ms": float(np.percentile(times, 50)),
        "p99_ms": float(np.percentile(times, 99)),
        "filtered_ms": filtered,
        "recall_at_10": reached,
        "held_mb": held,
    }


def main(sizes: list[str]) -> None:
    """Print the table for the sizes."""
    sys.stdout.write(
        "| passages | kind, cells, probes | build s | open s | p50 ms | p99 ms | of 1 % | recall@10 | MB |\n"
        "|---|---|---|---|---|---|---|---|---|\n"
    )
    for size in sizes or ["50000", "500000"]:
        for kind in ("exact", "cells"):
            done = subprocess.run(
                [sys.executable, __file__, "--json", size, kind], check=True, capture_output=True, text=True
            )
            row = json.loads(done.stdout)
            sys.stdout.write(
                f"| {row['passages']:,} | {row['kind']} {row['cells'] or ''} {row['probes'] or ''} |"
                f" {row['build_s']:.1f} | {row['open_s']:.1f} | {row['p50_ms']:.1f} | {row['p99_ms']:.1f} |"
                f" {row['filtered_ms']:.1f} | {row['recall_at_10']:.4f} | {row['held_mb']:.0f} |\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--json"]:
        sys.stdout.write(json.dumps(measure(int(sys.argv[2]), sys.argv[3])) + "\n")
    else:
        main(sys.argv[1:])

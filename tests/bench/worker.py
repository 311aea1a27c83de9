"""One measured process: a system at one stage of its work. Prints one line of JSON.

python tests/bench/worker.py SYSTEM index|edit|ask|nothing NOTES INDEX MODEL BEGAN

BEGAN is the clock (`time.monotonic`) as the process was started.
"""

import json
import re
import resource
import sys
import time
from pathlib import Path

from systems import SYSTEMS, edited, texts

MOST = 200  # questions
_HEADING = re.compile(r"^#{1,4} +(?P<name>\w[^\n{\[(<]{3,60})", re.M)


def questions(notes: Path) -> list[str]:
    """One about each of some headings, from all over."""
    found = [
        f"What is {match['name'].strip()}?" for _, text in texts(notes) for match in _HEADING.finditer(text)
    ]
    return list(dict.fromkeys(found))[:: max(1, len(found) // MOST)][:MOST]


def main(name: str, stage: str, notes: Path, index: Path, model: str, began: float) -> dict[str, object]:
    """What was measured: seconds, milliseconds, megabytes, counts."""
    system = SYSTEMS[name]()
    system.load(model)
    measured: dict[str, object] = {"load_s": time.monotonic() - began}
    if stage == "index":
        started = time.perf_counter()
        measured["passages"] = system.index(notes, index)
        measured["seconds"] = time.perf_counter() - started
        measured["characters"] = sum(len(text) for _, text in texts(notes))
        measured["index_mb"] = sum(file.stat().st_size for file in index.rglob("*") if file.is_file()) / 2**20
    elif stage == "edit":
        measured["seconds"] = edited(system, notes, index, "The samovar in the office holds 1234 litres.")
    else:
        system.open(index)
        asked = questions(notes)
        system.search(asked[0])
        measured["first_s"] = time.monotonic() - began
        measured["ms"] = [timed(system, question) for question in asked]
    measured["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return measured


def timed(system: object, question: str) -> float:
    """Milliseconds of one search."""
    started = time.perf_counter()
    system.search(question)  # type: ignore[attr-defined]
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    system, stage, notes, index, model, began = sys.argv[1:]
    sys.stdout.write(json.dumps(main(system, stage, Path(notes), Path(index), model, float(began))) + "\n")

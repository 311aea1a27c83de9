"""What a running server takes: to be ready, to search, to answer, to take in an edit; and its memory.

python tests/bench/serving_times.py NOTES INDEX [QUESTIONS]
"""

import http.client
import json
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from rebuilds import edited_while
from serving import Served, serving
from worker import questions

WARM = 20  # questions that are not counted


def served(notes: Path, index: Path) -> tuple[dict[str, float], list[float]]:
    """Figures of a server over an index that is there; and the seconds that each of some edits took."""
    began = time.monotonic()
    with serving(notes, index) as server:
        figures = {"start to ready (s)": time.monotonic() - began}
        time.sleep(2)  # the rebuild at the start
        for path in ("search", "ask"):
            times = asked(
                server, f"/api/v1/{path}", "query" if path == "search" else "question", questions(notes)
            )
            figures |= {
                f"{path} over HTTP, p{at} (ms)": float(np.percentile(times, at)) for at in (50, 95, 99)
            }
        figures["memory after asking (MB)"] = memory(server.process.pid, "VmRSS")
        edits = edited_while(server, min(notes.rglob("*.md")))
        figures["most memory, edits included (MB)"] = memory(server.process.pid, "VmHWM")
        server.stop()
    return figures, edits


def asked(server: Served, path: str, name: str, texts: list[str]) -> list[float]:
    """Milliseconds of each request, over one connection that stays open."""
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=60)
    times = []
    for text in [*texts[:WARM], *texts]:
        started = time.perf_counter()
        connection.request("POST", path, json.dumps({name: text}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        times.append(1000 * (time.perf_counter() - started))
        if answer.status != 200:
            raise ConnectionError(f"{path} gave {answer.status} for {text!r}")
    connection.close()
    return times[WARM:]


def memory(process: int, figure: str) -> float:
    """What a process holds, in MB: VmRSS now, VmHWM at most."""
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(figure))) / 1024


if __name__ == "__main__":
    figures, edits = served(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.writelines(f"{name}: {value:.1f}\n" for name, value in figures.items())
    sys.stdout.write(f"edits (s): {', '.join(f'{one:.2f}' for one in edits)}\n")

"""What a rebuild costs by what changed, and how long an edit takes to be answered from, on a folder of notes.

python tests/bench/rebuilds.py NOTES [NOTE]       # NOTE: the one to edit; the first unless told otherwise

Each build is a `footnote build` of its own, start of the process included. The notes are copied first.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from serving import COMMAND, Served, serving

ROUNDS = 5


def build(notes: Path, index: Path) -> tuple[float, dict[str, object]]:
    """Seconds of a build as a command, and its report."""
    command = [*COMMAND, "build", "--json", "--notes", str(notes), "--index", str(index)]
    started = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.perf_counter() - started, json.loads(done.stdout)


def row(name: str, seconds: float, whole: float, report: dict[str, object]) -> None:
    """Print one line of the table."""
    stages = ", ".join(f"{stage} {spent:.2f}" for stage, spent in report["seconds"].items())  # type: ignore[attr-defined]
    embedded = f"{report['embedded']} of {report['chunks']}"
    sys.stdout.write(f"| {name} | {seconds:.1f} | {seconds / whole:.3f} | {embedded} | {stages} |\n")
    sys.stdout.flush()


def edited_while(served: Served, note: Path) -> list[float]:
    """Seconds from saving a line to the first answer that says it, while serving."""
    seconds = []
    text = note.read_text("utf-8")
    for number in range(ROUNDS):
        fact = f"{1234 + number} litres"
        started = time.perf_counter()
        note.write_text(f"{text}\n\nThe samovar in the office holds {fact}.\n", "utf-8")
        while fact not in served.ask("How much does the samovar in the office hold?")["answer"]:
            time.sleep(0.02)
        seconds.append(time.perf_counter() - started)
        note.write_text(text, "utf-8")
        time.sleep(3)
    return seconds


def main(source: Path, name: str | None) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        notes, index = Path(folder) / "notes", Path(folder) / "index"
        shutil.copytree(source, notes)
        note = notes / name if name else min(notes.rglob("*.md"))
        sys.stdout.write("| build | seconds | of the full one | embedded | stages |\n|---|---|---|---|---|\n")
        whole, report = build(notes, index)
        row("full", whole, whole, report)
        row("nothing changed", *_again(build(notes, index), whole))
        text = note.read_text("utf-8")
        note.write_text(f"{text}\nOne more line says 42.\n", "utf-8")
        row("one line changed", *_again(build(notes, index), whole))
        moved = note.rename(note.with_name(f"moved-{note.name}"))
        row("one note renamed", *_again(build(notes, index), whole))
        with serving(notes, index) as served:
            time.sleep(3)  # the rebuild at the start
            seconds = sorted(edited_while(served, moved))
            served.stop()
        sys.stdout.write(
            f"\nAn edit while serving, from saving to the new answer, {ROUNDS} times: median"
            f" {seconds[len(seconds) // 2]:.2f} s, {seconds[0]:.2f} to {seconds[-1]:.2f} s\n"
        )


def _again(done: tuple[float, dict[str, object]], whole: float) -> tuple[float, float, dict[str, object]]:
    return done[0], whole, done[1]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)

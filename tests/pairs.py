"""Pairs of notes that look alike, of which one says what the other does not: tests/golden/pairs/.

A line of a file there is a pair under one heading, `one` and `two`. A question has the digits of the notes
that answer it, and for each the words that do; a sentence, those of the notes that support it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.reading import note_of
from indexer.types import Note

FOLDER = Path(__file__).parent / "golden/pairs"
HELD_OUT = 20  # of every so many-th pair nothing is learned
DIGITS = {"1": "one", "2": "two"}


@dataclass(frozen=True, slots=True)
class Paired:
    """A note of a pair; `digit` is what questions and sentences call it, `entry` what stands of both."""

    number: int
    file: str
    digit: str
    entry: Mapping[str, Any]
    note: Note

    def place(self, words: str) -> tuple[int, int]:
        """Where some words of it begin and end in the note's text."""
        own = self.entry[DIGITS[self.digit]]
        start = len(self.note.text) - len(own) + own.index(words)
        return start, start + len(words)


def paired(each: int = 1) -> Iterator[Paired]:
    """Both notes of every so many-th pair, in order."""
    lines = [
        (file.stem, line)
        for file in sorted(FOLDER.glob("*.jsonl"))
        for line in file.read_text("utf-8").splitlines()
    ]
    for number in range(0, len(lines), each):
        file, line = lines[number]
        entry = json.loads(line)
        heads = "".join(
            f"{'#' * level} {head.strip()}\n\n" for level, head in enumerate(entry["heading"].split(">"), 1)
        )
        for digit, name in DIGITS.items():
            note = note_of(f"{number}-{name}.md", heads + entry[name], "0" * 64)
            yield Paired(number, file, digit, entry, note)

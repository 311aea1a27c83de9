"""The numbers that items of lists have in their notes, and under which they are told. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

BULLET = "-"
MOST = 99  # a longer number would need a wider margin below it
_NUMBERED = re.compile(r"[ \t>]*(?:[-*+][ \t]+)?(?P<number>\d{1,9})[.)][ \t]+(?:\[[ xX]\][ \t]+)?")
LONGEST_MARKER = 40  # characters, with what stands before it in its line


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an answer: how deep it stands, of which list of its note it is, and its number there."""

    depth: int
    of: object
    number: int | None
    words: str


def number_before(text: str, start: int) -> int | None:
    """The number of the list item that starts somewhere in a text: 3 for "3. Restart it."."""
    line = text.rfind("\n", 0, start) + 1
    found = _NUMBERED.fullmatch(text, line, start) if start - line <= LONGEST_MARKER else None
    return int(found["number"]) if found else None


def markers(lines: Sequence[Line]) -> list[str]:
    """What each line of an answer begins with: a bullet, or its number where several of a list are told.

    Markdown counts on from the first number of a list, so that another one begins, by its other sign, where
    a number is left out: "1.", "2.", "4)". Where a note gives all its items one number, none is told.
    """
    told = [BULLET] * len(lines)
    signs = cycle(".)")
    for run in _runs(lines):
        numbers = [number for at in run if (number := lines[at].number) is not None]
        if len(numbers) < 2 or numbers != sorted(set(numbers)) or numbers[-1] > MOST:
            continue
        last = None
        for at, number in zip(run, numbers, strict=True):
            if last is None or number != last + 1:
                sign = next(signs)
            told[at], last = f"{number}{sign}", number
    return told


def _runs(lines: Sequence[Line]) -> list[list[int]]:
    """The lines with a number, those of one list side by side; what hangs on one of them is passed over."""
    runs: list[list[int]] = []
    open_at: dict[int, list[int]] = {}
    for at, line in enumerate(lines):
        open_at = {depth: run for depth, run in open_at.items() if depth <= line.depth}
        run = open_at.get(line.depth)
        if line.number is None:
            open_at.pop(line.depth, None)
        elif run and lines[run[-1]].of == line.of:
            run.append(at)
        else:
            open_at[line.depth] = [at]
            runs.append(open_at[line.depth])
    return runs

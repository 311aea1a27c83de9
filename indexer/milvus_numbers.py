"""The numbers of notes and passages in Milvus, and conditions on them. Pure.

Each build has a number, above all before it; a note that it writes has the build's and its own place in it; a
passage's row has its note's and its place in that. So rows beside each other are passages beside each other,
a note that changed is another note, and no row is ever written twice.
"""

from collections.abc import Iterable

PLACES = 20  # bits of a passage's place in its note
NOTES = 23  # bits of a note's place in its build
LISTED = 16  # dead notes in a row, from which on a condition names them by their ends
LIST = 5_000  # numbers in a condition

Ranges = tuple[tuple[int, int], ...]  # from a first number up to, and without, a last; in order, apart


def first_note(build: int) -> int:
    """The number of the first note of a build."""
    return build << NOTES


def note_of(row: int) -> int:
    """The number of the note that a passage's row, or a row of the table of notes, belongs to."""
    return row >> PLACES


def row_at(note: int, place: int) -> int:
    """The row of a passage, or of a part of a note."""
    return note << PLACES | place


def place_of(row: int) -> int:
    """The place of a passage in its note."""
    return row & ((1 << PLACES) - 1)


def merged_ranges(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Ranges in order, those that touch as one."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(one for one in ranges if one[0] < one[1]):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def without(ranges: Ranges, gone: Ranges) -> Ranges:
    """What is left of ranges where others are taken out of them."""
    left = list(ranges)
    for first, last in gone:
        cut: list[tuple[int, int]] = []
        for start, end in left:
            cut += [(start, min(end, first)), (max(start, last), end)]
        left = [one for one in cut if one[0] < one[1]]
    return merged_ranges(left)


def below(end: int, dead: Ranges) -> str:
    """What holds for the rows of all notes below a number, but for the dead."""
    few, many = _listed(dead)
    parts = [f"note < {end}", *(f"(note < {first} or note >= {last})" for first, last in many)]
    return " and ".join([*parts, f"note not in {few}"] if few else parts)


def conditions(ranges: Ranges) -> list[str]:
    """What holds for the rows of notes in ranges, in as few conditions as can be asked."""
    few, many = _listed(ranges)
    lists = [few[start : start + LIST] for start in range(0, len(few), LIST)]
    return [
        *(f"note in {one}" for one in lists),
        *(f"note >= {first} and note < {last}" for first, last in many),
    ]


def _listed(ranges: Ranges) -> tuple[list[int], list[tuple[int, int]]]:
    """The numbers in short ranges, and the long ranges."""
    few = [number for first, last in ranges if last - first < LISTED for number in range(first, last)]
    return few, [pair for pair in ranges if pair[1] - pair[0] >= LISTED]

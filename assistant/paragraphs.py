"""The sentences of a paragraph: which one leans on another, and what goes on from it. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.evidence import Evidence
from indexer.passages import Passages
from indexer.types import NEWLINE, Chunk, Kind, Note, Unit

# A sentence that begins so says little without the one before it.
_LEANING = re.compile(
    r"(?:otherwise|thus|so|hence|therefore|however|but|yet|still|then|instead|also|else|if (?:so|not)"
    r"|after that|this|that|these|those|such|it|they|he|she|both|neither)\b",
    re.I,
)
_COUNTING = re.compile(
    r"(?:the )?(?:first|second|third|fourth|one|another|other|last|next|final)(?:ly)?\b", re.I
)
# "There are three strands." says how many go on from it.
_ANNOUNCING = re.compile(r"\b(?P<number>two|three|four)\s+(?:\w+\s+)?\w+s\b[.:]?$", re.I)
_NUMBERS = {"two": 2, "three": 3, "four": 4}
MOST_BEFORE = 2  # sentences that are told since one leans on them
MOST_AFTER = 2  # and since they go on from the best one, if it announces no more


class Paragraphs:
    """The sentences of the notes in their order, also those that were not found."""

    def __init__(self, snapshot: Passages) -> None:
        self._snapshot = snapshot
        self._of: dict[str, list[tuple[Unit, Chunk]]] = {}

    def with_what_they_lean_on(self, items: Sequence[Evidence]) -> list[Evidence]:
        """The items, before each sentence that leans on the one before it in its note that one."""
        told = {item.place for item in items}
        whole: list[Evidence] = []
        for item in items:
            before = [item]
            while len(before) <= MOST_BEFORE and _LEANING.match(before[0].unit.text):
                above = self._beside(before[0], -1)
                if above is None or above.place in told:
                    break
                before.insert(0, above)
                told.add(above.place)
            whole += before
        return whole

    def with_what_goes_on(self, items: Sequence[Evidence], *, at_least: int) -> list[Evidence]:
        """The items, behind the first the sentences that go on from it in its paragraph.

        In prose the sentence that is nearest to a question often only names what the next ones say of it.

        Args:
            at_least: how many, whatever they begin with, if there are as many.
        """
        told = {item.place for item in items}
        announced = _ANNOUNCING.search(items[0].unit.text)
        wanted = _NUMBERS[announced["number"].lower()] if announced else at_least
        run = [items[0]]
        while len(run) <= max(MOST_AFTER, wanted):
            below = self._beside(run[-1], 1)
            if below is None or below.place in told:
                break
            goes_on = _LEANING.match(below.unit.text) or _COUNTING.match(below.unit.text)
            if len(run) > wanted and not goes_on:
                break
            run.append(below)
        return [*run, *items[1:]]

    def _beside(self, item: Evidence, step: int) -> Evidence | None:
        """The sentence before one in its paragraph, or behind it: in its passage, or else in its note."""
        if item.unit.kind is not Kind.PARAGRAPH:
            return None
        near = _next([(unit, item.chunk) for unit in item.chunk.units], item.unit, step)
        found = near or _next(self._units(item.chunk.note), item.unit, step)
        if found is None:
            return None
        beside = replace(item, unit=found[0], chunk=found[1])
        above, below = (beside, item) if step < 0 else (item, beside)
        return beside if goes_on(self._snapshot.notes[item.chunk.note], above, below) else None

    def _units(self, note: str) -> list[tuple[Unit, Chunk]]:
        if note not in self._of:
            chunks = self._snapshot.of_note(note)
            self._of[note] = [(unit, chunk) for chunk in chunks for unit in chunk.units]
        return self._of[note]


def _next(units: Sequence[tuple[Unit, Chunk]], unit: Unit, step: int) -> tuple[Unit, Chunk] | None:
    """What stands one step before or behind a unit, by its place, if both are there."""
    places = [one.span for one, _ in units]
    at = places.index(unit.span) + step if unit.span in places else -1
    return units[at] if 0 <= at < len(units) else None


def goes_on(note: Note, above: Evidence, below: Evidence) -> bool:
    """Whether a sentence of a note is the next one of another's paragraph."""
    between = note.text[above.unit.span.end : below.unit.span.start]
    prose = above.unit.kind is Kind.PARAGRAPH and below.unit.kind is Kind.PARAGRAPH
    in_one = above.chunk.note == below.chunk.note == note.path
    return in_one and prose and between.isspace() and len(NEWLINE.findall(between)) < 2

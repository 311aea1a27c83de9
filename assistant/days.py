"""A day that a question names, and the notes and sections of that day: "on 9 March", "2026-03-09". Pure."""

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from glob import escape

from assistant.types import Filters
from indexer.passages import Passages
from indexer.types import Chunk

_NAMES = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_SHORT = {name[:3]: number for name, number in _NAMES.items()}
_MONTH = rf"(?P<month>{'|'.join(_NAMES)}|(?:{'|'.join(_SHORT)})\b\.?)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_BEFORE = r"(?:\b(?:on|of|from|for|at|in)\s+)?(?:the\s+)?"
_FORMS = tuple(
    re.compile(rf"{_BEFORE}(?<![\w.-]){form}(?![\w-])", re.I)
    for form in (
        rf"{_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)",
        rf"{_DAY}\.?(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR})?",
        rf"{_MONTH}\s+(?:the\s+)?{_DAY}(?:,?\s+{_YEAR})?",
    )
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a year, or of any, as a text names it."""

    month: int
    day: int
    year: int | None
    said: str

    def without(self, text: str) -> str:
        """A text without it."""
        return re.sub(r"\s+(?=[?!.,]|$)", "", " ".join(text.replace(self.said, " ").split()))

    def is_of(self, text: str) -> bool:
        """Whether a heading or a path names the day, however it is written."""
        return str(self.day) in text and any(
            (found.month, found.day) == (self.month, self.day)
            and (self.year is None or found.year in (None, self.year))
            for found in _days(text)
        )

    def holds(self, chunk: Chunk) -> bool:
        """Whether a passage is of the day, by its note's path or title, or by what stands above it."""
        return any(map(self.is_of, (chunk.note, chunk.title, *chunk.heading_path)))


def day_in(text: str) -> Day | None:
    """The day that a text names, if it is one."""
    found = list(_days(text))
    return found[0] if len(found) == 1 else None


def notes_of(day: Day, snapshot: Passages, filters: Filters) -> Filters | None:
    """The filters that let through only notes that have something of the day; None if none has.

    Sections of a day are looked for where passages are in memory.
    """
    is_of = cache(day.is_of)  # many passages stand under one heading
    titled = {note.path for note in snapshot.notes.values() if is_of(note.path) or is_of(note.title)}
    headed = {chunk.note for chunk in snapshot.sample() if any(map(is_of, chunk.heading_path))}
    paths = [path for path in sorted(titled | headed) if filters.admit(snapshot.notes[path])]
    return Filters(paths=tuple(map(escape, paths))) if paths else None


def _days(text: str) -> Iterable[Day]:
    if not any(sign.isdigit() for sign in text):
        return
    for form in _FORMS:
        for match in form.finditer(text):
            name = match["month"].lower().rstrip(".")
            month = int(name) if name.isdigit() else _SHORT[name[:3]]
            year = int(match["year"]) if match["year"] else None
            if 1 <= month <= 12 and 1 <= int(match["day"]) <= calendar.monthrange(year or 2000, month)[1]:
                yield Day(month, int(match["day"]), year, match.group())

"""A day that a question names, and the notes and sections of that day: "on 9 March", "2026-03-09". Pure."""

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from glob import escape

from assistant.types import Filters
from indexer.passages import Passages
from indexer.types import Chunk, Unit

_NAMES = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_SHORT = {name[:3]: number for name, number in _NAMES.items()}
_MONTH = rf"(?P<month>{'|'.join(_NAMES)}|(?:sept|{'|'.join(_SHORT)})\b\.?)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_BEFORE = r"(?:\b(?:on|of|from|for|at|in)\s+)?(?:the\s+)?"
_FORMS = tuple(
    re.compile(f"{_BEFORE}{form}", re.I | re.A)
    for form in (
        rf"(?<!\d)(?<!\d[.-]){_YEAR}(?P<sign>[-_./])(?P<month>\d{{1,2}})(?P=sign)(?P<day>\d{{1,2}})(?!\d)",
        rf"(?<![\d.]){_DAY}\.(?P<month>\d{{1,2}})\.{_YEAR}(?!\d)",
        rf"(?<![\w-]){_DAY}\.?(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR})?(?![\w-])",
        rf"(?<![\w-]){_MONTH}\s+(?:the\s+)?{_DAY}(?:,?\s+{_YEAR})?(?![\w-])",
    )
)
_A_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


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
        """Whether a passage is of the day, by its note's path or title, or by what stands above it.

        A day without a year may be of another one that stands there: "9 March" in the journal of 2025.
        """
        places = (chunk.note, chunk.title, *chunk.heading_path)
        years = set(_A_YEAR.findall(" ".join(places)))
        of_year = self.year is None or not years or str(self.year) in years
        return of_year and any(map(self.is_of, places))

    def is_of_unit(self, unit: Unit, chunk: Chunk) -> bool:
        """Whether a unit of a passage names the day, or stands under it."""
        return self.is_of(unit.text) or self.holds(chunk)


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
            if name == "may" and not match["year"] and (not match.start("month") or "may" in match.group()):
                continue  # it is the verb: "2 may enter", "May 2 people share it?"
            month = int(name) if name.isdigit() else _SHORT[name[:3]]
            year = int(match["year"]) if match["year"] else None
            if 1 <= month <= 12 and 1 <= int(match["day"]) <= calendar.monthrange(year or 2000, month)[1]:
                yield Day(month, int(match["day"]), year, match.group())

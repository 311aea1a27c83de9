"""Days that questions name, and what the notes have of them."""

from dataclasses import replace
from pathlib import Path

import pytest
from fakes import HashingEmbedder

from assistant.days import day_in, notes_of
from assistant.pipeline import Assistant
from assistant.types import Filters
from indexer.live import LiveIndex
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings

WEEKLY = "## Kestrel weekly\n\nAttendees at the weekly:"
DAILY = {
    "daily/2026-03-09.md": f"# 2026-03-09 Monday\n\n{WEEKLY} Priya, Tomasz\n\n- The cache is full\n",
    "daily/2026-03-16.md": f"# Monday\n\n{WEEKLY} Ingrid, Ola\n\n- The beta starts on 24 March\n",
    "log.md": "# Log\n\n## 12 March 2026\n\nThe boiler broke.\n\n## 13 March 2025\n\nThe plumber came.\n",
}


@pytest.fixture
def diary(tmp_path: Path) -> Assistant:
    for path, text in DAILY.items():
        file = tmp_path / "notes" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    settings = IndexSettings(notes=tmp_path / "notes", index=tmp_path / "index")
    embedder = HashingEmbedder()
    list(rebuild(settings, embedder))
    return Assistant(LiveIndex(settings.index, fingerprint=embedder.fingerprint), embedder)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Who was there on 2026-03-09?", (9, 3, 2026)),
        ("what happened on March 9th", (9, 3, None)),
        ("9 March 2026", (9, 3, 2026)),
        ("on the 9th of march, please", (9, 3, None)),
        ("Mar 9, 2026: who came?", (9, 3, 2026)),
        ("9. Mar. 2026", (9, 3, 2026)),
        ("29 February", (29, 2, None)),
        ("9 Sept 2026", (9, 9, 2026)),
        ("2026_03_09.md", (9, 3, 2026)),
        ("2026-3-9", (9, 3, 2026)),
        ("2026/03/09.md", (9, 3, 2026)),
        ("2026-03-09-standup.md", (9, 3, 2026)),
        ("standup-2026-03-09.md", (9, 3, 2026)),
        ("2026-03-09T10:00", (9, 3, 2026)),
        ("09.03.2026", (9, 3, 2026)),
        ("on 2 May", (2, 5, None)),
    ],
)
def test_a_day_is_known_however_it_is_written(text: str, day: tuple[int, int, int | None]) -> None:
    found = day_in(text)
    assert found and (found.day, found.month, found.year) == day


@pytest.mark.parametrize(
    "text",
    [
        "31 February",
        "29 February 2025",
        "2026-13-01",
        "between 9 March and 12 March",
        "in March 2026",
        "version 1.2026-03-09",
        "119 marches",
        "9 \N{LATIN SMALL LETTER LONG S}eptember",
        "May 2 people share a flight?",
        "Which of the 3 may enter the lab?",
        "",
        "1" * 5_000,
        "9 " * 2_000,
    ],
)
def test_what_is_no_day_or_several_is_none(text: str) -> None:
    assert day_in(text) is None


def test_a_question_without_its_day_is_a_question() -> None:
    day = day_in("Who was at the weekly on 9 March?")
    assert day and day.without("Who was at the weekly on 9 March?") == "Who was at the weekly?"


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("9 March", ("daily/2026-03-09.md",)),
        ("9 March 2025", None),
        ("March 12", ("log.md",)),
        ("2026-03-13", None),
        ("2025-03-13", ("log.md",)),
    ],
)
def test_the_notes_of_a_day_have_it_in_their_path_their_title_or_a_heading(
    diary: Assistant, text: str, notes: tuple[str, ...] | None
) -> None:
    day = day_in(text)
    assert day
    found = notes_of(day, diary.index.current, Filters())
    assert (found.paths if found else None) == notes


def test_a_day_of_another_year_is_another(diary: Assistant) -> None:
    [chunk] = [one for one in diary.index.current.chunks if one.note == "daily/2026-03-09.md"]
    journal = replace(chunk, note="2025.md", title="2025", heading_path=("9 March",))
    this, any_year = day_in("9 March 2026"), day_in("9 March")
    assert this and any_year and this.holds(chunk)
    assert (this.holds(journal), any_year.holds(journal)) == (False, True)


def test_filters_that_were_asked_for_hold_for_a_day_too(diary: Assistant) -> None:
    day = day_in("9 March")
    assert day and notes_of(day, diary.index.current, Filters(paths=("log*",))) is None


@pytest.mark.parametrize(
    ("question", "told", "untold"),
    [
        ("Who was at the Kestrel weekly on 9 March?", ["Priya"], ["Ingrid", "boiler"]),
        ("What happened on 12 March?", ["The boiler broke."], ["plumber", "Kestrel", "Attendees"]),
        ("What happened on 2026-03-16?", ["Ingrid", "beta"], ["Priya", "boiler"]),
        ("When does the beta start, on 24 March?", ["The beta starts on 24 March"], []),
    ],
)
def test_a_question_for_a_day_is_answered_from_that_day(
    diary: Assistant, question: str, told: list[str], untold: list[str]
) -> None:
    answer = diary.ask(question)
    assert not answer.abstained
    assert all(words in answer.text for words in told)
    assert not any(words in answer.text for words in untold)


def test_what_a_day_does_not_say_is_declined(diary: Assistant) -> None:
    assert diary.ask("What did the dentist cost on 9 March?").abstained
    assert diary.ask("Who was at the Kestrel weekly on 10 March?").abstained

"""Rows of a table that meet a condition."""

import re
from pathlib import Path

import pytest
from fakes import HashingEmbedder

from assistant.cells import narrowed
from assistant.conversation import Reading
from assistant.looking import look
from assistant.pipeline import Assistant
from assistant.question import understand
from assistant.rows import meeting
from indexer.live import LiveIndex
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings

NOTE = """\
# Tools that we pay for

| Tool | Per month | Seats | Renewal | Rating | Change | Setup | Owner | Used by | Legal |
|---|---|---|---|---|---|---|---|---|---|
| Datadog | €11,400 | 40 | 31 Dec 2026 | 4 | -12 % | 3 h | Ana | Team Kiwi | approved |
| PagerDuty | €640 | 20 | 12 Aug 2027 | 5 | +2 % | 30 min | Dee | Team Heron | not approved |
| Snowflake | €7.2k | 12 | 1 May 2026 | 2 | -3 % | 2 h | Ana | Team Osprey | asked |
| Notion | €2,000 | 55 | | 4 | +8 % | 1 h | Dee | Team Kiwi, Team Heron | asked |

Seats that nobody uses are given back at the renewal.
"""


@pytest.fixture
def tools(tmp_path: Path) -> Assistant:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/tools.md").write_text(NOTE, "utf-8")
    settings, embedder = IndexSettings(notes=tmp_path / "notes", index=tmp_path / "index"), HashingEmbedder()
    list(rebuild(settings, embedder))
    return Assistant(LiveIndex(settings.index, fingerprint=embedder.fingerprint), embedder)


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("Which tools cost us over 2000 euros a month?", ["Datadog", "Snowflake"]),
        ("Which tools cost us at least €2,000 per month?", ["Datadog", "Snowflake", "Notion"]),
        ("which tools are below 1k per month", ["PagerDuty"]),
        ("List the tools with no more than twenty seats", ["PagerDuty", "Snowflake"]),
        ("Which tools have 40 seats or more?", ["Datadog", "Notion"]),
        ("Which tools have more than 15 and fewer than 50 seats?", ["Datadog", "PagerDuty"]),
        ("Which tools of Ana's have more than 15 seats?", ["Datadog"]),
        ("For which tools is the renewal in 2026?", ["Datadog", "Snowflake"]),
        ("Which tools did I give a rating of four out of five?", ["Datadog", "Notion"]),
        ("Which tools cost over 2000 a month and have their renewal in 2026?", ["Datadog", "Snowflake"]),
        ("Which tools does Ana own?", ["Datadog", "Snowflake"]),
        ("Which tools are used by Kiwi?", ["Datadog", "Notion"]),
        ("which tools does dee own and kiwi use", ["Notion"]),
        ("Which tools belong to Heron or Osprey?", ["PagerDuty", "Snowflake", "Notion"]),
        ("Which tools does Ana not own?", ["PagerDuty", "Notion"]),
        ("Which tools aren't used by Kiwi?", ["PagerDuty", "Snowflake"]),
        ("Who is the owner of Snowflake?", ["Snowflake"]),
        ("Which tools are asked?", ["Snowflake", "Notion"]),
    ],
)
def test_all_rows_that_meet_a_condition_are_told_and_no_other(
    tools: Assistant, question: str, rows: list[str]
) -> None:
    answer = tools.ask(question)
    assert not answer.abstained
    assert re.findall(r"(?:^|- )(\w+) – ", answer.text) == rows
    assert len(answer.text.splitlines()) == len(rows) == len(answer.citations)


@pytest.mark.parametrize(
    "question",
    [
        "Which tools have more than 100 seats?",  # none has
        "Which tools have more than two seats?",  # all have
        "Which tools take more than 90 min of setup?",  # in hours and minutes: not to be compared
        "What happens with more than 15 seats?",
        "How many tools have more than 15 seats?",  # asks for a number
        "Which tools have seats?",
        "Which tools don't have their renewal in 2026?",
        "Which tools except Datadog have their renewal in 2026?",
        "Which tools have their renewal in 2026 or later?",
        "Which tools with their renewal in 2026 have 12 seats?",
        "Which tools have a rating of at least 4 out of 5?",
        "Which tools cost over 2000 dollars a month?",
        "Which tools cost over 2000 euros a year?",
        "Which hosts have more than 15 seats?",
        "Which tools have more than 3 h of setup?",
        "Which tools had a change in 1999?",
        "Which tools does Ana own, and what does each of them cost?",
        "How many tools are in Snowflake's setup?",
        "Which tools does Ana not own and Dee not use?",
        "Which tools are used by Kiwi or hired out?",
        "Which tools are approved?",  # one is, another is not
        "Which tools does Ana own that crashed last night?",
        "Which tools does the team use?",
        "Which servers does Ana own?",
    ],
)
def test_without_a_clear_condition_it_is_a_question_like_any(tools: Assistant, question: str) -> None:
    snapshot = tools.index.current
    found = look(snapshot, tools.embedder, Reading(question))
    assert meeting(found.question, found.evidence, snapshot) == []


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Which rating has Notion got?", "Notion – Rating: 4"),
        ("Who is the owner of Snowflake?", "Snowflake – Owner: Ana"),
        ("What is the rating and the owner of Snowflake?", "Snowflake – Rating: 2; Owner: Ana"),
        ("What does Notion cost?", "Notion"),
        ("Which rating did they give Notion last year?", "Notion"),
        ("Which rating and price has Notion got?", "Notion"),
        ("Notion with a bad rating that was cancelled", "Notion"),
    ],
)
def test_of_a_wide_row_the_columns_that_are_asked_for_are_told(
    tools: Assistant, question: str, told: str
) -> None:
    evidence = look(tools.index.current, tools.embedder, Reading("Which tools are there?")).evidence
    row = next(item for item in evidence if item.unit.text.startswith(told.split()[0]))
    [item] = narrowed(understand(question), [row])
    assert item.unit.text == (told if " " in told else row.unit.text)
    assert item.unit.span == row.unit.span

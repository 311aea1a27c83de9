from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Build
from fakes import evidence_of

from assistant.confidence import LINE, answers, confidence, signs, stands_there
from assistant.conversation import Reading
from assistant.evidence import Evidence
from assistant.looking import look
from assistant.pipeline import Assistant
from assistant.question import Question, understand
from indexer.reading import note_of


def weighed(assistant: Assistant, text: str) -> tuple[Question, list[Evidence]]:
    found = look(assistant.index.current, assistant.embedder, Reading(text))
    return found.question, list(found.evidence)


def test_a_number_is_missed_where_none_is_given(assistant: Assistant) -> None:
    given = signs(*weighed(assistant, "How many containers per task?"))
    assert (given.shaped, given.shapeless) == (1.0, 0.0)
    missed = signs(*weighed(assistant, "How many permissions has the instance profile?"))
    assert (missed.shaped, missed.shapeless) == (0.0, 1.0)


def test_what_is_not_said_counts_by_its_rarity(assistant: Assistant) -> None:
    said = signs(*weighed(assistant, "ECS task role"))
    assert said.unsaid == pytest.approx(0.0, abs=0.1)
    assert said.length == 0.3
    assert signs(*weighed(assistant, "sourdough task role")).unsaid > said.unsaid + 0.3


def test_better_evidence_is_more_sure(assistant: Assistant) -> None:
    question, evidence = weighed(assistant, "What is the task role?")
    sure = confidence(question, evidence)
    weaker = replace(evidence[0], score=evidence[0].score - 10)
    assert 0 <= confidence(question, [weaker]) < sure <= 1
    assert confidence(question, []) == 0.0
    assert answers(LINE)
    assert not answers(LINE - 0.001)


PLACES = note_of(
    "n.md", "# Mary Seacole\n\n- Trials at Pouilly-le-Fort in May\n- The base at \u00c9taples\n", "0"
)


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("Pouilly-le-Fort", True),
        ("pouilly le fort?", True),
        ("\u00e9taples", True),
        ("Who was Mary Seacole?", True),
        ("mary seacole", True),
        ("Pouilly", True),
        ("Pouill", False),
        ("Pouilly price", False),
        ("What is Pouilly-le-Fort?", False),  # that it is named says not what it is
        ("Why did Mary Seacole go?", False),
        ("the", False),
    ],
)
def test_a_name_that_stands_in_the_notes_is_there(asked: str, there: bool) -> None:
    units = evidence_of(
        PLACES, dict.fromkeys(["Trials at Pouilly-le-Fort in May", "The base at \u00c9taples"], 1.0)
    )
    best = [unit for unit in units if ("base" in unit.unit.text) == asked.endswith("taples")]
    assert stands_there(understand(asked), best) is there
    assert not stands_there(understand(asked), [])


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ("What does exit code 137 mean?", True),
        ("What does exit code 139 mean?", False),
        ("exit code 139", False),
        ("What is the yield of P-12d?", True),
        ("What is the yield of P-12e?", False),
        ("What do 5000 files cost?", True),
        ("What was decided on 2026-03-09?", False),
        ("Is the exit code out of memory on 9 March?", None),
        ("Can I use exit code 139 for the task?", None),  # whether one may, what is said of all tells
        ("What is done for a task with 139 files, each of which is as large as a disk?", None),
    ],
)
def test_who_names_a_number_asks_for_no_other(
    assistant: Assistant, small_notes: Path, build: Build, asked: str, held: bool | None
) -> None:
    said = (
        "# Codes\n\n- Exit code 137: out of memory\n- The yield of P-12d was 9\n- 5,000 files cost 3 a day\n"
    )
    (small_notes / "codes.md").write_text(said, "utf-8")
    build()
    question, evidence = weighed(assistant, asked)
    other = [replace(item, unit=replace(item.unit, text=f"{item.unit.text} 139 P-12e")) for item in evidence]
    lost = confidence(question, other) - confidence(question, evidence)
    assert lost == pytest.approx(0.0, abs=0.3) if held is not False else confidence(question, evidence) < 0.3

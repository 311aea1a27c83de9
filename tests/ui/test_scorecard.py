from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from assistant.errors import GoldenError
from assistant.evaluation import Golden, evaluate, judge, load, scorecard
from assistant.pipeline import Assistant
from indexer.types import Line
from ui.scorecard import as_json, draw, table, told

GOLDEN = Path(__file__).parents[1] / "golden"
QUESTIONS = """\
- question: What is the task role?
  kind: definition
  evidence: [{note: aws/roles.md, lines: "7"}]
  facts: [gives the code in a container, permissions | rights]
- conversation:
    - question: How many tasks per service?
      kind: number
      evidence: [{note: aws/roles.md, lines: "12-15"}]
      facts: ["5000", "never there"]
- question: How is sourdough bread baked?
  kind: unanswerable
"""


@pytest.fixture
def golden(tmp_path: Path) -> list[list[Golden]]:
    file = tmp_path / "golden.yaml"
    file.write_text(QUESTIONS, "utf-8")
    return [list(conversation) for conversation in load(file)]


def test_answers_are_held_against_what_is_expected(assistant: Assistant, golden: list[list[Golden]]) -> None:
    role, number, bread = evaluate(assistant, golden)
    assert (role.rank, role.facts_found, role.cited) == (1, 1.0, True)
    assert (number.facts_found, number.cited) == (0.5, True)
    assert bread.answer.abstained
    scores = scorecard([role, number, bread])
    assert scores["all"].facts.value == 0.75
    assert scores["all"].rightly_declined.value == 1.0
    assert scores["all"].wrongly_declined.value == 0.0
    assert scores["all"].facts.count == 2
    assert list(scores) == ["definition", "number", "unanswerable, far", "standalone", "all"]


def test_a_passage_holds_the_text_that_answers(assistant: Assistant, golden: list[list[Golden]]) -> None:
    definition = golden[0][0]
    answer = assistant.ask(definition.question)

    def rank(text: str) -> int | None:
        place = msgspec.structs.replace(definition.evidence[0], text=text)
        return judge(msgspec.structs.replace(definition, evidence=(place,)), answer).rank

    assert rank("The CODE in a\n**container**") == 1
    assert rank("code in no container") is None


def test_questions_that_name_no_facts_do_not_count_as_having_them(
    assistant: Assistant, golden: list[list[Golden]]
) -> None:
    role, number, _ = evaluate(assistant, golden)
    bare = judge(msgspec.structs.replace(role.golden, facts=()), role.answer)
    assert scorecard([bare, number])["all"].facts.count == 1
    assert scorecard([bare])["all"].facts.value is None


@pytest.mark.parametrize(("file", "count"), [("aws-guides.yaml", 80), ("aws-guides-practice.yaml", 960)])
def test_the_questions_over_guide_pages_can_be_asked(file: str, count: int) -> None:
    asked = load(GOLDEN / file)
    assert len(asked) == count
    assert all(place.text for (golden,) in asked for place in golden.evidence)


def test_a_declined_question_has_none_of_its_facts(assistant: Assistant, golden: list[list[Golden]]) -> None:
    declined = assistant.ask("How is sourdough bread baked?")
    assert judge(golden[0][0], declined).facts_found == 0.0


def test_the_scorecard_is_shown_saved_and_drawn(
    assistant: Assistant, golden: list[list[Golden]], tmp_path: Path
) -> None:
    outcomes = list(evaluate(assistant, golden))
    console = Console(width=160)
    with console.capture() as captured:
        console.print(table(scorecard(outcomes)))
    assert "0.75 [0.50, 1.00]" in captured.get()
    saved = msgspec.json.decode(as_json(scorecard(outcomes), outcomes))
    assert [question["abstained"] for question in saved["questions"]] == [False, False, True]
    draw(outcomes, tmp_path / "chart.png", 0.5)
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- kind: definition", "question"),
        ("{", "golden"),
        ("- question: x\n  kind: y\n  odd: 1", "odd"),
        ("- question: x\n  kind: y\n  evidence: [{note: a.md, lines: '12,14'}]", "lines"),
    ],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.yaml").write_text(text, "utf-8")
    with pytest.raises(GoldenError, match=message):
        load(tmp_path / "bad.yaml")
    with pytest.raises(GoldenError, match=r"none\.yaml.*cannot be read"):
        load(tmp_path / "none.yaml")


def test_the_line_is_told_with_how_well_it_divides() -> None:
    assert "too few names" in told(Line())
    line = Line(at=0.4, answerable=40, answered=0.975, unanswerable=36, declined=0.944)
    assert told(line).startswith("Answered from a confidence of 0.4, fitted to these notes: of 40 questions")
    assert "98% are answered" in told(line) and "94% are declined" in told(line)

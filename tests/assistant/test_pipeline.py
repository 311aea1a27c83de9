import shutil
from collections.abc import Callable

import pytest

from assistant.errors import NoteNotFound, QuestionError
from assistant.pipeline import DECLINED, Assistant
from assistant.types import Answer, Found, Text, Turn
from indexer.errors import IndexMissing
from indexer.planning import BuildReport
from indexer.settings import IndexSettings


@pytest.mark.parametrize(
    ("question", "message"),
    [("", "blank"), (" \n\t", "blank"), ("x" * 4001, "4,001 characters; at most 4,000")],
)
def test_a_question_that_cannot_be_asked_is_refused(
    assistant: Assistant, question: str, message: str
) -> None:
    with pytest.raises(QuestionError, match=message):
        assistant.ask(question)
    with pytest.raises(QuestionError, match=message):
        assistant.search(question)


def test_the_stream_is_the_answer_in_pieces(assistant: Assistant) -> None:
    found, *texts, answer = assistant.stream("What is the task role?")
    assert isinstance(found, Found)
    assert isinstance(answer, Answer)
    assert list(found.passages) == list(answer.passages)
    assert "".join(text.text for text in texts if isinstance(text, Text)) == answer.text
    assert set(answer.timings_ms) == {"retrieve", "compose"}


def test_a_question_that_the_notes_do_not_answer_is_declined(assistant: Assistant) -> None:
    answer = assistant.ask("How is sourdough bread baked?")
    assert answer.abstained
    assert answer.text == DECLINED
    assert list(answer.citations) == []
    assert answer.related
    assert answer.confidence < 0.5


def test_history_makes_a_follow_up_stand_alone(assistant: Assistant) -> None:
    answer = assistant.ask("and the instance profile?", history=[Turn("What is the task role for?")])
    assert answer.standalone_question == "What is the instance profile for?"
    assert "lets the agent on an EC2 instance call ECS" in answer.text


def test_an_edit_shows_after_a_rebuild_and_not_before(
    assistant: Assistant, settings: IndexSettings, build: Callable[[], BuildReport]
) -> None:
    file = settings.notes / "aws/roles.md"
    file.write_text(file.read_text("utf-8").replace("| 5000 |", "| 7777 |"), "utf-8")
    question = "How many tasks per service?"
    assert "5000" in assistant.ask(question).text
    build()
    assistant.index.refresh()
    answer = assistant.ask(question)
    assert "7777" in answer.text
    assert answer.index_revision.startswith("00000002-")


def test_a_note_that_is_not_there_is_named(assistant: Assistant) -> None:
    assert assistant.note("aws/roles.md").title == "Roles in ECS"
    with pytest.raises(NoteNotFound, match=r"'\.\./secret\.md'"):
        assistant.note("../secret.md")


def test_without_an_index_the_remedy_is_named(assistant: Assistant, settings: IndexSettings) -> None:
    shutil.rmtree(settings.index)
    with pytest.raises(IndexMissing, match="footnote build"):
        assistant.ask("What is the task role?")


def test_example_questions_are_answered(assistant: Assistant) -> None:
    questions = assistant.example_questions()
    assert "What does “task role” mean?" in questions
    assert not any(assistant.ask(question).abstained for question in questions)

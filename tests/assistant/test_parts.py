"""Several questions in one message, over two notes."""

import pytest

from assistant.pipeline import Assistant
from assistant.types import DECLINED, Turn

BOTH = "What is the task role for, and how many tasks per service?"
HALF = "What is the task role for, and how is sourdough bread baked?"


def test_each_question_is_answered_below_itself(assistant: Assistant) -> None:
    answer = assistant.ask(BOTH)
    first, second = answer.text.split("\n\n**How many tasks per service?**\n\n")
    assert first.startswith("**What is the task role for?**\n\n")
    assert "permissions" in first
    assert "5000" in second
    assert not answer.abstained
    assert (list(answer.related), list(answer.unanswered)) == ([], [])
    assert answer.standalone_question == "What is the task role for? how many tasks per service?"


def test_numbers_run_on_and_one_range_keeps_its_number(assistant: Assistant) -> None:
    answer = assistant.ask("What is the EBS driver? And where can the EBS driver not be used?")
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    first, second = answer.text.split("\n\n**Where can")
    assert "cannot be used on Fargate [2]" in first
    assert "cannot be used on Fargate [2]" in second
    assert len({(citation.note, citation.char_start) for citation in answer.citations}) == len(
        answer.citations
    )


def test_of_a_question_that_the_notes_do_not_answer_it_is_said(assistant: Assistant) -> None:
    answer = assistant.ask(HALF)
    assert not answer.abstained
    assert answer.text.endswith(f"**How is sourdough bread baked?**\n\n{DECLINED}")
    assert list(answer.unanswered) == ["how is sourdough bread baked?"]
    assert answer.related
    assert answer.confidence >= 0.5


def test_where_none_is_answered_it_is_said_once(assistant: Assistant) -> None:
    answer = assistant.ask("Who baked the sourdough bread, and when is the next full moon?")
    assert (answer.text, answer.abstained, list(answer.citations)) == (DECLINED, True, [])
    assert len(answer.unanswered) == 2
    assert answer.confidence < 0.5


def test_a_further_question_leans_on_the_one_before(assistant: Assistant) -> None:
    answer = assistant.ask("What is the EBS driver, and where can it not be used?")
    assert answer.standalone_question == "What is the EBS driver? where can EBS driver not be used?"


def test_a_follow_up_leans_on_the_last_question(assistant: Assistant) -> None:
    answer = assistant.ask("and the EFS driver?", history=[Turn(f"{BOTH} Also, what is the EBS driver for?")])
    assert answer.standalone_question == "what is the EFS driver for?"


@pytest.mark.parametrize("hostile", ["![x](http://a.b/c)", "<img src=x onerror=y>", "`*_~[1]"])
def test_nothing_in_a_question_is_markdown_above_its_answer(assistant: Assistant, hostile: str) -> None:
    text = assistant.ask(f"What is the task role for? And how many tasks does {hostile} have?").text
    headline = next(line for line in text.splitlines() if "have?" in line)
    bare = headline.strip("*").replace("\\\\", "").replace("\\", "\0")
    assert not [at for at, sign in enumerate(bare) if sign in "[]<>`*" and bare[at - 1] != "\0"]

from dataclasses import replace

import pytest

from assistant.confidence import LINE, answers, confidence, signs
from assistant.conversation import Reading
from assistant.evidence import Evidence
from assistant.looking import look
from assistant.pipeline import Assistant
from assistant.question import Question


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

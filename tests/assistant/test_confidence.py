from dataclasses import replace

import pytest

from assistant.confidence import LINE, answers, confidence, signs
from assistant.evidence import Evidence, candidates, weigh
from assistant.pipeline import Assistant
from assistant.question import Question, understand


def weighed(assistant: Assistant, text: str) -> tuple[Question, list[Evidence]]:
    question = understand(text)
    return question, weigh(question, candidates(assistant.search(text)), assistant.index.current)


def test_a_number_is_missed_where_none_is_given(assistant: Assistant) -> None:
    keywords = assistant.index.current.keywords
    given = signs(*weighed(assistant, "How many containers per task?"), keywords)
    assert (given.shaped, given.shapeless) == (1.0, 0.0)
    missed = signs(*weighed(assistant, "How many permissions has the instance profile?"), keywords)
    assert (missed.shaped, missed.shapeless) == (0.0, 1.0)


def test_words_that_stand_nowhere_are_counted(assistant: Assistant) -> None:
    found = signs(*weighed(assistant, "sourdough task role"), assistant.index.current.keywords)
    assert found.unknown == pytest.approx(1 / 3)
    assert found.missing > 0.9


def test_more_similar_evidence_is_more_sure(assistant: Assistant) -> None:
    keywords = assistant.index.current.keywords
    question, evidence = weighed(assistant, "What is the task role?")
    sure = confidence(question, evidence, keywords)
    weaker = replace(evidence[0], features=replace(evidence[0].features, similarity=0.0, coverage=0.0))
    assert 0 <= confidence(question, [weaker], keywords) < sure <= 1
    assert confidence(question, [], keywords) == 0.0
    assert answers(LINE)
    assert not answers(LINE - 0.001)

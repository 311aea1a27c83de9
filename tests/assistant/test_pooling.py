"""Several readings of a question are answered together."""

from collections.abc import Mapping

import pytest
from fakes import evidence_of

from assistant.looking import Look
from assistant.pooling import pooled
from assistant.question import understand
from indexer.reading import note_of

NOTE = note_of("n.md", "- peas\n- beans\n- kale\n- herbs\n", "0")


def look(scores: Mapping[str, float]) -> Look:
    """A look at the note that found some of its items."""
    return Look(understand("Is there a bed?"), (), evidence_of(NOTE, scores), 0.9, embedded=True)


def told(*looks: Look) -> list[str]:
    return [item.unit.text for item in pooled(looks)]


def test_one_reading_is_answered_as_it_is() -> None:
    one = look({"peas": 3, "beans": 2})
    assert pooled([one]) == one.evidence


def test_what_both_readings_speak_for_comes_first() -> None:
    assert told(look({"peas": 3, "beans": 2.9}), look({"kale": 3, "beans": 2.9})) == ["beans", "peas", "kale"]


def test_the_likelier_reading_counts_for_more() -> None:
    assert told(look({"peas": 3}), look({"kale": 9}), look({"herbs": 9})) == ["peas", "kale", "herbs"]


def test_the_scores_are_logarithms_of_odds_still() -> None:
    first, second = pooled([look({"peas": 3}), look({"kale": 9})])
    assert first.score - second.score == pytest.approx(0.693, abs=0.001)


def test_a_reading_that_finds_nothing_changes_nothing() -> None:
    assert told(look({"peas": 3, "beans": 2}), look({})) == ["peas", "beans"]

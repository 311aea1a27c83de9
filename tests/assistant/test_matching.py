import numpy as np
import pytest

from assistant.matching import Asked, asked, match
from assistant.pipeline import Assistant
from indexer.token_codes import TokenCodes

EAST, NORTH = np.array([1, 1, 1, 1, -1, -1, -1, -1]), np.array([1, 1, -1, -1, 1, 1, -1, -1])


def codes(*parts: list[np.ndarray]) -> TokenCodes:
    rows = [token for part in parts for token in part]
    packed = np.packbits(np.array(rows).reshape(-1, 8) > 0, axis=1)
    norms = [np.linalg.norm(np.sum(part, axis=0)) / 8**0.5 if part else 0.0 for part in parts]
    return TokenCodes(packed, np.array([len(part) for part in parts], np.uint16), np.array(norms, np.float32))


def question(*words: np.ndarray) -> Asked:
    vectors = np.array(words, dtype=np.float32) / 8**0.5
    return Asked(vectors[0], vectors, np.ones(len(words), np.float32), ["word"] * len(words))


def test_each_word_finds_its_likest_token_in_the_unit_and_in_the_context() -> None:
    (found,) = match(question(EAST, NORTH), [codes([NORTH], [EAST], [-EAST, NORTH])])
    assert found.own == pytest.approx(np.array([[1, 0], [0, 1]]), abs=1e-6)
    assert found.placed == pytest.approx(np.array([[1, 1], [0, 1]]), abs=1e-6)
    assert found.units == pytest.approx([1, -1 / 2**0.5])


def test_a_part_without_tokens_is_near_to_nothing_and_moves_no_other() -> None:
    first, second = match(question(EAST), [codes([], [], [EAST]), codes([EAST], [])])
    assert first.own[:, 0].tolist() == pytest.approx([-1, 1])
    assert first.units.tolist() == pytest.approx([0, 1])
    assert second.placed[:, 0].tolist() == pytest.approx([1])


def test_stop_words_are_no_words_and_rare_ones_weigh_more(assistant: Assistant) -> None:
    text = "What is the sourdough task?"
    words = asked(text, assistant.embedder.embed_query(text), assistant.index.current.keywords)
    assert words.names == ["sourdough", "task"]
    assert words.weights[0] > words.weights[1]
    assert words.words.shape == (2, len(words.vector))

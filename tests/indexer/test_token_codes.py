import numpy as np
import pytest

from indexer.embedding import Embedded
from indexer.token_codes import concatenate, encode
from indexer.types import Span

TOKENS = np.array([[1, -1] * 4, [-1, 1] * 4, [1, 1] * 4, [-1, -1] * 4], dtype=np.float32)
READ = Embedded(TOKENS[0], TOKENS / 8**0.5, np.array([[0, 4], [5, 8], [9, 12], [13, 20]]))


def test_a_sign_a_number_is_kept_and_a_place_a_part() -> None:
    codes = encode(READ, 4, [Span(5, 5), Span(5, 12), Span(13, 20)])  # a context, a heading, two units
    assert codes.lengths.tolist() == [1, 0, 2, 1]
    assert codes.codes.shape == (4, 1)
    assert codes.norms == pytest.approx([1, 0, 2**0.5, 1])
    middle = (TOKENS[1] + TOKENS[2]) / 2**0.5
    assert codes.means() == pytest.approx(np.array([TOKENS[0], middle, TOKENS[3]]) / 8**0.5)
    assert codes.signs() == pytest.approx(TOKENS / 8**0.5)
    directions = np.array([range(8), [-1, 0, 2, 0, 0, 3, 0, 0.5]], dtype=np.float32)
    assert codes.products(directions) == pytest.approx(codes.signs() @ directions.T, abs=1e-5)


def test_what_the_model_did_not_read_has_no_tokens() -> None:
    codes = encode(READ, 4, [Span(5, 20), Span(21, 40)])
    assert codes.lengths.tolist() == [1, 3, 0]
    assert encode(READ, 0, [Span(0, 8)]).lengths.tolist() == [0, 2]


def test_several_passages_are_one_after_the_other() -> None:
    one = encode(READ, 4, [Span(5, 20)])
    both = concatenate([one, one])
    assert both.lengths.tolist() == [1, 3, 1, 3]
    assert both.signs() == pytest.approx(np.concatenate([one.signs()] * 2))
    assert concatenate([]).signs().shape[0] == 0

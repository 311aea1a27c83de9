import numpy as np
import pytest

from assistant.fusion import weighted_sum


def scores(*values: float) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    return np.array(values, dtype=np.float32)


def test_scores_are_stretched_and_summed() -> None:
    fused = weighted_sum([scores(0.2, 0.4, 0.3), scores(10, 0, 5)], [0.75, 0.25])
    assert fused.tolist() == pytest.approx([0.25, 0.75, 0.5])


def test_equal_scores_tell_nothing() -> None:
    assert weighted_sum([scores(3, 3), scores(0, 1)], [0.5, 0.5]).tolist() == [0.0, 0.5]
    assert weighted_sum([scores()], [1.0]).tolist() == []

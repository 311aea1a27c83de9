from collections.abc import Iterator

import pytest

from indexer.sharing import Processors


def test_those_at_work_share_the_processors() -> None:
    counted: Iterator[int] = iter([8])
    processors = Processors(lambda: next(counted))
    with processors.part() as alone:
        with processors.part() as second, processors.part() as third:
            assert (alone, second, third) == (8, 4, 2)
        with processors.part() as again:
            assert again == 4
    with processors.part() as alone_again:
        assert alone_again == 8


def test_each_has_one_processor_at_least() -> None:
    processors = Processors(lambda: 1)
    with processors.part(), processors.part() as second:
        assert second == 1


def test_what_fails_is_no_longer_at_work() -> None:
    processors = Processors(lambda: 2)
    with pytest.raises(ValueError, match="no"), processors.part():
        raise ValueError("no")
    with processors.part() as alone:
        assert alone == 2

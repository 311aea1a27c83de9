import threading
from collections.abc import Iterator

import pytest
import torch

from indexer.sharing import Processors


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_threads_at_work_share_the_processors() -> None:
    found: dict[str, int] = {}
    processors, both, done = Processors(), threading.Event(), threading.Event()
    torch.set_num_threads(8)

    def one() -> None:
        with processors.part():
            found["alone"] = torch.get_num_threads()
            both.set()
            done.wait(10)

    thread = threading.Thread(target=one)
    thread.start()
    both.wait(10)
    with processors.part():
        found["of two"] = torch.get_num_threads()
    done.set()
    thread.join()
    with processors.part():
        found["alone again"] = torch.get_num_threads()
    assert found == {"alone": 8, "of two": 4, "alone again": 8}


def test_each_has_one_processor_at_least() -> None:
    torch.set_num_threads(1)
    processors = Processors()
    with processors.part(), processors.part():
        assert torch.get_num_threads() == 1

import contextvars
import threading

import pytest

from assistant.workers import Workers


def test_no_more_is_worked_at_once_than_there_are_workers_and_all_is_done() -> None:
    workers, now, most, lock = Workers(2), [0], [0], threading.Lock()
    both = threading.Barrier(2, timeout=60)

    def work() -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        both.wait()  # passes only if two work at once
        with lock:
            now[0] -= 1

    threads = [threading.Thread(target=workers.do, args=(work,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [2]
    assert now == [0]


def test_what_work_returns_and_raises_is_the_callers() -> None:
    workers = Workers(1)
    assert workers.do(lambda: 7) == 7
    with pytest.raises(ValueError, match="no"):
        workers.do(lambda: int("no"))
    assert workers.do(lambda: 8) == 8


def test_work_knows_whom_it_is_done_for() -> None:
    asked: contextvars.ContextVar[str] = contextvars.ContextVar("asked")
    asked.set("by me")
    assert Workers(1).do(asked.get) == "by me"


def test_what_can_wait_waits_for_what_is_at_work_but_not_for_ever() -> None:
    workers, ends = Workers(1), threading.Event()
    workers.let_first(60)  # nothing is at work
    answer = threading.Thread(target=workers.do, args=(ends.wait,))
    answer.start()
    while not workers.busy:
        pass
    workers.let_first(0.01)
    assert workers.busy
    ended = threading.Timer(0.05, ends.set)
    ended.start()
    workers.let_first(60)
    assert not workers.busy
    answer.join()

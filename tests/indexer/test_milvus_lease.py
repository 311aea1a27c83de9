"""One builder at a time, by a row that anybody may write."""

import contextlib
import threading
import time

import pytest

from indexer.errors import BuildLocked
from indexer.milvus_lease import Holder, Lease


class Row:
    """What stands in Milvus."""

    def __init__(self) -> None:
        self.holder: Holder | None = None

    def put(self, holder: Holder) -> None:
        self.holder = holder

    def lease(self, lasts: float = 4.0, settle: float = 0.05) -> Lease:
        return Lease(lambda: self.holder, self.put, lasts=lasts, settle=settle)


def taken(lease: Lease, wait: float = 0.0) -> Lease:
    for _ in lease.acquire(wait=wait):
        pass
    return lease


def test_one_has_it_and_the_next_gets_a_higher_number() -> None:
    row = Row()
    with row.lease() as first:
        with pytest.raises(BuildLocked, match=r"process \d+ on .* is building this index now"):
            taken(row.lease())
        begun = row.holder
        until = time.monotonic() + 60
        while row.holder == begun:  # a sign of life is given well before it would end
            assert time.monotonic() < until
            time.sleep(0.05)
        assert begun and row.holder and row.holder.until > begun.until
        with pytest.raises(BuildLocked):
            taken(row.lease())
        first.require()
    with row.lease() as second:
        assert second.number > first.number


def test_a_number_is_above_all_that_were_built() -> None:
    lease = Row().lease()
    for _ in lease.acquire(above=41):
        pass
    assert lease.number > 41
    lease.release()


def test_whoever_was_silent_has_lost_it() -> None:
    row = Row()
    silent = Lease(lambda: row.holder, row.put, lasts=10, settle=0.0)
    row.put(Holder("somebody-dead", "process 1 on a-machine,", 7, time.time() + 60))
    with pytest.raises(BuildLocked, match="process 1 on a-machine, is building"):
        taken(silent)
    row.put(Holder("somebody-dead", "process 1 on a-machine,", 7, time.time() + 0.1))
    assert taken(silent, wait=60).number == 8
    row.put(Holder("another", "process 2 on a-machine,", 9, time.time() + 60))
    with pytest.raises(BuildLocked, match="process 2 on a-machine, has taken over"):
        silent.require()
    silent.release()
    assert row.holder and row.holder.id == "another"


def test_of_two_who_write_at_once_one_goes_on() -> None:
    row = Row()
    went_on: list[Lease] = []

    def try_it() -> None:
        lease = row.lease(lasts=30, settle=1.0)
        with contextlib.suppress(BuildLocked):
            went_on.append(taken(lease))

    threads = [threading.Thread(target=try_it) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(went_on) == 1
    went_on[0].release()


def test_whoever_comes_late_has_a_number_of_its_own() -> None:
    row, went_on, asked = Row(), threading.Event(), threading.Barrier(2)

    def read_at_once() -> Holder | None:
        holder = row.holder
        if not went_on.is_set() and not asked.broken:
            with contextlib.suppress(threading.BrokenBarrierError):
                asked.wait(60)
            asked.abort()
        return holder

    def put_late(holder: Holder) -> None:
        went_on.wait(60)
        row.put(holder)

    quick = Lease(read_at_once, row.put, lasts=60, settle=1.0)
    late = Lease(read_at_once, put_late, lasts=60, settle=1.0)
    thread = threading.Thread(target=taken, args=(late,))
    thread.start()
    taken(quick)
    went_on.set()
    thread.join()
    assert late.number > quick.number
    late.require()
    with pytest.raises(BuildLocked, match="has taken over"):
        quick.require()
    quick.release()
    late.release()

from assistant.api import rate_limit
from assistant.api.rate_limit import RateLimit


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_comes_at_once_and_then_at_the_limits_pace() -> None:
    clock = Clock()
    limit = RateLimit(6, clock=clock)
    assert [limit.wait("a") for _ in range(8)] == [0] * 6 + [10, 10]
    clock.now += 9.9
    assert limit.wait("a") == 1
    clock.now += 0.1
    assert [limit.wait("a") for _ in range(2)] == [0, 10]
    clock.now += 3_600
    assert [limit.wait("a") for _ in range(7)] == [0] * 6 + [10]


def test_clients_do_not_wait_for_one_another_but_a_household_is_one() -> None:
    limit = RateLimit(1, clock=Clock())
    assert [limit.wait(client) for client in ("192.0.2.1", "192.0.2.2", "192.0.2.1")] == [0, 0, 60]
    assert [limit.wait(client) for client in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")] == [0, 60, 0]


def test_no_limit_lets_all_in() -> None:
    assert {RateLimit(0).wait("a") for _ in range(1_000)} == {0}


def test_many_clients_take_no_more_memory_than_some() -> None:
    limit = RateLimit(60, clock=Clock())
    for number in range(3 * rate_limit.MOST_CLIENTS):
        limit.wait(str(number))
    assert len(limit._due) <= rate_limit.MOST_CLIENTS


def test_what_is_no_address_is_a_client_as_well() -> None:
    limit = RateLimit(1, clock=Clock())
    assert [limit.wait(client) for client in ("unix:", "a:b", "unix:", "")] == [0, 0, 60, 0]

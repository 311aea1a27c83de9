"""How many requests a client may send in a minute: the generic cell rate algorithm (ITU-T I.371)."""

import ipaddress
import math
import time
from collections.abc import Callable

MINUTE = 60.0
MOST_CLIENTS = 10_000  # that are remembered; beyond it those are forgotten that have been quiet


class RateLimit:
    """A minute's worth of requests may come at once; after that they come in at the limit's pace."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            per_minute: requests that one client may send; 0 is no limit.
        """
        self._interval = MINUTE / per_minute if per_minute else 0.0
        self._clock = clock
        self._due: dict[str, float] = {}  # when all that a client sent would be let in at an even pace

    def wait(self, client: str) -> int:
        """Count one request; 0 if it is let in, else the seconds after which the next one is."""
        if not self._interval:
            return 0
        now, key = self._clock(), _key(client)
        due = max(now, self._due.get(key, 0.0)) + self._interval
        early = round(due - now - MINUTE, 6)
        if early > 0:
            return math.ceil(early)
        if key not in self._due and len(self._due) >= MOST_CLIENTS:
            self._forget(now)
        self._due[key] = due
        return 0

    def _forget(self, now: float) -> None:
        quiet = {client: due for client, due in self._due.items() if due > now}
        busiest = sorted(quiet, key=quiet.__getitem__)[-MOST_CLIENTS // 2 :]
        self._due = {client: quiet[client] for client in busiest}


def _key(client: str) -> str:
    """The client's address; of IPv6 the half that one household has for itself (RFC 6177).

    What a proxy tells may be no address at all, and stands for itself then.
    """
    try:
        address = ipaddress.IPv6Address(client.split("%")[0])
    except ValueError:
        return client
    return str(ipaddress.ip_network((address, 64), strict=False))

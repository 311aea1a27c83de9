"""Ports for servers that are told theirs, and listen on it only a while later."""

import random
import socket

# The system gives connections ports from 32,768 on (most give only higher ones); what is below stays free
# although it was looked at and let go.
BELOW = range(20_000, 32_000)


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    while True:
        port = random.SystemRandom().choice(BELOW)  # others may have set a seed
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue

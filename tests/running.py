"""A server that really runs, and a client that sends what it is told to, letter by letter."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ports import free_port
from starlette.types import ASGIApp

from ui.address import listen
from ui.server import Server
from ui.settings import ServerSettings


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of a problem document."""
        assert self.headers.get("content-type") == "application/problem+json", (self.status, self.body[:200])
        return str(json.loads(self.body)["code"])


@dataclass(frozen=True)
class Address:
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: Any = None
    ) -> Reply:
        """One request over a connection of its own; `path` is sent as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection._validate_path = lambda url: None  # type: ignore[attr-defined]
        given = {"Host": f"127.0.0.1:{self.port}", **(headers or {})}
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        if isinstance(body, dict):
            given = {"Content-Type": "application/json", **given}
        connection.request(method, path, data, given)
        response = connection.getresponse()
        # A stream of events has no end that a test could wait for.
        endless = response.headers.get_content_type() == "text/event-stream"
        reply = Reply(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            b"" if endless else response.read(),
        )
        connection.close()
        return reply

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)


@contextmanager
def running(app: ASGIApp, settings: ServerSettings | None = None, *, port: int = 0) -> Iterator[Address]:
    """Where the application answers, on a port of its own or the one that is given, until the block ends."""
    port = port or free_port()
    with listen(ServerSettings(port=port)) as listener:
        server = Server(app, f"http://127.0.0.1:{port}", settings=settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Address(port)
        finally:
            server.stop()
            thread.join(timeout=60)
        assert not thread.is_alive()

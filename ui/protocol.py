"""HTTP with an end to its patience: no client holds a connection by being slow."""

import asyncio
import json
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS_FOR_HEAD = 15.0  # from the first byte of a request, or the connection, to the end of its headers
SECONDS_STALLED = 30.0  # that a client may take nothing of what is sent to it
MAX_HEAD = (
    32 * 2**10
)  # bytes of a request's first line and headers; a smaller limit is told more kindly inside


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it; the clients that dawdle are cut off."""

    _head: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        # asyncio does so only for sockets that it opened itself; without, each response waits 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head = _cancel(self._head)
        self._stalled = _cancel(self._stalled)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._expect_head()
        else:
            self._head = _cancel(self._head)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(SECONDS_STALLED, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled = _cancel(self._stalled)

    def send_400_response(self, msg: str) -> None:
        """As all errors, a problem document."""
        problem = {
            "type": "about:blank",
            "title": "The request cannot be read",
            "status": 400,
            "detail": f"This is not HTTP, or its headers are larger than {MAX_HEAD:,} bytes.",
            "code": "bad_request",
            "request_id": "",
        }
        headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
        self.transport.write(self.conn.send(h11.Response(status_code=400, headers=headers)) or b"")
        self.transport.write(self.conn.send(h11.Data(data=json.dumps(problem).encode())) or b"")
        self.transport.write(self.conn.send(h11.EndOfMessage()) or b"")
        self.transport.close()

    def _expect_head(self) -> None:
        if self._head is None:
            self._head = self.loop.call_later(SECONDS_FOR_HEAD, self.transport.close)


def _cancel(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """No timer, after the one that was running is stopped."""
    if timer is not None:
        timer.cancel()
    return None

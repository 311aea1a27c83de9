"""The connection to a server of Milvus, or to a file of Milvus Lite: made when needed, anew after a failure.

Whatever fails is an IndexUnreachable, told once in the log, without traces and without the token.
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import grpc
from pymilvus import MilvusClient, MilvusException

from indexer.address import Address
from indexer.errors import IndexUnreachable

SECONDS = 10.0  # for one request
SECONDS_TO_CONNECT = 5.0
_log = logging.getLogger(__name__)
T = TypeVar("T")


class Connection:
    """Of one address. Any thread may use it."""

    def __init__(self, address: Address, hung_up: Callable[[], object]) -> None:
        """
        Args:
            hung_up: called when a connection has ended; what was known of the server may be so no longer.
        """
        self._address = address
        self._hung_up = hung_up
        self._client: MilvusClient | None = None
        self._opening = threading.Lock()
        # What fails is told from here, once and without traces.
        for name in ("pymilvus", "milvus_lite", "grpc._server"):
            logging.getLogger(name).setLevel(logging.CRITICAL)

    def do(self, do: Callable[[MilvusClient], T]) -> T:
        """Do something with a client. Raises IndexUnreachable; the next request then connects anew."""
        try:
            return do(self._connected())
        except (MilvusException, grpc.RpcError, OSError, ValueError, RuntimeError) as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Hang up, and let others have the file; it may be used again."""
        self._hang_up()
        if self._address.is_file:
            from milvus_lite.server_manager import server_manager_instance

            server_manager_instance.release_server(self._address.uri)

    def _connected(self) -> MilvusClient:
        with self._opening:
            if self._client is None:
                self._client = MilvusClient(
                    uri=self._address.uri, token=self._address.token, timeout=SECONDS_TO_CONNECT
                )
            return self._client

    def _hang_up(self) -> None:
        with self._opening:
            client, self._client = self._client, None
            self._hung_up()
        if client:
            with contextlib.suppress(Exception):
                client.close()

    def _unreachable(self, error: Exception) -> IndexUnreachable:
        gone = isinstance(error, grpc.RpcError | OSError) or _is_connection(error)
        what = "cannot be reached" if gone else "answers with an error"
        if gone:
            self._hang_up()
        cause = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        if self._address.token:
            cause = cause.replace(self._address.token, "…")
        _log.warning("%s cannot be used: %s", self._address, cause)
        if gone and self._address.is_file:
            return IndexUnreachable(
                f"The file of Milvus Lite {Path(self._address.uri).name!r} cannot be opened. Only one process"
                " may have it: stop another that serves or builds it, or use a server of Milvus."
            )
        return IndexUnreachable(
            f"Milvus, which has the index, {what}. Try again; if it lasts, start or mend the server that"
            " FOOTNOTE_INDEX names. The log has the cause."
        )


def _is_connection(error: Exception) -> bool:
    said = str(error).lower()
    return any(
        sign in said
        for sign in ("connect", "unavailable", "deadline", "timeout", "channel", "closed", "retry run out")
    )

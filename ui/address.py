"""Listening where the settings say, tried before anything slow is done for nothing."""

import errno
import socket

from indexer.errors import FootnoteError
from ui.settings import ServerSettings


class AddressError(FootnoteError):
    """The server cannot listen where it is told to."""


def listen(server: ServerSettings) -> socket.socket:
    """A socket that listens on the server's address.

    Raises:
        AddressError: the address is taken, not ours to use, or not one of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AddressError(
                f"Port {server.port} of {server.host} is taken by another program. Stop that one, or choose"
                " another port with --port or FOOTNOTE_PORT."
            ) from error
        reason = error.strerror or "it is not an address"
        raise AddressError(
            f"Cannot listen on {server.host}, port {server.port}: {reason}. Choose another address with"
            " --host and --port, or FOOTNOTE_HOST and FOOTNOTE_PORT."
        ) from error

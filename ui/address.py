"""Listening where the settings say, tried before anything slow is done for nothing."""

import errno
import ipaddress
import socket

from assistant.settings import AccessSettings
from indexer.errors import FootnoteError, SettingsError
from ui.settings import ServerSettings


class AddressError(FootnoteError):
    """The server cannot listen where it is told to."""


class Unguarded(SettingsError):
    """Whoever reaches the address could read all notes."""


def require_guard(server: ServerSettings, access: AccessSettings) -> None:
    """Return if strangers cannot come in: only this machine can, or there is a token. Raises Unguarded."""
    if not access.token and not _is_loopback(server.host):
        raise Unguarded(
            f"{server.host} can be reached by other machines, and there is no token. Make one with `footnote"
            " token` and set it as FOOTNOTE_TOKEN, or listen on 127.0.0.1."
        )


def _is_loopback(host: str) -> bool:
    """Whether the name leads to this machine alone; one that leads nowhere is refused later."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return True
    return all(ipaddress.ip_address(str(place[4][0]).split("%")[0]).is_loopback for place in found)


def listen(server: ServerSettings) -> socket.socket:
    """A socket that listens on the server's address.

    Raises:
        AddressError: the address is taken, not ours to use, or not one of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=128)
    except (OSError, UnicodeError) as error:  # the second where a name cannot be one
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise AddressError(
                f"Port {server.port} of {server.host} is taken by another program. Stop that one, or choose"
                " another port with --port or FOOTNOTE_PORT."
            ) from error
        reason = (isinstance(error, OSError) and error.strerror) or "it is not an address"
        raise AddressError(
            f"Cannot listen on {server.host}, port {server.port}: {reason}. Choose another address with"
            " --host and --port, or FOOTNOTE_HOST and FOOTNOTE_PORT."
        ) from error

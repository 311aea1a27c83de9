"""Where an index is: a folder, or an address of Milvus. What opens an address is imported only for one."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from indexer.errors import SettingsError

FILE, SERVER, SECURE = "milvus+file", "milvus", "milvus+https"
PORT = 19530
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_FORMS = f"{SERVER}://host:{PORT}/name, {SECURE}://host/name or {FILE}:///folder/index.db"


@dataclass(frozen=True, slots=True)
class Address:
    """An index in Milvus; as text it is told without its token.

    `uri` is what Milvus's client takes: an address, or the file of Milvus Lite. `name` is that of the index
    there: several may be in one server.
    """

    kind: str
    uri: str
    name: str
    token: str = field(default="", repr=False)

    @property
    def is_file(self) -> bool:
        """Whether it is a file, which one process has for itself."""
        return self.kind == FILE

    @property
    def folder(self) -> Path:
        """The folder on this machine for what is not in Milvus: locks, and beside it conversations."""
        return Path(f"{self.uri}-local") if self.is_file else Path(".footnote") / self.name

    def __str__(self) -> str:
        if self.is_file:
            return f"{FILE}://{self.uri}"
        return f"{self.kind}://{self.uri.partition('://')[2]}/{self.name}"


Place = Path | Address


def place_of(text: str, *, token: str = "") -> Place:
    """The place that a setting names: an address if it begins as one, else a folder.

    Args:
        token: lets in at a server; one in the address wins.

    Raises:
        SettingsError: it begins as an address and is none.
    """
    kind, separator, rest = text.partition("://")
    if not separator:
        return Path(text)
    if kind == FILE:
        if not rest.endswith(".db"):
            raise SettingsError(f"The index {text!r} names no file of Milvus Lite: it has to end in .db.")
        return Address(kind, str(Path(rest).expanduser()), "footnote")
    if kind not in (SERVER, SECURE):
        raise SettingsError(f"The index begins with {kind[:40]!r}, which is not known. Write {_FORMS}.")
    return _server(kind, text, token)


def _server(kind: str, text: str, token: str) -> Address:
    """The address of a server; messages tell nothing of it, as it may hold a token."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port or (443 if kind == SECURE else PORT)
    except ValueError as error:
        raise SettingsError(f"The address of the index cannot be read. Write {_FORMS}.") from error
    name = parts.path.strip("/")
    if not host or not _NAME.fullmatch(name):
        raise SettingsError(
            f"The address of the index has to name a host and an index of letters, digits and _: {_FORMS}."
        )
    given = ":".join(unquote(part) for part in (parts.username, parts.password) if part)
    shown = f"[{host}]" if ":" in host else host
    return Address(kind, f"{'https' if kind == SECURE else 'http'}://{shown}:{port}", name, given or token)

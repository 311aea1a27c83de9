"""Settings of the server."""

from dataclasses import dataclass

from indexer.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where the chat and the API are served, and whether the index follows edits of the notes meanwhile."""

    host: str = "127.0.0.1"
    port: int = 8000
    watch: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65_535:
            raise SettingsError(f"The port is {self.port}. Use one from 1 to 65535: --port or FOOTNOTE_PORT.")

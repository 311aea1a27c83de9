"""Settings of the server."""

from dataclasses import dataclass
from typing import Literal

from indexer.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where the chat and the API are served, whether the index follows edits, and what the log tells.

    `trusted_proxies` are addresses whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    watch: bool = True
    trusted_proxies: str = ""
    log: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "warning"

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65_535:
            raise SettingsError(f"The port is {self.port}. Use one from 1 to 65535: --port or FOOTNOTE_PORT.")

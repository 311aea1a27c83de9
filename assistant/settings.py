"""Settings of asking, of what is kept of it, and of who may ask."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from indexer.errors import SettingsError

MAX_QUESTION = 4_000
MAX_TOP_K = 50
SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSettings:
    """How much is looked at for one question, and what may reorder it.

    `reranker` is the folder of a sentence-transformers cross-encoder; empty for none.
    """

    top_k: int = 6
    reranker: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.top_k <= MAX_TOP_K:
            raise SettingsError(f"FOOTNOTE_TOP_K is {self.top_k}; it must be from 1 to {MAX_TOP_K}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingSettings:
    """Where conversations are kept: a file, or the address of a database; if empty, beside the index."""

    database: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSettings:
    """Who may ask, and how much at once. Lists are separated by commas."""

    token: str = ""
    allowed_hosts: str = ""
    cors_origins: str = ""
    requests_per_minute: int = 1_200
    answers_at_once: int = 32

    def __post_init__(self) -> None:
        if self.token and (len(self.token) < SHORTEST_TOKEN or not self.token.isascii() or " " in self.token):
            raise SettingsError(
                f"FOOTNOTE_TOKEN must have {SHORTEST_TOKEN} or more ASCII characters, no blanks. Make one"
                " with `footnote token`."
            )
        for name, least in (("requests_per_minute", 0), ("answers_at_once", 1)):
            if getattr(self, name) < least:
                value = getattr(self, name)
                raise SettingsError(f"FOOTNOTE_{name.upper()} is {value}; it must be {least} or more.")
        for origin in self.origins:
            place = urlsplit(origin)
            if place.scheme not in ("http", "https") or origin != f"{place.scheme}://{place.netloc}":
                raise SettingsError(
                    f"FOOTNOTE_CORS_ORIGINS has {origin!r}, which is no origin. Write https://example.org."
                )

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names that the server goes by besides its address; `*.example.org` is all below that."""
        return _listed(self.allowed_hosts.lower())

    @property
    def origins(self) -> tuple[str, ...]:
        """Origins whose pages may use the API."""
        return _listed(self.cors_origins)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())

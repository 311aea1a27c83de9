"""Settings of asking, of what is kept of it, and of who may ask."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from indexer.errors import SettingsError

MAX_QUESTION = 4_000
MAX_TOP_K = 50
MAX_PATTERN = 1_000  # characters of a filter; a shell pattern takes the square of its length to read
SHORTEST_TOKEN = 16
SMALLEST_CONTEXT = 1_024

# Who writes an answer: the notes' own sentences, a language model, or the latter wherever one is set up.
Mode = Literal["auto", "extractive", "llm"]


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
class ModelSettings:
    """The language model that may write answers: an address that speaks OpenAI's protocol; empty for none.

    `llm_strict` leaves out what the notes do not support instead of marking it. `llm_prompts` is a folder
    whose files take the place of those in `assistant/prompts`. `llm_context` is the model's context in
    tokens. `llm_patience` is how many seconds may pass in which nothing is written, `llm_seconds` how many
    an answer may take in all.
    """

    llm_base_url: str = ""
    llm_model: str = ""
    llm_api_key: str = field(default="", repr=False)
    llm_strict: bool = False
    llm_prompts: str = ""
    llm_context: int = 4_096
    llm_patience: float = 10.0
    llm_seconds: float = 120.0

    def __post_init__(self) -> None:
        if not self.llm_base_url:
            return
        self._check_address()
        if not self.llm_model:
            raise SettingsError("FOOTNOTE_LLM_BASE_URL is set, FOOTNOTE_LLM_MODEL is not. Name the model.")
        if not (self.llm_api_key.isascii() and self.llm_api_key.isprintable()) or " " in self.llm_api_key:
            raise SettingsError("FOOTNOTE_LLM_API_KEY has blanks or other characters that no key has.")
        if self.llm_context < SMALLEST_CONTEXT:
            raise SettingsError(
                f"FOOTNOTE_LLM_CONTEXT is {self.llm_context}; it must be {SMALLEST_CONTEXT} tokens or more."
            )
        for name in ("llm_patience", "llm_seconds"):
            if not 0 < getattr(self, name) <= 3_600:
                raise SettingsError(
                    f"FOOTNOTE_{name.upper()} is {getattr(self, name)}; it must be seconds, up to 3600."
                )

    def _check_address(self) -> None:
        try:
            place = urlsplit(self.llm_base_url)
            fits = place.scheme in ("http", "https") and bool(place.hostname) and (place.port or 1) > 0
        except ValueError:
            fits = False
        if not fits or place.username is not None or place.query or place.fragment:
            # What does not fit may hold a password, so it is not told.
            raise SettingsError(
                "FOOTNOTE_LLM_BASE_URL is no address such as http://127.0.0.1:11434/v1. A key belongs in"
                " FOOTNOTE_LLM_API_KEY."
            )

    @property
    def configured(self) -> bool:
        """Whether there is a model to ask."""
        return bool(self.llm_base_url)


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

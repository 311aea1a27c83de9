"""Settings of asking, and of what is kept of it."""

from dataclasses import dataclass

MAX_QUESTION = 4_000
MAX_TOP_K = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSettings:
    """How much is looked at for one question."""

    top_k: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingSettings:
    """Where conversations are kept: a file, or the address of a database; if empty, beside the index."""

    database: str = ""

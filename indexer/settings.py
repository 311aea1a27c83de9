"""Settings of the indexer, and how any settings class is read from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from indexer.errors import SettingsError

PREFIX = "FOOTNOTE_"
PRECISIONS = ("float32", "bfloat16")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """Where the notes and the index are, and what embeds them."""

    notes: Path = Path("corpus")
    index: Path = Path(".footnote/index")
    embedding_model: str = "all-MiniLM-L6-v2"
    precision: str = "float32"
    max_note_mb: int = 5
    max_index_mb: int = 20_000

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise SettingsError(
                f"{PREFIX}PRECISION is {self.precision!r}; it must be one of {', '.join(PRECISIONS)}."
            )
        for name in ("max_note_mb", "max_index_mb"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{PREFIX}{name.upper()} is {getattr(self, name)}; it must be 1 or more.")


def from_environment(cls: type[T], environment: Mapping[str, str], **overrides: Any) -> T:
    """Build the settings dataclass `cls` from `FOOTNOTE_…` variables; `overrides` that are not None win.

    Raises:
        SettingsError: a value does not fit its setting's type; the message names both.
    """
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    values: dict[str, Any] = {
        name: environment[PREFIX + name.upper()] for name in names if environment.get(PREFIX + name.upper())
    }
    values |= {name: value for name, value in overrides.items() if value is not None}
    settings: dict[str, Any] = {}
    for name, value in values.items():
        hint = next(field.type for field in fields(cls) if field.name == name)  # type: ignore[arg-type]
        try:
            settings[name] = msgspec.convert(value, hint, strict=False, dec_hook=_decode)
        except msgspec.ValidationError as error:
            expected = str(error).split(",")[0].replace("Expected", "expected")
            raise SettingsError(
                f"{PREFIX}{name.upper()} is {value!r}, which does not fit: {expected}. Correct or unset it."
            ) from error
    return cls(**settings)


def _decode(hint: type, value: Any) -> Any:
    return Path(value) if hint is Path else hint(value)

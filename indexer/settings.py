"""Settings of the indexer, and how any settings class is read from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from indexer.address import Address, Place, place_of
from indexer.errors import SettingsError

PREFIX = "FOOTNOTE_"
PRECISIONS = ("auto", "float32", "bfloat16")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """Where the notes and the index are, and what embeds them. `index_token` lets in at a server of it."""

    notes: Path = Path("corpus")
    index: Place = Path(".footnote/index")
    index_token: str = field(default="", repr=False)
    embedding_model: str = "all-MiniLM-L6-v2"
    precision: str = "auto"
    max_note_mb: int = 5
    max_index_mb: int = 20_000

    def __post_init__(self) -> None:
        if isinstance(self.index, Address) and self.index_token and not self.index.token:
            object.__setattr__(self, "index", replace(self.index, token=self.index_token))
        if self.precision not in PRECISIONS:
            raise SettingsError(
                f"{PREFIX}PRECISION is {self.precision!r}; it must be one of {', '.join(PRECISIONS)}."
            )
        for name in ("max_note_mb", "max_index_mb"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{PREFIX}{name.upper()} is {getattr(self, name)}; it must be 1 or more.")

    @property
    def folder(self) -> Path:
        """The folder of what belongs to the index on this machine: all of it, or what is not in Milvus."""
        return self.index.folder if isinstance(self.index, Address) else self.index


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
        if hint == Place:
            settings[name] = place_of(str(value))
            continue
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

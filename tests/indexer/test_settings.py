from pathlib import Path

import pytest

from indexer.errors import SettingsError
from indexer.settings import IndexSettings, from_environment


def test_defaults_stand_where_the_environment_is_silent() -> None:
    assert from_environment(IndexSettings, {}) == IndexSettings()
    assert from_environment(IndexSettings, {"FOOTNOTE_NOTES": ""}).notes == Path("corpus")


def test_the_environment_wins_over_defaults_and_arguments_over_both() -> None:
    environment = {"FOOTNOTE_NOTES": "a", "FOOTNOTE_MAX_NOTE_MB": "7", "OTHER": "x"}
    settings = from_environment(IndexSettings, environment, index=Path("i"), notes=None)
    assert (settings.notes, settings.index, settings.max_note_mb) == (Path("a"), Path("i"), 7)
    assert from_environment(IndexSettings, environment, notes=Path("b")).notes == Path("b")


def test_a_value_that_does_not_fit_is_named() -> None:
    with pytest.raises(SettingsError, match=r"FOOTNOTE_MAX_NOTE_MB is 'many'.*`int`"):
        from_environment(IndexSettings, {"FOOTNOTE_MAX_NOTE_MB": "many"})
    with pytest.raises(SettingsError, match=r"FOOTNOTE_MAX_NOTE_MB is -1; it must be 1 or more"):
        from_environment(IndexSettings, {"FOOTNOTE_MAX_NOTE_MB": "-1"})


def test_a_precision_that_is_none_is_named() -> None:
    with pytest.raises(
        SettingsError, match="FOOTNOTE_PRECISION is 'int8'; it must be one of auto, float32, bfloat16"
    ):
        from_environment(IndexSettings, {"FOOTNOTE_PRECISION": "int8"})

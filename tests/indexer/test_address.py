"""Where an index is said to be, and what is told of that."""

import subprocess
import sys
from pathlib import Path

import pytest

from indexer import stores
from indexer.address import Address, place_of
from indexer.errors import SettingsError
from indexer.settings import IndexSettings, from_environment

SECRET = "a-secret"


def test_a_folder_is_a_folder() -> None:
    assert place_of("notes/index") == Path("notes/index")
    settings = from_environment(IndexSettings, {"FOOTNOTE_INDEX": "/srv/index"})
    assert (settings.index, settings.folder) == (Path("/srv/index"), Path("/srv/index"))


def test_an_address_is_told_without_its_token() -> None:
    place = place_of(f"milvus+https://{SECRET}@vectors.example.org/notes")
    assert place == Address("milvus+https", "https://vectors.example.org:443", "notes", SECRET)
    assert str(place) == "milvus+https://vectors.example.org:443/notes"
    assert SECRET not in repr(place)


@pytest.mark.parametrize(
    ("text", "uri", "name", "token"),
    [
        ("milvus://localhost/notes", "http://localhost:19530", "notes", ""),
        ("milvus://[::1]:1234/notes_2", "http://[::1]:1234", "notes_2", ""),
        ("milvus://ann:p%40ss@10.0.0.1:9/n", "http://10.0.0.1:9", "n", "ann:p@ss"),
        ("milvus+file:///srv/index.db", "/srv/index.db", "footnote", ""),
    ],
)
def test_addresses(text: str, uri: str, name: str, token: str) -> None:
    place = place_of(text)
    assert isinstance(place, Address)
    assert (place.uri, place.name, place.token) == (uri, name, token)


def test_the_token_may_have_a_setting_of_its_own() -> None:
    environment = {"FOOTNOTE_INDEX": "milvus://localhost/notes", "FOOTNOTE_INDEX_TOKEN": SECRET}
    settings = from_environment(IndexSettings, environment)
    assert isinstance(settings.index, Address)
    assert settings.index.token == SECRET
    assert SECRET not in repr(settings)
    assert settings.folder == Path(".footnote/notes")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("milvus+file:///srv/index", "has to end in .db"),
        ("milvus+ftp://localhost/notes", "begins with 'milvus\\+ftp'"),
        (f"http://{SECRET}@localhost:19530/notes", "begins with 'http'"),
        ("foo://x", "begins with 'foo'"),
        (f"milvus://{SECRET}@localhost", "has to name a host and an index"),
        (f"milvus://{SECRET}@localhost/my-notes", "has to name a host and an index"),
        (f"milvus://{SECRET}@localhost:port/notes", "cannot be read"),
    ],
)
def test_what_is_no_address_is_told_so(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as error:
        from_environment(IndexSettings, {"FOOTNOTE_INDEX": text})
    assert SECRET not in str(error.value)


def test_what_opens_milvus_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r'pip install "\.\[cluster\]"'):
        stores.open_store(place_of("milvus://localhost/notes"))


def test_a_folder_loads_nothing_of_milvus() -> None:
    program = (
        "import sys, ui.cli, assistant.pipeline, indexer.rebuild, indexer.stores;"
        "sys.exit(bool({'pymilvus', 'grpc', 'indexer.milvus_index'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

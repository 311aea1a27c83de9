"""A browser, and a server to browse."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hostile
import pytest
from browsing import Opened, launched
from playwright.sync_api import Browser
from running import running

from assistant.pipeline import Assistant
from indexer.jobs import RebuildJobs
from indexer.notebook import Notebook
from indexer.settings import IndexSettings
from ui.application import create_server

LONG = f"""\
# Long words

- **Longword:** {"Donaudampfschifffahrtsgesellschaft" * 12}

| a | b |
|---|---|
| {"x" * 400} | y |

```
{"z" * 400}
```
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a module; a longer one would keep its event loop running beside other tests."""
    with launched() as browser:
        yield browser


@pytest.fixture
def browsed_notes(small_notes: Path) -> Path:
    """The two notes, one that means harm, and one that is hard to fit in."""
    (small_notes / "hostile.md").write_text(hostile.NOTE, "utf-8")
    (small_notes / "long.md").write_text(LONG, "utf-8")
    return small_notes


@pytest.fixture
def address(browsed_notes: Path, settings: IndexSettings, request: pytest.FixtureRequest) -> Iterator[str]:
    """A server over these notes, which may be written."""
    assistant: Assistant = request.getfixturevalue("assistant")  # built once all notes are there
    jobs: RebuildJobs = request.getfixturevalue("jobs")
    notebook = Notebook(settings.notes, index=settings.index, max_bytes=2**20)
    with running(create_server(assistant, jobs, notebook=notebook)) as served:
        yield served.url


@pytest.fixture
def builds_go_on(jobs: RebuildJobs, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Builds wait until this is set."""
    build, go_on = jobs._build, threading.Event()

    def held(full: bool) -> Iterator[Any]:
        go_on.wait(120)
        yield from build(full)

    monkeypatch.setattr(jobs, "_build", held)
    yield go_on
    go_on.set()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Opened]:
    """Opens a page that is watched: it may not complain, nor fetch anything from elsewhere."""
    opened = Opened(browser, address)
    yield opened
    opened.close()

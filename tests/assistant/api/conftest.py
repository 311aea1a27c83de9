"""The API over the two small notes, as a client sees it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant.api.app import create_api
from assistant.pipeline import Assistant
from indexer.jobs import RebuildJobs
from indexer.notebook import Notebook
from indexer.settings import IndexSettings

Sabotage = Callable[[str, Exception], None]


@pytest.fixture
def notebook(settings: IndexSettings) -> Notebook:
    return Notebook(settings.notes, index=settings.index, max_bytes=100_000)


@pytest.fixture
def client(assistant: Assistant, jobs: RebuildJobs, notebook: Notebook) -> Iterator[TestClient]:
    api = create_api(assistant, jobs, notebook=notebook)
    with TestClient(api, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def sabotage(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> Sabotage:
    """Makes a method of the assistant raise."""

    def arrange(method: str, error: Exception) -> None:
        def failing(*_: Any, **__: Any) -> Any:
            raise error

        monkeypatch.setattr(assistant, method, failing)

    return arrange

"""The API over the two small notes, as a client sees it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant.api.app import create_api
from assistant.pipeline import Assistant
from indexer.jobs import RebuildJobs

Sabotage = Callable[[str, Exception], None]


@pytest.fixture
def client(assistant: Assistant, jobs: RebuildJobs) -> Iterator[TestClient]:
    with TestClient(create_api(assistant, jobs), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def sabotage(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> Sabotage:
    """Makes a method of the assistant raise."""

    def arrange(method: str, error: Exception) -> None:
        def failing(*_: Any, **__: Any) -> Any:
            raise error

        monkeypatch.setattr(assistant, method, failing)

    return arrange

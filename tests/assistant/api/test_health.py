from pathlib import Path

from fakes import HashingEmbedder
from starlette.testclient import TestClient

from assistant.api.app import create_api
from assistant.pipeline import Assistant
from indexer.errors import ModelError
from indexer.jobs import RebuildJobs
from indexer.live import LiveIndex


def test_a_whole_process_is_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_without_an_index_it_is_alive_but_not_ready(tmp_path: Path, jobs: RebuildJobs) -> None:
    embedder = HashingEmbedder()
    empty = Assistant(LiveIndex(tmp_path / "none", fingerprint=embedder.fingerprint), embedder)
    client = TestClient(create_api(empty, jobs), base_url="http://127.0.0.1")
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert (response.status_code, response.json()["code"]) == (503, "index_missing")
    assert "footnote build" in response.json()["detail"]


def test_without_a_model_it_is_not_ready(client: TestClient, sabotage: object) -> None:
    sabotage("ready", ModelError("The weights are damaged."))  # type: ignore[operator]
    response = client.get("/readyz")
    assert (response.status_code, response.json()["code"]) == (503, "model_unavailable")
    assert response.json()["detail"] == "The weights are damaged."

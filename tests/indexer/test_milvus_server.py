"""A Milvus server that dies, comes again and is cut off: it is told, and nothing of ours is restarted."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from fakes import HashingEmbedder
from milvus_server import MilvusProcess
from pymilvus import MilvusClient
from starlette.testclient import TestClient

from assistant.api.app import create_api
from assistant.pipeline import Assistant
from indexer.address import Address, place_of
from indexer.errors import IndexUnreachable
from indexer.jobs import RebuildJobs
from indexer.live import LiveIndex
from indexer.milvus_store import MilvusStore
from indexer.planning import BuildReport
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings

QUESTION = {"question": "What does the task role give to the code in a container?"}
SECONDS = 60.0


@contextmanager
def serving(
    server: MilvusProcess, settings: IndexSettings
) -> Iterator[tuple[TestClient, LiveIndex, IndexSettings]]:
    settings = replace(settings, index=place_of(server.new_index()))
    embedder = HashingEmbedder()
    live = LiveIndex(settings.index, fingerprint=embedder.fingerprint)
    *_, report = rebuild(settings, embedder, live=live)
    assert isinstance(report, BuildReport)
    jobs = RebuildJobs(lambda full: rebuild(settings, embedder, full=full, live=live), live.refresh)
    api = create_api(Assistant(live, embedder), jobs)
    with TestClient(api, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client, live, settings
    jobs.close()


def until_ready(client: TestClient) -> None:
    until = time.monotonic() + SECONDS
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < until, client.get("/readyz").text
        time.sleep(0.2)


def test_a_connection_that_is_cut_is_told_and_heals(
    milvus_server: MilvusProcess, settings: IndexSettings
) -> None:
    assert milvus_server.relay
    with serving(milvus_server, settings) as (client, live, _):
        assert client.post("/api/v1/ask", json=QUESTION).json()["abstained"] is False
        milvus_server.relay.cut()
        try:
            refused = client.post("/api/v1/ask", json=QUESTION)
            ready = client.get("/readyz")
            with pytest.raises(IndexUnreachable):
                MilvusStore(live.store.address).open()  # type: ignore[attr-defined]
        finally:
            milvus_server.relay.mend()
        for response in (refused, ready):
            assert response.status_code == 503
            problem = response.json()
            assert problem["code"] == "index_unreachable"
            assert "Milvus, which has the index, cannot be reached" in problem["detail"]
            assert "127.0.0.1" not in problem["detail"]
        until_ready(client)
        assert client.post("/api/v1/ask", json=QUESTION).json()["citations"]


@pytest.mark.soak
def test_a_server_that_dies_is_told_and_found_again(
    milvus_server: MilvusProcess, settings: IndexSettings
) -> None:
    with serving(milvus_server, settings) as (client, live, own):
        before = client.post("/api/v1/ask", json=QUESTION).json()
        milvus_server.kill()
        try:
            assert client.get("/readyz").json()["code"] == "index_unreachable"
            assert client.post("/api/v1/ask", json=QUESTION).status_code == 503
            (own.notes / "tea.md").write_text("# Tea\n\nBrewed at 80 degrees.\n", "utf-8")
            with pytest.raises(IndexUnreachable):
                list(rebuild(own, HashingEmbedder(), live=live))
        finally:
            milvus_server.start()
        until_ready(client)
        after = client.post("/api/v1/ask", json=QUESTION).json()
        assert (after["answer"], after["index_revision"]) == (before["answer"], before["index_revision"])
        *_, report = rebuild(own, HashingEmbedder(), live=live, wait=30)
        assert isinstance(report, BuildReport)
        assert report.added == ("tea.md",)
        assert live.store.verify() == []


@pytest.mark.soak
def test_what_is_written_is_sealed_once_it_is_much(
    milvus_server: MilvusProcess, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed: list[int] = []
    for least in (1_000, 1):
        monkeypatch.setattr("indexer.milvus_writing.SEALED", least)
        place = place_of(milvus_server.new_index())
        assert isinstance(place, Address)
        *_, report = rebuild(replace(settings, index=place), HashingEmbedder())
        assert isinstance(report, BuildReport)
        table = MilvusStore(place).open().table
        client = MilvusClient(place.uri)
        sealed.append(int(client.describe_index(table, "vector")["total_rows"]))
        client.close()
    assert sealed == [0, report.chunks]

"""Rebuilding beside a server: what it has open is built upon, and the disk is still checked."""

from collections.abc import Callable

import pytest
from fakes import HashingEmbedder
from faults import FailingDisk

from indexer import generations
from indexer.checking import verify
from indexer.errors import StorageError
from indexer.generations import current_revision, open_snapshot
from indexer.live import LiveIndex
from indexer.planning import BuildReport
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from indexer.snapshot import Snapshot
from indexer.storage import DISK, Disk


@pytest.fixture
def live(settings: IndexSettings, embedder: HashingEmbedder, build: Callable[[], BuildReport]) -> LiveIndex:
    build()
    index = LiveIndex(settings.index, fingerprint=embedder.fingerprint)
    _ = index.current
    return index


def beside(live: LiveIndex, settings: IndexSettings, disk: Disk = DISK) -> BuildReport:
    *_, report = rebuild(settings, HashingEmbedder(), live=live, disk=disk)
    assert isinstance(report, BuildReport)
    return report


def edit(settings: IndexSettings, text: str) -> None:
    (settings.notes / "tea.md").write_text(f"# Tea\n\n{text}\n", "utf-8")


def test_an_edit_is_served_without_opening_anything(
    live: LiveIndex, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[object] = []
    decode = generations.decode
    monkeypatch.setattr(generations, "decode", lambda *parts: decoded.append(parts) or decode(*parts))
    for number in range(3):
        edit(settings, f"Brewed at {number} degrees.")
        report = beside(live, settings)
        assert (report.embedded, live.current.manifest.revision) == (1, report.revision)
        assert live.refresh() is False
    assert decoded == []
    assert verify(settings.index) == []


def test_what_serves_from_memory_is_what_opens_from_the_disk(
    live: LiveIndex, settings: IndexSettings
) -> None:
    edit(settings, "Brewed at 80 degrees.")
    beside(live, settings)
    served, opened = live.current, open_snapshot(settings.index)
    assert (served.manifest, served.notes, served.lexicon) == (opened.manifest, opened.notes, opened.lexicon)
    assert list(served.chunks) == list(opened.chunks)
    assert served.own_vectors.tolist() == opened.own_vectors.tolist()
    assert served.tokens.codes.tolist() == opened.tokens.codes.tolist()
    assert served.keywords.scores(["brew"]).tolist() == opened.keywords.scores(["brew"]).tolist()
    assert [hit.row for hit in served.vectors.search(served.own_vectors[0], 5)] == [
        hit.row for hit in opened.vectors.search(served.own_vectors[0], 5)
    ]


@pytest.mark.parametrize("name", ["vectors.npy", "tokens.npy", "manifest.json"])
def test_damage_on_the_disk_is_found_although_the_generation_is_open(
    live: LiveIndex, settings: IndexSettings, name: str
) -> None:
    broken = live.current.manifest.revision
    file = settings.index / "generations" / broken / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    report = beside(live, settings)
    assert report.set_aside == (broken,)
    assert verify(settings.index) == []
    assert live.current.manifest.revision == report.revision == current_revision(settings.index)


def test_a_build_that_fails_leaves_what_serves(live: LiveIndex, settings: IndexSettings) -> None:
    before = live.current
    edit(settings, "Brewed at 80 degrees.")
    with pytest.raises(StorageError):
        beside(live, settings, FailingDisk(at=8))
    assert live.current is before
    assert beside(live, settings).added == ("tea.md",)
    assert "tea.md" in live.current.notes


def test_readers_go_on_while_the_next_generation_is_written(live: LiveIndex, settings: IndexSettings) -> None:
    before, seen = live.current, []

    def publish() -> Snapshot:
        seen.append(live.current)
        return before

    live.swap(publish)
    assert seen == [before]


def test_what_another_process_built_is_opened(live: LiveIndex, settings: IndexSettings) -> None:
    edit(settings, "Brewed at 80 degrees.")
    *_, other = rebuild(settings, HashingEmbedder())
    assert isinstance(other, BuildReport)
    edit(settings, "Brewed at 90 degrees.")
    report = beside(live, settings)
    assert report.revision > other.revision
    assert live.current.notes["tea.md"].text.count("90") == 1

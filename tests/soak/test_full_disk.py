"""A file system that is really full."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import HashingEmbedder

from indexer.checking import verify
from indexer.errors import DiskFull
from indexer.generations import current_revision, open_snapshot
from indexer.live import LiveIndex
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from indexer.storage import taken

SIZES = 20
pytestmark = pytest.mark.soak


def mount(folder: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    if not mount(folder, "size=4k"):
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("before", [False, True], ids=["first", "second"])
def test_from_no_room_at_all_to_just_enough(settings: IndexSettings, small: Path, before: bool) -> None:
    embedder = HashingEmbedder()
    list(rebuild(settings, embedder))
    need = taken(settings.index)
    settings = IndexSettings(notes=settings.notes, index=small / "index")
    fixed, live, revision = 4096, LiveIndex(settings.index, fingerprint=None), ""
    if before:
        mount(small, f"remount,size={2 * need + 65_536}")
        list(rebuild(settings, embedder))
        revision, fixed = current_revision(settings.index), taken(settings.index) + 8 * 4096
        (settings.notes / "tea.md").write_text("# Tea\n\nBrewed at 80 degrees.\n", "utf-8")
    refused = 0
    for step in range(SIZES):
        assert mount(small, f"remount,size={fixed + need * step // SIZES}")
        try:
            list(rebuild(settings, embedder))
        except DiskFull as error:
            refused += 1
            assert str(error).startswith("disk full: needs ")
            if before:
                assert current_revision(settings.index) == revision
                assert live.current.manifest.revision == revision
                assert verify(settings.index) == []
        else:
            break
    assert refused >= SIZES // 2
    assert mount(small, f"remount,size={fixed + 2 * need + 65_536}")
    list(rebuild(settings, embedder))
    assert verify(settings.index) == []
    assert ("tea.md" in open_snapshot(settings.index).notes) == before

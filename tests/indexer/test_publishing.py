"""What happens to the index when the disk fails, fills up, or the process is killed."""

import contextlib
import errno
import multiprocessing
import random
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import HashingEmbedder
from faults import FailingDisk, SmallDisk, build_and_die

from indexer import snapshot, storage
from indexer.checking import verify
from indexer.errors import (
    DiskFull,
    IndexDamaged,
    IndexIncompatible,
    IndexMissing,
    IndexTooLarge,
    StorageError,
)
from indexer.generations import current_revision, open_snapshot, revisions
from indexer.live import LiveIndex
from indexer.planning import BuildReport
from indexer.publishing import publish, roll_back
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from indexer.snapshot import Snapshot

Build = Callable[..., BuildReport]


def run(settings: IndexSettings, disk: storage.Disk = storage.DISK, *, full: bool = False) -> BuildReport:
    *_, report = rebuild(settings, HashingEmbedder(), full=full, disk=disk)
    assert isinstance(report, BuildReport)
    return report


def edit(settings: IndexSettings, text: str = "# Tea\n\nBrewed at 80 degrees.\n") -> None:
    (settings.notes / "tea.md").write_text(text, "utf-8")


def litter(index: Path) -> set[str]:
    """All that does not belong into an index folder that nobody builds."""
    kept = {f"generations/{name}" for name in revisions(index)} | {"CURRENT", "generations", ".lock"}
    found = {path.relative_to(index).as_posix() for path in [*index.glob("*"), *index.glob("generations/*")]}
    assert len(revisions(index)) <= 2
    return found - kept


def told(snapshot: Snapshot) -> tuple[object, ...]:
    """All that an answer could be made from."""
    return (
        {path: note.sha256 for path, note in snapshot.notes.items()},
        list(snapshot.chunks),
        snapshot.own_vectors.tolist(),
        snapshot.tokens.codes.tolist(),
    )


def effects(settings: IndexSettings, *, full: bool) -> int:
    """How many effects such a build has, counted on a copy."""
    copy = settings.index.with_name("counted")
    if settings.index.exists():
        shutil.copytree(settings.index, copy)
    disk = FailingDisk()
    counted = IndexSettings(notes=settings.notes, index=copy)
    run(counted, disk, full=full)
    shutil.rmtree(copy)
    return len(disk.effects)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "BLOCK", 2_000)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
@pytest.mark.usefixtures("small_blocks")
def test_an_error_at_any_effect_leaves_a_whole_index(settings: IndexSettings, error: int, full: bool) -> None:
    run(settings)
    edit(settings)
    run(settings)
    edit(settings, "# Tea\n\nBrewed at 90 degrees.\n")
    old = told(open_snapshot(settings.index))
    scratch = IndexSettings(notes=settings.notes, index=settings.index.with_name("scratch"))
    run(scratch)
    new = told(open_snapshot(scratch.index))
    pristine = settings.index.with_name("pristine")
    shutil.copytree(settings.index, pristine)
    for at in range(1, effects(settings, full=full) + 1):
        shutil.rmtree(settings.index)
        shutil.copytree(pristine, settings.index)
        disk = FailingDisk(at, error)
        try:
            run(settings, disk, full=full)
        except StorageError as failure:
            assert isinstance(failure, DiskFull) == (error == errno.ENOSPC)
            assert told(open_snapshot(settings.index)) in (old, new), disk.effects[-1]
        else:  # what is removed last may stay behind; the index is the new one all the same
            assert disk.effects[at - 1][0] in ("unlink", "rmdir", "rename"), disk.effects[at - 1]
        run(settings)
        assert told(open_snapshot(settings.index)) == new
        assert (litter(settings.index), verify(settings.index)) == (set(), [])


@pytest.mark.usefixtures("small_blocks")
def test_an_error_at_any_effect_of_the_first_build_leaves_a_whole_one_or_none(
    settings: IndexSettings,
) -> None:
    for at in range(1, effects(settings, full=False) + 1):
        shutil.rmtree(settings.index, ignore_errors=True)
        disk = FailingDisk(at)
        with pytest.raises(StorageError, match="Input/output error"):
            run(settings, disk)
        with contextlib.suppress(IndexMissing):  # all but the pointer may be there, and then serves
            assert len(open_snapshot(settings.index).notes) == 2
        assert run(settings).notes == 2
        assert (litter(settings.index), verify(settings.index)) == (set(), [])


@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("kind", ["first", "incremental", "full"])
def test_a_kill_at_any_effect_leaves_a_whole_index(settings: IndexSettings, kind: str, every: int) -> None:
    old = None
    if kind != "first":
        run(settings)
        edit(settings)
        run(settings)
        edit(settings, "# Tea\n\nBrewed at 90 degrees.\n")
        old = told(open_snapshot(settings.index))
    scratch = IndexSettings(notes=settings.notes, index=settings.index.with_name("scratch"))
    run(scratch)
    new = told(open_snapshot(scratch.index))
    pristine = settings.index.with_name("pristine")
    settings.index.mkdir(exist_ok=True)
    shutil.copytree(settings.index, pristine)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["faults"])
    at, exits = 1, []
    while not exits or exits[-1] == -signal.SIGKILL:
        shutil.rmtree(settings.index)
        shutil.copytree(pristine, settings.index)
        process = processes.Process(target=build_and_die, args=(settings, at, kind == "full"))
        process.start()
        process.join()
        exits.append(process.exitcode)
        try:
            assert told(open_snapshot(settings.index)) in (old, new)
        except IndexMissing:
            assert old is None
        run(settings)
        assert told(open_snapshot(settings.index)) == new
        assert (litter(settings.index), verify(settings.index)) == (set(), [])
        at += every
    assert exits[-1] == 0
    assert len(exits) > 40 / every


@pytest.mark.soak
@pytest.mark.parametrize("full", [False, True])
def test_a_kill_at_any_instant_leaves_a_whole_index(settings: IndexSettings, full: bool) -> None:
    """A hundred times each, at random."""
    run(settings)
    chance = random.Random(5)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["faults"])
    killed = 0
    for number in range(100):
        edit(settings, f"# Tea\n\nBrewed at {number} degrees.\n" * 200)
        old = told(open_snapshot(settings.index))
        scratch = IndexSettings(notes=settings.notes, index=settings.index.with_name("scratch"))
        run(scratch)
        new = told(open_snapshot(scratch.index))
        process = processes.Process(target=build_and_die, args=(settings, 0, full))
        process.start()
        process.join(chance.uniform(0.02, 0.4))
        process.kill()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
        assert told(open_snapshot(settings.index)) in (old, new)
        run(settings)
        assert told(open_snapshot(settings.index)) == new
        assert (litter(settings.index), verify(settings.index)) == (set(), [])
    assert killed > 20


def test_a_disk_of_any_size_is_told_to_be_full_until_the_index_fits(settings: IndexSettings) -> None:
    run(settings)
    edit(settings)
    old = current_revision(settings.index)
    need = storage.taken(settings.index)
    for room in range(0, need, need // 10):
        with pytest.raises(DiskFull, match=r"^disk full: needs [\d.]+ KB, has [\d.]+ .*Free some"):
            run(settings, SmallDisk(room))
        assert current_revision(settings.index) == old
        assert litter(settings.index) == set()
    assert run(settings, SmallDisk(2 * need)).added == ("tea.md",)


def test_too_little_room_is_told_before_anything_is_written(
    settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(settings)
    edit(settings)
    monkeypatch.setattr("indexer.publishing.free", lambda folder: 20 * 1024)
    disk = FailingDisk()
    with pytest.raises(DiskFull, match=r"needs \d\d\.\d KB, has 20\.0 KB"):
        run(settings, disk)
    assert disk.effects == []


def test_the_index_does_not_grow_beyond_its_limit(settings: IndexSettings, tmp_path: Path) -> None:
    run(settings)
    serving = open_snapshot(settings.index)
    with pytest.raises(
        IndexTooLarge, match=r"would hold .* KB, the limit is 30\.0 KB.*FOOTNOTE_MAX_INDEX_MB"
    ):
        publish(settings.index, serving, max_bytes=30 * 1024)
    assert current_revision(settings.index) == serving.manifest.revision
    (tmp_path / "other").mkdir()
    publish(tmp_path / "other", serving, max_bytes=3_000_000)


def test_an_old_generation_gives_way_where_another_fits_then(
    settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.publishing.rounded", lambda folder, sizes: 10**4)
    run(settings)
    edit(settings)
    run(settings)
    assert len(revisions(settings.index)) == 2
    serving = open_snapshot(settings.index)
    following = replace(serving, manifest=replace(serving.manifest, revision="00000003-00000000"))
    publish(settings.index, following, max_bytes=storage.taken(settings.index) + 10**4 - 1)
    assert revisions(settings.index) == ["00000003-00000000", serving.manifest.revision]


@pytest.mark.parametrize("short_of", ["limit", "disk"])
def test_a_build_that_is_refused_leaves_what_can_be_gone_back_to(
    settings: IndexSettings, monkeypatch: pytest.MonkeyPatch, short_of: str
) -> None:
    first = run(settings)
    edit(settings)
    run(settings)
    serving = open_snapshot(settings.index)
    limit = storage.taken(settings.index) if short_of == "limit" else None
    monkeypatch.setattr("indexer.publishing.rounded", lambda folder, sizes: 10**6)
    monkeypatch.setattr("indexer.publishing.free", lambda folder: 10**9 if limit else 20 * 1024)
    disk = FailingDisk()
    with pytest.raises(IndexTooLarge if limit else DiskFull):
        publish(settings.index, serving, max_bytes=limit, disk=disk)
    assert disk.effects == []
    assert roll_back(settings.index).revision == first.revision


def test_a_damaged_generation_is_set_aside_and_the_one_before_serves(
    settings: IndexSettings, embedder: HashingEmbedder
) -> None:
    first = run(settings)
    edit(settings)
    second = run(settings)
    (settings.index / "generations" / second.revision / "chunks.json").write_bytes(b"[]")
    live = LiveIndex(settings.index, fingerprint=embedder.fingerprint)
    assert live.current.manifest.revision == first.revision
    report = run(settings)
    assert report.set_aside == (second.revision,)
    assert (report.embedded, report.reason) == (1, "")  # all else is kept from the one before
    assert (settings.index / "damaged" / second.revision / "chunks.json").read_bytes() == b"[]"
    assert "tea.md" in live.current.notes
    assert verify(settings.index) == []
    assert report.revision > second.revision


def test_a_damaged_generation_is_set_aside_also_where_nothing_else_is_to_do(settings: IndexSettings) -> None:
    first = run(settings)
    edit(settings)
    second = run(settings)
    (settings.notes / "tea.md").unlink()
    (settings.index / "generations" / second.revision / "manifest.json").unlink()
    report = run(settings)
    assert (report.changed, report.set_aside) == (False, (second.revision,))
    assert current_revision(settings.index) == first.revision


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"00000002-zzzzzzzz", b"../../elsewhere"])
def test_a_damaged_pointer_leads_to_the_newest_whole_generation(
    settings: IndexSettings, content: bytes | None
) -> None:
    run(settings)
    edit(settings)
    second = run(settings)
    if content is None:
        (settings.index / "CURRENT").unlink()
    else:
        (settings.index / "CURRENT").write_bytes(content)
    with pytest.raises(IndexDamaged):
        current_revision(settings.index)
    assert len(verify(settings.index)) == 1
    assert open_snapshot(settings.index).manifest.revision == second.revision
    assert run(settings).changed is False
    assert current_revision(settings.index) == second.revision


def test_a_generation_that_is_read_is_not_removed(settings: IndexSettings) -> None:
    first = run(settings)
    with storage.reading(settings.index / "generations" / first.revision):
        for number in range(3):
            edit(settings, f"Number {number}.")
            run(settings)
        assert first.revision in revisions(settings.index)
    edit(settings, "The last.")
    run(settings)
    assert first.revision not in revisions(settings.index)


def test_rolling_back_goes_one_generation_back_and_a_build_goes_on_from_there(
    settings: IndexSettings,
) -> None:
    first = run(settings)
    with pytest.raises(IndexMissing, match="no generation before"):
        roll_back(settings.index)
    edit(settings)
    run(settings)
    assert roll_back(settings.index).revision == first.revision
    assert "tea.md" not in open_snapshot(settings.index).notes
    third = run(settings)
    assert third.added == ("tea.md",)
    assert set(revisions(settings.index)) == {first.revision, third.revision}


def test_a_generation_that_was_rolled_back_serves_where_no_other_is_whole(settings: IndexSettings) -> None:
    first = run(settings)
    edit(settings)
    second = run(settings)
    roll_back(settings.index)
    (settings.index / "generations" / first.revision / "lexicon.json").write_bytes(b"{}")
    assert open_snapshot(settings.index).manifest.revision == second.revision
    report = run(settings)
    assert (report.changed, report.set_aside) == (False, (first.revision,))
    assert current_revision(settings.index) == second.revision


def test_the_index_of_a_newer_release_is_left_alone(settings: IndexSettings) -> None:
    """Not even what looks like litter to this release is touched."""
    run(settings)
    before = sorted(path.name for path in settings.index.rglob("*"))
    with pytest.MonkeyPatch.context() as older:
        older.setattr(snapshot, "FORMAT_VERSION", 2)
        with pytest.raises(IndexIncompatible, match="format 5; this release reads up to 2"):
            run(settings)
    assert sorted(path.name for path in settings.index.rglob("*")) == before

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import filelock
import pytest
from fakes import HashingEmbedder

from indexer import vector_index
from indexer.borrowing import borrowed_vectors
from indexer.checking import verify
from indexer.embedding import Embedded
from indexer.errors import BuildLocked, ModelError, NotesFolderError
from indexer.generations import current_revision, open_snapshot
from indexer.planning import NAMED, REMEMBERED, BuildReport, Progress, remembered, seconds_left
from indexer.publishing import roll_back
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from indexer.snapshot import _sealed
from indexer.vector_index import VectorIndex

Build = Callable[..., BuildReport]


def test_the_first_build_embeds_everything(build: Build, embedder: HashingEmbedder) -> None:
    report = build()
    assert report.added == ("aws/roles.md", "aws/storage.md")
    assert (report.notes, report.embedded, report.kept) == (2, report.chunks, 0)
    assert len(embedder.embedded) == report.chunks


def test_nothing_changed_is_nothing_done(build: Build, embedder: HashingEmbedder) -> None:
    first = build()
    embedder.embedded.clear()
    again = build()
    assert (again.changed, again.revision, again.kept) == (False, first.revision, first.chunks)
    assert embedder.embedded == []


def test_an_edit_embeds_only_the_passage_it_changed(
    build: Build, settings: IndexSettings, embedder: HashingEmbedder
) -> None:
    first = build()
    embedder.embedded.clear()
    file = settings.notes / "aws/roles.md"
    file.write_text(file.read_text("utf-8").replace("5000", "6000"), "utf-8")
    report = build()
    assert report.changed_notes == ("aws/roles.md",)
    assert (report.embedded, report.kept) == (1, first.chunks - 1)
    assert "6000" in embedder.embedded[0]
    assert any("6000" in chunk.text for chunk in open_snapshot(settings.index).chunks)


def test_a_renamed_note_keeps_its_vectors(
    build: Build, settings: IndexSettings, embedder: HashingEmbedder
) -> None:
    build()
    embedder.embedded.clear()
    (settings.notes / "aws/roles.md").rename(settings.notes / "iam.md")
    report = build()
    assert report.renamed == (("aws/roles.md", "iam.md"),)
    assert (report.added, report.removed, report.embedded) == ((), (), 0)
    assert {chunk.note for chunk in open_snapshot(settings.index).chunks} == {"aws/storage.md", "iam.md"}


def test_an_incremental_build_equals_one_from_scratch(
    build: Build, settings: IndexSettings, tmp_path: Path, embedder: HashingEmbedder
) -> None:
    build()
    (settings.notes / "aws/roles.md").unlink()
    (settings.notes / "a.md").write_text("# New\n\n- first (Elastic File System, EFS)\n", "utf-8")
    build()
    scratch = dataclasses.replace(settings, index=tmp_path / "scratch")
    list(rebuild(scratch, embedder))
    one, other = open_snapshot(settings.index), open_snapshot(scratch.index)
    assert one.chunks == other.chunks
    assert one.notes == other.notes
    assert one.own_vectors.tolist() == other.own_vectors.tolist()
    assert one.tokens.codes.tolist() == other.tokens.codes.tolist()
    assert one.tokens.lengths.tolist() == other.tokens.lengths.tolist()
    assert one.lexicon == other.lexicon
    assert set(one.keywords.vocabulary) == set(other.keywords.vocabulary)
    for term in other.keywords.vocabulary:
        assert one.keywords.scores([term]).tolist() == other.keywords.scores([term]).tolist()


def test_another_model_embeds_all_again_and_says_why(build: Build, settings: IndexSettings) -> None:
    first = build()
    other = HashingEmbedder(name="other", fingerprint="e" * 64)
    *_, report = rebuild(settings, other)
    assert isinstance(report, BuildReport)
    assert report.embedded == first.chunks
    assert report.reason == "the model changed from 'hashing' (ffffffff) to 'other' (eeeeeeee)"


def test_full_embeds_all_again(build: Build) -> None:
    first = build()
    assert build(full=True).embedded == first.chunks


def test_a_dry_run_changes_nothing(build: Build, settings: IndexSettings, embedder: HashingEmbedder) -> None:
    report = build(dry_run=True)
    assert (report.dry_run, report.changed, report.embedded) == (True, True, report.chunks)
    assert embedder.embedded == []
    assert not settings.index.exists()


def test_an_empty_folder_never_replaces_a_full_index(build: Build, settings: IndexSettings) -> None:
    revision = build().revision
    for file in settings.notes.rglob("*.md"):
        file.unlink()
    with pytest.raises(NotesFolderError, match=r"0 notes, before 2; the index stays as it is.*--allow-empty"):
        build()
    assert current_revision(settings.index) == revision
    assert build(allow_empty=True).removed == ("aws/roles.md", "aws/storage.md")
    assert open_snapshot(settings.index).manifest.chunks == 0


def test_a_failure_half_way_leaves_the_index_as_it_was(build: Build, settings: IndexSettings) -> None:
    revision = build().revision

    class Failing(HashingEmbedder):
        def embed_passages(self, texts: object) -> list[Embedded]:
            raise ModelError("out of order")

    (settings.notes / "new.md").write_text("More.", "utf-8")
    with pytest.raises(ModelError):
        list(rebuild(settings, Failing()))
    assert current_revision(settings.index) == revision
    assert build().added == ("new.md",)


def test_a_damaged_index_is_built_again(build: Build, settings: IndexSettings) -> None:
    first = build()
    (settings.index / "generations" / first.revision / "vectors.npy").write_bytes(b"no")
    report = build()
    assert report.reason == "vectors.npy of the index is damaged"
    assert report.embedded == first.chunks
    assert open_snapshot(settings.index).manifest.revision == report.revision


def test_a_second_build_is_refused_and_names_the_first(build: Build, settings: IndexSettings) -> None:
    events = rebuild(settings, HashingEmbedder())
    assert isinstance(next(events), Progress)
    holder = (settings.index / "building").read_text("utf-8")
    with pytest.raises(BuildLocked, match=holder):
        build()
    events.close()  # type: ignore[attr-defined]
    assert build().changed


def test_the_lock_of_a_dead_process_is_free(build: Build, settings: IndexSettings) -> None:
    settings.index.mkdir(parents=True)
    code = f"import filelock, os; filelock.FileLock({str(settings.index / '.lock')!r}).acquire(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert build().changed
    assert isinstance(filelock.FileLock(settings.index / ".lock").acquire(timeout=0), object)


def test_progress_counts_up_to_the_whole(settings: IndexSettings, embedder: HashingEmbedder) -> None:
    events = [event for event in rebuild(settings, embedder) if isinstance(event, Progress)]
    assert list(dict.fromkeys(event.stage for event in events)) == [
        "reading",
        "chunking",
        "embedding",
        "fitting",
        "writing",
    ]
    embedding = [event for event in events if event.stage == "embedding"]
    assert embedding[-1].done == embedding[-1].total > 0


def test_a_large_index_records_how_it_is_searched_and_opens_the_same(
    settings: IndexSettings, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "EXACT_UP_TO", 500)
    for number in range(800):
        words = " ".join(
            f"{thing}{number % 20}" for thing in ("topic", "service", "region", "limit", "price")
        )
        (settings.notes / f"{number:03}.md").write_text(
            f"# Note {number}\n\n{words} says detail{number}.\n", "utf-8"
        )
    list(rebuild(settings, embedder))
    opened = open_snapshot(settings.index)
    assert opened.manifest.search.kind == "cells"
    assert opened.manifest.search.recall_at_10 >= 0.98
    assert verify(settings.index) == []
    (settings.notes / "new.md").write_text("More.", "utf-8")
    list(rebuild(settings, embedder))
    again = open_snapshot(settings.index)
    assert again.vectors.cells is not None and opened.vectors.cells is not None
    assert (
        again.vectors.cells.centroids.tolist() == opened.vectors.cells.centroids.tolist()
    )  # not sought again
    query = embedder.embed_query("topic7 service7 region7 detail7").vector
    exact = VectorIndex.from_vectors(borrowed_vectors(again.own_vectors, again.chunks))
    assert again.vectors.search(query, 1)[0].row == exact.search(query, 1)[0].row


def test_other_text_of_the_same_size_and_time_is_found(build: Build, settings: IndexSettings) -> None:
    build()
    file = settings.notes / "aws/roles.md"
    status = file.stat()
    file.write_text(file.read_text("utf-8").replace("5000", "6000"), "utf-8")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.stat().st_size == status.st_size
    assert build().changed_notes == ("aws/roles.md",)


def test_notes_with_the_same_text_are_renamed_one_to_one(build: Build, settings: IndexSettings) -> None:
    for name in ("one", "two", "three"):
        (settings.notes / f"{name}.md").write_text("The same text.", "utf-8")
    build()
    (settings.notes / "one.md").rename(settings.notes / "a.md")
    (settings.notes / "two.md").rename(settings.notes / "b.md")
    (settings.notes / "three.md").unlink()
    report = build()
    assert report.renamed == (("one.md", "a.md"), ("three.md", "b.md"))
    assert (report.added, report.removed) == ((), ("two.md",))


def test_another_chunker_cuts_all_again_but_keeps_the_vectors(
    build: Build, settings: IndexSettings, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build()
    embedder.embedded.clear()
    monkeypatch.setattr("indexer.chunking.VERSION", "99")
    report = build()
    assert report.reason == "the chunker changed from 5 to 99"
    assert (report.embedded, report.kept, embedder.embedded) == (0, first.chunks, [])
    assert open_snapshot(settings.index).manifest.chunker_version == "99"
    assert not build().changed


def test_another_chunker_finds_titles_anew(
    build: Build, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    build()
    monkeypatch.setattr("indexer.reading.title_heading", lambda *_: "Anew")
    build()
    assert open_snapshot(settings.index).notes["aws/storage.md"].title == "Storage"
    monkeypatch.setattr("indexer.chunking.VERSION", "99")
    build()
    opened = open_snapshot(settings.index)
    assert {chunk.title for chunk in opened.chunks if chunk.note == "aws/storage.md"} == {"Anew"}


@pytest.mark.parametrize("state", ["missing", "empty", "unmounted"])
def test_notes_that_are_gone_are_refused_and_the_old_index_serves(
    build: Build, settings: IndexSettings, state: str
) -> None:
    revision = build().revision
    settings.notes.rename(settings.notes.with_name("elsewhere"))
    if state != "missing":
        settings.notes.mkdir()
    if state == "unmounted":  # what is left is the folder that it was mounted on
        (settings.notes / "lost+found").mkdir(mode=0o700)
    with pytest.raises(NotesFolderError, match="0 notes, before 2; the index stays as it is"):
        build()
    assert open_snapshot(settings.index).manifest.revision == revision


def test_progress_says_how_long_the_rest_takes() -> None:
    assert seconds_left(0, 0, 10) is None
    assert seconds_left(3, 1, 4) == 9
    assert seconds_left(3, 4, 4) == 0


def test_a_generation_remembers_the_builds_before_it(settings: IndexSettings, build: Build) -> None:
    build()
    (settings.notes / "new.md").write_text("# New\n\nA new thing.\n", "utf-8")
    build()
    assert not build().changed  # nothing is built, and nothing remembered
    (settings.notes / "new.md").rename(settings.notes / "old.md")
    report = build()
    last, second, first = open_snapshot(settings.index).manifest.builds
    assert (last.revision, last.changes, last.named) == (
        report.revision,
        {"renamed": 1},
        {"renamed": ("new.md → old.md",)},
    )
    assert (second.changes, second.embedded, second.kept) == ({"added": 1}, 1, first.embedded)
    assert set(first.seconds) == {"reading", "chunking", "embedding", "fitting"}
    roll_back(settings.index)
    assert open_snapshot(settings.index).manifest.builds == (second, first)


def test_no_more_builds_and_names_are_remembered_than_a_page_shows(
    settings: IndexSettings, build: Build
) -> None:
    for number in range(NAMED + 3):
        (settings.notes / f"{number}.md").write_text(f"# {number}\n\nThing {number}.\n", "utf-8")
    build()
    [first] = open_snapshot(settings.index).manifest.builds
    assert first.changes == {"added": NAMED + 5}
    assert len(first.named["added"]) == NAMED
    report = dataclasses.replace(build(), changed_notes=("a.md",))
    assert len(remembered(report, "r", "2026-01-31T09:15:00Z", [first] * 50)) == REMEMBERED


def test_an_index_of_before_builds_were_remembered_is_built_upon(
    settings: IndexSettings, build: Build
) -> None:
    build()
    manifest = settings.index / "generations" / current_revision(settings.index) / "manifest.json"
    told = json.loads(manifest.read_bytes())["manifest"]
    del told["builds"]
    manifest.write_bytes(_sealed(json.dumps(told).encode()))
    (settings.notes / "new.md").write_text("# New\n\nA new thing.\n", "utf-8")
    assert build().embedded == 1
    assert len(open_snapshot(settings.index).manifest.builds) == 1

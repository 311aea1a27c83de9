"""Edits of the notes call for rebuilds; an index in step with them is there a moment later."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import watchfiles
from watchfiles._rust_notify import WatchfilesRustInternalError

from indexer.settings import IndexSettings
from indexer.watching import Watcher


class Calls:
    """Counts the rebuilds that were called for."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def reach(self, count: int, *, seconds: float = 120) -> bool:
        """Whether there come to be that many."""
        with self._changed:
            return self._changed.wait_for(lambda: self.count >= count, timeout=seconds)


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def watched(settings: IndexSettings, calls: Calls) -> Iterator[Path]:
    """The notes folder, which is watched."""
    with Watcher(settings, calls):
        assert calls.reach(1)
        yield settings.notes


@pytest.mark.parametrize(
    "edit",
    [
        lambda notes: (notes / "new.md").write_text("More.", "utf-8"),
        lambda notes: (notes / "aws/roles.md").write_text("# Other\n", "utf-8"),
        lambda notes: (notes / "aws/roles.md").unlink(),
        lambda notes: (notes / "aws/roles.md").rename(notes / "iam.md"),
        lambda notes: (notes / "aws").rename(notes / "cloud"),
        lambda notes: (notes / ".footnoteignore").write_text("aws/\n", "utf-8"),
    ],
    ids=["new", "edited", "deleted", "renamed", "folder", "ignored"],
)
def test_an_edit_calls_for_a_rebuild(watched: Path, calls: Calls, edit: Callable[[Path], object]) -> None:
    edit(watched)
    assert calls.reach(2)


def test_the_notes_may_lie_in_the_folder_of_the_index(settings: IndexSettings, calls: Calls) -> None:
    with Watcher(replace(settings, index=settings.notes.parent), calls):
        assert calls.reach(1)
        (settings.notes / "new.md").write_text("More.", "utf-8")
        assert calls.reach(2, seconds=20)


def test_what_is_not_indexed_calls_for_nothing_and_many_edits_for_one(watched: Path, calls: Calls) -> None:
    (watched / "image.png").write_bytes(b"x")
    (watched / ".hidden.md").write_text("x", "utf-8")
    (watched / ".git").mkdir()
    (watched / ".git" / "x.md").write_text("x", "utf-8")
    for number in range(50):
        (watched / f"{number}.md").write_text("x", "utf-8")
    assert calls.reach(2)
    time.sleep(1)
    assert calls.count <= 10  # a busy machine may take the edits in several times


def test_a_folder_that_goes_and_comes_is_watched_again(watched: Path, calls: Calls) -> None:
    away = watched.with_name("away")
    watched.rename(away)
    assert calls.reach(2)
    away.rename(watched)
    assert calls.reach(3)
    (watched / "new.md").write_text("More.", "utf-8")
    assert calls.reach(4)


def test_a_folder_that_is_not_there_yet_is_waited_for(settings: IndexSettings, calls: Calls) -> None:
    away = settings.notes.rename(settings.notes.with_name("away"))
    with Watcher(settings, calls):
        assert calls.reach(1)
        away.rename(settings.notes)
        assert calls.reach(2)


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "OS file watch limit reached."),
        WatchfilesRustInternalError("error creating recommended watcher: Too many open files (os error 24)"),
    ],
)
def test_where_the_system_watches_no_more_folders_they_are_looked_through(
    settings: IndexSettings, calls: Calls, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    watch, refused = watchfiles.watch, []

    def limited(*folders: Path, force_polling: bool | None, **options: Any) -> Any:
        if not force_polling:
            refused.append(True)
            raise error
        return watch(*folders, force_polling=True, **options)

    monkeypatch.setattr("indexer.watching.watchfiles.watch", limited)
    with Watcher(settings, calls):
        assert calls.reach(1)
        (settings.notes / "new.md").write_text("More.", "utf-8")
        assert calls.reach(2)
    assert refused == [True]


def test_a_rebuild_that_cannot_be_called_for_is_told_and_the_next_edit_calls_again(
    settings: IndexSettings, calls: Calls, caplog: pytest.LogCaptureFixture
) -> None:
    def failing() -> None:
        calls()
        raise RuntimeError("can't start new thread")

    with Watcher(settings, failing):
        assert calls.reach(1)
        (settings.notes / "new.md").write_text("More.", "utf-8")
        assert calls.reach(2)
    assert {record.getMessage() for record in caplog.records} == {"A rebuild could not be called for."}

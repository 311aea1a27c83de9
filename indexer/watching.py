"""Note edits -> rebuilds: the notes folder is watched, and edits are gathered for a moment."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

import watchfiles

from indexer.reading import IGNORE_FILE, SUFFIXES
from indexer.settings import IndexSettings

QUIET = 150  # milliseconds without a further edit after which those gathered are taken in
LONGEST = 1_000  # milliseconds after which they are taken in although edits go on
LOOK_AGAIN = 0.5  # seconds between two looks whether the folder is still the one that is watched
_log = logging.getLogger(__name__)


class Watcher:
    """Calls for a rebuild when it begins, after edits, and when another folder stands in the notes' place."""

    def __init__(self, settings: IndexSettings, rebuild: Callable[[], object]) -> None:
        self._notes = settings.notes.absolute()
        self._index = settings.folder.absolute()
        self._rebuild = rebuild
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._polls = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        missing = False
        while not self._stopping.is_set():
            there = _identity(self._notes)
            if there is None:
                if not missing:
                    self._call()  # it changes nothing, but tells what is wrong
                missing = True
                self._stopping.wait(LOOK_AGAIN)
                continue
            missing = False
            try:
                self._watch(there)
            except (OSError, RuntimeError) as error:  # the system watches no more folders for us
                _log.warning("The notes are looked through for edits instead of being watched: %s", error)
                self._polls = True
                self._stopping.wait(LOOK_AGAIN)

    def _watch(self, there: tuple[int, int]) -> None:
        """Follow the folder until another stands in its place, or we are to stop."""
        begun = False
        for edits in watchfiles.watch(
            self._notes,
            watch_filter=lambda _, path: self._matters(Path(path)),
            debounce=LONGEST,
            step=QUIET,
            stop_event=self._stopping,
            rust_timeout=int(LOOK_AGAIN * 1000),
            yield_on_timeout=True,
            force_polling=True if self._polls else None,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            if self._stopping.is_set() or _identity(self._notes) != there:
                return
            if edits or not begun:  # edits from before it was watched are found by the first rebuild
                self._call()
            begun = True

    def _call(self) -> None:
        try:
            self._rebuild()
        except Exception:  # the next edit calls again
            _log.exception("A rebuild could not be called for.")

    def _matters(self, path: Path) -> bool:
        """Whether an edit of that path can change what is indexed; a folder's can, and one that is gone."""
        inside = self._notes in self._index.parents  # else the notes may lie in the index's folder
        if inside and path.is_relative_to(self._index):
            return False
        try:
            parts = path.relative_to(self._notes).parts
        except ValueError:
            return False
        if parts == (IGNORE_FILE,):
            return True
        if any(part.startswith(".") for part in parts):
            return False
        return path.name.lower().endswith(SUFFIXES) or not path.is_file()


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another that comes to stand in its place; None if it is not there."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino

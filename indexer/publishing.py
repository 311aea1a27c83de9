"""How a generation comes to serve, and what becomes of the others. The caller holds the build lock."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from indexer.errors import IndexDamaged, IndexMissing, IndexTooLarge
from indexer.generations import (
    CURRENT,
    DAMAGED,
    GENERATIONS,
    current_bytes,
    current_revision,
    named,
    newest_whole,
    open_generation,
    revisions,
)
from indexer.snapshot import MANIFEST, Manifest, Snapshot, encode, seal
from indexer.storage import (
    DISK,
    Buffers,
    Disk,
    disk_full,
    free,
    not_written,
    rounded,
    sha256,
    size,
    taken,
    told,
    unread,
)
from indexer.types import Note

_UNFINISHED = ".unfinished-"


def new_revision(folder: Path, notes: Sequence[Note]) -> str:
    """A name for the next generation: a number above all others, and a hash of what is indexed."""
    names = [*revisions(folder), *named(folder / DAMAGED)]
    with contextlib.suppress(IndexMissing, IndexDamaged):
        names.append(current_revision(folder))
    digest = sha256(["".join(f"{note.path}\0{note.sha256}\n" for note in notes).encode()])
    return f"{max((int(name[:8]) for name in names), default=0) + 1:08d}-{digest[:8]}"


def publish(folder: Path, snapshot: Snapshot, *, max_bytes: int | None = None, disk: Disk = DISK) -> Manifest:
    """Write a generation beside the others and make it the one that serves; `folder` has to be there.

    Until the last rename everything is as it was; after it, whatever happens, the new generation serves.

    Args:
        max_bytes: what the folder may hold while both are in it.

    Raises:
        DiskFull: there is no room for it.
        IndexTooLarge: with it the folder would hold more than `max_bytes`.
        StorageError: the system failed in another way.
    """
    contents = encode(snapshot)
    digests = {name: sha256(buffers) for name, buffers in sorted(contents.items())}
    manifest = replace(snapshot.manifest, files=digests)
    files: dict[str, Buffers] = {**contents, MANIFEST: [seal(manifest)]}
    needs = rounded(folder, [*map(size, files.values()), len(manifest.revision)])
    _make_room(folder, needs, max_bytes, disk)
    has = free(folder)
    try:
        disk.make_folder(folder / GENERATIONS)
        _write(folder / GENERATIONS, manifest.revision, files, disk)
        before = current_bytes(folder)
        _point(folder, manifest.revision, disk)
    except OSError as error:
        _clear(folder, disk)
        raise not_written(error, folder, needs, has) from error
    _remove_others(folder, {manifest.revision, (before or b"").decode("utf-8", "replace")}, disk)
    return manifest


def _make_room(folder: Path, needs: int, max_bytes: int | None, disk: Disk) -> None:
    """Raise unless a generation of `needs` bytes may be written; others give way if it fits then."""
    lacks = needs - free(folder)
    if max_bytes is not None:
        lacks = max(lacks, taken(folder) + needs - max_bytes)
    if lacks > 0:
        with contextlib.suppress(IndexDamaged, IndexMissing):
            serving = current_revision(folder)
            if lacks <= _removable(folder, {serving}):
                _remove_others(folder, {serving}, disk)
    if max_bytes is not None and (total := taken(folder) + needs) > max_bytes:
        raise IndexTooLarge(
            f"index too large: with the new generation {str(folder)!r} would hold {told(total)}, the limit is"
            f" {told(max_bytes)}. Raise FOOTNOTE_MAX_INDEX_MB or index fewer notes; the index is as it was."
        )
    if (has := free(folder)) < needs:
        raise disk_full(folder, needs, has)


def _write(generations: Path, revision: str, files: Mapping[str, Buffers], disk: Disk) -> None:
    unfinished = generations / f"{_UNFINISHED}{revision}"
    disk.remove(unfinished)
    disk.make_folder(unfinished)
    for name, buffers in files.items():  # the manifest is the last
        disk.write(unfinished / name, buffers)
    disk.sync(unfinished)
    disk.rename(unfinished, generations / revision)
    disk.sync(generations)


def _point(folder: Path, revision: str, disk: Disk) -> None:
    """Make that generation the one that serves."""
    disk.write(folder / f"{CURRENT}.new", [revision.encode()])
    disk.rename(folder / f"{CURRENT}.new", folder / CURRENT)
    disk.sync(folder)


def mend(
    folder: Path, *, held: Snapshot | None = None, disk: Disk = DISK
) -> tuple[Snapshot | None, dict[str, IndexDamaged]]:
    """Open the generation that serves; set damaged ones aside, and let the newest whole one before serve.

    Gives that generation, None if there is none; and what was damaged, by name.

    Args:
        held: a generation that is open; if it is the one, its files are checked, but not decoded again.

    Raises:
        IndexIncompatible: written by a newer or an older release; it is left alone.
        StorageError: it cannot be set aside.
    """
    try:
        snapshot, damage = newest_whole(folder, None, held=held)
    except IndexMissing:
        return None, {}
    try:
        for revision in damage:
            if (folder / GENERATIONS / revision).is_dir():
                disk.make_folder(folder / DAMAGED)
                disk.rename(folder / GENERATIONS / revision, folder / DAMAGED / revision)
        if damage and snapshot:
            _point(folder, snapshot.manifest.revision, disk)
    except OSError as error:
        raise not_written(error, folder, 0, free(folder)) from error
    return snapshot, damage


def tidy(folder: Path, *, disk: Disk = DISK) -> None:
    """Remove what an interrupted build left, and generations older than the one before the serving."""
    _clear(folder, disk)
    with contextlib.suppress(IndexMissing, IndexDamaged):
        serving, there = current_revision(folder), revisions(folder)
        if serving in there:  # else one of the others may be needed
            before = [name for name in there if name < serving][:1]
            _remove_others(folder, {*before, *(name for name in there if name >= serving)}, disk)


def roll_back(folder: Path, *, disk: Disk = DISK) -> Manifest:
    """Let the newest whole generation before the one that serves serve again.

    Raises:
        IndexMissing: there is no generation before.
        IndexDamaged: none before is whole.
    """
    serving = current_revision(folder)
    damage: IndexDamaged | None = None
    for revision in revisions(folder):
        if revision < serving:
            try:
                manifest = open_generation(folder, revision).manifest
            except IndexDamaged as error:
                damage = error
                continue
            try:
                _point(folder, revision, disk)
            except OSError as error:
                raise not_written(error, folder, len(revision), free(folder)) from error
            return manifest
    raise damage or IndexMissing(f"There is no generation before {serving} in {str(folder)!r}.")


def _clear(folder: Path, disk: Disk) -> None:
    """Remove what is unfinished; what cannot be removed now is left to the next build."""
    with contextlib.suppress(OSError):
        disk.remove(folder / f"{CURRENT}.new")
        for entry in sorted((folder / GENERATIONS).glob(f"{_UNFINISHED}*")):
            disk.remove(entry)


def _removable(folder: Path, kept: set[str]) -> int:
    """The bytes of the generations that are not kept and that nobody reads."""
    total = 0
    for revision in revisions(folder):
        generation = folder / GENERATIONS / revision
        if revision not in kept:
            with contextlib.suppress(OSError), unread(generation) as nobody:
                total += taken(generation) if nobody else 0
    return total


def _remove_others(folder: Path, kept: set[str], disk: Disk) -> None:
    """Remove the generations that are not kept and that nobody reads."""
    generations = folder / GENERATIONS
    for revision in revisions(folder):
        if revision in kept:
            continue
        with contextlib.suppress(OSError), unread(generations / revision) as nobody:
            if nobody:  # renamed first, so that half of it is never taken for a generation
                disk.rename(generations / revision, generations / f"{_UNFINISHED}{revision}")
                disk.remove(generations / f"{_UNFINISHED}{revision}")

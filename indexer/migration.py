"""An index moved from one place to another, be it a folder or Milvus: nothing is embedded again.

What moves is the generation that serves: the same notes, passages, vectors and tokens, with their model,
their line and what is told of their builds. It gets the next revision of the place that it comes to.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from indexer.address import Address, Place
from indexer.assembly import NEW, Draft, Kept, NoteRows, assemble
from indexer.errors import SettingsError
from indexer.locking import BuildLock
from indexer.passages import Passages
from indexer.planning import Progress
from indexer.publishing import new_revision, publish, tidy
from indexer.snapshot import Manifest, Snapshot
from indexer.storage import DISK
from indexer.stores import open_store
from indexer.types import Reading

NOTES_AT_ONCE = 64


@dataclass
class _Made:
    name: str
    fingerprint: str


def migrate(source: Place, target: Place, *, max_bytes: int | None = None) -> Iterator[Progress | Manifest]:
    """Copy the generation that serves; yields progress and, last, its manifest at the target.

    Until then the target is as it was; the source stays as it is.

    Args:
        max_bytes: what a folder may hold.

    Raises:
        SettingsError: both are the same place.
        BuildLocked: the target is being built.
        IndexUnusable: there is nothing to move, or it cannot be read or written.
        StorageError: the folder cannot be written.
    """
    if source == target:
        raise SettingsError(f"The index is at {str(source)!r} already. Name another place to move it to.")
    index = open_store(source).open()
    if isinstance(target, Address):
        from indexer.milvus_migration import into_milvus

        yield from into_milvus(index, target)
    else:
        DISK.make_folder(target)
        with BuildLock(target):
            yield from _into_folder(index, target, max_bytes)


def moved(index: Passages) -> Iterator[NoteRows]:
    """The notes of an index, one after the other, in order of path."""
    if isinstance(index, Snapshot):
        yield from _of_snapshot(index)
    else:
        from indexer.milvus_migration import of_generation

        yield from of_generation(index)


def followed(index: Passages) -> Iterator[tuple[Progress, list[NoteRows]]]:
    """The same some at a time, with how far that is."""
    some: list[NoteRows] = []
    total, done = index.manifest.notes, 0
    for one in moved(index):
        some.append(one)
        if len(some) == NOTES_AT_ONCE:
            done += len(some)
            yield Progress("moving", done, total), some
            some = []
    yield Progress("moving", total, total), some


def _of_snapshot(snapshot: Snapshot) -> Iterator[NoteRows]:
    rows = {
        path: [row for row, _ in group]
        for path, group in groupby(enumerate(snapshot.chunks), lambda pair: pair[1].note)
    }
    for path, note in snapshot.notes.items():
        own = rows.get(path, [])
        kept = [Kept(snapshot.own_vectors[row], snapshot.tokens_of(row)) for row in own]
        yield NoteRows(note, [snapshot.chunks[row] for row in own], kept)


def _into_folder(index: Passages, target: Path, max_bytes: int | None) -> Iterator[Progress | Manifest]:
    all_of_it: list[NoteRows] = []
    for progress, some in followed(index):
        yield progress
        all_of_it += some
    notes = tuple(one.note for one in all_of_it)
    chunks = [chunk for one in all_of_it for chunk in one.chunks]
    before = index.manifest
    yield Progress("writing", 0, 1)
    snapshot = assemble(
        _Made(before.embedding_model, before.embedding_fingerprint),
        new_revision(target, notes),
        Reading(notes, before.skipped),
        Draft(chunks, [NEW] * len(chunks)),
        [kept for one in all_of_it for kept in one.kept],
        None,
    )
    manifest = replace(
        snapshot.manifest,
        created_at=before.created_at,
        chunker_version=before.chunker_version,
        dimension=before.dimension,
        line=before.line,
        builds=before.builds,
    )
    tidy(target)
    published = publish(target, replace(snapshot, manifest=manifest), max_bytes=max_bytes)
    yield Progress("writing", 1, 1)
    yield published

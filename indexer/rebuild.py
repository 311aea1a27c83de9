"""Bring the index in step with the notes: plan the difference, embed what is new, publish."""

import contextlib
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from indexer import chunking
from indexer.address import Address
from indexer.assembly import NEW, Draft, Kept, assemble, found_again, key
from indexer.embedding import Embedder
from indexer.errors import IndexDamaged, IndexMissing, IndexOutdated, IndexUnusable, NotesFolderError
from indexer.generations import open_snapshot
from indexer.hands import Hands, OwnHands
from indexer.live import LiveIndex
from indexer.locking import BuildLock
from indexer.passages import Passages
from indexer.planning import Basis, BuildReport, Progress, difference, remembered, seconds_left
from indexer.publishing import mend, new_revision, publish, tidy
from indexer.reading import read_notes
from indexer.settings import IndexSettings
from indexer.snapshot import Manifest, Snapshot, short
from indexer.storage import DISK, Disk, free, not_written
from indexer.types import NO_LINE, Build, Chunk, Line, Note, Reading

EMBED_AT_ONCE = 128  # passages between two progress events, after each of which a build can be stopped
CHUNK_AT_ONCE = 50  # notes between two
FITTED_AGAIN = 0.1  # of the passages: once so many have changed, the line is fitted again

FitLine = Callable[[Passages], Line]


def rebuild(
    settings: IndexSettings,
    embedder: Embedder,
    *,
    full: bool = False,
    dry_run: bool = False,
    allow_empty: bool = False,
    wait: float = 0.0,
    fit_line: FitLine | None = None,
    hands: Hands | None = None,
    live: LiveIndex | None = None,
    disk: Disk = DISK,
) -> Iterator[Progress | BuildReport]:
    """Make the index say what the notes say; yields progress and, last, the report.

    A failure at any point, and closing the iterator, leaves the index as it was.

    Args:
        full: embed everything again.
        dry_run: report what would be done, and change nothing.
        allow_empty: let a folder without notes replace an index that has some.
        wait: how many seconds to wait while another process builds this index.
        fit_line: finds where the corpus divides answering from declining; not asked after a small change.
        hands: cut the notes and embed the chunks; without any this process does.
        live: the index as this process serves it: it is built upon without being opened again, and so does
            the next generation serve.

    Raises:
        BuildLocked: another build of this index is running.
        NotesFolderError: the folder is missing or holds no notes.
        StorageError: the index cannot be written; DiskFull and IndexTooLarge say more.
        IndexIncompatible: the index was written by a newer release; it is left alone.
    """
    folder = settings.folder
    hands = hands or OwnHands(embedder)
    if isinstance(settings.index, Address):
        from indexer.milvus_build import MilvusBuild

        yield from MilvusBuild(settings, embedder, full, allow_empty, disk, fit_line, hands, live).whole(
            dry_run, wait
        )
        return
    build = Builder(settings, embedder, full, allow_empty, disk, fit_line, hands, live)
    if dry_run:
        yield from build.run(dry_run=True)
        return
    try:
        disk.make_folder(folder)
        lock = BuildLock(folder)
        for _ in lock.acquire(wait=wait):
            yield Progress("waiting", 0, 0)
    except OSError as error:
        raise _cannot_begin(error, folder) from error
    try:
        yield from build.run(dry_run=False)
    finally:
        lock.release()


def _cannot_begin(error: OSError, folder: Path) -> Exception:
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return not_written(error, folder, 0, free(nearest))


@dataclass
class Builder:
    """One build of an index in a folder."""

    settings: IndexSettings
    embedder: Embedder
    full: bool
    allow_empty: bool
    disk: Disk
    fit_line: FitLine | None
    hands: Hands
    live: LiveIndex | None
    seconds: dict[str, float] = field(default_factory=dict)
    started_at: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")

    def run(self, *, dry_run: bool) -> Iterator[Progress | BuildReport]:
        """The steps of the build, and last its report."""
        yield Progress("reading", 0, 0)
        with self._timed("reading"):
            basis = self._basis(dry_run)
            reading = self._read(basis.previous, basis.keeps_chunks)
        report = difference(basis, reading, dry_run)
        if not report.changed:
            yield replace(report, seconds=self.seconds)
            return

        previous = basis.previous if basis.keeps_vectors else None
        with self._timed("chunking"):
            draft = yield from self._chunk(reading.notes, basis.previous if basis.keeps_chunks else None)
            if previous:
                draft = found_again(draft, previous.chunks)
        new = draft.new
        report = replace(
            report, chunks=len(draft.chunks), embedded=len(new), kept=len(draft.chunks) - len(new)
        )
        if dry_run:
            yield replace(report, seconds=self.seconds)
            return

        kept: dict[str, Kept] = {}
        with self._timed("embedding"):
            yield from self._embed(new, kept)
        yield Progress("fitting", 0, 1)
        with self._timed("fitting"):
            revision = new_revision(self.settings.folder, reading.notes)
            embedded = [kept[key(chunk)] for chunk in new]
            snapshot = assemble(self.embedder, revision, reading, draft, embedded, previous)
            line = self._line(snapshot, previous, len(new))
        builds = self._builds(replace(report, seconds=self.seconds), revision, basis.previous)
        snapshot = replace(snapshot, manifest=replace(snapshot.manifest, line=line, builds=builds))
        yield Progress("writing", 0, 1)
        with self._timed("writing"):
            self._publish(snapshot)
        yield Progress("writing", 1, 1)
        yield replace(report, revision=snapshot.manifest.revision, seconds=self.seconds)

    def _publish(self, snapshot: Snapshot) -> None:
        def published() -> Snapshot:
            limit = self.settings.max_index_mb * 2**20
            manifest = publish(self.settings.folder, snapshot, max_bytes=limit, disk=self.disk)
            return replace(snapshot, manifest=manifest)

        if self.live:
            self.live.swap(published)
        else:
            published()

    def _line(self, index: Passages, previous: Passages | None, embedded: int) -> Line:
        """The line of a generation; that of the one before still holds while little has changed."""
        line = previous.manifest.line if previous else NO_LINE
        moved = max(abs(index.manifest.chunks - line.chunks), embedded) > FITTED_AGAIN * line.chunks
        return self.fit_line(index) if self.fit_line and moved else line

    def _builds(self, done: BuildReport, revision: str, previous: Passages | None) -> tuple[Build, ...]:
        """What is told of this build and of those before."""
        before = previous.manifest.builds if previous else ()
        return remembered(done, revision, self.started_at, before)

    def _basis(self, dry_run: bool) -> Basis[Snapshot]:
        """The generation that serves, and what of it can be kept."""
        damage: dict[str, IndexDamaged] = {}
        previous: Snapshot | None = None
        try:
            if dry_run:
                previous = open_snapshot(self.settings.folder)
            else:
                previous, damage = mend(self.settings.folder, held=self._serving(), disk=self.disk)
                tidy(self.settings.folder, disk=self.disk)
        except IndexMissing:
            return Basis()
        except (IndexDamaged, IndexOutdated) as error:
            return Basis(reason=first_sentence(error))
        if previous is None:
            return Basis(reason="; ".join(map(first_sentence, damage.values())), set_aside=tuple(damage))
        reason, same_model, same_chunker = self._why_anew(previous.manifest)
        return Basis(
            previous,
            reason,
            keeps_chunks=same_model and same_chunker,
            keeps_vectors=same_model,
            set_aside=tuple(damage),
        )

    def _serving(self) -> Snapshot | None:
        """What serves in this process. It is opened now if it was not yet, or it would soon be open twice."""
        with contextlib.suppress(IndexUnusable):
            serving = self.live.current if self.live else None
            return serving if isinstance(serving, Snapshot) else None
        return None

    def _why_anew(self, made_with: Manifest) -> tuple[str, bool, bool]:
        """Why a generation cannot be built upon as it is; whether its vectors, its chunks can be kept."""
        same_chunker = made_with.chunker_version == chunking.VERSION
        if self.full:
            return "a full build was asked for", False, same_chunker
        if made_with.embedding_fingerprint != self.embedder.fingerprint:
            old, new = short(made_with.embedding_fingerprint), short(self.embedder.fingerprint)
            names = f"{made_with.embedding_model!r} ({old}) to {self.embedder.name!r} ({new})"
            return f"the model changed from {names}", False, same_chunker
        if not same_chunker:
            chunkers = f"{made_with.chunker_version} to {chunking.VERSION}"
            return f"the chunker changed from {chunkers}", True, False
        return "", True, True

    def _read(self, previous: Passages | None, keeps_chunks: bool) -> Reading:
        try:
            reading = read_notes(
                self.settings.notes,
                max_bytes=self.settings.max_note_mb * 2**20,
                known=previous.notes if previous and keeps_chunks else None,  # else titles are found anew
            )
        except NotesFolderError as error:
            problem, _, remedy = str(error).rpartition(". ")
            raise NotesFolderError(f"{problem}{_before(previous)}. {remedy}") from error
        if not reading.notes and not self.allow_empty:
            raise NotesFolderError(
                f"The notes folder {str(self.settings.notes)!r} holds no notes that can be read"
                f"{_before(previous)}."
                " Put *.md files there, name another folder with --notes, or allow this with --allow-empty."
            )
        return reading

    def _chunk(self, notes: Sequence[Note], previous: Snapshot | None) -> Generator[Progress, None, Draft]:
        """The chunks of all notes, in order; those of an unchanged note are taken over."""
        known: dict[str, list[int]] = {}
        for row, chunk in enumerate(previous.chunks if previous else ()):
            known.setdefault(chunk.note, []).append(row)
        before = previous.notes if previous else {}
        unchanged = frozenset(note.path for note in notes if before.get(note.path) is note)
        cut = self.hands.cut([note for note in notes if note.path not in unchanged])
        chunks: list[Chunk] = []
        rows: list[int] = []
        started = time.monotonic()
        for number, note in enumerate(notes):
            if number % CHUNK_AT_ONCE == 0:
                left = seconds_left(time.monotonic() - started, number, len(notes))
                yield Progress("chunking", number, len(notes), left)
            if previous and note.path in unchanged:
                rows.extend(known.get(note.path, ()))
                chunks.extend(previous.chunks[row] for row in known.get(note.path, ()))
            else:
                fresh = next(cut)
                rows.extend([NEW] * len(fresh))
                chunks.extend(fresh)
        return Draft(chunks, rows, unchanged)

    def _embed(self, chunks: Sequence[Chunk], kept: dict[str, Kept]) -> Iterator[Progress]:
        """Add what is kept of each chunk to `kept`; those of like length come together."""
        new = {key(chunk): chunk for chunk in chunks}
        keys = sorted(new, key=lambda one: len(new[one].embedded_text))
        lengths = np.cumsum([0, *(len(new[key].embedded_text) for key in keys)])  # what the time goes by
        starts = range(0, len(keys), EMBED_AT_ONCE)
        embedded = self.hands.embed([new[key] for key in keys[at : at + EMBED_AT_ONCE]] for at in starts)
        started = time.monotonic()
        for start in starts:
            left = seconds_left(time.monotonic() - started, float(lengths[start]), float(lengths[-1]))
            yield Progress("embedding", start, len(keys), left)
            kept.update(zip(keys[start : start + EMBED_AT_ONCE], next(embedded), strict=True))
        yield Progress("embedding", len(keys), len(keys))

    @contextlib.contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - started, 3)


def _before(previous: Passages | None) -> str:
    return f": 0 notes, before {len(previous.notes)}; the index stays as it is" if previous else ""


def first_sentence(error: Exception) -> str:
    """What is wrong, without the remedy."""
    return str(error).split(". ")[0]

"""Bring the index in step with the notes: plan the difference, embed what is new, publish."""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import filelock
import numpy as np
from numpy.typing import NDArray

from indexer import chunking
from indexer.borrowing import borrowed_terms, borrowed_vectors
from indexer.chunking import chunk_note
from indexer.embedding import Embedder
from indexer.errors import BuildLocked, IndexDamaged, IndexMissing, IndexOutdated, NotesFolderError
from indexer.keyword_index import KeywordIndex, terms
from indexer.lexicon import learn
from indexer.planning import BuildReport, Progress, difference
from indexer.reading import read_notes
from indexer.settings import IndexSettings
from indexer.snapshot import FORMAT_VERSION, Manifest, Snapshot, new_revision, open_snapshot, publish
from indexer.types import Chunk, Note, Reading
from indexer.vector_index import VectorIndex

EMBED_AT_ONCE = 64  # passages between two progress events


@dataclass(frozen=True, slots=True)
class _Vectors:
    """What was embedded of a chunk: its own vector, shape (dimension,), and its units', one row each."""

    whole: NDArray[np.float32]
    units: NDArray[np.float16]


def rebuild(
    settings: IndexSettings,
    embedder: Embedder,
    *,
    full: bool = False,
    dry_run: bool = False,
    allow_empty: bool = False,
) -> Iterator[Progress | BuildReport]:
    """Make the index say what the notes say; yields progress and, last, the report.

    A failure at any point leaves the index as it was.

    Args:
        full: embed everything again.
        dry_run: report what would be done, and change nothing.
        allow_empty: let a folder without notes replace an index that has some.

    Raises:
        BuildLocked: another build of this index is running.
        NotesFolderError: the folder is missing or holds no notes.
        IndexIncompatible: the index was written by a newer release; it is left alone.
    """
    if dry_run:
        yield from _Build(settings, embedder, full, allow_empty).run(dry_run=True)
        return
    settings.index.mkdir(parents=True, exist_ok=True)
    with _lock(settings.index):
        yield from _Build(settings, embedder, full, allow_empty).run(dry_run=False)


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """One builder at a time; the system frees the lock of a process that died."""
    holder = folder / "building"
    lock = filelock.FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        name = holder.read_text("utf-8") if holder.exists() else "another process"
        raise BuildLocked(f"{name} is building this index now. Wait until it is done.") from error
    try:
        holder.write_text(f"process {os.getpid()}", "utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


@dataclass
class _Build:
    settings: IndexSettings
    embedder: Embedder
    full: bool
    allow_empty: bool
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, *, dry_run: bool) -> Iterator[Progress | BuildReport]:
        previous, reason = self._previous()
        yield Progress("reading", 0, 0)
        with self._timed("reading"):
            reading = self._read(previous)
        report = difference(previous, reading, reason, dry_run)
        if previous and not reason and not report.changed:
            yield replace(report, seconds=self.seconds)
            return

        yield Progress("chunking", 0, len(reading.notes))
        with self._timed("chunking"):
            chunks = self._chunks(reading.notes, None if reason else previous)
        kept = {} if reason or previous is None else _vectors_by_text(previous)
        missing = [row for row, chunk in enumerate(chunks) if _key(chunk) not in kept]
        report = replace(
            report, changed=True, chunks=len(chunks), embedded=len(missing), kept=len(chunks) - len(missing)
        )
        if dry_run:
            yield replace(report, seconds=self.seconds)
            return

        with self._timed("embedding"):
            yield from self._embed(chunks, missing, kept)
        yield Progress("writing", 0, 1)
        with self._timed("writing"):
            revision = self._publish(reading, chunks, kept)
        yield Progress("writing", 1, 1)
        yield replace(report, revision=revision, seconds=self.seconds)

    def _previous(self) -> tuple[Snapshot | None, str]:
        """The generation that serves, and why nothing of its vectors can be kept, if so."""
        try:
            previous = open_snapshot(self.settings.index)
        except IndexMissing:
            return None, ""
        except (IndexDamaged, IndexOutdated) as error:
            return None, str(error).split(". ")[0]
        manifest = previous.manifest
        if self.full:
            return previous, "a full build was asked for"
        if manifest.embedding_fingerprint != self.embedder.fingerprint:
            return previous, (
                f"the model changed from {manifest.embedding_model!r} ({manifest.embedding_fingerprint[:8]})"
                f" to {self.embedder.name!r} ({self.embedder.fingerprint[:8]})"
            )
        if manifest.chunker_version != chunking.VERSION:
            return previous, f"the chunker changed from {manifest.chunker_version} to {chunking.VERSION}"
        return previous, ""

    def _read(self, previous: Snapshot | None) -> Reading:
        reading = read_notes(
            self.settings.notes,
            max_bytes=self.settings.max_note_mb * 2**20,
            known=previous.notes if previous else None,
        )
        if not reading.notes and not self.allow_empty:
            before = f"; the index has {len(previous.notes)} and stays as it is" if previous else ""
            raise NotesFolderError(
                f"The notes folder {str(self.settings.notes)!r} holds no notes that can be read{before}."
                " Put *.md files there, name another folder with --notes, or allow this with --allow-empty."
            )
        return reading

    def _chunks(self, notes: Sequence[Note], previous: Snapshot | None) -> list[Chunk]:
        """The chunks of all notes, in order; those of an unchanged note are taken over."""
        known: dict[str, list[Chunk]] = {}
        for chunk in previous.chunks if previous else ():
            known.setdefault(chunk.note, []).append(chunk)
        chunks: list[Chunk] = []
        for note in notes:
            if previous and previous.notes.get(note.path) is note:
                chunks.extend(known.get(note.path, ()))
            else:
                chunks.extend(
                    chunk_note(note, self.embedder.count_tokens, max_tokens=self.embedder.max_tokens)
                )
        return chunks

    def _embed(
        self, chunks: Sequence[Chunk], missing: Sequence[int], vectors: dict[str, _Vectors]
    ) -> Iterator[Progress]:
        """Add the vectors of each missing chunk to `vectors`; batches of like length waste no padding."""
        new = {_key(chunks[row]): chunks[row] for row in missing}
        keys = sorted(new, key=lambda key: len(new[key].embedded_text))
        for start in range(0, len(keys), EMBED_AT_ONCE):
            yield Progress("embedding", start, len(keys))
            batch = keys[start : start + EMBED_AT_ONCE]
            found = self.embedder.embed_in_context(
                [new[key].embedded_text for key in batch], [new[key].embedded_spans for key in batch]
            )
            vectors.update(
                (key, _Vectors(rows[0], rows[1:].astype(np.float16)))
                for key, rows in zip(batch, found, strict=True)
            )
        yield Progress("embedding", len(keys), len(keys))

    def _publish(
        self,
        reading: Reading,
        chunks: Sequence[Chunk],
        vectors: Mapping[str, _Vectors],
    ) -> str:
        found = [vectors[_key(chunk)] for chunk in chunks]
        matrix = np.stack([one.whole for one in found]) if found else np.zeros((0, 1), np.float32)
        units = np.concatenate([one.units for one in found]) if found else np.zeros((0, 1), np.float16)
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            revision=new_revision(self.settings.index, reading.notes),
            created_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            embedding_model=self.embedder.name,
            embedding_fingerprint=self.embedder.fingerprint,
            dimension=matrix.shape[1],
            chunker_version=chunking.VERSION,
            notes=len(reading.notes),
            chunks=len(chunks),
            skipped=tuple(reading.skipped),
        )
        snapshot = Snapshot(
            manifest,
            {note.path: note for note in reading.notes},
            chunks,
            matrix,
            units,
            VectorIndex.from_vectors(borrowed_vectors(matrix, chunks)),
            KeywordIndex.from_terms(borrowed_terms([terms(chunk.embedded_text) for chunk in chunks], chunks)),
            learn(chunks),
        )
        return publish(self.settings.index, snapshot).revision

    @contextlib.contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - started, 3)


def _key(chunk: Chunk) -> str:
    """What vectors are kept by: the text that they stand for, and how its units part it."""
    parts = [chunk.embedded_text, *(f"{span.start} {span.end}" for span in chunk.embedded_spans)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _vectors_by_text(snapshot: Snapshot) -> dict[str, _Vectors]:
    return {
        _key(chunk): _Vectors(snapshot.own_vectors[row], snapshot.units_of(row))
        for row, chunk in enumerate(snapshot.chunks)
    }

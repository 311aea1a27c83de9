"""A build into Milvus: notes that changed are cut, embedded and written some at a time; then it is published.

No more of the notes is in memory than what is being written, and heads. What stood in the generation before
is not touched: a note that changed is written as another, and the one before it is dead from then on.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import tee

from indexer import chunking
from indexer.address import Address
from indexer.assembly import Kept, NoteRows, key
from indexer.errors import IndexDamaged, IndexMissing, IndexOutdated
from indexer.milvus_fetching import StoredNote
from indexer.milvus_generation import MilvusGeneration
from indexer.milvus_lease import Lease
from indexer.milvus_numbers import Ranges, row_at
from indexer.milvus_store import MilvusStore
from indexer.milvus_sweeping import sweep
from indexer.milvus_writing import GRAPH, Writer, drafted, now
from indexer.planning import Basis, BuildReport, Progress, difference, seconds_left
from indexer.rebuild import Builder, first_sentence
from indexer.snapshot import FORMAT_VERSION, Manifest
from indexer.storage import sha256
from indexer.types import Chunk, Note, Reading

ROWS_AT_ONCE = 2_000  # notes and passages that are embedded and written together
NOTES_AT_ONCE = 64  # whose texts are fetched together
Cut = tuple[Note, Sequence[Chunk]]  # a note with its text, and its passages


@dataclass
class Counted:
    """How many passages were embedded and taken over so far."""

    embedded: int = 0
    kept: int = 0


@dataclass
class MilvusBuild(Builder):
    """One build of an index in Milvus."""

    counted: Counted = field(default_factory=Counted)
    _store: MilvusStore = field(init=False)
    _lease: Lease = field(init=False)

    def whole(self, dry_run: bool, wait: float) -> Iterator[Progress | BuildReport]:
        """The build with its lease, as `rebuild` has it."""
        served = self.live.store if self.live else None
        self._store = served if isinstance(served, MilvusStore) else MilvusStore(_address(self))
        try:
            if dry_run:
                yield from self.run(dry_run=True)
                return
            self._lease = self._store.lock()
            for _ in self._lease.acquire(wait=wait, above=self._store.above()):
                yield Progress("waiting", 0, 0)
            try:
                yield from self.run(dry_run=False)
            finally:
                self._lease.release()
        finally:
            if self._store is not served:
                self._store.close()

    def run(self, *, dry_run: bool) -> Iterator[Progress | BuildReport]:
        """The steps of the build, and last its report."""
        yield Progress("reading", 0, 0)
        with self._timed("reading"):
            swept = () if dry_run else sweep(self._store)
            basis = self._opened()
            reading = self._read(basis.previous, basis.keeps_chunks)
        report = difference(basis, reading, dry_run)
        if not report.changed:
            yield replace(report, seconds=self.seconds)
            return

        previous = basis.previous
        unchanged = _unchanged(reading, basis)
        new = [note for note in reading.notes if note.path not in unchanged]
        writer = None if dry_run else Writer(self._store, self._lease)
        with self._timed("embedding"):
            yield from self._write(new, basis, dict(_pairs(report)), writer)
        kept = self.counted.kept + sum(note.head.chunks for note in unchanged.values())
        report = replace(
            report, chunks=self.counted.embedded + kept, embedded=self.counted.embedded, kept=kept
        )
        if writer is None:
            yield replace(report, seconds=self.seconds)
            return
        yield Progress("fitting", 0, 1)
        with self._timed("fitting"):
            draft = self._draft(writer, unchanged, previous, reading, swept)
            line = self._line(draft, previous if basis.keeps_vectors else None, report.embedded)
        done = replace(report, seconds=self.seconds)
        builds = self._builds(done, draft.manifest.revision, previous)
        yield Progress("writing", 0, 1)
        with self._timed("writing"):
            self._serve(draft, replace(draft.manifest, line=line, builds=builds))
        yield Progress("writing", 1, 1)
        yield replace(report, revision=draft.manifest.revision, seconds=self.seconds)

    def _opened(self) -> Basis[MilvusGeneration]:
        """The generation that serves, and what of it can be kept."""
        try:
            previous = self._store.open(held=self.live.held if self.live else None)
        except IndexMissing:
            return Basis()
        except (IndexDamaged, IndexOutdated) as error:
            return Basis(reason=first_sentence(error))
        reason, same_model, same_chunker = self._why_anew(previous.manifest)
        return Basis(previous, reason, same_model and same_chunker, same_model)

    def _write(
        self,
        notes: Sequence[Note],
        basis: Basis[MilvusGeneration],
        before: Mapping[str, str],
        writer: Writer | None,
    ) -> Iterator[Progress]:
        """Cut, embed and write notes; without a writer, only count what would be embedded."""
        started, start = time.monotonic(), 0
        yield Progress("embedding", 0, len(notes))
        for cut in _some_at_once(self._cut(notes, basis)):
            kept = self._known(cut, basis, before) if basis.keeps_vectors else {}
            new = [chunk for _, chunks in cut for chunk in chunks if key(chunk) not in kept]
            self.counted.embedded += len(new)
            self.counted.kept += sum(len(chunks) for _, chunks in cut) - len(new)
            if writer:
                for event in self._embed(new, kept):
                    done = start + len(cut) * event.done // max(1, event.total)
                    left = seconds_left(time.monotonic() - started, done, len(notes))
                    yield Progress("embedding", done, len(notes), left)
                writer.add(
                    [NoteRows(note, chunks, [kept[key(one)] for one in chunks]) for note, chunks in cut]
                )
            start += len(cut)
        yield Progress("embedding", len(notes), len(notes))

    def _cut(self, notes: Sequence[Note], basis: Basis[MilvusGeneration]) -> Iterator[Cut]:
        """The notes with their passages; those that are ahead are being cut meanwhile, where others do it."""
        whole, to_cut = tee(_whole(notes, basis.previous))
        return zip(whole, self.hands.cut(to_cut), strict=True)

    def _known(
        self,
        cut: Sequence[Cut],
        basis: Basis[MilvusGeneration],
        before: Mapping[str, str],
    ) -> dict[str, Kept]:
        """What was embedded already of passages of notes, as these stood before or were named before."""
        previous = basis.previous
        if previous is None:
            return {}
        wanted = {key(chunk) for _, chunks in cut for chunk in chunks}
        paths = {before.get(note.path, note.path) for note, _ in cut}
        olds = [previous.notes[path] for path in paths if path in previous.notes]
        previous.fetch(olds)
        rows = {
            name: row_at(old.number, place)
            for old in olds
            for place, chunk in enumerate(previous.passages_of(old))
            if (name := key(chunk)) in wanted
        }
        found = previous.kept_of(sorted(rows.values())) if rows else {}
        return {name: Kept(found[row].own, found[row].tokens) for name, row in rows.items()}

    def _draft(
        self,
        writer: Writer,
        unchanged: Mapping[str, StoredNote],
        previous: MilvusGeneration | None,
        reading: Reading,
        swept: Ranges,
    ) -> MilvusGeneration:
        """The generation as it is before anybody else sees it."""
        new_or_old = {**unchanged, **writer.notes}
        notes = {note.path: new_or_old[note.path] for note in reading.notes}
        made_with = previous.manifest if previous and not writer.dimension else None
        dimension = made_with.dimension if made_with else writer.dimension or 1
        digest = sha256(["".join(f"{note.path}\0{note.sha256}\n" for note in reading.notes).encode()])
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            revision=f"{self._lease.number:08d}-{digest[:8]}",
            created_at=now(),
            embedding_model=self.embedder.name,
            embedding_fingerprint=self.embedder.fingerprint,
            dimension=dimension,
            chunker_version=chunking.VERSION,
            notes=len(notes),
            chunks=sum(note.head.chunks for note in notes.values()),
            search=GRAPH,
            skipped=tuple(reading.skipped),
        )
        token_bytes = previous.published.token_bytes if previous and made_with else writer.token_bytes
        return drafted(self._store, self._lease, writer, manifest, notes, token_bytes, previous, swept)

    def _serve(self, draft: MilvusGeneration, manifest: Manifest) -> None:
        def published() -> MilvusGeneration:
            whole = replace(draft.published, manifest=manifest)
            self._store.publish(self._store.generation(whole, dict(draft.notes), draft.words), self._lease)
            return self._store.generation(whole, dict(draft.notes), draft.words)

        if self.live:
            self.live.swap(published)
        else:
            published()


def _address(build: Builder) -> Address:
    assert isinstance(build.settings.index, Address)
    return build.settings.index


def _unchanged(reading: Reading, basis: Basis[MilvusGeneration]) -> dict[str, StoredNote]:
    """The notes that stay as they are written."""
    if basis.previous is None or not basis.keeps_chunks:
        return {}
    there = basis.previous.notes
    return {note.path: there[note.path] for note in reading.notes if there.get(note.path) is note}


def _whole(notes: Sequence[Note], previous: MilvusGeneration | None) -> Iterator[Note]:
    """The notes with their texts, of which those that are in Milvus are fetched some at a time."""
    for start in range(0, len(notes), NOTES_AT_ONCE):
        some = notes[start : start + NOTES_AT_ONCE]
        if previous and (stored := [note for note in some if isinstance(note, StoredNote)]):
            previous.fetch(stored)
        yield from (note.whole() if isinstance(note, StoredNote) else note for note in some)


def _some_at_once(notes: Iterable[Cut]) -> Iterator[list[Cut]]:
    """The notes in groups that are no more than what is to be in memory; a note is never parted."""
    group: list[Cut] = []
    rows = 0
    for note, chunks in notes:
        group.append((note, chunks))
        rows += 1 + len(chunks)
        if rows >= ROWS_AT_ONCE:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _pairs(report: BuildReport) -> Iterator[tuple[str, str]]:
    """Where each renamed note stands now, and where it stood."""
    for old, new in report.renamed:
        yield new, old

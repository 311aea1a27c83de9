"""The generations of an index in Milvus: rows that never change, and one small row that says which serve.

NAME_passages_DIMENSION   a row a passage: its vectors, tokens and words
NAME_notes                a note's head, what it adds to the lexicon, its text with its passages, in parts
NAME_published            the generations, the last ones; which of them serves; who builds

A build adds rows, and publishes by writing one: until then no generation has what it added, and afterwards
one has all of it. Rows that no generation of the last while has are removed by a later build, as are those of
a build that failed.
"""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from indexer.address import Address
from indexer.errors import IndexDamaged, IndexIncompatible, IndexMissing, IndexOutdated, IndexUnusable
from indexer.milvus_generation import Fetcher, MilvusGeneration, StoredNote
from indexer.milvus_index import Milvus, Table
from indexer.milvus_lease import LASTS, LASTS_IN_A_FILE, SETTLE, Holder, Lease
from indexer.milvus_rows import (
    HEAD,
    WORDS,
    Head,
    Learned,
    Published,
    Ranges,
    conditions,
    first_note,
    head_of,
    learned_of,
    published_of,
    published_parts,
)
from indexer.milvus_words import Words
from indexer.passages import Passages
from indexer.snapshot import Manifest, short

CURRENT, LOCK, GENERATION = "current", "lock", "generation"
SEEN = 0.3  # seconds for which what serves is not asked again
OWN = 1.0  # the same after we have said so ourselves, as others may hear of it later than we
GRACE = 600.0  # seconds for which a generation that no longer serves can still be read
LEAST = 2  # generations that are kept however old they are


class MilvusStore:
    """All generations of one index in Milvus."""

    def __init__(self, address: Address, *, grace: float = GRACE, lasts: float = LASTS) -> None:
        """
        Args:
            grace: seconds for which a generation can be read after another was published.
            lasts: seconds after which a builder without a sign of life is taken for dead.
        """
        self.address = address
        self.milvus = Milvus(address)
        self.notes_table = f"{address.name}_notes"
        self._published = f"{address.name}_published"
        self._fetcher = Fetcher(self.milvus, self.notes_table)
        self._grace = grace
        self._lasts = min(lasts, LASTS_IN_A_FILE) if address.is_file else lasts
        self._seen: tuple[float, str] = (0.0, "")
        self._looking = threading.Lock()

    def passages_table(self, dimension: int) -> str:
        """The name of the table of passages whose vectors have so many numbers."""
        return f"{self.address.name}_passages_{dimension}"

    def make_tables(self, dimension: int) -> None:
        """Make what is not there of the tables; that of passages only for a dimension."""
        if dimension:
            self.milvus.make(
                Table(
                    self.passages_table(dimension),
                    "id",
                    numbers=("note",),
                    texts=("kept", "more", "words"),
                    dimension=dimension,
                    searched=True,
                    words="words",
                )
            )
        self.milvus.make(Table(self.notes_table, "id", numbers=("note", "kind"), texts=("data",)))

    def serving(self) -> str:
        """The revision that is to serve, as it was a moment ago. Raises IndexUnusable."""
        with self._looking:
            until, revision = self._seen
            if time.monotonic() > until:
                revision = self._pointer(strong=not revision)
                self._seen = time.monotonic() + SEEN, revision
            return revision

    def _pointer(self, *, strong: bool) -> str:
        row = self._row(CURRENT, strong=strong)
        if row is None and not strong:  # not all servers may have heard of the first one
            row = self._row(CURRENT, strong=True)
        if row is None:
            raise IndexMissing(
                f"There is no index {self.address.name!r} in Milvus yet. Run `footnote build`, or name"
                " another with --index."
            )
        return row

    def open(self, fingerprint: str | None = None, held: Passages | None = None) -> MilvusGeneration:
        """Open the generation that serves; of what is held only what changed is fetched.

        Raises:
            IndexMissing: nothing has been built.
            IndexUnreachable: Milvus cannot be reached, or answers with an error.
            IndexIncompatible: made with another model, or by a newer or an older release.
        """
        published = self.published(self._pointer(strong=True))
        made_with = published.manifest.embedding_fingerprint
        if fingerprint and made_with != fingerprint:
            raise IndexIncompatible(
                f"The index was made with the model {published.manifest.embedding_model!r}"
                f" ({short(made_with)}), the model in use is {short(fingerprint)}."
                " Run `footnote build`, or set FOOTNOTE_EMBEDDING_MODEL or FOOTNOTE_PRECISION back."
            )
        before = held if isinstance(held, MilvusGeneration) else None
        if before and before.published == published:
            return before
        if before and before.published.end > published.end:  # it was rolled back
            before = None
        return self._opened(published, before)

    def _opened(self, published: Published, before: MilvusGeneration | None) -> MilvusGeneration:
        kept = {note.number: note for note in before.notes.values()} if before else {}
        gone = [note for number, note in kept.items() if not published.has(number)]
        since = before.published.end if before else 0
        condition = f"{published.condition} and note >= {since} and kind == {HEAD}"
        new: list[StoredNote] = []
        if since < published.end and published.manifest.notes:
            for row in self.milvus.each(self.notes_table, condition, ["note", "data"], strong=True):
                if published.has(number := int(row["note"])):
                    new.append(self.stored(number, head_of(row["data"])))
        there = [*(note for number, note in kept.items() if published.has(number)), *new]
        if len(there) != published.manifest.notes:
            if before:
                return self._opened(published, None)
            raise IndexUnusable(
                f"The index has {len(there)} notes where {published.manifest.notes} are to be. Ask again; if"
                " it lasts, run `footnote build --full`."
            )
        notes = {note.path: note for note in sorted(there, key=lambda note: note.path)}
        words = self._words(published, before, new, gone)
        if words is None:
            return self._opened(published, None)
        return self.generation(published, notes, words)

    def _words(
        self,
        published: Published,
        before: MilvusGeneration | None,
        new: Sequence[StoredNote],
        gone: Sequence[StoredNote],
    ) -> Words | None:
        """The words of a generation; None if what is to be taken away from them is no longer there."""
        known = before.words if before else Words()
        removed = list(self.learned(gone)) if gone else []
        if len(removed) < len(gone):
            return None
        return known.changed(published.manifest.chunks, self.learned(new), removed)

    def learned(self, notes: Sequence[StoredNote]) -> Iterator[Learned]:
        """What notes add to the lexicon; nothing of those that are gone."""
        waiting: dict[int, dict[int, str]] = {}
        wanted = {note.number: note for note in notes}
        for start in range(0, len(notes), 1_000):
            numbers = [note.number for note in notes[start : start + 1_000]]
            condition = f"kind == {WORDS} and note in {numbers}"
            for row in self.milvus.each(self.notes_table, condition, ["id", "note", "data"], strong=True):
                number = int(row["note"])
                parts = waiting.setdefault(number, {})
                parts[int(row["id"])] = row["data"]
                if len(parts) == wanted[number].head.words:
                    yield learned_of([parts[id] for id in sorted(parts)])
                    del waiting[number]

    def generation(
        self,
        published: Published,
        notes: dict[str, StoredNote],
        words: Words,
        *,
        strong: bool = False,
    ) -> MilvusGeneration:
        """A generation of finished parts."""
        table = self.passages_table(published.manifest.dimension)
        return MilvusGeneration(self.milvus, table, published, notes, words, self._fetcher, strong=strong)

    def stored(self, number: int, head: Head) -> StoredNote:
        """A note of that number, whose text is fetched when it is asked for."""
        return StoredNote(number, head, self._fetcher.text)

    def reach(self) -> None:
        """Return if Milvus answers. Raises IndexUnreachable or IndexMissing."""
        self._pointer(strong=False)

    def revisions(self) -> list[str]:
        """The generations that can still be read, newest first. Raises IndexUnreachable."""
        if not self.milvus.has(self._published):
            return []
        rows = self.milvus.each(self._published, f'key like "{GENERATION}:%"', ["key"], strong=True)
        return sorted({row["key"].split(":")[1] for row in rows}, reverse=True)

    def published(self, revision: str) -> Published:
        """A generation. Raises IndexUnusable."""
        rows = list(
            self.milvus.each(
                self._published, f'key like "{GENERATION}:{revision}:%"', ["key", "data"], strong=True
            )
        )
        if not rows:
            raise IndexMissing(f"There is no generation {revision} in Milvus.")
        return published_of([row["data"] for row in sorted(rows, key=lambda row: str(row["key"]))])

    def manifest(self, revision: str) -> Manifest:
        """What a generation was made with. Raises IndexUnusable."""
        return self.published(revision).manifest

    def verify(self) -> list[str]:
        """Check the generation that serves wholly; the problems found. Raises IndexUnusable."""
        from indexer.milvus_checking import problems

        return list(problems(self))

    def roll_back(self) -> Manifest:
        """Let the generation before the one that serves serve again. Raises IndexMissing."""
        serving = self._pointer(strong=True)
        before = [revision for revision in self.revisions() if revision < serving]
        if not before:
            raise IndexMissing(f"There is no generation before {serving} in Milvus.")
        manifest = self.manifest(before[0])
        self._point(before[0])
        return manifest

    def lock(self) -> Lease:
        """The right to change the index."""
        self.milvus.make(Table(self._published, "key", key_is_text=True, texts=("data",)))
        settle = 0.0 if self.address.is_file else SETTLE  # one process has a file
        return Lease(self._holder, self._hold, lasts=self._lasts, settle=settle)

    def above(self) -> int:
        """A number that no build had more than. Raises IndexUnusable."""
        return max((int(revision[:8]) for revision in self.revisions()), default=0)

    def tidy(self) -> Ranges:
        """Remove what a failed build left, and what no generation that can be read has; give the latter.

        The caller holds the lease. Raises IndexUnusable.
        """
        try:
            serving = self.published(self._pointer(strong=True))
        except IndexMissing:
            self._remove(f"note >= {first_note(0)}", self._passage_tables())
            return ()
        except (IndexDamaged, IndexOutdated):
            return ()
        tables = self._passage_tables()
        self._remove(f"note >= {serving.end}", tables)
        readable = self._forget_old(serving.manifest.revision)
        dead = min(readable, key=lambda one: one.manifest.revision).dead
        for condition in conditions(dead):
            self._remove(condition, tables)
        needed = {self.passages_table(one.manifest.dimension) for one in readable}
        for name in set(tables) - needed:
            self.milvus.drop(name)
        return dead

    def _forget_old(self, serving: str) -> list[Published]:
        """Forget generations that nobody reads any more; give those that can be read, and the serving one."""
        readable: list[Published] = []
        now = datetime.now(UTC)
        for revision in self.revisions():
            if revision > serving:  # it was rolled back
                self._forget(revision)
                continue
            with contextlib.suppress(IndexDamaged, IndexIncompatible):
                one = self.published(revision)
                # It was left when the next one was published.
                left = datetime.fromisoformat(readable[-1].manifest.created_at) if readable else now
                if len(readable) < LEAST or (now - left).total_seconds() < self._grace:
                    readable.append(one)
                    continue
            self._forget(revision)
        return readable

    def _forget(self, revision: str) -> None:
        self.milvus.remove(self._published, "key", f'key like "{GENERATION}:{revision}:%"')

    def _remove(self, condition: str, tables: Sequence[str]) -> None:
        for name in [*tables, self.notes_table]:
            if self.milvus.has(name):
                self.milvus.remove(name, "id", condition)

    def _passage_tables(self) -> list[str]:
        prefix = self.passages_table(0).removesuffix("0")
        return [name for name in self.milvus.tables() if name.startswith(prefix)]

    def publish(self, generation: MilvusGeneration, lease: Lease) -> None:
        """Let a generation serve, all of whose rows are written. Until the last row all is as it was.

        Raises:
            BuildLocked: another has taken over.
            IndexUnusable: rows are missing, or Milvus does not answer.
        """
        self._require_rows(generation)
        revision = generation.manifest.revision
        rows = [
            _put_row(f"{GENERATION}:{revision}:{number:06d}", data)
            for number, data in enumerate(published_parts(generation.published))
        ]
        self.milvus.put(self._published, rows)
        lease.require()
        self._point(revision)

    def _require_rows(self, generation: MilvusGeneration) -> None:
        """Wait until whoever searches finds all rows, and see that they are there."""
        published = generation.published
        found = self.milvus.count(self.notes_table, f"{published.condition} and kind == {HEAD}")
        passages = (
            self.milvus.count(generation.table, published.condition) if published.manifest.chunks else 0
        )
        if (found, passages) != (published.manifest.notes, published.manifest.chunks):
            raise IndexUnusable(
                f"Milvus has {found} notes and {passages} passages of this build, which wrote"
                f" {published.manifest.notes} and {published.manifest.chunks}. Build again; the index is as"
                " it was."
            )

    def _point(self, revision: str) -> None:
        self.milvus.put(self._published, [_put_row(CURRENT, revision)])
        self._seen = time.monotonic() + OWN, revision

    def _row(self, key: str, *, strong: bool) -> str | None:
        if not self.milvus.has(self._published):
            return None
        rows = self.milvus.rows(self._published, f'key == "{key}"', ["data"], strong=strong)
        return str(rows[0]["data"]) if rows else None

    def _holder(self) -> Holder | None:
        row = self._row(LOCK, strong=True)
        return msgspec.json.decode(row, type=Holder) if row else None

    def _hold(self, holder: Holder) -> None:
        self.milvus.put(self._published, [_put_row(LOCK, msgspec.json.encode(holder).decode())])

    def close(self) -> None:
        """Hang up; it may be used again."""
        self.milvus.close()


def _put_row(key: str, data: str) -> dict[str, object]:
    return {"key": key, "data": data, "vector": [0.0, 0.0]}

"""The generations of an index in Milvus: rows that never change, and one small row that says which serve.

NAME_passages_DIMENSION   a row a passage: its vectors, tokens and words
NAME_notes                a note's head, what it adds to the lexicon, its text with its passages, in parts
NAME_published            the generations, the last ones; which of them serves; who builds

A build adds rows, and publishes by writing one: until then no generation has what it added, and afterwards
one has all of it. Rows that no generation of the last while has are removed by a later build, as are those of
a build that failed.
"""

import threading
import time

import msgspec

from indexer.address import Address
from indexer.errors import IndexIncompatible, IndexMissing, IndexUnusable
from indexer.milvus_fetching import Fetcher, StoredNote
from indexer.milvus_generation import MilvusGeneration
from indexer.milvus_index import Milvus
from indexer.milvus_lease import LASTS, LASTS_IN_A_FILE, SETTLE, Holder, Lease
from indexer.milvus_opening import opened
from indexer.milvus_rows import HEAD, Published, published_of, published_parts
from indexer.milvus_tables import Table
from indexer.milvus_words import Words
from indexer.passages import Passages
from indexer.snapshot import Manifest, short

CURRENT, LOCK, GENERATION = "current", "lock", "generation"
SEEN = 0.3  # seconds for which what serves is not asked again
OWN = 1.0  # the same after we have said so ourselves, as others may hear of it later than we
GRACE = 600.0  # seconds for which a generation that no longer serves can still be read


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
        self.published_table = f"{address.name}_published"
        self.fetcher = Fetcher(self.milvus, self.notes_table)
        self.grace = grace
        self._lasts = min(lasts, LASTS_IN_A_FILE) if address.is_file else lasts
        self._seen: tuple[float, str] = (0.0, "")
        self._looking = threading.Lock()

    def passages_table(self, dimension: int) -> str:
        """The name of the table of passages whose vectors have so many numbers."""
        return f"{self.address.name}_passages_{dimension}"

    def passages_tables(self) -> list[str]:
        """The names of those that are there."""
        prefix = self.passages_table(0).removesuffix("0")
        return [name for name in self.milvus.tables() if name.startswith(prefix)]

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
                revision = self.pointer(strong=not revision)
                self._seen = time.monotonic() + SEEN, revision
            return revision

    def pointer(self, *, strong: bool) -> str:
        """The revision that is to serve, as Milvus has it. Raises IndexUnusable.

        Args:
            strong: after all that was written.
        """
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
            IndexDamaged: rows of it are lost.
            IndexUnreachable: Milvus cannot be reached, or answers with an error.
            IndexIncompatible: made with another model, or by a newer or an older release.
        """
        published = self.published(self.pointer(strong=True))
        made_with = published.manifest.embedding_fingerprint
        if fingerprint and made_with != fingerprint:
            raise IndexIncompatible(
                f"The index was made with the model {published.manifest.embedding_model!r}"
                f" ({short(made_with)}), the model in use is {short(fingerprint)}."
                " Run `footnote build`, or set FOOTNOTE_EMBEDDING_MODEL back."
            )
        before = held if isinstance(held, MilvusGeneration) else None
        if before and before.published == published:
            return before
        if before and before.published.end > published.end:  # it was rolled back
            before = None
        return opened(self, published, before)

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
        return MilvusGeneration(self.milvus, table, published, notes, words, self.fetcher, strong=strong)

    def reach(self) -> None:
        """Return if Milvus answers. Raises IndexUnreachable or IndexMissing."""
        self.pointer(strong=False)

    def revisions(self) -> list[str]:
        """The generations that can still be read, newest first. Raises IndexUnreachable."""
        if not self.milvus.has(self.published_table):
            return []
        rows = self.milvus.each(self.published_table, f'key like "{GENERATION}:%"', ["key"], strong=True)
        return sorted({row["key"].split(":")[1] for row in rows}, reverse=True)

    def published(self, revision: str) -> Published:
        """A generation. Raises IndexUnusable."""
        rows = list(
            self.milvus.each(
                self.published_table, f'key like "{GENERATION}:{revision}:%"', ["key", "data"], strong=True
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
        serving = self.pointer(strong=True)
        before = [revision for revision in self.revisions() if revision < serving]
        if not before:
            raise IndexMissing(f"There is no generation before {serving} in Milvus.")
        manifest = self.manifest(before[0])
        self._point(before[0])
        return manifest

    def lock(self) -> Lease:
        """The right to change the index."""
        self.milvus.make(Table(self.published_table, "key", key_is_text=True, texts=("data",)))
        settle = 0.0 if self.address.is_file else SETTLE  # one process has a file
        return Lease(self._holder, self._hold, lasts=self._lasts, settle=settle)

    def above(self) -> int:
        """A number that no build had more than. Raises IndexUnusable."""
        return max((int(revision[:8]) for revision in self.revisions()), default=0)

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
        self.milvus.put(self.published_table, rows)
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
        self.milvus.put(self.published_table, [_put_row(CURRENT, revision)])
        self._seen = time.monotonic() + OWN, revision

    def _row(self, key: str, *, strong: bool) -> str | None:
        if not self.milvus.has(self.published_table):
            return None
        rows = self.milvus.rows(self.published_table, f'key == "{key}"', ["data"], strong=strong)
        return str(rows[0]["data"]) if rows else None

    def _holder(self) -> Holder | None:
        row = self._row(LOCK, strong=True)
        return msgspec.json.decode(row, type=Holder) if row else None

    def _hold(self, holder: Holder) -> None:
        self.milvus.put(self.published_table, [_put_row(LOCK, msgspec.json.encode(holder).decode())])

    def forget(self, revision: str) -> None:
        """Let nobody read a generation any more; its rows stay."""
        self.milvus.remove(self.published_table, "key", f'key like "{GENERATION}:{revision}:%"')

    def close(self) -> None:
        """Hang up; it may be used again."""
        self.milvus.close()


def _put_row(key: str, data: str) -> dict[str, object]:
    return {"key": key, "data": data, "vector": [0.0, 0.0]}

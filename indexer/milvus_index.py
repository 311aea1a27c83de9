"""Rows in Milvus: written, counted, searched; in a server and in Milvus Lite.

Reads take what a server has heard of by now, which is nearly all and costs a few milliseconds, unless
`strong` is asked for: then it first hears of all that was written, which takes it about 200.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pymilvus import MilvusClient, MilvusException

from indexer.address import Address
from indexer.milvus_connection import SECONDS, Connection
from indexer.milvus_tables import Table, made
from indexer.types import Hit

SECONDS_TO_SEAL = 300.0
AT_ONCE = 1_000  # rows of one request
WORDS_SINCE = (2, 5)  # the release of Milvus that has BM25
LOOKED_AT = 200  # rows that it looks at for a question, at least
_NOT_LOADED = re.compile(r"not (?:fully )?loaded|state 'released'")
_RELEASE = re.compile(r"v?(\d+)\.(\d+)")
T = TypeVar("T")
Row = Mapping[str, Any]


class Milvus:
    """The tables of one address. Whatever is asked raises IndexUnreachable if it cannot be."""

    def __init__(self, address: Address) -> None:
        self._there: set[str] = set()  # collections that are known to be there and loaded
        self._connection = Connection(address, self._there.clear)
        self._is_lite = address.is_file
        self._finds_words: bool | None = None

    @property
    def finds_words(self) -> bool:
        """Whether the server has BM25. Raises IndexUnreachable."""
        if self._finds_words is None:
            release = self._connection.do(lambda client: str(client.get_server_version(timeout=SECONDS)))
            found = _RELEASE.match(release)
            # Milvus Lite counts its own releases, and has it.
            self._finds_words = self._is_lite or (
                found is not None and (int(found[1]), int(found[2])) >= WORDS_SINCE
            )
        return self._finds_words

    def reach(self) -> None:
        """Return if the server answers. Raises IndexUnreachable."""
        self._connection.do(lambda client: client.list_collections(timeout=SECONDS))

    def has(self, name: str) -> bool:
        """Whether there is a table of that name; it is loaded if there is."""
        if name in self._there:
            return True
        if not self._connection.do(lambda client: client.has_collection(name, timeout=SECONDS)):
            return False
        self._load(name)
        return True

    def make(self, table: Table) -> None:
        """Make a table unless it is there; one that was left half made is completed."""
        if table.name in self._there:
            return
        words = table.words if table.words and self.finds_words else ""
        self._connection.do(lambda client: made(client, table, words))
        self._load(table.name)

    def drop(self, name: str) -> None:
        """Remove a table with all that is in it."""
        self._there.discard(name)
        self._connection.do(lambda client: client.drop_collection(name, timeout=SECONDS))

    def tables(self) -> list[str]:
        """The names of all tables."""
        return list(self._connection.do(lambda client: client.list_collections(timeout=SECONDS)))

    def insert(self, name: str, rows: Sequence[Row]) -> None:
        """Add rows whose keys are new."""
        for start in range(0, len(rows), AT_ONCE):
            part = [dict(row) for row in rows[start : start + AT_ONCE]]
            self._on(name, partial(_insert, name, part))

    def seal(self, name: str) -> None:
        """Let a server make its graph of all rows that are written; until it has, it finds some less.

        By itself it does so when some hundred thousand have come, or none for ten minutes.
        """
        if not self._is_lite:
            self._on(name, lambda client: client.flush(name, timeout=SECONDS_TO_SEAL))

    def put(self, name: str, rows: Sequence[Row]) -> None:
        """Add rows, in the place of those that have the same keys."""
        self._on(name, lambda client: client.upsert(name, [dict(row) for row in rows], timeout=SECONDS))

    def remove(self, name: str, key: str, condition: str) -> None:
        """Remove all rows that a condition holds for."""
        keys = [row[key] for row in self.each(name, condition, [key], strong=True)]
        for start in range(0, len(keys), AT_ONCE):
            part = keys[start : start + AT_ONCE]
            self._on(name, partial(_delete, name, part))

    def rows(
        self, name: str, condition: str, fields: Sequence[str], *, strong: bool = False
    ) -> list[dict[str, Any]]:
        """The rows that a condition holds for, which must be few."""
        found = self._on(
            name,
            lambda client: client.query(
                name, filter=condition, output_fields=list(fields), timeout=SECONDS, **_level(strong)
            ),
        )
        return [dict(row) for row in found]

    def each(
        self, name: str, condition: str, fields: Sequence[str], *, strong: bool = False
    ) -> Iterator[dict[str, Any]]:
        """The rows that a condition holds for, however many."""
        pages = self._on(
            name,
            lambda client: client.query_iterator(
                name,
                batch_size=AT_ONCE,
                filter=condition,
                output_fields=list(fields),
                timeout=SECONDS,
                **_level(strong),
            ),
        )
        try:
            while page := self._connection.do(lambda _: pages.next()):
                yield from (dict(row) for row in page)
        finally:
            with contextlib.suppress(Exception):
                pages.close()

    def count(self, name: str, condition: str, *, strong: bool = True) -> int:
        """For how many rows a condition holds."""
        [row] = self.rows(name, condition, ["count(*)"], strong=strong)
        return int(row["count(*)"])

    def near(
        self, name: str, vector: NDArray[np.float32], k: int, condition: str, *, strong: bool = False
    ) -> list[Hit]:
        """The `k` rows whose vectors have the largest products with a vector, best first."""
        looked_at = {"metric_type": "IP", "params": {"ef": max(LOOKED_AT, 2 * k)}}
        data = [np.asarray(vector, dtype=np.float32).tolist()]
        return self._search(name, "vector", data, looked_at, k, condition, strong)

    def worded(self, name: str, words: str, k: int, condition: str, *, strong: bool = False) -> list[Hit]:
        """The `k` rows that hold words best by BM25, best first; none where the server has it not."""
        if not self.finds_words or not words:
            return []
        hits = self._search(name, "sparse", [words], {"metric_type": "BM25"}, k, condition, strong)
        return [Hit(hit.row, abs(hit.score)) for hit in hits]  # Milvus Lite turns the sign

    def _search(
        self, name: str, field: str, data: Any, how: Any, k: int, condition: str, strong: bool
    ) -> list[Hit]:
        [found] = self._on(
            name,
            lambda client: client.search(
                name,
                data=data,
                anns_field=field,
                search_params=how,
                limit=k,
                filter=condition,
                timeout=SECONDS,
                **_level(strong),
            ),
        )
        return [Hit(int(hit["id"]), float(hit["distance"])) for hit in found]

    def close(self) -> None:
        """Hang up, and let others have the file; it may be used again."""
        self._connection.close()

    def _load(self, name: str) -> None:
        self._connection.do(lambda client: client.load_collection(name, timeout=6 * SECONDS))
        self._there.add(name)

    def _on(self, name: str, do: Callable[[MilvusClient], T]) -> T:
        """Do something with a table; one that a restarted server has not loaded is loaded first."""

        def loaded_first(client: MilvusClient) -> T:
            try:
                return do(client)
            except MilvusException as error:
                if not _NOT_LOADED.search(str(error)):
                    raise
            client.load_collection(name, timeout=6 * SECONDS)
            return do(client)

        return self._connection.do(loaded_first)


def _insert(name: str, rows: list[dict[str, Any]], client: MilvusClient) -> None:
    client.insert(name, rows, timeout=6 * SECONDS)


def _delete(name: str, keys: list[Any], client: MilvusClient) -> None:
    client.delete(name, ids=keys, timeout=SECONDS)


def _level(strong: bool) -> dict[str, str]:
    return {"consistency_level": "Strong" if strong else "Bounded"}

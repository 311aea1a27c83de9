"""Rows in Milvus: written, counted, searched. The only door to pymilvus, for servers and for Milvus Lite.

Reads take what a server has heard of by now, which is nearly all and costs a few milliseconds, unless
`strong` is asked for: then it first hears of all that was written, which takes it about 200.
"""

import contextlib
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import grpc
import numpy as np
from numpy.typing import NDArray
from pymilvus import DataType, Function, FunctionType, MilvusClient, MilvusException

from indexer.address import Address
from indexer.errors import IndexUnreachable
from indexer.keyword_index import K1, B
from indexer.types import Hit

SECONDS = 10.0  # for one request
SECONDS_TO_CONNECT = 5.0
LONGEST_TEXT = 65_535  # bytes of a text; Milvus takes no longer ones
AT_ONCE = 1_000  # rows of one request
WORDS_SINCE = (2, 5)  # the release of Milvus that has BM25
GRAPH = {"M": 16, "efConstruction": 200}  # of the index HNSW; its authors' middle values
LOOKED_AT = 200  # rows that it looks at for a question, at least
_NOT_LOADED = re.compile(r"not (?:fully )?loaded|state 'released'")
_RELEASE = re.compile(r"v?(\d+)\.(\d+)")
_log = logging.getLogger(__name__)
T = TypeVar("T")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """What is to be a collection: its fields, and what is searched.

    `key` and `numbers` are whole numbers but where `key_is_text`; `texts` hold up to LONGEST_TEXT bytes.
    `dimension` is that of the field `vector`; a table that is not searched has one too, as Milvus wants it.
    `words` is a text that BM25 finds by its words, which are letters and digits.
    """

    name: str
    key: str
    key_is_text: bool = False
    numbers: Sequence[str] = ()
    texts: Sequence[str] = ()
    dimension: int = 2
    searched: bool = False
    words: str = ""


class Milvus:
    """The tables of one address. Connected when first asked, and again after a failure."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client: MilvusClient | None = None
        self._opening = threading.Lock()
        self._there: set[str] = set()  # collections that are known to be there and loaded
        self._finds_words: bool | None = None
        # What fails is told from here, once and without traces.
        for name in ("pymilvus", "milvus_lite", "grpc._server"):
            logging.getLogger(name).setLevel(logging.CRITICAL)

    @property
    def finds_words(self) -> bool:
        """Whether the server has BM25. Raises IndexUnreachable."""
        if self._finds_words is None:
            release = self._do(lambda client: str(client.get_server_version(timeout=SECONDS)))
            found = _RELEASE.match(release)
            # Milvus Lite counts its own releases, and has it.
            self._finds_words = self._address.is_file or (
                found is not None and (int(found[1]), int(found[2])) >= WORDS_SINCE
            )
        return self._finds_words

    def reach(self) -> None:
        """Return if the server answers. Raises IndexUnreachable."""
        self._do(lambda client: client.list_collections(timeout=SECONDS))

    def has(self, name: str) -> bool:
        """Whether there is a table of that name; it is loaded if there is."""
        if name in self._there:
            return True
        if not self._do(lambda client: client.has_collection(name, timeout=SECONDS)):
            return False
        self._load(name)
        return True

    def make(self, table: Table) -> None:
        """Make a table unless it is there; one that was left half made is completed."""
        if table.name in self._there:
            return
        words = table.words if table.words and self.finds_words else ""
        self._do(lambda client: _make(client, table, words))
        self._load(table.name)

    def drop(self, name: str) -> None:
        """Remove a table with all that is in it."""
        self._there.discard(name)
        self._do(lambda client: client.drop_collection(name, timeout=SECONDS))

    def tables(self) -> list[str]:
        """The names of all tables."""
        return list(self._do(lambda client: client.list_collections(timeout=SECONDS)))

    def insert(self, name: str, rows: Sequence[Row]) -> None:
        """Add rows whose keys are new."""
        for start in range(0, len(rows), AT_ONCE):
            part = [dict(row) for row in rows[start : start + AT_ONCE]]
            self._on(name, partial(_insert, name, part))

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
            while page := self._do(lambda _: pages.next()):
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
        self._hang_up()
        if self._address.is_file:
            from milvus_lite.server_manager import server_manager_instance

            server_manager_instance.release_server(self._address.uri)

    def _hang_up(self) -> None:
        with self._opening:
            client, self._client = self._client, None
            self._there.clear()
        if client:
            with contextlib.suppress(Exception):
                client.close()

    def _load(self, name: str) -> None:
        self._do(lambda client: client.load_collection(name, timeout=6 * SECONDS))
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

        return self._do(loaded_first)

    def _do(self, do: Callable[[MilvusClient], T]) -> T:
        """Do something; whatever fails is an IndexUnreachable, and the next request connects anew."""
        try:
            return do(self._connected())
        except (MilvusException, grpc.RpcError, OSError, ValueError, RuntimeError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> IndexUnreachable:
        gone = isinstance(error, grpc.RpcError | OSError) or _is_connection(error)
        what = "cannot be reached" if gone else "answers with an error"
        if gone:
            self._hang_up()
        cause = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        if self._address.token:
            cause = cause.replace(self._address.token, "…")
        _log.warning("%s cannot be used: %s", self._address, cause)
        if gone and self._address.is_file:
            return IndexUnreachable(
                f"The file of Milvus Lite {Path(self._address.uri).name!r} cannot be opened. Only one process"
                " may have it: stop another that serves or builds it, or use a server of Milvus."
            )
        return IndexUnreachable(
            f"Milvus, which has the index, {what}. Try again; if it lasts, start or mend the server that"
            " FOOTNOTE_INDEX names. The log has the cause."
        )

    def _connected(self) -> MilvusClient:
        with self._opening:
            if self._client is None:
                self._client = MilvusClient(
                    uri=self._address.uri, token=self._address.token, timeout=SECONDS_TO_CONNECT
                )
            return self._client


def _make(client: MilvusClient, table: Table, words: str) -> None:
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    text = {"datatype": DataType.VARCHAR, "max_length": LONGEST_TEXT}
    if table.key_is_text:
        schema.add_field(table.key, DataType.VARCHAR, is_primary=True, max_length=200)
    else:
        schema.add_field(table.key, DataType.INT64, is_primary=True)
    for name in table.numbers:
        schema.add_field(name, DataType.INT64)
    for name in table.texts:
        if name != table.words:
            schema.add_field(name, **text)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=table.dimension)
    indexes = client.prepare_index_params()
    graph = {"index_type": "HNSW", "params": GRAPH} if table.searched else {"index_type": "FLAT"}
    indexes.add_index("vector", metric_type="IP", **graph)
    if table.words:
        # The one tokenizer that all have: letters and digits stay together. What else terms hold is coded.
        analyzed = {"enable_analyzer": True, "analyzer_params": {"tokenizer": "standard"}} if words else {}
        schema.add_field(table.words, **text, **analyzed)
    if words:
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(
            Function("words", FunctionType.BM25, input_field_names=[words], output_field_names=["sparse"])
        )
        indexes.add_index(
            "sparse",
            index_type="SPARSE_INVERTED_INDEX",
            metric_type="BM25",
            params={"bm25_k1": K1, "bm25_b": B},
        )
    if not client.has_collection(table.name, timeout=SECONDS):
        client.create_collection(table.name, schema=schema, consistency_level="Bounded", timeout=6 * SECONDS)
    if len(client.list_indexes(table.name)) < len(indexes):  # empty as it is, there is nothing to wait for
        client.create_index(table.name, indexes, sync=False, timeout=6 * SECONDS)


def _insert(name: str, rows: list[dict[str, Any]], client: MilvusClient) -> None:
    client.insert(name, rows, timeout=6 * SECONDS)


def _delete(name: str, keys: list[Any], client: MilvusClient) -> None:
    client.delete(name, ids=keys, timeout=SECONDS)


def _level(strong: bool) -> dict[str, str]:
    return {"consistency_level": "Strong" if strong else "Bounded"}


def _is_connection(error: Exception) -> bool:
    said = str(error).lower()
    return any(
        sign in said
        for sign in ("connect", "unavailable", "deadline", "timeout", "channel", "closed", "retry run out")
    )

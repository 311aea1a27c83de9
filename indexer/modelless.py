"""What stands in for an embedding model that cannot be read, so that words alone can still find answers."""

from collections.abc import Sequence
from typing import NoReturn

from indexer.embedding import Embedded, Embedder, open_embedder
from indexer.errors import ModelError


class MissingModel:
    """An embedder that embeds nothing: whatever needs the model raises why it is not there."""

    fingerprint = ""  # fits any index, as no vectors are compared
    max_tokens = 256

    def __init__(self, name: str, error: ModelError) -> None:
        self.name = name
        self._error = error

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many words each text has; without the model's tokenizer nobody knows better."""
        return [len(text.split()) for text in texts]

    def embed_passages(self, texts: Sequence[str]) -> list[Embedded]:
        """Raises ModelError."""
        self._refuse()

    def embed_query(self, text: str) -> Embedded:
        """Raises ModelError."""
        self._refuse()

    def load(self) -> None:
        """Raises ModelError."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ModelError(str(self._error))


def embedder_or_stand_in(model: str, precision: str = "auto") -> Embedder:
    """The embedding model of that name or folder; if it cannot be read, what raises why once it is used."""
    try:
        return open_embedder(model, precision)
    except ModelError as error:
        return MissingModel(model, error)

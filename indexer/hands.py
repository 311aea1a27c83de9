"""Who does the heavy part of a build: cuts notes into chunks, and embeds these."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from indexer.assembly import Kept
from indexer.chunking import chunk_note
from indexer.embedding import Embedder
from indexer.token_codes import encode
from indexer.types import Chunk, Note


class Hands(Protocol):
    """What does it. Of the same notes all hands make the same chunks, and vectors equal within rounding."""

    def cut(self, notes: Iterable[Note]) -> Iterator[list[Chunk]]:
        """The chunks of each note, in the order of the notes."""

    def embed(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Kept]]:
        """What is kept of each batch of chunks, in their order."""


class OwnHands:
    """This process does it, a note and a batch at a time, as they are asked for."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def cut(self, notes: Iterable[Note]) -> Iterator[list[Chunk]]:
        """The chunks of each note, in the order of the notes."""
        for note in notes:
            yield chunk_note(note, self._embedder.count_tokens, max_tokens=self._embedder.max_tokens)

    def embed(self, batches: Iterable[Sequence[Chunk]]) -> Iterator[list[Kept]]:
        """What is kept of each batch of chunks, in their order."""
        for batch in batches:
            read = self._embedder.embed_passages([chunk.embedded_text for chunk in batch])
            yield [
                Kept(one.vector, encode(one, len(chunk.context), chunk.embedded_spans))
                for chunk, one in zip(batch, read, strict=True)
            ]

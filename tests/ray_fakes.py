"""Embedders for workers of a Ray cluster, which fail, or tell of themselves in the file of their name."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from fakes import HashingEmbedder

from indexer.embedding import Embedded
from indexer.errors import ModelError


class Told(HashingEmbedder):
    """Writes a line for each batch: its process, and that process's node. Takes a little time."""

    def embed_passages(self, texts: Sequence[str]) -> list[Embedded]:
        with Path(self.name).open("a", encoding="utf-8") as log:
            log.write(f"{os.getpid()} {os.getppid()}\n")
        time.sleep(0.1)
        return super().embed_passages(texts)


class Slow(Told):
    """The same, and takes long enough to be interrupted."""

    def embed_passages(self, texts: Sequence[str]) -> list[Embedded]:
        embedded = super().embed_passages(texts)
        time.sleep(2)
        return embedded


def open_slow(name: str, precision: str) -> Slow:
    """A slow one in the place of the model that settings name, which is the file that it tells in."""
    return Slow(name=name)


class Fatal(HashingEmbedder):
    """Takes its process with it, the first time."""

    def embed_passages(self, texts: Sequence[str]) -> list[Embedded]:
        done = Path(self.name)
        if not done.exists():
            done.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed_passages(texts)


class Broken(HashingEmbedder):
    """Never works; one kind of it says why."""

    def embed_passages(self, texts: Sequence[str]) -> list[Embedded]:
        raise ModelError("The weights are gone.") if self.name == "known" else ZeroDivisionError("by nothing")

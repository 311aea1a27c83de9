"""Footnote and its peers, each with the same four steps: load, index, open, search.

The weights are the same, and passages have about 500 characters everywhere but where a peer's own Markdown
parser decides. A peer's libraries are imported only by its class, as each runs in a process of its own.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

PASSAGE = 500  # characters
TOP = 6  # passages that are searched for


class System(Protocol):
    """What can be measured."""

    def load(self, model: str) -> None:
        """Import the libraries and load the weights from that folder."""

    def index(self, notes: Path, index: Path) -> int:
        """Index a folder of notes into another, from nothing; how many passages that makes."""

    def open(self, index: Path) -> None:
        """Open what `index` has left."""

    def search(self, query: str) -> Sequence[str]:
        """The texts of the first passages for a query."""


def texts(notes: Path) -> Iterator[tuple[str, str]]:
    """Each note's path and text."""
    for file in sorted(notes.rglob("*.md")):
        yield file.relative_to(notes).as_posix(), file.read_text("utf-8")


class Footnote:
    """This project, as `footnote build` and `footnote search` use it."""

    def load(self, model: str) -> None:
        from indexer.embedding import DEFAULT_MODEL, open_embedder

        self.embedder = open_embedder(DEFAULT_MODEL)  # the packaged weights are those at `model`
        self.embedder.load()

    def index(self, notes: Path, index: Path) -> int:
        from assistant.probing import line_fitter
        from indexer.rebuild import rebuild
        from indexer.settings import IndexSettings

        settings = IndexSettings(notes=notes, index=index)
        *_, report = rebuild(settings, self.embedder, fit_line=line_fitter(self.embedder))
        return int(report.chunks)  # type: ignore[union-attr]

    def open(self, index: Path) -> None:
        from assistant.pipeline import Assistant
        from indexer.live import LiveIndex

        self.assistant = Assistant(LiveIndex(index, fingerprint=self.embedder.fingerprint), self.embedder)
        self.assistant.ready()

    def search(self, query: str) -> Sequence[str]:
        return [passage.chunk.text for passage in self.assistant.search(query, top_k=TOP)]


class LangChain:
    """Markdown cut at headings, then recursively; sentence-transformers; FAISS."""

    def load(self, model: str) -> None:
        from langchain_huggingface import HuggingFaceEmbeddings

        self.embeddings = HuggingFaceEmbeddings(model_name=model)

    def index(self, notes: Path, index: Path) -> int:
        from langchain_community.vectorstores import FAISS
        from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter

        levels = [("#" * depth, f"heading {depth}") for depth in (1, 2, 3)]
        by_heading = MarkdownHeaderTextSplitter(levels, strip_headers=False)
        by_size = RecursiveCharacterTextSplitter(chunk_size=PASSAGE, chunk_overlap=0)
        documents = [part for _, text in texts(notes) for part in by_heading.split_text(text)]
        documents = by_size.split_documents(documents)
        FAISS.from_documents(documents, self.embeddings).save_local(str(index))
        return len(documents)

    def open(self, index: Path) -> None:
        from langchain_community.vectorstores import FAISS

        self.store = FAISS.load_local(str(index), self.embeddings, allow_dangerous_deserialization=True)

    def search(self, query: str) -> Sequence[str]:
        return [found.page_content for found in self.store.similarity_search(query, k=TOP)]


class LlamaIndex:
    """Its Markdown parser, which cuts at headings, and its vector index."""

    def load(self, model: str) -> None:
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        self.embedding = HuggingFaceEmbedding(model_name=model, device="cpu")

    def index(self, notes: Path, index: Path) -> int:
        from llama_index.core import Document, VectorStoreIndex
        from llama_index.core.node_parser import MarkdownNodeParser

        documents = [Document(text=text, metadata={"path": path}) for path, text in texts(notes)]
        nodes = MarkdownNodeParser().get_nodes_from_documents(documents)
        made = VectorStoreIndex(nodes, embed_model=self.embedding)
        made.storage_context.persist(str(index))
        return len(nodes)

    def open(self, index: Path) -> None:
        from llama_index.core import StorageContext, load_index_from_storage

        stored = StorageContext.from_defaults(persist_dir=str(index))
        opened = load_index_from_storage(stored, embed_model=self.embedding)
        self.retriever = opened.as_retriever(similarity_top_k=TOP)

    def search(self, query: str) -> Sequence[str]:
        return [found.node.get_content() for found in self.retriever.retrieve(query)]


class Txtai:
    """Paragraphs put together; its hybrid index, with the texts kept in its database."""

    def load(self, model: str) -> None:
        from txtai import Embeddings

        self.embeddings = Embeddings(path=model, content=True, hybrid=True, gpu=False)
        self.embeddings.model = self.embeddings.loadvectors()

    def index(self, notes: Path, index: Path) -> int:
        passages = [passage for _, text in texts(notes) for passage in paragraphs(text)]
        self.embeddings.index(passages)
        self.embeddings.save(str(index))
        return len(passages)

    def open(self, index: Path) -> None:
        self.embeddings.load(str(index))

    def search(self, query: str) -> Sequence[str]:
        return [found["text"] for found in self.embeddings.search(query, TOP)]


def paragraphs(text: str) -> Iterator[str]:
    """Paragraphs in a row, as many as a passage holds."""
    passage = ""
    for paragraph in filter(str.strip, text.split("\n\n")):
        if passage and len(passage) + len(paragraph) > PASSAGE:
            yield passage
            passage = ""
        passage = f"{passage}\n\n{paragraph}" if passage else paragraph
    if passage:
        yield passage


SYSTEMS: dict[str, type[System]] = {
    "footnote": Footnote,
    "langchain": LangChain,
    "llamaindex": LlamaIndex,
    "txtai": Txtai,
}


def edited(system: System, notes: Path, index: Path, fact: str) -> float:
    """Seconds until a line that was added to the first note is found, all being indexed again."""
    note = min(notes.rglob("*.md"))
    kept = note.read_text("utf-8")
    started = time.perf_counter()
    try:
        note.write_text(f"{kept}\n\n{fact}\n", "utf-8")
        shutil.rmtree(index)
        system.index(notes, index)
        system.open(index)
        if not any(fact in text for text in system.search(fact)):
            raise LookupError(f"{type(system).__name__} does not find what was added")
        return time.perf_counter() - started
    finally:
        note.write_text(kept, "utf-8")

"""The rooms: who may import whom, and which heavy library has which door."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ["indexer", "assistant", "ui"]
DOORS = {
    "faiss": "indexer/vector_index.py",
    "sentence_transformers": "indexer/sentence_models.py",
    "torch": "indexer/sentence_models.py",
    "openvino": "indexer/engine.py",
    "bm25s": "indexer/keyword_index.py",
    "watchfiles": "indexer/watching.py",
    "pymilvus": ("indexer/milvus_connection.py", "indexer/milvus_index.py", "indexer/milvus_tables.py"),
    "grpc": "indexer/milvus_connection.py",
    "gradio": "ui/",
    "fastapi": "assistant/api/",
    "pydantic": "assistant/api/",
    "alembic": "assistant/migrations/",
    "openai": "assistant/wire.py",
    "ray": "indexer/spreading.py",
    "httpx2": "assistant/wire.py",
}

# What the next room up, the tests and other programs build on. A name that leaves here breaks somebody.
PUBLIC = {
    "indexer.types": {
        "Block", "Build", "Chunk", "Hit", "Kind", "Lead", "Line", "Note", "Reading", "Skipped", "Span",
        "Unit",
    },
    "indexer.settings": {"IndexSettings", "from_environment"},
    "indexer.reading": {"is_ignored", "note_of", "read_notes", "too_many_lines"},
    "indexer.notebook": {"Notebook"},
    "indexer.markdown": {"commonmark", "escaped", "one_line", "plain", "wholes", "words"},
    "indexer.blocks": {"Lines", "code_at", "parse_blocks", "title_heading", "words_of_heading"},
    "indexer.borrowing": {"borrowed_vectors", "shares"},
    "indexer.chunking": {"chunk_note", "follows", "joined"},
    "indexer.embedding": {"Embedded", "Embedder", "SentenceTransformerEmbedder", "open_embedder"},
    "indexer.sentence_models": {"CrossEncoderReranker", "graph_of"},
    "indexer.processors": {"processors"},
    "indexer.engine": {"Engine", "converted", "kept"},
    "indexer.vector_index": {"Cells", "Search", "VectorIndex", "recall", "tenth_scores"},
    "indexer.keyword_index": {"KeywordIndex", "is_stop_word", "stem", "terms"},
    "indexer.lexicon": {"Lexicon", "learn", "merged"},
    "indexer.snapshot": {
        "Manifest", "Snapshot", "StoredChunk", "decode", "encode", "lexicon_of", "restored_chunk", "seal",
        "searched_rows", "short", "stored_chunk", "unseal",
    },
    "indexer.token_codes": {"TokenCodes", "concatenate", "encode"},
    "indexer.assembly": {"Draft", "Kept", "Made", "NoteRows", "assemble", "found_again", "key"},
    "indexer.generations": {
        "check_files", "current_bytes", "current_revision", "named", "newest_whole", "open_generation",
        "open_snapshot", "read_manifest", "revisions",
    },
    "indexer.publishing": {"mend", "new_revision", "publish", "roll_back", "tidy"},
    "indexer.checking": {"chunk_problems", "problems", "verify"},
    "indexer.address": {"Address", "place_of"},
    "indexer.passages": {"Candidates", "Frequencies", "InMemory", "Passages"},
    "indexer.stores": {"FolderStore", "Store", "open_store"},
    "indexer.migration": {"followed", "migrate", "moved"},
    "indexer.locking": {"BuildLock"},
    "indexer.watching": {"Watcher"},
    "indexer.live": {"LiveIndex"},
    "indexer.modelless": {"MissingModel", "embedder_or_stand_in"},
    "indexer.planning": {"Basis", "BuildReport", "Progress", "difference", "remembered", "seconds_left"},
    "indexer.rebuild": {"Builder", "first_sentence", "rebuild"},
    "indexer.hands": {"Hands", "OwnHands"},
    "indexer.spreading": {"Recipe", "Spread", "spread", "work"},
    "indexer.jobs": {"Job", "JobState", "RebuildJobs"},
    "assistant.types": {
        "Answer", "Citation", "Filters", "Found", "Passage", "Ranks", "Related", "Text", "Turn",
        "Unsupported",
    },
    "assistant.looking": {"Look", "look"},
    "assistant.pipeline": {"Assistant", "open_assistant"},
    "assistant.generation": {"LanguageModel"},
    "assistant.stopping": {"Stop", "heeding", "on_stop"},
    "assistant.writer": {"Writer", "meaning_of", "open_writer"},
    "assistant.asking": {"Asking", "Seats"},
    "assistant.kept": {"Conversation", "Declined", "Feedback", "KeptTurn", "Page", "now"},
    "assistant.conversations": {"Conversations"},
    "assistant.feedback": {"FeedbackStore"},
    "assistant.declined": {"DeclinedQuestions"},
    "assistant.database": {"Database", "database_url"},
    "assistant.schema": {"found_version", "prepare"},
    "assistant.shared_jobs": {"JobLedger", "SharedJobs", "rebuild_jobs"},
    "assistant.api.app": {"create_api"},
    "ui.application": {"create_server"},
    "ui.server": {"Server", "serve"},
}  # fmt: skip


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("file", list(modules()), ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_go_one_way_and_through_the_doors(file: Path) -> None:
    path = file.relative_to(ROOT).as_posix()
    room = path.split("/")[0]
    for name in imports(file):
        top = name.split(".")[0]
        if top in ROOMS:
            assert ROOMS.index(top) <= ROOMS.index(room), f"{path} imports {name}"
        if top in DOORS and not (top == "fastapi" and path == "ui/application.py"):
            assert path.startswith(DOORS[top]), f"{path} imports {name}, whose door is {DOORS[top]}"


@pytest.mark.parametrize("file", list(modules()), ids=lambda file: str(file.relative_to(ROOT)))
def test_nothing_that_can_run_is_loaded(file: Path) -> None:
    assert not re.search(r"\bpickle\b|allow_pickle|torch\.load|trust_remote_code", file.read_text("utf-8"))


@pytest.mark.parametrize("name", PUBLIC)
def test_the_public_names_are_these(name: str) -> None:
    module = importlib.import_module(name)
    public = {
        thing
        for thing, value in vars(module).items()
        if not thing.startswith("_") and callable(value) and getattr(value, "__module__", "") == name
    }
    assert public == PUBLIC[name]

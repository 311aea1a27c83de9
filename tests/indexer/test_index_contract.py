"""What an index promises, wherever it is: in a folder, in Milvus Lite, in a Milvus server."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Build
from fakes import HashingEmbedder
from milvus_server import MilvusProcess

from assistant.api.schemas.notes import NoteSummary
from assistant.pipeline import Assistant
from assistant.probing import fit_line
from assistant.types import Filters, Turn
from indexer import milvus_build
from indexer.address import Address, Place, place_of
from indexer.embedding import Embedded
from indexer.errors import BuildLocked, IndexDamaged, IndexMissing, IndexTooLarge, ModelError
from indexer.generations import open_snapshot, revisions
from indexer.live import LiveIndex
from indexer.migration import migrate
from indexer.milvus_fetching import Fetcher
from indexer.milvus_generation import MilvusGeneration
from indexer.milvus_index import Milvus
from indexer.milvus_rows import HEAD
from indexer.milvus_store import MilvusStore
from indexer.passages import Passages
from indexer.planning import BuildReport
from indexer.reading import read_notes
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from indexer.snapshot import Manifest, Snapshot

CORPUS = Path(__file__).parent.parent.parent / "corpus"
QUESTIONS = [
    "What does the task role give to the code in a container?",
    "How many containers can a task have?",
    "Where is EFS shared?",
    "instance profile",
    "mount nfs drivers on Windows",
]
PLACES = ["folder", "lite", pytest.param("server", marks=pytest.mark.soak)]  # which makes a table in seconds


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where an index is to be; nothing is there."""
    return _new_place(request.param, request, tmp_path)


@pytest.fixture(params=PLACES[1:])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """The same, in Milvus."""
    return _new_place(request.param, request, tmp_path)


def _new_place(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if kind == "server":
        server: MilvusProcess = request.getfixturevalue("milvus_server")
        return place_of(server.new_index())
    return place_of(f"milvus+file://{tmp_path}/index.db") if kind == "lite" else tmp_path / "an-index"


@pytest.fixture
def index(place: Place, settings: IndexSettings) -> "Iterator[Index]":
    made = Index(replace(settings, index=place))
    yield made
    made.close()


class Index:
    """An index as a program has it: one that serves, and builds."""

    def __init__(self, settings: IndexSettings, embedder: HashingEmbedder | None = None) -> None:
        self.settings = settings
        self.embedder = embedder or HashingEmbedder()
        self.live = LiveIndex(settings.index, fingerprint=self.embedder.fingerprint)
        self.assistant = Assistant(self.live, self.embedder)

    def build(self, *, fit: bool = False, **options: bool) -> BuildReport:
        fit_line = (lambda index: fit_line_of(index, self.embedder)) if fit else None
        *_, report = rebuild(self.settings, self.embedder, live=self.live, fit_line=fit_line, **options)
        assert isinstance(report, BuildReport)
        return report

    def edit(self, path: str, text: str) -> None:
        (self.settings.notes / path).write_text(text, "utf-8")

    def beside(self) -> "Index":
        """Another process's view of it."""
        return Index(self.settings)

    def close(self) -> None:
        if close := getattr(self.live.store, "close", None):
            close()


fit_line_of = fit_line


def found(index: Index | Assistant, question: str) -> list[tuple[str, int, int, float]]:
    assistant = index.assistant if isinstance(index, Index) else index
    passages = assistant.search(question, top_k=5)
    return [
        (one.chunk.note, one.chunk.span.start, one.chunk.span.end, round(one.score, 3)) for one in passages
    ]


def answers(index: Index) -> list[list[tuple[str, int, int, float]]]:
    return [found(index, question) for question in QUESTIONS]


def test_it_answers_with_the_words_of_the_notes(index: Index) -> None:
    with pytest.raises(IndexMissing):
        _ = index.live.current
    report = index.build(fit=True)
    assert (report.notes, report.embedded, report.kept) == (2, report.chunks, 0)
    answer = index.assistant.ask(QUESTIONS[0])
    assert not answer.abstained
    [first, *_] = answer.citations
    text = (index.settings.notes / first.note).read_text("utf-8")
    assert first.quote == text[first.char_start : first.char_end]
    assert "permissions" in first.quote
    assert answer.degraded == (() if index.live.current.finds_words else ("keyword",))
    follow_up = index.assistant.ask("And on EC2?", history=[Turn(QUESTIONS[0], answer.text)])
    assert follow_up.index_revision == report.revision
    assert index.live.store.verify() == []


def test_it_holds_the_same_as_a_folder(address: Place, settings: IndexSettings) -> None:
    elsewhere, folder = Index(replace(settings, index=address)), Index(settings)
    elsewhere.build()
    folder.build()
    one, other = elsewhere.live.current, folder.live.current
    assert isinstance(other, Snapshot)
    assert list(one.notes) == list(other.notes)
    assert [note.text for note in one.notes.values()] == [note.text for note in other.notes.values()]
    assert [one.of_note(path) for path in one.notes] == [other.of_note(path) for path in other.notes]
    assert one.lexicon == other.lexicon
    assert one.counts() == other.counts()
    assert {term: one.keywords.frequency(term) for term in other.keywords.vocabulary} == {
        term: other.keywords.frequency(term) for term in other.keywords.vocabulary
    }
    if one.finds_words:
        for mine, theirs in zip(answers(elsewhere), answers(folder), strict=True):
            assert [one[:3] for one in mine] == [one[:3] for one in theirs]
            assert [one[3] for one in mine] == pytest.approx([one[3] for one in theirs], abs=0.02)
    elsewhere.close()


def test_notes_are_listed_without_their_texts(
    address: Place, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index(replace(settings, index=address))
    index.build()
    notes = {note.path: note.text for note in read_notes(settings.notes, max_bytes=10**6).notes}
    asked: list[object] = []
    monkeypatch.setattr(Fetcher, "texts", lambda self, notes: asked.append(notes))
    index.live.store = MilvusStore(address) if isinstance(address, Address) else index.live.store
    listed = [NoteSummary.of(note) for note in index.live.store.open().notes.values()]
    assert [(one.path, one.line_count) for one in listed] == [
        (path, len(text.splitlines())) for path, text in notes.items()
    ]
    assert asked == []
    index.close()


def test_filters_let_through_what_they_say(index: Index) -> None:
    index.build()
    search = index.assistant.search
    assert {one.chunk.note for one in search("task", filters=Filters(paths=("*/storage.md",)))} == {
        "aws/storage.md"
    }
    assert {one.chunk.note for one in search("EFS", filters=Filters(tags=("iam",)))} == {"aws/roles.md"}
    assert search("task", filters=Filters(tags=("tea",))) == []
    assert {one.chunk.note for one in search("task EFS", filters=Filters(paths=("*",)))} == {
        "aws/roles.md",
        "aws/storage.md",
    }


def test_an_edit_costs_what_changed_and_equals_a_build_from_scratch(
    index: Index, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    for number in range(6):
        index.edit(f"{number}.md", f"# Teas of region {number}\n\nTea {number} grows in valley {number}.\n")
    index.build()
    before = index.live.current
    roles = (index.settings.notes / "aws" / "roles.md").read_text("utf-8")
    index.embedder.embedded.clear()
    index.edit("aws/roles.md", f"{roles}\nOne line more about platypuses.\n")
    (index.settings.notes / "0.md").rename(index.settings.notes / "nought.md")
    (index.settings.notes / "1.md").unlink()
    index.edit("2.md", "# Teas of region 2\n\nTea 2 grows nowhere any more.\n")
    report = index.build()
    assert (len(report.changed_notes), report.renamed, report.removed) == (
        2,
        (("0.md", "nought.md"),),
        ("1.md",),
    )
    assert report.embedded == len(index.embedder.embedded) == 2
    assert "platypuses" in " ".join(index.embedder.embedded)
    assert index.live.current is not before
    scratch = Index(replace(index.settings, index=_beside(index.settings.index, request, tmp_path)))
    scratch.build()
    one, other = index.live.current, scratch.live.current
    assert list(one.notes) == list(other.notes)
    assert [one.of_note(path) for path in one.notes] == [other.of_note(path) for path in other.notes]
    assert (one.lexicon, one.counts()) == (other.lexicon, other.counts())
    asked = [*QUESTIONS, "platypuses", "Where does tea 2 grow?", "valley"]
    assert [notes_of(index, text) for text in asked] == [notes_of(scratch, text) for text in asked]
    opened = index.beside() if not _is_lite(index.settings.index) else index
    assert found(opened, "platypuses") == found(index, "platypuses")
    assert index.live.store.verify() == []
    scratch.close()
    opened.close()


def notes_of(index: Index, text: str) -> set[tuple[str, int]]:
    """What was found; BM25 of Milvus counts rows that are dead too, so scores may differ by a little."""
    return {(note, start) for note, start, _, _ in found(index, text)[:3]}


def _beside(place: Place, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if isinstance(place, Path):
        return tmp_path / "scratch"
    if place.is_file:
        return place_of(f"milvus+file://{tmp_path}/scratch.db")
    return _new_place("server", request, tmp_path)


def _is_lite(place: Place) -> bool:
    return isinstance(place, Address) and place.is_file


def test_a_generation_that_is_held_stays_as_it_is(index: Index) -> None:
    index.build()
    held, before = index.live.current, found(index, "EFS")
    index.edit("aws/storage.md", "# Storage\n\nNothing is stored any more.\n")
    index.build()
    assert "zones" in held.notes["aws/storage.md"].text
    passages = index.assistant.search("EFS", snapshot=held, top_k=5)
    assert [(one.chunk.note, one.chunk.span.start) for one in passages] == [one[:2] for one in before]
    assert "Nothing" in index.live.current.notes["aws/storage.md"].text


class Failing(HashingEmbedder):
    """A model that fails at a text."""

    def embed_passages(self, texts: Sequence[str]) -> list[Embedded]:
        if any("unreadable" in text for text in texts):
            raise ModelError("The model fell over.")
        return super().embed_passages(texts)


def test_a_build_that_fails_changes_nothing(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    index.build()
    revision, before = index.live.current.manifest.revision, answers(index)
    monkeypatch.setattr(milvus_build, "ROWS_AT_ONCE", 100)
    for number in range(80):  # more than are written at once
        index.edit(f"{number:02}.md", f"# Tea {number}\n\nA tea.\n")
    index.edit("zz.md", "# Tea\n\nAn unreadable tea.\n")
    index.embedder = Failing()
    with pytest.raises(ModelError):
        index.build()
    index.live.refresh()
    assert index.live.current.manifest.revision == revision
    assert answers(index) == before
    index.embedder = HashingEmbedder()
    index.edit("zz.md", "# Tea\n\nA readable tea.\n")
    assert index.build().notes == 83
    assert len(index.live.current.notes) == 83
    assert index.live.store.verify() == []


KILLED = """
import sys, time
sys.path[:0] = sys.argv[1:2]
from fakes import HashingEmbedder
from pathlib import Path
from indexer import milvus_build
from indexer.address import place_of
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings

milvus_build.ROWS_AT_ONCE = 100
if "milvus:" in sys.argv[3]:
    from indexer.milvus_store import MilvusStore
    MilvusStore.__init__.__kwdefaults__["lasts"] = 2.0

class Stopping(HashingEmbedder):
    def embed_passages(self, texts):
        if any("forever" in text for text in texts):
            print("stopped", flush=True)
            time.sleep(600)
        return super().embed_passages(texts)

for _ in rebuild(IndexSettings(notes=Path(sys.argv[2]), index=place_of(sys.argv[3])), Stopping()):
    pass
"""


def test_a_builder_that_is_killed_changes_nothing(index: Index) -> None:
    index.build()
    revision, before = index.live.current.manifest.revision, answers(index)
    for number in range(70):
        index.edit(f"{number:02}.md", f"# Tea {number}\n\nA tea.\n")
    index.edit("zz.md", "# Tea\n\nIt is brewed forever.\n")
    index.close()  # a file of Milvus Lite is for one process
    tests = str(Path(__file__).parent.parent)
    place = index.settings.index
    command = [sys.executable, "-c", KILLED, tests, str(index.settings.notes), str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout
        assert builder.stdout.readline() == "stopped\n"
        builder.kill()
    again = index.beside()
    assert again.live.current.manifest.revision == revision
    assert answers(again) == before
    *_, report = rebuild(again.settings, again.embedder, live=again.live, wait=60)
    assert isinstance(report, BuildReport)
    assert (report.notes, report.embedded) == (73, 71)
    assert again.live.store.verify() == []
    again.close()


def test_only_one_builds(index: Index) -> None:
    index.build()
    index.edit("tea.md", "# Tea\n\nA tea.\n")
    building = rebuild(index.settings, index.embedder, live=index.live)
    next(building)
    with pytest.raises(BuildLocked, match="is building this index now"):
        index.build()
    building.close()  # type: ignore[attr-defined]
    assert index.build().notes == 3


def test_it_goes_back_to_the_one_before(index: Index) -> None:
    index.build()
    first = index.live.current.manifest.revision
    index.edit("tea.md", "# Tea\n\nA tea.\n")
    index.build()
    with index.live.store.lock():
        assert index.live.store.roll_back().revision == first
    index.live.refresh()
    assert list(index.live.current.notes) == ["aws/roles.md", "aws/storage.md"]
    with pytest.raises(IndexMissing):
        index.live.store.roll_back()
    assert index.build().added == ("tea.md",)
    assert found(index, "tea")[0][0] == "tea.md"
    assert index.live.store.verify() == []


def test_a_dry_run_and_an_empty_folder_do_as_they_say(index: Index) -> None:
    assert index.build(dry_run=True).embedded == 3
    with pytest.raises(IndexMissing):
        _ = index.live.current
    index.build()
    for note in index.settings.notes.rglob("*.md"):
        note.unlink()
    assert index.build(allow_empty=True).notes == 0
    assert index.assistant.search("task") == []


def test_what_is_dead_is_swept_and_what_is_missing_is_told(address: Place, settings: IndexSettings) -> None:
    assert isinstance(address, Address)
    index = Index(replace(settings, index=address))
    store = MilvusStore(address, grace=0.0)
    index.live.store = store
    for number in range(4):
        index.edit("tea.md", f"# Tea\n\nTea is brewed at {number} degrees.\n")
        index.build()
    generation = index.live.current
    assert isinstance(generation, MilvusGeneration)
    assert generation.manifest.chunks == 4
    assert store.milvus.count(generation.table, "id > 0") <= 6  # the serving, and what the one before it has
    assert len(store.revisions()) <= 3
    assert store.verify() == []
    store.milvus.remove(generation.table, "id", f"note == {generation.notes['tea.md'].number}")
    assert "has 3 passages" in store.verify()[0]
    index.build(full=True)
    assert store.verify() == []
    index.close()


def test_a_generation_that_cannot_be_read_is_built_anew(address: Place, settings: IndexSettings) -> None:
    assert isinstance(address, Address)
    index = Index(replace(settings, index=address))
    index.build()
    before = answers(index)
    revision = index.live.current.manifest.revision
    store = index.live.store
    assert isinstance(store, MilvusStore)
    row = {"key": f"generation:{revision}:000000", "data": "nothing", "vector": [0.0, 0.0]}
    store.milvus.put(f"{address.name}_published", [row])
    again = Index(index.settings)
    with pytest.raises(IndexDamaged):
        _ = again.live.current
    report = again.build()
    assert (report.reason, report.embedded) == ("A part of the index in Milvus cannot be read", 3)
    assert answers(again) == before
    assert again.live.store.verify() == []
    again.build()
    assert answers(again) == before
    again.close()


def test_a_note_with_a_heading_of_any_length_is_one_note(index: Index) -> None:
    words = " ".join(f"{number * 2654435761 % 2**32:08x}" for number in range(30_000))
    index.edit("long.md", f"# {words}\n\nTea is brewed at 80 degrees.\n")
    index.build()
    index.close()
    again = index.beside()
    assert list(again.live.current.notes) == ["aws/roles.md", "aws/storage.md", "long.md"]
    assert again.live.store.verify() == []
    again.close()


@pytest.mark.parametrize("full", [False, True])
def test_a_note_that_is_lost_is_told_and_a_build_brings_it_back(
    address: Place, settings: IndexSettings, full: bool
) -> None:
    index = Index(replace(settings, index=address))
    index.build()
    before = answers(index)
    lose_a_head(index)
    again = index.beside()
    with pytest.raises(IndexDamaged, match="has 1 notes where 2 are to be"):
        _ = again.live.current
    counted, opened = again.live.store.verify()
    assert (" has 1 notes of " in counted, "--full" in counted, "where 2 are to be" in opened) == (True,) * 3
    report = again.build(full=full)
    assert (report.reason, report.embedded) == ("The index has 1 notes where 2 are to be", 3)
    assert answers(again) == before
    assert again.live.store.verify() == []
    again.close()


def lose_a_head(index: Index) -> None:
    """One note's head is gone from Milvus; what the process has of it is hung up with it."""
    store, generation = index.live.store, index.live.current
    assert isinstance(store, MilvusStore) and isinstance(generation, MilvusGeneration)
    number = generation.notes["aws/roles.md"].number
    store.milvus.remove(store.notes_table, "id", f"kind == {HEAD} and note == {number}")
    index.close()


def test_an_index_moves_to_where_one_has_lost_a_note(address: Place, settings: IndexSettings) -> None:
    there, here = Index(replace(settings, index=address)), Index(settings)
    there.build()
    lose_a_head(there)
    here.build()
    assert moved(settings.index, address).notes == 2
    again = there.beside()
    assert again.live.store.verify() == []
    again.close()


def test_an_edit_asks_as_often_however_many_came_before(
    address: Place, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for name in ("rows", "each"):
        ask = getattr(Milvus, name)

        def counted(self: Milvus, *given: object, _ask: Any = ask, **options: object) -> Any:
            asked.append(str(given))
            return _ask(self, *given, **options)

        monkeypatch.setattr(Milvus, name, counted)
    index = Index(replace(settings, index=address))
    times = []
    for number in range(6):
        index.edit("tea.md", f"# Tea\n\nTea is brewed at {number} degrees.\n")
        asked.clear()
        index.build()
        times.append(len(asked))
    assert times[2:] == [times[2]] * 4
    index.close()


def test_an_index_that_moves_into_a_folder_keeps_to_its_limit(
    settings: IndexSettings, build: Build, tmp_path: Path
) -> None:
    build()
    with pytest.raises(IndexTooLarge, match="FOOTNOTE_MAX_INDEX_MB"):
        list(migrate(settings.index, tmp_path / "there", max_bytes=10_000))
    assert revisions(tmp_path / "there") == []
    *_, _ = migrate(settings.index, tmp_path / "there", max_bytes=1_000_000)
    assert len(revisions(tmp_path / "there")) == 1


def moved(source: Place, target: Place) -> Manifest:
    *_, manifest = migrate(source, target)
    assert isinstance(manifest, Manifest)
    return manifest


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[IndexSettings, HashingEmbedder]:
    """The notes that ship with the project."""
    folder = tmp_path_factory.mktemp("real")
    settings = IndexSettings(notes=CORPUS, index=folder / "index")
    embedder = HashingEmbedder()
    *_, report = rebuild(settings, embedder)
    assert isinstance(report, BuildReport)
    return settings, embedder


def test_it_moves_there_and_back_without_embedding(
    address: Place, real: tuple[IndexSettings, HashingEmbedder], tmp_path: Path
) -> None:
    settings, embedder = real
    before = open_snapshot(settings.folder)
    embedded = len(embedder.embedded)
    there = moved(settings.index, address)
    assert (there.notes, there.chunks, there.line) == (
        before.manifest.notes,
        before.manifest.chunks,
        before.manifest.line,
    )
    index = LiveIndex(address, fingerprint=embedder.fingerprint)
    assert recall(index.current, before) >= 0.99
    assert index.store.verify() == []
    *_, report = rebuild(replace(settings, index=address), embedder, live=index)
    assert isinstance(report, BuildReport)
    assert not report.changed
    index.store.close()  # type: ignore[attr-defined]
    back = moved(address, tmp_path / "back")
    after = open_snapshot(tmp_path / "back")
    assert (back.notes, after.manifest.builds) == (before.manifest.notes, before.manifest.builds)
    assert after.notes == before.notes
    assert list(after.chunks) == list(before.chunks)
    assert np.array_equal(after.own_vectors, before.own_vectors)
    assert np.array_equal(after.tokens.codes, before.tokens.codes)
    assert after.lexicon == before.lexicon
    assert len(embedder.embedded) == embedded


def recall(index: Passages, exact: Snapshot) -> float:
    """The share of the ten nearest passages by FAISS that it finds, with passages as questions."""
    shares = []
    for vector in exact.own_vectors[:: max(1, len(exact.chunks) // 100)]:
        wanted = {_place(chunk) for chunk in exact.chunks_of([hit.row for hit in exact.nearest(vector, 10)])}
        rows = [hit.row for hit in index.nearest(vector, 10)]
        shares.append(len(wanted & {_place(chunk) for chunk in index.chunks_of(rows)}) / len(wanted))
    return float(np.mean(shares))


def _place(chunk: object) -> tuple[str, int]:
    return chunk.note, chunk.span.start  # type: ignore[attr-defined]

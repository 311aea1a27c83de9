"""Builds over a real Ray of two nodes on this machine: the same index as one built here, whatever is lost."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fakes import HashingEmbedder
from ray_fakes import Broken, Fatal, Told
from ray_nodes import RayNodes, ray_nodes

from indexer import rebuild as rebuilding
from indexer import spreading
from indexer.address import place_of
from indexer.checking import verify
from indexer.embedding import Embedder, open_embedder
from indexer.errors import ClusterError, ModelError, SettingsError
from indexer.generations import current_revision, open_snapshot
from indexer.hands import OwnHands
from indexer.migration import migrate
from indexer.planning import BuildReport, Progress
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from indexer.spreading import spread
from indexer.types import Note

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from ui.cli import main; main()"]


@pytest.fixture(scope="module")
def nodes() -> Iterator[RayNodes]:
    with ray_nodes() as running:
        yield running


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> IndexSettings:
    """Sixty notes of two passages each, which make fifteen batches and six parts to cut."""
    monkeypatch.setattr(rebuilding, "EMBED_AT_ONCE", 8)
    monkeypatch.setattr(spreading, "NOTES_AT_ONCE", 10)
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(60):
        text = f"# Note {number}\n\nThe number is {number}.\n\n## Half\n\nIts half is {number / 2}.\n"
        (folder / f"{number:02}.md").write_text(text, "utf-8")
    return IndexSettings(notes=folder, index=tmp_path / "index")


def built(settings: IndexSettings, embedder: Embedder, opened: Callable[[], Embedder], address: str,
          during: Callable[[Progress], object] = lambda event: None) -> BuildReport:  # fmt: skip
    with spread(address, embedder, opened) as hands:
        for event in rebuild(settings, embedder, hands=hands):
            if isinstance(event, Progress):
                during(event)
    assert isinstance(event, BuildReport)
    return event


def assert_same(one: Path, other: Path, *, within: float = 0.0) -> None:
    """Equal id for id: revision, notes, passages, words; vectors as far as rounding goes."""
    left, right = open_snapshot(one), open_snapshot(other)
    assert verify(one) == []
    assert left.manifest.revision == right.manifest.revision
    assert left.notes == right.notes
    assert left.chunks == right.chunks
    assert left.keywords.to_bytes() == right.keywords.to_bytes()
    assert left.lexicon == right.lexicon
    assert np.abs(left.own_vectors - right.own_vectors).max() <= within
    assert np.array_equal(left.tokens.lengths, right.tokens.lengths)
    differ = np.unpackbits(left.tokens.codes ^ right.tokens.codes).mean()
    assert differ <= (1e-4 if within else 0.0)


def here(settings: IndexSettings, embedder: Embedder) -> Path:
    """The index of the same notes, built by this process alone."""
    own = dataclasses.replace(settings, index=settings.index.with_name("here"))
    list(rebuild(own, embedder))
    return own.index


def test_over_a_ray() -> None:
    """All that joins a cluster from its own process. Ray may end that process, without a word to it."""
    environment = os.environ | {"RAY_LOG_TO_STDERR": "1"}  # so that it is seen why
    for _ in range(2):
        tests = [sys.executable, "-m", "pytest", "-s", "-m", "ray", __file__]
        done = subprocess.run(tests, env=environment, capture_output=True, errors="replace", check=False)
        if " deselected in " in done.stdout:  # its last line
            break
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]


@pytest.mark.ray
def test_an_index_is_the_same_wherever_it_is_built_and_an_edit_costs_what_changed(
    nodes: RayNodes, many: IndexSettings
) -> None:
    embedder = HashingEmbedder()
    first = built(many, embedder, HashingEmbedder, nodes.address)
    assert (first.notes, first.embedded) == (60, 120)
    assert embedder.embedded == []  # none of it was done here
    assert_same(many.index, here(many, HashingEmbedder()))
    for number in range(20):
        (many.notes / f"{number:02}.md").write_text(f"# Note {number}\n\nEdited {number} times.\n", "utf-8")
    again = built(many, embedder, HashingEmbedder, nodes.address)
    assert (again.embedded, again.kept) == (20, 80)
    assert embedder.embedded == []
    own = here(many, HashingEmbedder())
    assert open_snapshot(many.index).chunks == open_snapshot(own).chunks
    assert np.array_equal(open_snapshot(many.index).own_vectors, open_snapshot(own).own_vectors)


@pytest.mark.ray
def test_an_index_in_milvus_is_cut_and_embedded_by_the_workers_too(
    nodes: RayNodes, many: IndexSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.milvus_build.ROWS_AT_ONCE", 100)  # more than one group
    cut_here: list[Iterable[Note]] = []
    monkeypatch.setattr(OwnHands, "cut", lambda self, notes: cut_here.append(notes) or iter(()))
    spread_there = dataclasses.replace(many, index=place_of(f"milvus+file://{tmp_path}/there.db"))
    embedder = HashingEmbedder()
    report = built(spread_there, embedder, HashingEmbedder, nodes.address)
    assert (report.notes, report.embedded) == (60, 120)
    assert (cut_here, embedder.embedded) == ([], [])
    monkeypatch.undo()
    list(migrate(spread_there.index, tmp_path / "moved"))
    own = open_snapshot(here(many, HashingEmbedder()))
    there = open_snapshot(tmp_path / "moved")
    assert (there.notes, there.chunks, there.lexicon) == (own.notes, own.chunks, own.lexicon)
    assert np.array_equal(there.own_vectors, own.own_vectors)


def test_what_is_one_part_is_done_here(many: IndexSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    list(rebuild(many, HashingEmbedder()))
    (many.notes / "00.md").write_text("# Note\n\nEdited.\n", "utf-8")
    embedder = HashingEmbedder()
    assert built(many, embedder, HashingEmbedder, "local").embedded == 1
    assert len(embedder.embedded) == 1


@pytest.mark.ray
def test_a_node_that_is_lost_in_the_middle_costs_its_batches_only(
    nodes: RayNodes, many: IndexSettings, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    opened = partial(Told, name=str(log))

    def lose(event: Progress) -> None:
        if (event.stage, event.done) == ("embedding", 40):
            nodes.lose_a_node()

    try:
        report = built(many, HashingEmbedder(), opened, nodes.address, lose)
    finally:
        nodes.add_a_node()
    lines = log.read_text("utf-8").splitlines()
    assert report.embedded == 120
    assert len({line.split()[1] for line in lines} - {"1"}) == 2  # both nodes took part; 1 has the orphans
    assert 15 <= len(lines) <= 15 + 2 * spreading.AHEAD  # only what was on its way was done again
    assert_same(many.index, here(many, HashingEmbedder()))


@pytest.mark.ray
def test_a_worker_that_dies_costs_its_batch_only(
    nodes: RayNodes, many: IndexSettings, tmp_path: Path
) -> None:
    built(many, HashingEmbedder(), partial(Fatal, name=str(tmp_path / "done")), nodes.address)
    assert (tmp_path / "done").exists()
    assert_same(many.index, here(many, HashingEmbedder()))


@pytest.mark.ray
@pytest.mark.parametrize(
    ("opened", "error", "told"),
    [
        (partial(Broken, name="known"), ModelError, "The weights are gone."),
        (Broken, ClusterError, "ZeroDivisionError: by nothing"),
        (partial(HashingEmbedder, fingerprint="e" * 64), ClusterError, "another embedding model"),
    ],
    ids=["known", "unknown", "another model"],
)
def test_what_fails_in_a_worker_is_told_and_the_index_is_as_it_was(
    nodes: RayNodes, many: IndexSettings, opened: Callable[[], Embedder], error: type[Exception], told: str
) -> None:
    list(rebuild(dataclasses.replace(many, notes=ROOT / "corpus"), HashingEmbedder()))
    before = current_revision(many.index)
    with pytest.raises(error, match=told):
        built(many, HashingEmbedder(), opened, nodes.address)
    assert current_revision(many.index) == before


@pytest.mark.parametrize("address", ["nowhere", "ray://127.0.0.1:1", "127.0.0.1:x", "http://a:1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match=f"'{address}' is no address of a Ray cluster"):
        spread(address, HashingEmbedder(), HashingEmbedder)


def test_where_nothing_answers_it_is_told() -> None:
    with pytest.raises(ClusterError, match=r"No Ray cluster can be reached at '127\.0\.0\.1:1'"):
        spread("127.0.0.1:1", HashingEmbedder(), HashingEmbedder)


def test_without_the_extra_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r'pip install "\.\[cluster\]"'):
        spread("local", HashingEmbedder(), HashingEmbedder)


def test_ray_is_imported_only_when_it_is_asked_for(settings: IndexSettings) -> None:
    program = f"""
import sys
sys.argv = ["footnote", "build", "--dry-run", "--notes", {str(settings.notes)!r}]
import indexer.spreading
from ui.cli import app
app(standalone_mode=False)
assert "ray" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


SLOW = """
import indexer.embedding, indexer.rebuild, indexer.spreading, ray_fakes
indexer.embedding.open_embedder = ray_fakes.open_slow
indexer.rebuild.EMBED_AT_ONCE = 8
indexer.spreading.PATIENCE = 3.0
from ui.cli import main
main()
"""


@contextmanager
def building(settings: IndexSettings, *ray: str) -> Iterator["subprocess.Popen[str]"]:
    """The command while it embeds, slowly, over a Ray; in a group of its own, as a shell would have it."""
    log = settings.index.with_name("log")
    place = ["--notes", str(settings.notes), "--index", str(settings.index)]
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, "build", *place, "--ray", *ray],
        env=os.environ | {"FOOTNOTE_EMBEDDING_MODEL": str(log), "PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as builder:
        try:
            until = time.monotonic() + 120
            while not log.exists() and builder.poll() is None and time.monotonic() < until:
                time.sleep(0.1)
            yield builder
        finally:
            with suppress(ProcessLookupError):
                os.killpg(builder.pid, signal.SIGKILL)


def of_session(leader: int) -> list[str]:
    """The processes that one has started, whoever their parent is by now."""
    stats = [
        (file.parent.name, file.read_text("utf-8", "replace")) for file in Path("/proc").glob("[0-9]*/stat")
    ]
    return [pid for pid, stat in stats if int(stat.rpartition(")")[2].split()[3]) == leader]


@pytest.mark.soak
def test_an_interrupt_ends_a_ray_that_was_started_for_the_build(many: IndexSettings) -> None:
    list(rebuild(dataclasses.replace(many, notes=ROOT / "corpus"), HashingEmbedder()))
    before = current_revision(many.index)
    with building(many) as builder:
        assert len(of_session(builder.pid)) > 3  # its own, Ray's, at least one worker
        os.killpg(builder.pid, signal.SIGINT)
        out, err = builder.communicate(timeout=60)
        left = of_session(builder.pid)
    assert (builder.returncode, out, err) == (130, "", "")
    assert left == []
    assert current_revision(many.index) == before
    assert verify(many.index) == []


@pytest.mark.soak
def test_a_head_that_is_lost_is_told(many: IndexSettings) -> None:
    list(rebuild(dataclasses.replace(many, notes=ROOT / "corpus"), HashingEmbedder()))
    before = current_revision(many.index)
    with ray_nodes() as nodes, building(many, nodes.address) as builder:
        nodes.lose_the_head()
        _, err = builder.communicate(timeout=120)
    assert builder.returncode == 1
    assert "lost its head" in err.splitlines()[-1]
    assert "The index is as it was." in err.splitlines()[-1]
    assert current_revision(many.index) == before
    assert verify(many.index) == []


@pytest.mark.model
@pytest.mark.soak
def test_with_the_real_model_the_command_makes_the_same_index(nodes: RayNodes, tmp_path: Path) -> None:
    for name, options in (("here", []), ("there", ["--ray", nodes.address]), ("alone", ["--ray"])):
        place = ["--notes", str(ROOT / "corpus"), "--index", str(tmp_path / name)]
        done = subprocess.run(
            [*COMMAND, "build", *place, *options],
            env=os.environ | {"RAY_TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
    for name in ("there", "alone"):
        assert_same(tmp_path / name, tmp_path / "here", within=1e-5)
    embedder = open_embedder("all-MiniLM-L6-v2")
    assert open_snapshot(tmp_path / "there").manifest.embedding_fingerprint == embedder.fingerprint

"""A real server with the real model, while notes change, builds race and signals come."""

import random
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from serving import COMMAND, Served, serving

from indexer.checking import verify
from indexer.embedding import open_embedder
from indexer.generations import open_snapshot
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from indexer.snapshot import Snapshot

ROOT = Path(__file__).parents[2]
QUESTIONS = [
    "What is the ECS task role for?",
    "Can I mount S3 on an ECS task?",
    "Which EKS storage drivers don't work with Fargate?",
    "How do I bake sourdough bread?",
]
SECONDS, EDITS = 60, 50  # of edits, and how many in each
pytestmark = [pytest.mark.soak, pytest.mark.model]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the notes that come with it, and their index."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT / "corpus", folder / "notes")
    settings = IndexSettings(notes=folder / "notes", index=folder / "index")
    list(rebuild(settings, open_embedder(settings.embedding_model)))
    return folder


@pytest.fixture
def own(built: Path, tmp_path: Path) -> IndexSettings:
    """A copy of both, to spoil."""
    shutil.copytree(built, tmp_path / "own")
    return IndexSettings(notes=tmp_path / "own/notes", index=tmp_path / "own/index")


class Editor:
    """Writes, renames and deletes notes at random, below a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._chance = random.Random(11)
        self._written = 0
        folder.mkdir()

    def edit(self) -> None:
        notes = sorted(self._folder.iterdir())
        kind = self._chance.choice(["write", "write", "change", "rename", "delete"])
        if (kind == "write" and len(notes) < 40) or not notes:
            self._written += 1
            (self._folder / f"note-{self._written}.md").write_text(self._text(), "utf-8")
            return
        note = self._chance.choice(notes)
        if kind == "rename":
            self._written += 1
            note.rename(self._folder / f"moved-{self._written}.md")
        elif kind == "delete":
            note.unlink()
        else:
            note.write_text(self._text(), "utf-8")

    def _text(self) -> str:
        number = self._chance.randrange(100_000)
        return f"# Kettle {number}\n\nKettle {number} boils water at {number % 100} degrees.\n"


@contextmanager
def loading(stop: threading.Event) -> Iterator[ThreadPoolExecutor]:
    """Three threads, which are told to stop also where the test fails."""
    with ThreadPoolExecutor(3) as pool:
        try:
            yield pool
        finally:
            stop.set()


def asked(served: Served, stop: threading.Event, failures: list[str]) -> int:
    """Ask until told to stop; how many answers came, each of them from one generation."""
    count = 0
    while not stop.is_set():
        for question in QUESTIONS:
            try:
                answer = served.ask(question)
                assert answer["index_revision"]
                count += 1
            except (urllib.error.URLError, OSError, AssertionError, KeyError) as error:
                failures.append(f"{question}: {error!r}")
    return count


def told(what: str) -> None:
    """Let what was counted be seen (with `pytest -s`)."""
    sys.stdout.write(f"\n{what}\n")


def same(one: Snapshot, other: Snapshot) -> bool:
    """Whether two generations say the same, whichever way they came to be."""
    return (
        list(one.chunks) == list(other.chunks)
        and dict(one.notes) == dict(other.notes)
        and bool(np.allclose(one.own_vectors, other.own_vectors, atol=1e-5))
    )


def test_edits_for_a_minute_while_serving_under_load(own: IndexSettings, tmp_path: Path) -> None:
    editor = Editor(own.notes / "edited")
    stop, failures = threading.Event(), []  # type: ignore[var-annotated]
    with serving(own.notes, own.index, FOOTNOTE_REQUESTS_PER_MINUTE="0") as served, loading(stop) as pool:
        loads = [pool.submit(asked, served, stop, failures) for _ in range(3)]
        edits, began = 0, time.monotonic()
        while (passed := time.monotonic() - began) < SECONDS:
            if edits < passed * EDITS:
                editor.edit()
                edits += 1
            else:
                time.sleep(0.002)
        (own.notes / "edited" / "last.md").write_text("# Samovar\n\nThe samovar holds 4 litres.\n", "utf-8")
        deleted = own.notes / "ecr.md" if (own.notes / "ecr.md").exists() else next(own.notes.rglob("ecr.md"))
        deleted.unlink()
        last = time.monotonic()
        while "4 litres" not in served.ask("How much does the samovar hold?")["answer"]:
            assert time.monotonic() - last < 30
            time.sleep(0.1)
        lag = time.monotonic() - last
        stop.set()
        answers = sum(load.result() for load in loads)
        answer = served.ask("What is ECR, the Elastic Container Registry?")
        assert "ecr.md" not in {Path(citation["note"]).name for citation in answer["citations"]}
        assert served.stop() == 0
    scratch = IndexSettings(notes=own.notes, index=tmp_path / "scratch")
    list(rebuild(scratch, open_embedder(own.embedding_model)))
    told(f"{edits} edits, {answers} answers, {len(failures)} failed, in step {lag:.1f} s after the last edit")
    assert failures == []
    assert answers > 50
    assert edits >= 0.9 * SECONDS * EDITS
    assert same(open_snapshot(own.index), open_snapshot(scratch.index))
    assert verify(own.index) == []


@pytest.mark.parametrize("time_number", range(20))
def test_a_server_that_is_told_to_stop_ends_what_it_answers(own: IndexSettings, time_number: int) -> None:
    stop, cut = threading.Event(), []  # type: ignore[var-annotated]
    with serving(own.notes, own.index) as served, ThreadPoolExecutor(4) as pool:

        def load() -> int:
            count = 0
            while not stop.is_set():
                try:
                    served.ask(QUESTIONS[count % len(QUESTIONS)])
                    count += 1
                except (urllib.error.URLError, ConnectionResetError) as error:
                    # A connection that nobody has accepted yet when the door is shut is reset by the system;
                    # one with an answer under way would be closed instead.
                    if not isinstance(getattr(error, "reason", error), ConnectionError):
                        cut.append(repr(error))
                    return count
                except OSError as error:
                    cut.append(repr(error))
                    return count
            return count

        loads = [pool.submit(load) for _ in range(4)]
        (own.notes / "new.md").write_text("# New\n\nA rebuild is under way, too.\n", "utf-8")
        time.sleep(0.5 + time_number / 20)
        began = time.monotonic()
        assert served.stop() == 0
        took = time.monotonic() - began
        stop.set()
        answered = sum(one.result() for one in loads)
    told(f"{answered} answers, {len(cut)} cut, stopped in {took:.1f} s")
    assert took < 12
    assert cut == []
    assert verify(own.index) == []


def test_of_several_builds_at_once_one_builds_and_the_others_name_it(own: IndexSettings) -> None:
    command = [*COMMAND, "build", "--full", "--notes", str(own.notes), "--index", str(own.index)]
    builds = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    told = [build.communicate(timeout=300) for build in builds]
    codes = sorted(build.returncode for build in builds)
    assert set(codes) <= {0, 3}
    assert codes.count(3) >= 1
    holders = {build.pid for build in builds if build.returncode == 0}
    for build, (_, errors) in zip(builds, told, strict=True):
        if build.returncode == 3:
            assert any(f"process {pid} on " in errors for pid in holders), errors
    assert verify(own.index) == []


def test_a_hundred_rebuild_requests_at_once_are_two_jobs(own: IndexSettings) -> None:
    with serving(own.notes, own.index, FOOTNOTE_WATCH="0") as served, ThreadPoolExecutor(25) as pool:
        posted = [pool.submit(served.post, "/api/v1/index/rebuild", {"full": True}) for _ in range(100)]
        jobs = {job["id"] for job in (one.result() for one in posted)}
        until = time.monotonic() + 240
        while any(served.get(f"/api/v1/index/jobs/{job}")["state"] not in ("done", "failed") for job in jobs):
            assert time.monotonic() < until
            time.sleep(0.5)
        assert {served.get(f"/api/v1/index/jobs/{job}")["state"] for job in jobs} == {"done"}
        assert len(jobs) == 2
        assert served.stop() == 0

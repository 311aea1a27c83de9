"""Notes, an index and an assistant to test with; a model is loaded only where it is asked for."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from databases import postgres  # noqa: F401, as it is a fixture
from fakes import HashingEmbedder
from milvus_server import milvus_server  # noqa: F401, as it is a fixture

from assistant.pipeline import Assistant
from indexer.embedding import Embedder, open_embedder
from indexer.jobs import RebuildJobs
from indexer.live import LiveIndex
from indexer.planning import BuildReport, Progress
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings

ROLES = """\
---
title: Roles in ECS
tags: [ecs, iam]
---
# Roles

- **Task role:** gives the code in a container its permissions
- **Instance profile:** lets the agent on an EC2 instance call ECS

## Limits

| Thing | Most |
|---|---|
| Containers per task | 10 |
| Tasks per service | 5000 |
"""
STORAGE = """\
# Storage

EFS is shared between zones. EBS stays in one zone.

Drivers:

- **EBS driver:** cannot be used on Fargate
    - needs a node on EC2
- **EFS driver:** does not work on Windows

```sh
# mount the volume
mount -t efs fs-1 /data
```
"""

Build = Callable[..., BuildReport]


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture(scope="session")
def real_embedder() -> Embedder:
    """The packaged model; its weights are read once for all who share it."""
    return open_embedder("all-MiniLM-L6-v2")


@pytest.fixture
def small_notes(tmp_path: Path) -> Path:
    """A folder with two notes: aws/roles.md and aws/storage.md."""
    return two_notes(tmp_path / "notes")


def two_notes(folder: Path) -> Path:
    """The folder, with the two notes in it."""
    (folder / "aws").mkdir(parents=True)
    (folder / "aws" / "roles.md").write_text(ROLES, "utf-8")
    (folder / "aws" / "storage.md").write_text(STORAGE, "utf-8")
    return folder


@pytest.fixture
def settings(small_notes: Path, tmp_path: Path) -> IndexSettings:
    return IndexSettings(notes=small_notes, index=tmp_path / "index")


@pytest.fixture
def build(settings: IndexSettings, embedder: HashingEmbedder) -> Build:
    """Runs a build to its end; gives the report."""

    def run(**options: bool) -> BuildReport:
        *_, report = rebuild(settings, embedder, **options)
        assert isinstance(report, BuildReport)
        return report

    return run


@pytest.fixture
def assistant(settings: IndexSettings, embedder: HashingEmbedder, build: Build) -> Assistant:
    """An assistant over the built index of the two notes."""
    build()
    return Assistant(LiveIndex(settings.index, fingerprint=embedder.fingerprint), embedder)


@pytest.fixture
def jobs(settings: IndexSettings, embedder: HashingEmbedder, assistant: Assistant) -> Iterator[RebuildJobs]:
    """Rebuilds of the assistant's index."""

    with rebuilds_of(settings, embedder, assistant) as rebuilds:
        yield rebuilds


@contextmanager
def rebuilds_of(
    settings: IndexSettings, embedder: HashingEmbedder, assistant: Assistant
) -> Iterator[RebuildJobs]:
    """Rebuilds of an assistant's index, all of which have ended at the end."""

    def run(full: bool) -> Iterator[Progress | BuildReport]:
        return rebuild(settings, embedder, full=full)

    rebuilds = RebuildJobs(run, assistant.index.refresh)
    yield rebuilds
    rebuilds.close()


@dataclass(frozen=True)
class Site:
    """What a server is made of, for tests that share one."""

    settings: IndexSettings
    assistant: Assistant
    jobs: RebuildJobs


@contextmanager
def small_site(folder: Path) -> Iterator[Site]:
    """The two notes, their index, and an assistant over it, in a folder of their own."""
    settings, embedder = (
        IndexSettings(notes=two_notes(folder / "notes"), index=folder / "index"),
        HashingEmbedder(),
    )
    *_, _ = rebuild(settings, embedder)
    assistant = Assistant(LiveIndex(settings.index, fingerprint=embedder.fingerprint), embedder)
    with rebuilds_of(settings, embedder, assistant) as jobs:
        yield Site(settings, assistant, jobs)

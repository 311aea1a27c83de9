"""One builder at a time, whoever it is and however it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.errors import BuildLocked
from indexer.locking import BuildLock


def test_a_second_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with (
        BuildLock(tmp_path),
        pytest.raises(BuildLocked, match=rf"process {os.getpid()} on .*, since .* UTC, is building"),
        BuildLock(tmp_path),
    ):
        pass
    with BuildLock(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} <= {".lock"}


def test_a_process_that_dies_leaves_it_free(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from indexer.locking import BuildLock;"
        "BuildLock(pathlib.Path(sys.argv[1])).__enter__(); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    assert (tmp_path / "building").exists()
    with BuildLock(tmp_path):
        pass
    assert not (tmp_path / "building").exists()


def test_who_waits_gets_it_in_the_end(tmp_path: Path) -> None:
    first, second = BuildLock(tmp_path), BuildLock(tmp_path)
    list(first.acquire())
    waiting = second.acquire(wait=120)
    next(waiting)
    first.release()
    list(waiting)
    second.release()

"""Nothing of a damaged index is ever used: every cut, flip and loss is found at opening and by the check."""

import contextlib
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.checking import verify
from indexer.errors import IndexDamaged
from indexer.generations import open_snapshot
from indexer.planning import BuildReport
from indexer.settings import IndexSettings

FILES = [
    "manifest.json",
    "notes.json",
    "chunks.json",
    "vectors.npy",
    "tokens.npy",
    "parts.npy",
    "norms.npy",
    "keywords.npz",
    "lexicon.json",
]


@pytest.fixture
def generation(settings: IndexSettings, build: Callable[[], BuildReport]) -> Path:
    return settings.index / "generations" / build().revision


@pytest.fixture
def damaged(settings: IndexSettings, generation: Path) -> Iterator[Callable[[str, bytes | None], None]]:
    """Asserts that a file with that content, or without any, is found damaged; puts the file back."""

    def check(name: str, content: bytes | None) -> None:
        file = generation / name
        kept = file.read_bytes()
        assert content != kept
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
        with pytest.raises(IndexDamaged, match=r"footnote build"):
            open_snapshot(settings.index)
        [problem] = verify(settings.index)
        assert name in problem
        file.write_bytes(kept)

    yield check
    assert verify(settings.index) == []


Damaged = Callable[[str, bytes | None], None]


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_or_cut_or_longer_is_found(
    generation: Path, damaged: Damaged, name: str
) -> None:
    whole = (generation / name).read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 20)):
        damaged(name, whole[:length])
    damaged(name, whole[:-1])
    damaged(name, whole + b"\0")
    damaged(name, None)


@pytest.mark.parametrize("flips", [100, pytest.param(1_000, marks=pytest.mark.soak)])
def test_every_flipped_bit_is_found(generation: Path, damaged: Damaged, flips: int) -> None:
    chance = random.Random(4)
    for number in range(flips):
        name = FILES[number % len(FILES)]
        content = bytearray((generation / name).read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        damaged(name, bytes(content))


def test_every_flipped_bit_of_the_manifest_is_found(generation: Path, damaged: Damaged) -> None:
    """It holds the sums of the others, and its own."""
    whole = (generation / "manifest.json").read_bytes()
    for bit in range(0, len(whole) * 8, 7):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        damaged("manifest.json", bytes(content))


def test_every_flipped_bit_of_the_pointer_is_found(settings: IndexSettings, generation: Path) -> None:
    pointer = settings.index / "CURRENT"
    whole = pointer.read_bytes()
    revision = open_snapshot(settings.index).manifest.revision
    for bit in range(len(whole) * 8):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        pointer.write_bytes(content)
        assert verify(settings.index) != []
        with contextlib.suppress(IndexDamaged):  # it is whole, and may serve; another one never does
            assert open_snapshot(settings.index).manifest.revision == revision


def test_a_generation_under_the_name_of_another_is_found(settings: IndexSettings, generation: Path) -> None:
    other = generation.with_name("00000009-00000000")
    shutil.copytree(generation, other)
    (settings.index / "CURRENT").write_text(other.name, "utf-8")
    assert any("another's" in problem for problem in verify(settings.index))
    assert open_snapshot(settings.index).manifest.revision == generation.name

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from fakes import HashingEmbedder

from indexer.checking import verify
from indexer.errors import IndexIncompatible, IndexMissing
from indexer.generations import current_revision, open_snapshot
from indexer.live import LiveIndex
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


def rewrite_format(generation: Path, version: int) -> None:
    """Make a manifest say that another release wrote it."""
    file = generation / "manifest.json"
    raw = bytes(msgspec.json.decode(file.read_bytes(), type=dict[str, msgspec.Raw])["manifest"])
    raw = raw.replace(b'"format_version": 5', b'"format_version": %d' % version)
    file.write_bytes(
        b'{\n"sha256": "%s",\n"manifest": %s\n}\n' % (hashlib.sha256(raw).hexdigest().encode(), raw)
    )


@pytest.fixture
def generation(settings: IndexSettings, build: Callable[[], BuildReport]) -> Path:
    return settings.index / "generations" / build().revision


def test_what_is_published_opens_the_same(settings: IndexSettings, generation: Path) -> None:
    snapshot = open_snapshot(settings.index)
    assert list(snapshot.notes) == ["aws/roles.md", "aws/storage.md"]
    for chunk in snapshot.chunks:
        assert chunk.text == snapshot.notes[chunk.note].text[chunk.span.start : chunk.span.end]
    assert snapshot.manifest.chunks == len(snapshot.chunks) == len(snapshot.vectors)
    assert [len(snapshot.tokens_of(row).lengths) for row in range(len(snapshot.chunks))] == [
        1 + len(chunk.units) for chunk in snapshot.chunks
    ]
    assert sorted(file.name for file in generation.iterdir()) == sorted(FILES)
    assert verify(settings.index) == []


def test_no_index_is_said_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match=r"footnote build"):
        open_snapshot(tmp_path)
    with pytest.raises(IndexMissing):
        verify(tmp_path)


def test_another_model_and_a_newer_format_are_refused(settings: IndexSettings, generation: Path) -> None:
    with pytest.raises(IndexIncompatible, match=r"'hashing' \(ffffffff\).*aaaaaaaa\. "):
        open_snapshot(settings.index, fingerprint="a" * 64)
    rewrite_format(generation, 99)
    with pytest.raises(IndexIncompatible, match=r"format 99; this release reads up to 5"):
        open_snapshot(settings.index)


def test_an_older_format_is_built_anew(
    settings: IndexSettings, generation: Path, build: Callable[[], BuildReport]
) -> None:
    (generation / "manifest.json").write_bytes(b'{"format_version": 2}')  # as releases before seals wrote it
    with pytest.raises(IndexIncompatible, match=r"format 2, this release writes 5. Run `footnote build`"):
        open_snapshot(settings.index)
    assert build().reason == "The index has format 2, this release writes 5"
    assert verify(settings.index) == []


def test_a_reader_keeps_its_generation_while_another_is_swapped_in(
    settings: IndexSettings, build: Callable[[], BuildReport], embedder: HashingEmbedder
) -> None:
    build()
    live = LiveIndex(settings.index, fingerprint=embedder.fingerprint)
    held = live.current
    (settings.notes / "new.md").write_text("More.", "utf-8")
    build()
    assert "new.md" in live.current.notes
    assert live.refresh() is False
    assert list(held.notes) == ["aws/roles.md", "aws/storage.md"]


def test_an_open_generation_serves_on_when_the_next_cannot_be_opened(
    settings: IndexSettings, build: Callable[[], BuildReport], embedder: HashingEmbedder
) -> None:
    build()
    live = LiveIndex(settings.index, fingerprint=embedder.fingerprint)
    held = live.current
    (settings.index / "CURRENT").write_text("00000099-nothing", "utf-8")
    assert live.current.manifest == held.manifest


def test_old_generations_go_and_the_last_two_stay(
    settings: IndexSettings, build: Callable[[], BuildReport]
) -> None:
    revisions = []
    for number in range(4):
        (settings.notes / "new.md").write_text(f"Number {number}.", "utf-8")
        revisions.append(build().revision)
    assert revisions == sorted(revisions)
    left = sorted(entry.name for entry in (settings.index / "generations").iterdir())
    assert left == revisions[-2:]
    assert current_revision(settings.index) == revisions[-1]

import os
import threading
from pathlib import Path

import pytest

from indexer.errors import NoteChanged, NoteExists, NoteMissing, NotesFolderError, NoteUnfit, NoteUnwritable
from indexer.notebook import ANY, LOCK, Notebook
from indexer.reading import read_notes


@pytest.fixture
def notebook(small_notes: Path) -> Notebook:
    return Notebook(small_notes, index=small_notes / "index", max_bytes=1_000)


def leftovers(folder: Path) -> list[str]:
    return [file.name for file in folder.rglob("*") if file.name.endswith(".unfinished")]


def test_a_new_note_is_written_letter_by_letter(notebook: Notebook, small_notes: Path) -> None:
    text = "---\ntitle: Grüner Tee\ntags: [tea]\n---\r\n80 °C\n\n"
    note = notebook.create("kitchen/tea/green.md", text)
    assert (note.path, note.title, note.tags) == ("kitchen/tea/green.md", "Grüner Tee", ("tea",))
    assert (small_notes / "kitchen/tea/green.md").read_bytes() == text.encode()
    assert notebook.read("kitchen/tea/green.md") == note
    assert leftovers(small_notes) == []


def test_an_empty_note_can_be_begun(notebook: Notebook) -> None:
    assert notebook.create("new.md", "").text == ""
    assert notebook.read("new.md").title == "new"


def test_what_is_there_is_not_written_over_by_creating(notebook: Notebook) -> None:
    before = notebook.read("aws/roles.md")
    with pytest.raises(NoteExists, match=r"aws/roles\.md"):
        notebook.create("aws/roles.md", "gone")
    assert notebook.read("aws/roles.md") == before


def test_a_note_is_replaced_only_by_who_has_seen_it(notebook: Notebook, small_notes: Path) -> None:
    first = notebook.read("aws/roles.md")
    (small_notes / "aws/roles.md").chmod(0o640)
    second = notebook.replace("aws/roles.md", "# Two\n", seen=first.sha256)
    with pytest.raises(NoteChanged, match="edited"):
        notebook.replace("aws/roles.md", "# Three\n", seen=first.sha256)
    assert notebook.read("aws/roles.md") == second
    assert notebook.replace("aws/roles.md", "# Four\n", seen=ANY).text == "# Four\n"
    assert (small_notes / "aws/roles.md").stat().st_mode & 0o777 == 0o640


def test_of_many_who_saw_the_same_note_one_writes(notebook: Notebook) -> None:
    seen, written, refused = notebook.read("aws/roles.md").sha256, [], []

    def write(number: int) -> None:
        try:
            written.append(notebook.replace("aws/roles.md", f"# {number}\n", seen=seen).text)
        except NoteChanged:
            refused.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(written), len(refused)) == (1, 7)
    assert notebook.read("aws/roles.md").text == written[0]


def test_a_note_moves_with_its_text(notebook: Notebook) -> None:
    note = notebook.read("aws/roles.md")
    with pytest.raises(NoteExists):
        notebook.rename("aws/roles.md", "aws/storage.md", seen=note.sha256)
    with pytest.raises(NoteChanged):
        notebook.rename("aws/roles.md", "iam/roles.md", seen="0" * 64)
    assert notebook.rename("aws/roles.md", "iam/roles.md", seen=note.sha256).sha256 == note.sha256
    with pytest.raises(NoteMissing):
        notebook.read("aws/roles.md")


def test_a_note_is_deleted_only_by_who_has_seen_it(notebook: Notebook, small_notes: Path) -> None:
    note = notebook.read("aws/roles.md")
    with pytest.raises(NoteChanged):
        notebook.delete("aws/roles.md", seen="0" * 64)
    notebook.delete("aws/roles.md", seen=note.sha256)
    assert not (small_notes / "aws/roles.md").exists()


OUTSIDE = [
    "",
    ".",
    "..",
    "../secret.md",
    "aws/../../secret.md",
    "aws/../roles.md",
    "/etc/passwd.md",
    "//etc/x.md",
    "aws//roles.md",
    "aws/roles.md/",
    "aws/roles.md/x.md",
    "aws\\roles.md",
    "aws/roles.md\0.md",
    "aws/ro\nles.md",
    ".hidden.md",
    ".git/config.md",
    "aws/.hidden/x.md",
    ".footnoteignore",
    "drafts/x.md",
    "aws",
    "aws/roles.txt",
    "index/generations/x.md",
    "out/secret.md",
    "link.md",
    "loop.md",
    "folder.md",
    "fifo.md",
    "latin.md",
    "nul.md",
    "large.md",
    f"{'x' * 250}.md",
    "a/" * 600 + "x.md",
    "\ud800.md",
]


@pytest.fixture
def traps(small_notes: Path) -> None:
    """Files and links that must not be reached."""
    outside = small_notes.parent / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("secret")
    (small_notes.parent / "secret.md").write_text("secret")
    (small_notes / "out").symlink_to(outside)
    (small_notes / "link.md").symlink_to(outside / "secret.md")
    (small_notes / "loop.md").symlink_to("loop.md")
    (small_notes / "folder.md").mkdir()
    os.mkfifo(small_notes / "fifo.md")
    for hidden in (".git", "aws/.hidden", "drafts", "index/generations"):
        (small_notes / hidden).mkdir(parents=True)
    for file in (".hidden.md", ".git/config.md", "aws/.hidden/x.md", "drafts/x.md", "index/generations/x.md"):
        (small_notes / file).write_text("secret")
    (small_notes / ".footnoteignore").write_text("drafts/\n")
    (small_notes / "latin.md").write_bytes(b"\xe4")
    (small_notes / "nul.md").write_bytes(b"a\0b")
    (small_notes / "large.md").write_text("x" * 1_001)


def _stamps(folder: Path) -> dict[Path, int]:
    """When each file was changed, but for the lock of those who write."""
    files = (file for file in folder.rglob("*") if file.name not in ("index", LOCK))
    return {file: file.lstat().st_mtime_ns for file in files}


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_anywhere_but_to_a_note(
    notebook: Notebook, small_notes: Path, traps: None, path: str
) -> None:
    before = _stamps(small_notes.parent)
    note = notebook.read("aws/storage.md")
    for attempt in (
        lambda: notebook.read(path),
        lambda: notebook.replace(path, "x", seen=ANY),
        lambda: notebook.delete(path, seen=ANY),
        lambda: notebook.rename(path, "new.md", seen=ANY),
    ):
        with pytest.raises(NoteMissing):
            attempt()
    for attempt in (
        lambda: notebook.create(path, "x"),
        lambda: notebook.rename("aws/storage.md", path, seen=note.sha256),
    ):
        with pytest.raises((NoteMissing, NoteExists)):
            attempt()
    assert _stamps(small_notes.parent) == before


def test_a_link_that_stays_inside_is_written_through(notebook: Notebook, small_notes: Path) -> None:
    (small_notes / "same.md").symlink_to(small_notes / "aws/roles.md")
    notebook.replace("same.md", "# New\n", seen=ANY)
    assert (small_notes / "same.md").is_symlink()
    assert notebook.read("aws/roles.md").text == "# New\n"


def test_a_link_may_move_to_another_folder(notebook: Notebook, small_notes: Path) -> None:
    (small_notes / "aws/same.md").symlink_to("roles.md")
    roles = notebook.read("aws/roles.md")
    moved = notebook.rename("aws/same.md", "iam/same.md", seen=ANY)
    assert (moved.path, moved.text) == ("iam/same.md", roles.text)
    assert (small_notes / "iam/same.md").readlink() == Path("../aws/roles.md")
    assert not (small_notes / "aws/same.md").is_symlink()


@pytest.mark.parametrize(
    "path", ["a\\b.md", f"{'x' * 252}.md", f"{'long/' * 250}x.md", "می\u200cروم.md", "no\u00a0break.md"]
)
def test_whatever_is_indexed_is_read_and_edited(notebook: Notebook, small_notes: Path, path: str) -> None:
    (small_notes / path).parent.mkdir(parents=True, exist_ok=True)
    (small_notes / path).write_text("text")
    assert path in [note.path for note in read_notes(small_notes, max_bytes=1_000).notes]
    assert notebook.read(path).text == "text"
    assert notebook.replace(path, "other", seen=ANY).text == "other"
    notebook.delete(path, seen=ANY)
    assert not (small_notes / path).exists()


def test_the_notes_may_lie_in_the_folder_of_the_index(small_notes: Path) -> None:
    notebook = Notebook(small_notes, index=small_notes.parent, max_bytes=1_000)
    assert notebook.create("new.md", "text") == notebook.read("new.md")


def test_what_is_ignored_has_to_be_known(notebook: Notebook, small_notes: Path) -> None:
    (small_notes / ".footnoteignore").write_text("private\\\n")
    with pytest.raises(NotesFolderError, match=r"Line 1 of the notes' \.footnoteignore"):
        notebook.read("aws/roles.md")


@pytest.mark.parametrize("text", ["a\0b", "x" * 1_001, "ä" * 501, "\ud83d", "a\n" * 101])
def test_a_text_that_no_note_can_be_is_refused(
    notebook: Notebook, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.reading.MOST_LINES", 100)
    with pytest.raises(NoteUnfit):
        notebook.create("new.md", text)
    with pytest.raises(NoteMissing):
        notebook.read("new.md")


def test_a_full_disk_changes_nothing(
    notebook: Notebook, small_notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = notebook.read("aws/roles.md")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "/secret/place")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoteUnwritable, match=r"^The note could not be written: No space left on device\."):
        notebook.replace("aws/roles.md", "# New\n", seen=ANY)
    assert notebook.read("aws/roles.md") == before
    assert leftovers(small_notes) == []


def test_a_folder_that_is_gone_is_told_without_its_name(notebook: Notebook, small_notes: Path) -> None:
    small_notes.rename(small_notes.with_name("elsewhere"))
    with pytest.raises(NotesFolderError) as error:
        notebook.create("x.md", "x")
    assert str(small_notes) not in str(error.value)

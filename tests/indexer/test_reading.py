import os
from pathlib import Path

import pytest

from indexer.errors import NotesFolderError
from indexer.reading import read_notes
from indexer.types import Reading, Skipped

MEGABYTE = 2**20


def read(folder: Path) -> Reading:
    return read_notes(folder, max_bytes=MEGABYTE)


def write(folder: Path, path: str, data: bytes | str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(data.encode() if isinstance(data, str) else data)


def test_notes_come_sorted_with_title_and_tags(tmp_path: Path) -> None:
    write(tmp_path, "b.md", "# From *heading*\n")
    write(tmp_path, "a/x.markdown", "---\ntitle: From matter\ntags: [one, two]\n---\n# Other\n")
    write(tmp_path, "a/plain-name.MD", "text")
    write(tmp_path, "a/not.txt", "text")
    notes = read(tmp_path).notes
    assert [(note.path, note.title, note.tags) for note in notes] == [
        ("a/plain-name.MD", "plain name", ()),
        ("a/x.markdown", "From matter", ("one", "two")),
        ("b.md", "From heading", ()),
    ]
    assert notes[1].text[notes[1].body_start :].strip() == "# Other"


def test_hidden_and_ignored_files_are_passed_over(tmp_path: Path) -> None:
    for path in (".hidden.md", ".git/x.md", "drafts/x.md", "keep.md", "drafts2/old.md"):
        write(tmp_path, path, "text")
    write(tmp_path, ".footnoteignore", "drafts/\nold.md\n")
    reading = read(tmp_path)
    assert [note.path for note in reading.notes] == ["keep.md"]
    assert reading.skipped == ()


@pytest.mark.parametrize("line", ["private\\", "!", "[z-a]"])
def test_a_line_to_ignore_that_is_no_pattern_is_named(tmp_path: Path, line: str) -> None:
    write(tmp_path, "a.md", "text")
    write(tmp_path, ".footnoteignore", f"drafts/\n{line}\n")
    with pytest.raises(NotesFolderError) as error:
        read(tmp_path)
    assert str(error.value) == f"Line 2 of the notes' .footnoteignore, {line!r}, is no pattern. Correct it."


def test_what_is_ignored_may_begin_with_a_byte_order_mark_but_has_to_be_text(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "text")
    write(tmp_path, "private/b.md", "text")
    write(tmp_path, ".footnoteignore", "\ufeffprivate/\n")
    assert [note.path for note in read(tmp_path).notes] == ["a.md"]
    write(tmp_path, ".footnoteignore", "private/\n".encode("utf-16"))
    with pytest.raises(NotesFolderError, match=r"\.footnoteignore cannot be read"):
        read(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_is_ignored_has_to_be_known(tmp_path: Path) -> None:
    write(tmp_path, ".footnoteignore", "private/\n")
    (tmp_path / ".footnoteignore").chmod(0)
    with pytest.raises(NotesFolderError, match=r"\.footnoteignore cannot be read \(Permission denied\)"):
        read(tmp_path)


def test_what_cannot_be_read_is_listed_and_the_others_go_on(tmp_path: Path) -> None:
    write(tmp_path / "in", "good.md", "text")
    write(tmp_path / "in", "latin.md", b"caf\xe9")
    write(tmp_path / "in", "nul.md", b"a\0b")
    write(tmp_path / "in", "empty.md", "---\ntitle: x\n---\n\n")
    write(tmp_path / "in", "big.md", b"x" * (MEGABYTE + 1))
    write(tmp_path, "outside.md", "secret")
    (tmp_path / "in/link.md").symlink_to(tmp_path / "outside.md")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/gone.md").symlink_to(tmp_path / "in/nowhere.md")
    os.mkfifo(tmp_path / "in/pipe.md")
    reading = read(tmp_path / "in")
    assert [note.path for note in reading.notes] == ["good.md"]
    assert reading.skipped == (
        Skipped("big.md", "1.0 MB, over the limit of 1 MB; split it or raise FOOTNOTE_MAX_NOTE_MB"),
        Skipped("empty.md", "empty"),
        Skipped("gone.md", "No such file or directory"),
        Skipped("latin.md", "not UTF-8 (byte 3); save it as UTF-8"),
        Skipped("link.md", "a link that leads out of the notes folder"),
        Skipped("nul.md", "binary: it holds NUL characters"),
        Skipped("pipe.md", "not a regular file"),
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_front_matter_may_be_toml(tmp_path: Path, end: str) -> None:
    lines = ["+++", 'title = "From matter"', 'tags = ["one", "two"]', "+++", "# Other", ""]
    write(tmp_path, "a.md", end.join(lines))
    write(tmp_path, "b.md", "+++\ntitle = [\n+++\n# Real\n")
    one, other = read(tmp_path).notes
    assert (one.title, one.tags, one.text[one.body_start :].strip()) == (
        "From matter",
        ("one", "two"),
        "# Other",
    )
    assert (other.title, other.body_start) == ("Real", 0)


def test_a_note_of_sections_alone_is_called_as_its_file(tmp_path: Path) -> None:
    write(tmp_path, "my-recipes.md", "## Bread\n\nBake.\n\n## Soup\n\nBoil.\n")
    assert [note.title for note in read(tmp_path).notes] == ["my recipes"]


def test_front_matter_that_is_no_yaml_counts_as_text(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: [\n\n---\n# Real\n")
    (note,) = read(tmp_path).notes
    assert (note.body_start, note.title) == (0, "Real")


def test_a_sign_that_json_wrote_as_two_halves_is_one(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.md",
        '---\ntitle: "\\ud83d\\ude00 Party"\ntags: ["\\ud83d\\ude00", "\\ud83d!"]\n---\ntext',
    )
    (note,) = read(tmp_path).notes
    assert (note.title, note.tags) == ("😀 Party", ("😀", "\ufffd!"))


def test_a_heading_in_a_quote_is_no_title(tmp_path: Path) -> None:
    write(tmp_path, "my-note.md", "> # Warning\n")
    write(tmp_path, "other.md", "> # Warning\n\n# Real\n")
    assert [note.title for note in read(tmp_path).notes] == ["my note", "Real"]


NAMES = [
    "می\u200cروم.md",
    "👩\u200d💻.md",
    "全角\u3000空白.md",
    "no\u00a0break.md",
    "a\\b.md",
    f"{'x' * 250}.md",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_script_is_one(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "text")
    reading = read(tmp_path)
    assert ([note.path for note in reading.notes], reading.skipped) == ([name], ())


def test_a_byte_order_mark_and_windows_line_ends_are_no_text(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "\ufeff---\r\ntitle: Real\r\ntags: [x]\r\n---\r\n# Head\r\n")
    write(tmp_path, "b.md", "\ufeff# Head\n")
    one, other = read(tmp_path).notes
    assert (one.title, one.tags, one.text[one.body_start :].strip()) == ("Real", ("x",), "# Head")
    assert (other.title, other.body_start) == ("Head", 1)


def test_an_unchanged_note_is_the_known_one(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "one")
    write(tmp_path, "b.md", "two")
    first = {note.path: note for note in read(tmp_path).notes}
    write(tmp_path, "b.md", "TWO")
    again = {note.path: note for note in read_notes(tmp_path, max_bytes=MEGABYTE, known=first).notes}
    assert again["a.md"] is first["a.md"]
    assert again["b.md"].text == "TWO"


@pytest.mark.parametrize(("name", "problem"), [("none", "does not exist"), ("file.md", "is not a folder")])
def test_a_wrong_folder_is_named_with_the_remedy(tmp_path: Path, name: str, problem: str) -> None:
    write(tmp_path, "file.md", "x")
    with pytest.raises(NotesFolderError, match=f"{name}' {problem}.*FOOTNOTE_NOTES"):
        read(tmp_path / name)


def test_a_title_and_tags_are_no_longer_than_titles_and_tags_are(tmp_path: Path) -> None:
    write(tmp_path, "a.md", f"# {'word ' * 20_000}\n\ntext\n")
    write(tmp_path, "b.md", f"---\ntitle: {'x' * 1_000}\ntags: [{'y' * 1_000}{', z' * 1_000}]\n---\ntext\n")
    one, other = read(tmp_path).notes
    assert one.title == ("word " * 60).rstrip()
    assert (other.title, other.tags) == ("x" * 300, ("y" * 100, *["z"] * 99))

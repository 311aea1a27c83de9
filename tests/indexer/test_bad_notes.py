"""One of each kind of bad note among two hundred good ones: each is listed, and costs little."""

import os
import resource
import subprocess
from pathlib import Path

import pytest
from fakes import HashingEmbedder

from indexer.generations import open_snapshot
from indexer.planning import BuildReport
from indexer.reading import MOST_LINES
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings

GOOD = 200
MEGABYTE = 2**20
DEEP = 10_000  # levels


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(GOOD):
        (folder / f"good-{number:03}.md").write_text(f"# Good {number}\n\nIt says {number}.\n", "utf-8")
    return folder


def built(notes: Path) -> BuildReport:
    *_, report = rebuild(IndexSettings(notes=notes, index=notes.with_name("index")), HashingEmbedder())
    assert isinstance(report, BuildReport)
    return report


BAD = {
    "binary.md": (b"\x7fELF\x00\x01" * 100, "binary: it holds NUL characters"),
    "broken.md": (b"caf\xc3 au lait", "not UTF-8 (byte 3); save it as UTF-8"),
    "utf-16.md": ("\ufeffText".encode("utf-16-le"), "UTF-16 (byte 0); save it as UTF-8"),
    "nul.md": (b"a\0b", "binary: it holds NUL characters"),
    "line.md": (b"word " * (2 * MEGABYTE), "10.0 MB, over the limit of 5 MB"),
    "table.md": (b"|a|\n|-|\n" + b"|1|\n" * 1_000_000, f"1,000,002 lines, over the limit of {MOST_LINES:,}"),
    "empty.md": (b"", "empty"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_note_is_listed_with_its_reason(notes: Path, name: str) -> None:
    content, reason = BAD[name]
    (notes / name).write_bytes(content)
    report = built(notes)
    assert report.notes == GOOD
    [skipped] = report.skipped
    assert (skipped.path, skipped.reason[: len(reason)]) == (name, reason)


def test_a_gigabyte_is_not_read(notes: Path) -> None:
    with (notes / "huge.md").open("wb") as file:
        file.truncate(2**30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert built(notes).skipped[0].reason.startswith("1024.0 MB, over the limit of 5 MB")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KB


def test_what_is_no_file_is_neither_waited_for_nor_followed(notes: Path, tmp_path: Path) -> None:
    os.mkfifo(notes / "pipe.md")
    (tmp_path / "secret.md").write_text("Secret.", "utf-8")
    (notes / "device.md").symlink_to("/dev/zero")
    (notes / "loop.md").symlink_to(notes / "loop.md")
    (notes / "out.md").symlink_to(tmp_path / "secret.md")
    (notes / "folder-loop").symlink_to(notes)
    (notes / "folder.md").mkdir()
    assert {file.path: file.reason for file in built(notes).skipped} == {
        "pipe.md": "not a regular file",
        "device.md": "a link that leads out of the notes folder",
        "loop.md": "a link that leads to itself",
        "out.md": "a link that leads out of the notes folder",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_listed(notes: Path) -> None:
    (notes / "shut.md").write_text("text", "utf-8")
    (notes / "shut.md").chmod(0)
    (notes / "shut").mkdir(mode=0)
    assert {file.path: file.reason for file in built(notes).skipped} == {
        "shut.md": "Permission denied",
        "shut/": "a folder that cannot be read: Permission denied",
    }


def test_names_that_are_no_text_are_listed_in_signs(notes: Path) -> None:
    (notes / "two\nlines.md").write_text("text", "utf-8")
    (notes / os.fsdecode(b"caf\xe9.md")).write_text("text", "utf-8")
    (notes / "\x1b[2J.md").write_text("text", "utf-8")
    (notes / "\u202edm.txt.md").write_text("text", "utf-8")
    report = built(notes)
    assert report.notes == GOOD
    assert [file.path for file in report.skipped] == [
        "\\u202edm.txt.md",
        "\\x1b[2J.md",
        "caf\\udce9.md",
        "two\\nlines.md",
    ]
    assert {file.reason for file in report.skipped} == {"a name with bytes that are no text; rename it"}


@pytest.mark.parametrize("value", ['"\\ud83d"', "!!bool x", "!!timestamp x", '!!int ""'])
def test_front_matter_that_yaml_stumbles_over_stops_no_build(notes: Path, value: str) -> None:
    (notes / "bad.md").write_text(f"---\ntitle: {value}\ntags: [{value}]\n---\nIt says bad.\n", "utf-8")
    report = built(notes)
    assert (report.notes, report.skipped) == (GOOD + 1, ())


@pytest.mark.parametrize(
    "text",
    [
        "> " * DEEP + "deep",
        "- " * DEEP + "deep",
        "".join("  " * level + "- item\n" for level in range(1_000)),
        "[" * DEEP + "deep" + "](x)" * DEEP,
        "---\ntitle: " + "[" * DEEP + "]" * DEEP + "\n---\ndeep",
        "---\na: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]\ntitle: *c\n---\ndeep",
        "word " * 200_000 + "deep",
    ],
    ids=["quotes", "lists", "indents", "brackets", "front-matter", "aliases", "long-line"],
)
def test_what_nests_deeply_is_a_note_like_others(notes: Path, text: str) -> None:
    (notes / "deep.md").write_text(text, "utf-8")
    report = built(notes)
    assert (report.notes, report.skipped) == (GOOD + 1, ())
    index = open_snapshot(notes.with_name("index"))
    held = "".join(chunk.text for chunk in index.chunks if chunk.note == "deep.md")
    assert "deep" in held or "item" in held


def test_folders_that_nest_too_deep_for_a_path_are_listed(notes: Path) -> None:
    here = os.getcwd()  # noqa: PTH109
    os.chdir(notes)
    try:
        for _ in range(1_500):
            os.mkdir("deep")  # noqa: PTH102
            os.chdir("deep")
        Path("lost.md").write_text("text", "utf-8")
    finally:
        os.chdir(here)
    try:
        report = built(notes)
    finally:
        subprocess.run(
            ["rm", "-rf", notes / "deep"], check=True
        )  # deeper than Python, and so pytest, can remove
    assert report.notes == GOOD
    [skipped] = report.skipped
    assert skipped.path.startswith("deep/deep/")
    assert skipped.reason == "a folder that cannot be read: File name too long"

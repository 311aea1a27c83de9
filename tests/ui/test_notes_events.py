"""The notes page: what it shows, and that no edit is lost."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.pipeline import Assistant
from indexer.jobs import RebuildJobs
from indexer.notebook import Notebook
from indexer.reading import note_of
from indexer.settings import IndexSettings
from indexer.types import Note
from ui.marking import LineRange
from ui.pages.notes_events import NotesPage
from ui.pages.notes_parts import Opened, View
from ui.pages.notes_view import disk_version_html, note_view_html, preview_html, tree_html

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def page(assistant: Assistant, jobs: RebuildJobs, settings: IndexSettings) -> NotesPage:
    return NotesPage(
        assistant,
        jobs,
        Notebook(settings.notes, index=settings.index, max_bytes=settings.max_note_mb * 2**20),
    )


def opened(page: NotesPage, path: str) -> str:
    [view] = page.choose(f'{{"note": "{path}"}}')
    assert Opened.held(view.opened).path == path
    return str(view.opened)


def note(path: str, text: str = "# A\n", tags: tuple[str, ...] = ()) -> Note:
    return Note(path, text, "0" * 64, 0, path, tags)


def last(views: Iterator[View]) -> View:
    *_, view = views
    return view


def test_the_tree_has_folders_and_marks_the_open_note() -> None:
    html = tree_html([note("a/b/c.md"), note("a/d.md"), note("e.md")], "", "a/d.md")
    assert html.count("<details") == 2
    assert re.findall(r'aria-current="true"[^>]*>([^<]*)', html) == ["d.md"]


def test_the_tree_is_searched_by_path_and_tag() -> None:
    notes = [note("a/one.md", tags=("Cloud",)), note("a/two.md")]
    assert "two.md" not in tree_html(notes, "cloud")
    assert "one.md" not in tree_html(notes, "TWO")
    assert "No note has" in tree_html(notes, "three")


def test_a_note_has_an_outline_that_leads_to_its_headings_and_its_tags() -> None:
    shown = note_of("a.md", "---\ntags: [cloud]\n---\n# One\n\n## Two & `x`\n\ntext\n", "0" * 64)
    html = note_view_html(shown, cited=LineRange(8, 8))
    assert '<span id="heading-1"></span>' in html
    assert re.search(r'<a href="\./notes\?note=a\.md#heading-1"[^>]*>Two &amp; x</a>', html)
    assert "<li>cloud</li>" in html
    assert 'id="cited"' in html


def test_a_preview_leaves_the_front_matter_out() -> None:
    html = preview_html("---\ntitle: Hidden\n---\n# Shown\n", "")
    assert "Shown" in html
    assert "Hidden" not in html
    assert "title: [" in preview_html("---\ntitle: [\n", "")  # half written, it is text


def test_whatever_a_note_holds_stays_text() -> None:
    evil = note(f"{EVIL}.md", f"# {EVIL}\n\n## <script>x</script>\n\n{EVIL}\n", (EVIL,))
    for html in (
        note_view_html(evil),
        tree_html([evil]),
        preview_html(evil.text, evil.path),
        disk_version_html(EVIL, ""),
    ):
        assert "<img" not in html
        assert "<script" not in html


def test_a_saved_edit_is_in_the_index_and_the_page_says_so(page: NotesPage, small_notes: Path) -> None:
    before = opened(page, "aws/roles.md")
    views = list(page.save("", "# Roles\n\nA kettle boils.\n", before))
    assert "being brought in step" in views[0].message
    assert "Saved, and in the index" in views[-1].message
    assert "kettle" in (small_notes / "aws/roles.md").read_text("utf-8")
    assert page._indexed("aws/roles.md") == Opened.held(views[0].opened).sha256


def test_an_edit_beside_another_shows_both_and_loses_none(page: NotesPage, small_notes: Path) -> None:
    file = small_notes / "aws/roles.md"
    before = opened(page, "aws/roles.md")
    file.write_text("# Theirs\n", "utf-8")
    both = last(page.save("", "# Mine\n", before))
    assert file.read_text("utf-8") == "# Theirs\n"
    assert "<mark># Theirs</mark>" in both.disk
    assert "Both versions are here" in both.message
    assert isinstance(both.editor, dict)  # what was typed is left as it is
    taken = last(page.take(both.opened))
    assert taken.editor == "# Theirs\n"
    last(page.save("", "# Theirs and mine\n", both.opened))
    assert file.read_text("utf-8") == "# Theirs and mine\n"


def test_a_note_that_was_deleted_meanwhile_can_be_written_anew(page: NotesPage, small_notes: Path) -> None:
    before = opened(page, "aws/roles.md")
    (small_notes / "aws/roles.md").unlink()
    gone = last(page.save("", "# Mine\n", before))
    assert "deleted on disk" in gone.message
    last(page.save(gone.path, "# Mine\n", gone.opened))
    assert (small_notes / "aws/roles.md").read_text("utf-8") == "# Mine\n"


def test_line_ends_stay_as_they_were(page: NotesPage, small_notes: Path) -> None:
    file = small_notes / "windows.md"
    file.write_bytes(b"# One\r\n\r\ntwo\r\n")
    last(page.save("", "# One\n\ntwo\nthree\n", opened(page, "windows.md")))
    assert file.read_bytes() == b"# One\r\n\r\ntwo\r\nthree\r\n"


def test_a_new_note_is_made_and_never_over_another(page: NotesPage, small_notes: Path) -> None:
    [begun] = page.new()
    assert begun.opened == Opened().told
    assert "in the index" in last(page.save("tea/kettle", "# Kettle\n\nBoils.\n", Opened().told)).message
    assert (small_notes / "tea/kettle.md").is_file()
    assert "already" in last(page.save("tea/kettle.md", "# Other\n", Opened().told)).message
    assert "Choose a path" in last(page.save("../out.md", "# Other\n", Opened().told)).message


def test_a_note_is_renamed_and_deleted_after_a_question(page: NotesPage, small_notes: Path) -> None:
    [asked] = page.ask_to_move(opened(page, "aws/roles.md"))
    assert asked.target == "aws/roles.md"
    moved = last(page.move("roles.md", opened(page, "aws/roles.md")))
    assert "Renamed" in moved.message
    assert re.findall(r'aria-current="true"[^>]*>([^<]*)', moved.tree) == ["roles.md"]
    [asked] = page.ask_to_delete(opened(page, "roles.md"))
    assert "Delete <b>roles.md</b>?" in asked.question
    assert "out of the index" in last(page.delete(opened(page, "roles.md"))).message
    assert not (small_notes / "roles.md").exists()


def test_a_note_that_changed_is_not_deleted(page: NotesPage, small_notes: Path) -> None:
    before = opened(page, "aws/roles.md")
    (small_notes / "aws/roles.md").write_text("# Theirs\n", "utf-8")
    assert 'role="alert"' in last(page.delete(before)).message
    assert (small_notes / "aws/roles.md").exists()


def test_an_edit_that_empties_a_note_says_that_it_is_skipped(page: NotesPage) -> None:
    assert "skipped" in last(page.save("", "", opened(page, "aws/roles.md"))).message


def test_without_a_notebook_notes_are_read_only(assistant: Assistant, jobs: RebuildJobs) -> None:
    page = NotesPage(assistant, jobs, None)
    [view] = page.choose('{"note": "aws/roles.md"}')
    assert "Task role" in view.view
    assert "not written" in last(page.save("x.md", "# X\n", Opened().told)).message
    [view] = page.choose('{"note": "none.md"}')
    assert "There is no note" in view.message


def test_a_draft_is_gone_on_with_and_still_knows_what_it_was_begun_upon(
    page: NotesPage, small_notes: Path
) -> None:
    file = small_notes / "aws/roles.md"
    draft = {"opened": opened(page, "aws/roles.md"), "path": "", "text": "# Mine\n"}
    file.write_text("# Theirs\n", "utf-8")
    [view] = page.choose(json.dumps({"draft": draft}))
    assert (view.editor, view.opened) == ("# Mine\n", draft["opened"])
    assert "not saved yet" in view.message
    assert "Both versions are here" in last(page.save("", view.editor, view.opened)).message
    assert file.read_text("utf-8") == "# Theirs\n"
    [view] = page.choose(json.dumps({"draft": {"opened": Opened().told, "path": "tea", "text": "# Tea\n"}}))
    assert (view.path["value"], view.path["visible"]) == ("tea", True)

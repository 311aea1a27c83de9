"""The notes page: what it shows, and that no edit is lost."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.pipeline import Assistant
from indexer.jobs import RebuildJobs
from indexer.notebook import Notebook
from indexer.reading import note_of
from indexer.settings import IndexSettings
from indexer.types import Note
from ui.marking import LineRange
from ui.pages.notes_events import NotesPage
from ui.pages.notes_parts import SKIP, Opened, View
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
    [view] = page.choose(f'{{"note": "{path}"}}', "")
    assert Opened.held(view.opened).path == path
    return str(view.opened)


def note(path: str, text: str = "# A\n", tags: tuple[str, ...] = ()) -> Note:
    return Note(path, text, "0" * 64, 0, path, tags)


def last(views: Iterator[View]) -> View:
    *_, view = views
    return view


def told(page: NotesPage, done: Any, opened: str, wanted: str = "") -> View:
    """What a page that has this open by then is told once the index has followed."""
    list(page.follow(done))
    return last(page.tell(done, opened, wanted))


def followed(page: NotesPage, views: Iterator[View]) -> View:
    """The same, of a page where nothing else was done meanwhile."""
    [view] = views
    return told(page, view.done, view.opened)


def marked(view: View) -> list[str]:
    """What the tree marks as open."""
    return re.findall(r'aria-current="true"[^>]*>([^<]*)', view.tree)


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
    [saved] = page.save("", "# Roles\n\nA kettle boils.\n", before, "")
    assert "being brought in step" in saved.message
    then = told(page, saved.done, saved.opened)
    assert "Saved, and in the index" in then.message
    assert "kettle" in then.view and "not in the index yet" not in then.view
    assert "kettle" in (small_notes / "aws/roles.md").read_text("utf-8")
    assert page._indexed("aws/roles.md") == Opened.held(saved.opened).sha256


def test_what_is_told_later_leaves_alone_what_was_opened_meanwhile(page: NotesPage) -> None:
    [saved] = page.save("", "# Mine\n", opened(page, "aws/roles.md"), "")
    other = opened(page, "aws/storage.md")
    then = told(page, saved.done, other)
    assert "Saved" in then.message and "aws/roles.md" in then.message
    assert marked(then) == ["storage.md"]
    assert then.view is then.opened is SKIP
    [edited] = page.edit(saved.opened)
    assert told(page, saved.done, edited.opened).view is SKIP
    [deleted] = page.delete(saved.opened, "")
    then = told(page, deleted.done, other)
    assert "out of the index" in then.message
    assert then.view is SKIP
    assert "1 note." in told(page, deleted.done, deleted.opened).view


def test_of_two_saves_the_second_is_told(page: NotesPage, builds_go_on: threading.Event) -> None:
    [first] = page.save("", "# Mine\n", opened(page, "aws/roles.md"), "")
    [second] = page.save("", "# Mine, too\n", first.opened, "")
    assert second.done.job != first.done.job
    assert last(page.tell(second.done, second.opened, "")).message is SKIP
    builds_go_on.set()
    assert "Saved, and in the index" in told(page, second.done, second.opened).message
    assert page._indexed("aws/roles.md") == second.done.sha256


def test_what_was_filtered_stays_so(page: NotesPage) -> None:
    chosen = last(page.choose('{"note": "aws/roles.md"}', "roles"))
    saved = last(page.save("", "# Mine\n", chosen.opened, "roles"))
    moved = last(page.move("aws/more-roles.md", saved.opened, "roles"))
    then = told(page, moved.done, moved.opened, "roles")
    deleted = last(page.delete(moved.opened, "storage"))
    for view in (chosen, saved, moved, then):
        assert "storage.md" not in view.tree
    assert marked(then) == ["more-roles.md"]
    assert "roles.md" not in deleted.tree


def test_an_edit_beside_another_shows_both_and_loses_none(page: NotesPage, small_notes: Path) -> None:
    file = small_notes / "aws/roles.md"
    before = opened(page, "aws/roles.md")
    file.write_text("# Theirs\n", "utf-8")
    both = last(page.save("", "# Mine\n", before, ""))
    assert file.read_text("utf-8") == "# Theirs\n"
    assert "<mark># Theirs</mark>" in both.disk
    assert "Both versions are here" in both.message
    assert isinstance(both.editor, dict)  # what was typed is left as it is
    assert both.done is None  # and so is what is told here, whatever is told of an earlier save
    taken = last(page.take(both.opened))
    assert taken.editor == "# Theirs\n"
    last(page.save("", "# Theirs and mine\n", both.opened, ""))
    assert file.read_text("utf-8") == "# Theirs and mine\n"


def test_a_note_that_was_deleted_meanwhile_can_be_written_anew(page: NotesPage, small_notes: Path) -> None:
    before = opened(page, "aws/roles.md")
    (small_notes / "aws/roles.md").unlink()
    gone = last(page.save("", "# Mine\n", before, ""))
    assert "deleted on disk" in gone.message
    last(page.save(gone.path, "# Mine\n", gone.opened, ""))
    assert (small_notes / "aws/roles.md").read_text("utf-8") == "# Mine\n"


def test_line_ends_stay_as_they_were(page: NotesPage, small_notes: Path) -> None:
    file = small_notes / "windows.md"
    file.write_bytes(b"# One\r\n\r\ntwo\r\n")
    last(page.save("", "# One\n\ntwo\nthree\n", opened(page, "windows.md"), ""))
    assert file.read_bytes() == b"# One\r\n\r\ntwo\r\nthree\r\n"


def test_a_new_note_is_made_and_never_over_another(page: NotesPage, small_notes: Path) -> None:
    [begun] = page.new()
    assert begun.opened == Opened(edited=True).told
    made = page.save("tea/kettle", "# Kettle\n\nBoils.\n", begun.opened, "")
    assert "in the index" in followed(page, made).message
    assert (small_notes / "tea/kettle.md").is_file()
    assert "already" in last(page.save("tea/kettle.md", "# Other\n", begun.opened, "")).message
    assert "Choose a path" in last(page.save("../out.md", "# Other\n", begun.opened, "")).message


def test_a_note_is_renamed_and_deleted_after_a_question(page: NotesPage, small_notes: Path) -> None:
    [asked] = page.ask_to_move(opened(page, "aws/roles.md"))
    assert asked.target == "aws/roles.md"
    moved = followed(page, page.move("roles.md", opened(page, "aws/roles.md"), ""))
    assert "Renamed" in moved.message
    assert marked(moved) == ["roles.md"]
    [asked] = page.ask_to_delete(opened(page, "roles.md"))
    assert "Delete <b>roles.md</b>?" in asked.question
    assert "out of the index" in followed(page, page.delete(opened(page, "roles.md"), "")).message
    assert not (small_notes / "roles.md").exists()


def test_a_note_that_changed_is_not_deleted(page: NotesPage, small_notes: Path) -> None:
    before = opened(page, "aws/roles.md")
    (small_notes / "aws/roles.md").write_text("# Theirs\n", "utf-8")
    assert 'role="alert"' in last(page.delete(before, "")).message
    assert (small_notes / "aws/roles.md").exists()


def test_an_edit_that_empties_a_note_says_that_it_is_skipped(page: NotesPage) -> None:
    emptied = page.save("", "", opened(page, "aws/roles.md"), "")
    assert "aws/roles.md is skipped" in followed(page, emptied).message


def test_without_a_notebook_notes_are_read_only(assistant: Assistant, jobs: RebuildJobs) -> None:
    page = NotesPage(assistant, jobs, None)
    [view] = page.choose('{"note": "aws/roles.md"}', "")
    assert "Task role" in view.view
    assert "not written" in last(page.save("x.md", "# X\n", Opened().told, "")).message
    [view] = page.choose('{"note": "none.md"}', "")
    assert "There is no note" in view.message


def test_a_draft_that_was_saved_is_only_shown(page: NotesPage, small_notes: Path) -> None:
    begun = opened(page, "aws/roles.md")
    (small_notes / "aws/roles.md").write_bytes(b"# Mine\n")
    [view] = page.choose(json.dumps({"draft": {"opened": begun, "path": "", "text": "# Mine\n"}}), "")
    assert "Mine" in view.view
    assert "not saved" not in (view.message or "")
    (small_notes / "aws/roles.md").unlink()
    [view] = page.choose(json.dumps({"draft": {"opened": begun, "path": "", "text": "# Mine\n"}}), "")
    assert "not saved yet" in view.message


def test_a_draft_is_gone_on_with_and_still_knows_what_it_was_begun_upon(
    page: NotesPage, small_notes: Path
) -> None:
    file = small_notes / "aws/roles.md"
    [begun] = page.edit(opened(page, "aws/roles.md"))
    draft = {"opened": begun.opened, "path": "", "text": "# Mine\n"}
    file.write_text("# Theirs\n", "utf-8")
    [view] = page.choose(json.dumps({"draft": draft}), "")
    assert (view.editor, view.opened) == ("# Mine\n", draft["opened"])
    assert "not saved yet" in view.message
    assert "Both versions are here" in last(page.save("", view.editor, view.opened, "")).message
    assert file.read_text("utf-8") == "# Theirs\n"
    draft = {"opened": Opened().told, "path": "tea", "text": "# Tea\n"}
    [view] = page.choose(json.dumps({"draft": draft}), "")
    assert (view.path["value"], view.path["visible"]) == ("tea", True)

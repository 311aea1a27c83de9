"""The notes page in a real browser: what happens beside a save, and where the page says that it is."""

import re
import threading
from pathlib import Path

from browsing import BROWSER_MARKS, Opened
from playwright.sync_api import Page, expect

pytestmark = BROWSER_MARKS
BUSY = "Saved. The index is being brought in step"
SAVED = "Saved, and in the index"


def choose(page: Page, name: str) -> None:
    page.locator("#tree a", has_text=name).click()
    expect(page.locator("#view .path")).to_contain_text(name)


def write(page: Page, text: str) -> None:
    page.locator("#edit").click()
    page.locator("#editor textarea").fill(text)
    expect(page.locator("#preview")).to_contain_text(text)


def save(page: Page, text: str) -> None:
    """Write this in place of the note, and save it."""
    write(page, text)
    page.keyboard.press("Control+s")
    expect(page.locator("#notes-message")).to_contain_text(BUSY)
    expect(page.locator("#editor")).to_be_hidden()


def fill(page: Page, name: str, text: str) -> None:
    page.locator(f"#{name}").locator("textarea, input").fill(text)


def test_a_note_that_is_opened_while_the_index_follows_stays_open(
    open_page: Opened, small_notes: Path, builds_go_on: threading.Event
) -> None:
    page = open_page("/notes?note=aws/roles.md")
    save(page, "Mine")
    expect(page.locator("#view .behind")).to_be_visible()
    choose(page, "storage.md")
    builds_go_on.set()
    expect(page.locator("#notes-message")).to_contain_text(SAVED)
    expect(page.locator("#view .path")).to_have_text("aws/storage.md")
    expect(page.locator("#tree [aria-current]")).to_have_text("storage.md")
    expect(page).to_have_url(re.compile("note=aws/storage.md"))
    expect(page.locator("#notes-message")).to_contain_text("aws/roles.md")
    page.locator("#delete").click()
    page.locator("#sure").click()
    expect(page.locator("#notes-message")).to_contain_text("out of the index")
    assert not (small_notes / "aws/storage.md").exists()
    assert (small_notes / "aws/roles.md").read_text("utf-8") == "Mine"


def test_what_is_written_and_saved_while_the_index_follows_is_neither_covered_nor_lost(
    open_page: Opened, small_notes: Path, builds_go_on: threading.Event
) -> None:
    page = open_page("/notes?note=aws/roles.md")
    save(page, "Mine")
    save(page, "Mine, too")
    assert (small_notes / "aws/roles.md").read_text("utf-8") == "Mine, too"
    write(page, "Not yet")
    builds_go_on.set()
    expect(page.locator("#notes-message")).to_contain_text(SAVED)
    expect(page.locator("#view .note")).to_have_count(0)
    expect(page.locator("#editor textarea")).to_have_value("Not yet")
    page.locator("#cancel").click()
    expect(page.locator("#view")).to_contain_text("Mine, too")
    save(page, "At last")
    expect(page.locator("#notes-message")).to_contain_text(SAVED)
    expect(page.locator("#view .behind")).to_have_count(0)


def test_a_new_note_is_not_begun_over_what_is_not_saved(open_page: Opened) -> None:
    page = open_page("/notes?note=aws/roles.md")
    write(page, "x")
    page.locator("#editor textarea").press("End")
    page.keyboard.type("Mine")
    page.locator("#new").click()  # one is asked, and says no
    assert [complaint.split(".")[0] for complaint in open_page.watch.complaints] == [
        "dialog: Leave this note? What you changed is not saved"
    ]
    open_page.watch.complaints.clear()
    page.wait_for_timeout(500)
    expect(page.locator("#editor textarea")).to_have_value("xMine")
    assert page.evaluate("JSON.parse(sessionStorage.getItem('footnote-note')).draft.text") == "xMine"
    page.locator("#cancel").click()
    expect(page.locator("#edit")).to_be_visible()
    page.locator("#new").click()
    expect(page.locator("#path")).to_be_visible()


def test_what_was_filtered_stays_so_when_a_note_is_chosen(open_page: Opened) -> None:
    page = open_page("/notes")
    expect(page.locator("#tree a")).to_have_count(4)
    fill(page, "tree-filter", "aws")
    expect(page.locator("#tree a")).to_have_count(2)
    choose(page, "roles.md")
    expect(page.locator("#tree a")).to_have_count(2)
    save(page, "Mine")
    expect(page.locator("#notes-message")).to_contain_text(SAVED)
    expect(page.locator("#tree a")).to_have_count(2)


def test_the_address_is_that_of_the_note_after_it_was_made_renamed_and_deleted(open_page: Opened) -> None:
    page = open_page("/notes?new=Tea")
    page.locator("#save").click()
    expect(page.locator("#notes-message")).to_contain_text(SAVED)
    expect(page).to_have_url(re.compile(r"/notes\?note=tea\.md$"))
    page.locator("#rename").click()
    fill(page, "target", "tea/pot.md")
    page.locator("#move").click()
    expect(page.locator("#view .path")).to_have_text("tea/pot.md")
    expect(page).to_have_url(re.compile(r"/notes\?note=tea/pot\.md$"))
    page.reload()
    expect(page.locator("#view .path")).to_have_text("tea/pot.md")
    page.locator("#delete").click()
    page.locator("#sure").click()
    expect(page.locator("#view .empty")).to_be_visible()
    expect(page).to_have_url(re.compile("/notes$"))


def test_the_line_stays_in_the_address_of_a_note(open_page: Opened) -> None:
    page = open_page("/notes?note=hostile.md&line=7")
    expect(page.locator("#cited")).to_be_in_viewport()
    page.locator("#rename").click()
    expect(page.locator("#target")).to_be_visible()
    expect(page).to_have_url(re.compile("note=hostile.md&line=7$"))

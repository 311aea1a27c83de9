"""The pages beside the chat in a real browser."""

import re
import time
from pathlib import Path
from typing import Any

import hostile
import pytest
from browsing import BROWSER_MARKS, PHONE, Opened, assert_accessible, sideways
from playwright.sync_api import Page, expect

pytestmark = BROWSER_MARKS


def test_a_search_shows_ranks_and_where_a_note_stood(open_page: Opened) -> None:
    page = open_page("/search")
    expect(page).to_have_title("Search · Footnote")
    expect(page.locator("nav.pages a[aria-current]")).to_have_text("Search")
    query = page.locator("#query").locator("textarea, input")
    query.fill("What is the EBS driver?")
    page.keyboard.press("Enter")
    first = page.locator("#results .ranked li").first
    expect(first).to_contain_text("aws/storage.md")
    expect(page.locator("#results .ranks", has_text="1st").first).to_be_visible()
    expect(page).to_have_url(re.compile("q=What"))
    query.blur()
    page.keyboard.press("/")
    expect(query).to_be_focused()
    page.locator("#picked input").fill("roles")
    page.get_by_role("option", name="aws/roles.md").click()
    expect(page.locator("#stood h3")).to_contain_text("aws/roles.md")
    page.reload()
    expect(page.locator("#results .ranked li").first).to_contain_text("aws/storage.md")


def test_hostile_notes_are_found_and_stay_text_and_nothing_scrolls_sideways(open_page: Opened) -> None:
    page = open_page("/search?q=zebra+Longword&note=hostile.md", **PHONE)
    expect(page.locator("#results")).to_contain_text("window.harmed=5")
    expect(page.locator("#stood h3")).to_contain_text("hostile.md")
    assert sideways(page) <= 0


def test_a_rebuild_on_the_index_page_shows_what_it_found(open_page: Opened, small_notes: Path) -> None:
    page = open_page("/index")
    expect(page.locator("#facts")).to_contain_text("Passages")
    expect(page.locator("#chart progress")).to_have_count(4)
    (small_notes / "new.md").write_text("# New\n\n- **Thing:** a new thing\n", "utf-8")
    page.get_by_role("button", name="Rebuild", exact=True).click()
    expect(page.locator("#index-status")).to_contain_text("1 note added")
    expect(page.locator("#builds")).to_contain_text("1 note added")
    expect(page.locator("#chart")).to_contain_text("new.md")
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#index-status")).to_contain_text("whole")
    page.get_by_role("button", name="Roll back").click()
    page.locator("#index-sure").click()
    expect(page.locator("#index-status")).to_contain_text("Went back")
    page.set_viewport_size(PHONE)
    assert sideways(page) <= 0


def test_a_note_is_found_read_and_edited_and_the_index_follows(open_page: Opened, small_notes: Path) -> None:
    page = open_page("/notes")
    expect(page.locator("#tree a")).to_have_count(4)
    page.locator("#tree-filter").locator("textarea, input").fill("roles")
    expect(page.locator("#tree a")).to_have_count(1)
    page.locator("#tree a").click()
    expect(page.locator("#view")).to_contain_text("Task role")
    expect(page).to_have_url(re.compile("note=aws/roles.md"))
    expect(page.locator("#view .tags li").first).to_have_text("ecs")
    page.locator("#view .outline a", has_text="Limits").click()
    page.locator("#edit").click()
    editor = page.locator("#editor textarea")
    editor.fill("# Roles\n\nA kettle boils.\n\n" + hostile.NOTE)
    expect(page.locator("#preview")).to_contain_text("A kettle boils.")
    page.keyboard.press("Control+s")
    expect(page.locator("#notes-message")).to_contain_text("Saved, and in the index")
    assert "kettle" in (small_notes / "aws/roles.md").read_text("utf-8")
    page.set_viewport_size(PHONE)
    assert sideways(page) <= 0


def test_on_a_phone_there_is_the_list_or_a_note(open_page: Opened) -> None:
    page = open_page("/notes", **PHONE)
    link = page.locator("#tree a", has_text="roles.md")
    link.click()
    expect(page.locator("#view .note")).to_be_in_viewport()
    expect(link).to_be_hidden()
    expect(page.locator("#view .outline-folded a").first).to_be_hidden()
    page.locator("#view .outline-folded summary").click()
    page.locator("#view .outline-folded a", has_text="Limits").click()
    expect(page.locator("#view h3", has_text="Limits")).to_be_in_viewport()
    page.get_by_role("link", name="All notes").click()
    expect(link).to_be_in_viewport()
    expect(page.locator("#view .note")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("note="))
    page.go_back()
    expect(page.locator("#view .path")).to_have_text("aws/roles.md")
    page = open_page("/notes?note=aws/roles.md", **PHONE)
    expect(page.locator("#view .note")).to_be_in_viewport()
    expect(page.locator("#tree a").first).to_be_hidden()


def test_an_edit_beside_another_shows_both_versions(open_page: Opened, small_notes: Path) -> None:
    page = open_page("/notes?note=aws/roles.md")
    page.locator("#edit").click()
    page.locator("#editor textarea").fill("# Mine\n")
    (small_notes / "aws/roles.md").write_text("# Theirs\n", "utf-8")
    page.locator("#save").click()
    expect(page.locator("#disk mark")).to_have_text("# Theirs")
    expect(page.locator("#editor textarea")).to_have_value("# Mine\n")
    page.locator("#save").click()
    expect(page.locator("#notes-message")).to_contain_text("Saved, and in the index")
    assert (small_notes / "aws/roles.md").read_text("utf-8") == "# Mine\n"


def test_a_note_is_made_renamed_and_deleted(open_page: Opened, small_notes: Path) -> None:
    page = open_page("/notes", **PHONE)
    page.locator("#new").click()
    page.locator("#path").locator("textarea, input").fill("tea/kettle")
    page.locator("#editor textarea").fill("# Kettle\n\nIt boils.\n")
    page.locator("#save").click()
    expect(page.locator("#notes-message")).to_contain_text("Saved, and in the index")
    page.locator("#rename").click()
    page.locator("#target").locator("textarea, input").fill("tea/pot.md")
    page.locator("#move").click()
    expect(page.locator("#notes-message")).to_contain_text("Renamed, and in the index")
    assert (small_notes / "tea/pot.md").is_file()
    page.locator("#delete").click()
    page.locator("#sure").click()
    expect(page.locator("#notes-message")).to_contain_text("out of the index")
    assert not (small_notes / "tea/pot.md").exists()
    assert sideways(page) <= 0


def test_a_line_of_a_hostile_note_is_opened_by_its_address(open_page: Opened) -> None:
    page = open_page("/notes?note=hostile.md&line=7")
    expect(page.locator("#cited")).to_be_in_viewport()
    expect(page.locator("#view")).to_contain_text("window.harmed=5")


PAGES = {
    "/notes": "#tree a",
    "/notes?note=long.md": "#view .reading",
    "/index": "#facts dl",
    "/search?q=EBS+Longword&note=aws/roles.md": "#stood h3",
}


@pytest.mark.parametrize(("scheme", "size"), [("light", {"width": 1280}), ("dark", PHONE)])
def test_axe_finds_nothing_amiss_on_any_page(open_page: Opened, scheme: Any, size: Any) -> None:
    for path, filled in PAGES.items():
        page = open_page(path, color_scheme=scheme, **size)
        expect(page.locator(filled).first).to_be_visible()
        if path == "/notes?note=long.md":
            page.locator("#delete").click()
            expect(page.locator("#sure")).to_be_visible()
        if path != "/notes":
            assert_accessible(page)
    page = open_page("/notes?note=aws/roles.md", color_scheme=scheme, **size)
    page.locator("#edit").click()
    expect(page.locator("#preview .reading")).to_be_visible()
    assert_accessible(page)


def test_nothing_scrolls_sideways_or_jumps_on_any_page(open_page: Opened) -> None:
    for size in ({"width": 1280}, PHONE):
        for path, filled in {"/": "#welcome button", **PAGES}.items():
            page = open_page(path, **size)
            expect(page.locator(filled).first).to_be_visible()
            time.sleep(0.1)
            assert sideways(page) <= 0, path
            assert shifted(page) < 0.1, path  # what is counted as good by who invented the measure
            # On a slow machine the page is seen before its bar is there.
            place = page.locator("#talk, #page").bounding_box()
            page.evaluate("document.querySelector('#bar').remove()")
            assert page.locator("#talk, #page").bounding_box() == place, path


def shifted(page: Page) -> float:
    """The sum of the layout shifts by the measure of web vitals, since the page began."""
    return float(
        page.evaluate(
            """() => new Promise((done) => {
              let sum = 0;
              const seen = (list) => list.getEntries().forEach((one) => (sum += one.value));
              new PerformanceObserver(seen).observe({ type: "layout-shift", buffered: true });
              setTimeout(() => done(sum), 100);
            })"""
        )
    )


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def outlined(page: Page) -> bool:
    """Whether what has the focus can be told by a line around it."""
    return bool(
        page.evaluate(
            "(({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && parseFloat(outlineWidth) > 0)"
            "(getComputedStyle(document.activeElement))"
        )
    )


def test_notes_are_gone_through_by_the_keyboard(open_page: Opened) -> None:
    page = open_page("/notes")
    expect(page.locator("#tree a")).to_have_count(4)
    page.keyboard.press("/")
    expect(page.locator("#tree-filter").locator("textarea, input")).to_be_focused()
    for name in ("aws", "roles.md", "storage.md"):
        page.keyboard.press("ArrowDown")
        assert (focused(page).startswith(name), outlined(page)) == (True, True)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#view .path")).to_have_text("aws/roles.md")
    page.keyboard.press("/")
    page.keyboard.type("HOSTILE")
    expect(page.locator("#tree a")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#tree a")).to_have_count(4)


def test_what_was_found_is_gone_through_by_the_keyboard(open_page: Opened) -> None:
    page = open_page("/search?q=EBS+driver")
    expect(page.locator("#results .hit").first).to_be_visible()
    page.locator("#results .hit").first.focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("#results .hit").nth(1).evaluate("one => one === document.activeElement")
    assert outlined(page)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#view .path")).to_have_text("aws/storage.md")


def test_every_button_of_a_page_is_reached_by_tab_and_seen(open_page: Opened) -> None:
    begins = {"/": "#question textarea", "/search": "#query :is(textarea, input)"}
    for path in ("/", "/notes", "/index", "/search"):
        page = open_page(path)
        expect(page.locator(PAGES.get(path, "#bar")).first).to_be_visible()
        if path in begins:  # these pages set the focus themselves once they are built
            expect(page.locator(begins[path])).to_be_focused()
        expect(page.locator("body")).not_to_contain_text(
            "Loading..."
        )  # what Gradio still fetches, it builds anew
        reached = set()
        for _ in range(30):
            page.keyboard.press("Tab")
            place = page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
            if place in reached:
                break
            reached.add(place)
            if page.evaluate("document.activeElement !== document.body"):
                assert outlined(page), (path, place)
        assert len(reached) > 5, path


def test_the_chats_scripts_do_nothing_beside_it(open_page: Opened) -> None:
    page = open_page("/index")
    expect(page.locator("#facts dl")).to_be_visible()
    assert page.evaluate("typeof globalThis.footnote") == "undefined"

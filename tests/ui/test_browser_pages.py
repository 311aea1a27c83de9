"""The pages beside the chat in a real browser."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant.pipeline import Assistant
from indexer.jobs import RebuildJobs
from indexer.notebook import Notebook
from indexer.settings import IndexSettings
from ui.address import listen
from ui.server import Server, create_server
from ui.settings import ServerSettings

sys.path.insert(0, str(Path(__file__).parent))
from test_browser import HOSTILE, Watch, _free_port, browser, notes, pytestmark, sideways

__all__ = ["browser", "notes", "pytestmark"]  # fixtures and marks that are those of the chat's tests
Open = Callable[..., Page]
PHONE = 360


@pytest.fixture
def address(notes: Path, assistant: Assistant, jobs: RebuildJobs, settings: IndexSettings) -> Iterator[str]:
    """A server over the notes that may be written, on a port of its own."""
    notebook = Notebook(settings.notes, index=settings.index, max_bytes=2**20)
    with listen(ServerSettings(port=_free_port())) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = Server(create_server(assistant, jobs, notebook=notebook), assistant, url)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield url
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens a page that is watched: it may not complain, nor fetch anything from elsewhere."""
    watch, contexts = Watch(), []

    def open_page(path: str, *, width: int = 1280, height: int = 720) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        page.goto(address + path)
        expect(page.locator("#page")).to_be_visible()
        return page

    yield open_page
    harmed = [page.evaluate("window.harmed ?? null") for context in contexts for page in context.pages]
    for context in contexts:
        context.close()
    assert set(harmed) <= {None}
    assert watch.foreign == []
    assert watch.complaints == []


def test_a_search_shows_ranks_and_where_a_note_stood(open_page: Open) -> None:
    page = open_page("/search")
    expect(page).to_have_title("Search · Footnote")
    expect(page.locator("nav.pages a[aria-current]")).to_have_text("Search")
    query = page.locator("#query").locator("textarea, input")
    query.fill("What is the EBS driver?")
    page.keyboard.press("Enter")
    first = page.locator("#results .ranked li").first
    expect(first).to_contain_text("aws/storage.md")
    expect(page.locator("#results .ranks", has_text="1st").first).to_be_visible()
    assert "q=What" in page.url
    query.blur()
    page.keyboard.press("/")
    expect(query).to_be_focused()
    page.locator("#picked input").fill("roles")
    page.get_by_role("option", name="aws/roles.md").click()
    expect(page.locator("#stood h3")).to_contain_text("aws/roles.md")
    page.reload()
    expect(page.locator("#results .ranked li").first).to_contain_text("aws/storage.md")


def test_hostile_notes_are_found_and_stay_text_and_nothing_scrolls_sideways(open_page: Open) -> None:
    page = open_page("/search?q=zebra+Longword&note=hostile.md", width=PHONE, height=740)
    expect(page.locator("#results")).to_contain_text("window.harmed=5")
    expect(page.locator("#stood h3")).to_contain_text("hostile.md")
    assert sideways(page) <= 0


def test_a_rebuild_on_the_index_page_shows_what_it_found(open_page: Open, small_notes: Path) -> None:
    page = open_page("/index")
    expect(page.locator("#facts")).to_contain_text("Passages")
    assert page.locator("#chart progress").count() == 4
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
    page.set_viewport_size({"width": PHONE, "height": 740})
    assert sideways(page) <= 0


def test_a_note_is_found_read_and_edited_and_the_index_follows(open_page: Open, small_notes: Path) -> None:
    page = open_page("/notes")
    expect(page.locator("#tree a")).to_have_count(4)
    page.locator("#tree-filter").locator("textarea, input").fill("roles")
    expect(page.locator("#tree a")).to_have_count(1)
    page.locator("#tree a").click()
    expect(page.locator("#view")).to_contain_text("Task role")
    assert "note=aws/roles.md" in page.url
    expect(page.locator("#view .tags li").first).to_have_text("ecs")
    page.locator("#view .outline a", has_text="Limits").click()
    page.locator("#edit").click()
    editor = page.locator("#editor textarea")
    editor.fill("# Roles\n\nA kettle boils.\n\n" + HOSTILE)
    expect(page.locator("#preview")).to_contain_text("A kettle boils.")
    page.keyboard.press("Control+s")
    expect(page.locator("#notes-message")).to_contain_text("Saved, and in the index")
    assert "kettle" in (small_notes / "aws/roles.md").read_text("utf-8")
    page.set_viewport_size({"width": PHONE, "height": 740})
    assert sideways(page) <= 0


def test_an_edit_beside_another_shows_both_versions(open_page: Open, small_notes: Path) -> None:
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


def test_a_note_is_made_renamed_and_deleted(open_page: Open, small_notes: Path) -> None:
    page = open_page("/notes", width=PHONE, height=740)
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


def test_a_line_of_a_hostile_note_is_opened_by_its_address(open_page: Open) -> None:
    page = open_page("/notes?note=hostile.md&line=7")
    expect(page.locator("#cited")).to_be_in_viewport()
    expect(page.locator("#view")).to_contain_text("window.harmed=5")

"""A server that is started anew while a page is open: nothing that was typed is lost."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from browsing import BROWSER_MARKS, ask
from playwright.sync_api import Browser, Page, expect
from running import Address, running

from assistant.conversations import Conversations
from assistant.pipeline import Assistant
from indexer.jobs import RebuildJobs
from indexer.notebook import Notebook
from indexer.settings import IndexSettings
from ui.application import create_server

pytestmark = BROWSER_MARKS
NOTE = "/notes?note=aws/roles.md"
SAVED = "Saved, and in the index"
Start = Callable[[int], AbstractContextManager[Address]]


@pytest.fixture
def store() -> Conversations:
    return Conversations()


@pytest.fixture
def start(assistant: Assistant, jobs: RebuildJobs, settings: IndexSettings, store: Conversations) -> Start:
    """Starts a server that knows nothing of the pages of the one before, at the same port."""

    def started(port: int = 0) -> AbstractContextManager[Address]:
        notebook = Notebook(settings.notes, index=settings.index, max_bytes=2**20)
        app = create_server(assistant, jobs, conversations=store, notebook=notebook)
        return running(app, port=port)

    return started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that may complain: its server goes away."""
    context = browser.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


def edit(page: Page, served: Address, text: str) -> None:
    """Open the note, and write this in its place."""
    page.goto(f"{served.url}{NOTE}")
    page.locator("#edit").click()
    page.locator("#editor textarea").fill(text)
    expect(page.locator("#preview")).to_contain_text("Mine")


def ask_once_or_twice(page: Page, question: str) -> None:
    """Where Gradio noticed that the server was away, it loads the page anew, and one sends once more."""
    box = page.locator("#question textarea")
    box.fill(question)
    page.keyboard.press("Enter")
    page.wait_for_timeout(2_000)
    if box.input_value() == question:
        box.press("Enter")
    expect(page.locator("#live .question")).to_have_text(question)
    expect(page.locator("#live .exchange.done")).to_be_visible()


def test_a_conversation_is_gone_on_with(page: Page, start: Start, store: Conversations) -> None:
    with start(0) as served:
        page.goto(served.url)
        ask(page, "What is the EBS driver?")
        expect(page).to_have_url(re.compile(r"\?c="))
        link = page.url
    with start(served.port):
        ask_once_or_twice(page, "What is the EFS driver?")
        expect(page.locator("#past .question")).to_have_text("What is the EBS driver?")
        expect(page).to_have_url(link)
        expect(page.locator("#side li > a")).to_have_text(["What is the EBS driver?"])
        page.close()
    [kept] = store.list()[0]
    assert [turn.question for turn in store.turns(kept.id)] == [
        "What is the EBS driver?",
        "What is the EFS driver?",
    ]


def test_a_note_is_saved_at_the_next_server(page: Page, start: Start, small_notes: Path) -> None:
    with start(0) as served:
        edit(page, served, "# Mine\n")
    with start(served.port):
        page.locator("#editor textarea").fill("# Mine\nMore.")
        page.locator("#save").click()
        # Where Gradio noticed that the server was away, it loads the page anew, and one saves once more.
        expect(page.locator("#notes-message")).to_contain_text(re.compile(f"{SAVED}|not saved yet"))
        page.wait_for_timeout(1_000)
        if page.locator("#save").is_visible():
            page.locator("#save").click()
        expect(page.locator("#notes-message")).to_contain_text(SAVED)
        assert (small_notes / "aws/roles.md").read_text("utf-8") == "# Mine\nMore."
        page.close()


def test_what_was_typed_while_the_server_was_away_is_there_when_it_is_back(
    page: Page, start: Start, small_notes: Path
) -> None:
    editor = page.locator("#editor textarea")
    with start(0) as served:
        edit(page, served, "# Mine\n")
    editor.press("Control+End")
    page.keyboard.type("Typed into the dark.")
    expect(page.get_by_text("Connection to the server was lost")).to_be_visible()
    page.keyboard.type(" And on.")
    (small_notes / "aws/roles.md").write_text("# Theirs\n", "utf-8")
    with start(served.port):
        expect(page.locator("#notes-message")).to_contain_text("not saved yet")  # the page was loaded anew
        expect(editor).to_have_value("# Mine\nTyped into the dark. And on.")
        page.locator("#save").click()
        expect(page.locator("#disk mark")).to_have_text("# Theirs")
        assert (small_notes / "aws/roles.md").read_text("utf-8") == "# Theirs\n"
        page.locator("#save").click()
        expect(page.locator("#notes-message")).to_contain_text(SAVED)
        assert (small_notes / "aws/roles.md").read_text("utf-8") == "# Mine\nTyped into the dark. And on."
        page.reload()
        expect(page.locator("#view .reading")).to_contain_text("And on.")
        page.wait_for_timeout(500)  # for a draft that is over to come back
        expect(editor).to_be_hidden()
        page.close()


def test_a_new_note_is_there_after_a_reload_and_gone_after_cancelling(page: Page, start: Start) -> None:
    editor = page.locator("#editor textarea")
    page.on("dialog", lambda dialog: dialog.accept())
    with start(0) as served:
        page.goto(f"{served.url}/notes")
        page.locator("#new").click()
        page.locator("#path").locator("textarea, input").fill("tea/kettle")
        editor.fill("# Kettle\n")
        page.reload()
        expect(editor).to_have_value("# Kettle\n")
        expect(page.locator("#path").locator("textarea, input")).to_have_value("tea/kettle")
        page.locator("#cancel").click()
        expect(editor).to_be_hidden()
        page.reload()
        expect(page.locator("#view .empty")).to_be_visible()
        page.wait_for_timeout(500)
        expect(editor).to_be_hidden()
        page.close()

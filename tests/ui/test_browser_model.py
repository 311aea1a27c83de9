"""Answers of a language model in a real browser: as they are made, stopped, failed, not proved."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import BROWSER_MARKS, Opened, ask, assert_accessible
from models import KEY, Served, faulty_server, model_server, patience_for, small_model, writer_for
from playwright.sync_api import Page, expect

from assistant.pipeline import Assistant

pytestmark = BROWSER_MARKS
QUESTION = "What is the EBS driver?"
SAID = (
    "The EBS driver cannot be used on Fargate [1]. It was **invented** by Ada in 1843 [1]."
    " The EFS driver does not work on Windows [1]."
)
ENDLESS = "The EBS driver cannot be used on Fargate [1]. " * 200
PAUSE = 0.02  # seconds between two pieces of the model's
TEXT = "#live .exchange.pending .answer"
# Keeps every text that is shown of an answer on its way.
WATCH = """
(selector) => {
  window.seen = [];
  new MutationObserver(() => {
    const text = document.querySelector(selector)?.textContent;
    if (text && text !== window.seen.at(-1)) window.seen.push(text);
  }).observe(document.getElementById("live"), { childList: true, subtree: true, characterData: true });
}
"""


@pytest.fixture
def answering(browsed_notes: Path, request: pytest.FixtureRequest) -> Assistant:
    """The assistant, which may get a writer before there is a page."""
    assistant: Assistant = request.getfixturevalue("assistant")
    return assistant


@pytest.fixture
def model(answering: Assistant, request: pytest.FixtureRequest) -> Iterator[Served]:
    """A server that says what the test wants it to, and the assistant with it."""
    said = getattr(request, "param", SAID)
    with model_server(lambda _: said, pause=PAUSE) as server, writer_for(server.url) as writer:
        answering.writer = writer
        yield server
        answering.writer = None


def begin(page: Page) -> None:
    """Ask, and wait for the first words."""
    page.locator("#question textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(TEXT)).to_contain_text("The EBS driver")


def test_text_appears_as_it_is_made_and_what_is_not_proved_is_marked(
    answering: Assistant, open_page: Opened
) -> None:
    page = open_page()
    page.evaluate(WATCH, TEXT)
    go_on, end = threading.Event(), threading.Event()

    def hold(said: str) -> None:
        if "invented" in said:
            go_on.wait(60)
        if "Windows" in said:
            end.wait(60)

    with (
        model_server(lambda _: SAID, pause=PAUSE, before=hold) as server,
        writer_for(server.url) as writer,
    ):
        answering.writer = writer
        begin(page)
        go_on.set()
        page.wait_for_function("window.seen.length >= 2")
        end.set()
        expect(page.locator("#live .exchange.done .answer")).to_contain_text("does not work on Windows")
        answering.writer = None
    seen = page.evaluate("window.seen")
    assert sorted(seen, key=len) == seen
    expect(page.locator("#live mark.unproved").first).to_be_visible()
    expect(page.locator("#live .doubt")).to_have_text("not proved")
    expect(page.locator("#live .aside", has_text="One sentence marked")).to_be_visible()
    expect(page.locator("#live .aside", has_text="Written by a language model")).to_be_visible()
    page.locator("#live a.ref").first.click()
    expect(page.locator("#note #cited")).to_be_in_viewport()
    assert_accessible(page)
    assert KEY not in page.content()


@pytest.mark.parametrize("model", [ENDLESS], indirect=True)
def test_stop_leaves_what_there_is_and_the_model_writes_no_more(model: Served, open_page: Opened) -> None:
    page = open_page()
    begin(page)
    page.get_by_role("button", name="Stop").click()
    stopped = page.locator("#live .exchange.done")
    expect(stopped).to_contain_text("Stopped.")
    text = stopped.locator(".answer").inner_text()
    assert text.startswith("The EBS driver")
    left(model)
    assert stopped.locator(".answer").inner_text() == text
    expect(page.locator("#side li")).to_have_count(0)


@pytest.mark.parametrize("model", [ENDLESS], indirect=True)
def test_the_model_writes_no_more_for_a_page_that_is_gone(model: Served, open_page: Opened) -> None:
    page = open_page()
    begin(page)
    page.goto("about:blank")
    left(model)


def test_what_is_asked_after_stopping_a_model_that_thinks_is_answered_at_once(
    answering: Assistant, open_page: Opened
) -> None:
    asked, thinking = threading.Event(), threading.Event()

    def reply(_: object) -> str:
        if not asked.is_set():
            asked.set()
            thinking.wait(120)
        return SAID

    page = open_page()
    with model_server(reply) as server, writer_for(server.url, llm_patience=120.0) as writer:
        answering.writer = writer
        page.locator("#question textarea").fill(QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator("#live .waiting")).to_be_visible()
        assert asked.wait(20)
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("#live .exchange.done")).to_contain_text("Stopped.")
        page.get_by_role("button", name="Ask this again").click()
        expect(page.locator("#live")).to_contain_text("Written by a language model")
        expect(page.locator(".exchange")).to_have_count(1)
        answering.writer = None
        thinking.set()


def left(model: Served) -> None:
    """Wait until the stream is closed, long before its end."""
    until = time.monotonic() + 60
    while not model.left:
        assert time.monotonic() < until, "the model goes on writing"
        time.sleep(0.05)


def test_the_switch_lets_the_notes_speak_and_stays_as_it_was_put(model: Served, open_page: Opened) -> None:
    page = open_page()
    page.get_by_label("Answers").select_option("extractive")
    ask(page, QUESTION)
    expect(page.locator("#live .answer")).to_contain_text("cannot be used on Fargate")
    expect(page.locator("#live")).not_to_contain_text("Written by a language model")
    assert not model.asked
    page.reload()
    expect(page.locator("#live .answer")).to_be_visible()
    expect(page.get_by_label("Answers")).to_have_value("extractive")
    page.get_by_label("Answers").select_option("auto")
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".exchange")).to_have_count(0)
    ask(page, QUESTION)
    expect(page.locator("#live")).to_contain_text("Written by a language model")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("500", "its server failed"),
        ("cut", "the connection broke"),
        ("stall", "it stopped writing"),
        ("no end", "its answer was cut off"),
    ],
)
def test_an_answer_without_the_model_says_why(
    answering: Assistant, open_page: Opened, fault: str, why: str
) -> None:
    page = open_page()
    with faulty_server(fault) as server, writer_for(server.url, llm_patience=patience_for(fault)) as writer:
        answering.writer = writer
        ask(page, QUESTION)
        answering.writer = None
    expect(page.locator("#live .answer")).to_contain_text("cannot be used on Fargate")
    expect(page.locator("#live .aside", has_text=f"without the language model: {why}")).to_be_visible()
    expect(page.locator("#live .source").first).to_be_visible()


@pytest.mark.model
def test_a_real_model_is_stopped_and_asked_again(answering: Assistant, open_page: Opened) -> None:
    page = open_page()
    with small_model() as address, writer_for(address, llm_patience=60.0, llm_context=1_024) as writer:
        answering.writer = writer
        page.locator("#question textarea").fill(QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator("#live .waiting")).to_be_visible()
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("#live .exchange.done")).to_contain_text("Stopped.")
        page.get_by_role("button", name="Ask this again").click()
        expect(page.locator("#live .exchange.pending")).to_be_visible()
        expect(page.locator("#live .exchange.done .source").first).to_be_visible(timeout=60_000)
        told = page.locator("#live .aside").all_inner_texts()
        assert any("language model" in text for text in told), told
        answering.writer = None

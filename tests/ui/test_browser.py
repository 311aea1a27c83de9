"""The chat in a real browser."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import BROWSER_MARKS, Opened, ask, assert_accessible, sideways
from playwright.sync_api import Route, expect

from assistant.pipeline import Assistant
from assistant.types import Text

pytestmark = BROWSER_MARKS


def test_a_number_opens_the_note_on_its_marked_line_and_escape_closes_it(open_page: Opened) -> None:
    page = open_page()
    expect(page.locator("#contents")).to_contain_text("4 notes")
    ask(page, "What is the EBS driver?")
    expect(page.locator("#live .answer")).to_contain_text("cannot be used on Fargate")
    assert page.locator("#live .source").count() == page.locator("#live .answer sup").count()
    number = page.locator("#live .source", has_text="EBS driver").locator(".number").inner_text()
    reference = page.locator("#live a.ref", has_text=number)
    reference.click()
    expect(page.locator("#note #cited")).to_be_in_viewport()
    expect(page.locator("#note .path")).to_have_text("aws/storage.md")
    assert "EBS driver" in "".join(page.locator("#note .cited").all_inner_texts())
    assert page.evaluate("getComputedStyle(document.querySelector('#note .cited')).backgroundColor") == (
        "rgb(255, 240, 179)"
    )
    expect(page).to_have_url(re.compile("note=aws/storage.md"))
    page.keyboard.press("Escape")
    expect(page.locator("#note")).to_be_hidden()
    expect(page).not_to_have_url(re.compile("note="))
    expect(reference).to_be_focused()


def test_a_card_opens_the_note_and_the_button_closes_it(open_page: Opened) -> None:
    page = open_page()
    ask(page, "What is the EFS driver?")
    page.locator("#live .source").first.click()
    expect(page.locator("#note #cited")).to_be_in_viewport()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#note")).to_be_hidden()


def test_an_example_asks_itself_and_a_new_chat_begins_again(open_page: Opened) -> None:
    page = open_page()
    example = page.locator("#welcome button").first
    question = example.inner_text()
    example.click()
    expect(page.locator("#live .question")).to_have_text(question)
    expect(page.locator("#live .exchange.done")).to_be_visible()
    expect(page.locator("#welcome .welcome")).to_have_count(0)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".exchange")).to_have_count(0)
    expect(page.locator("#welcome button").first).to_be_visible()


@pytest.fixture
def go_on(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Answers stop after their first words until this is set."""
    stream, go_on = assistant.stream, threading.Event()

    def slow(question: str, **options: Any) -> Iterator[Any]:
        yield Text("On its way")
        go_on.wait(120)
        yield from stream(question, **options)

    monkeypatch.setattr(assistant, "stream", slow)
    yield go_on
    go_on.set()


def end(go_on: threading.Event) -> None:
    """Let the answers that were stopped go on to their end."""
    go_on.set()
    for thread in [thread for thread in threading.enumerate() if thread.name == "answer"]:
        thread.join(60)
        assert not thread.is_alive()


def test_a_new_chat_stops_the_answer_under_way(open_page: Opened, go_on: threading.Event) -> None:
    page = open_page()
    page.locator("#question textarea").fill("What is the EBS driver?")
    page.keyboard.press("Enter")
    expect(page.locator("#live .exchange.pending")).to_contain_text("On its way")
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".exchange")).to_have_count(0)
    end(go_on)
    expect(page.locator(".exchange")).to_have_count(0)
    ask(page, "What is the EFS driver?")
    expect(page.locator("#past .exchange")).to_have_count(0)


def test_a_conversation_goes_on(open_page: Opened) -> None:
    page = open_page()
    ask(page, "What is the EBS driver?")
    ask(page, "What is the EFS driver?")
    expect(page.locator("#past .question")).to_have_text("What is the EBS driver?")
    expect(page.locator("#past a.ref").first).to_be_attached()
    expect(page.locator("#live .question")).to_be_in_viewport()


def test_a_declined_answer_looks_different_and_leads_to_the_nearest_headings(open_page: Opened) -> None:
    page = open_page()
    ask(page, "Who won the chess championship of 1972?")
    expect(page.locator("#live .declined h3")).to_have_text("Your notes don’t cover this")
    expect(page.locator("#live .answer")).to_have_count(0)
    expect(page.locator("#live .source")).to_have_count(0)
    nearest = page.locator("#live .related a")
    if nearest.count():
        nearest.first.click()
        expect(page.locator("#note .reading")).to_be_visible()


def test_rebuilding_shows_what_was_done(open_page: Opened, browsed_notes: Path) -> None:
    page = open_page()
    (browsed_notes / "aws" / "new.md").write_text("# New\n\n- **Quokka:** a small wallaby\n", "utf-8")
    page.get_by_role("button", name="Rebuild index").click()
    expect(page.locator("#status")).to_contain_text("1 note added, 1 passage embedded")
    expect(page.locator("#contents")).to_contain_text("5 notes")
    ask(page, "What is a quokka?")
    expect(page.locator("#live .answer")).to_contain_text("a small wallaby")


def test_nothing_in_a_note_or_a_question_acts(open_page: Opened) -> None:
    page = open_page("/?note=hostile.md&line=8")
    expect(page.locator("#note .reading")).to_contain_text("${window.harmed=7}")
    expect(page.locator("#note")).to_contain_text('<img src=x onerror="window.harmed=5">')
    expect(page.locator("#note img, #note script, #note style")).to_have_count(0)
    page.keyboard.press("Escape")
    ask(page, 'What is a zebra crossing? <img src=x onerror="window.harmed=10"> ${window.harmed=11} {{1}}')
    ask(page, "What is a zebra crossing?")
    expect(page.locator("#live")).to_contain_text("Zebra crossing")
    expect(page.locator("#talk img, #talk script, #talk style")).to_have_count(0)
    page.locator("#live a.ref").first.click()
    expect(page.locator("#note #cited")).to_be_visible()
    time.sleep(0.3)  # for an image that should not be there to fail to load


def test_an_address_opens_a_note_or_asks_a_question(open_page: Opened) -> None:
    page = open_page("/?note=aws/roles.md&line=15")
    expect(page.locator("#note tr.cited")).to_contain_text("Tasks per service")
    page.keyboard.press("Escape")
    expect(page.locator("#note")).to_be_hidden()
    page = open_page("/?q=What+is+the+EBS+driver%3F")
    expect(page.locator("#live .question")).to_have_text("What is the EBS driver?")
    expect(page).not_to_have_url(re.compile("q="))


def test_slash_goes_to_the_question_box(open_page: Opened) -> None:
    page = open_page()
    box = page.get_by_label("Your question")
    expect(box).to_be_focused()  # the page begins there
    page.get_by_role("button", name="New chat").focus()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("a/b")
    expect(box).to_have_value("a/b")


def test_on_a_phone_the_note_covers_the_chat_and_the_way_back_closes_it(open_page: Opened) -> None:
    page = open_page(width=390, height=844)
    ask(page, "What is the EBS driver?")
    page.locator("#live a.ref").first.click()
    expect(page.locator("#note #cited")).to_be_in_viewport()
    box = page.locator("#note").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
    assert page.locator("#talk").get_attribute("inert") is not None
    page.go_back()
    expect(page.locator("#note")).to_be_hidden()
    assert page.locator("#talk").get_attribute("inert") is None
    expect(page.locator("#live .answer")).to_be_visible()


@pytest.mark.parametrize("width", [360, 701, 1000])
def test_nothing_scrolls_sideways(open_page: Opened, width: int) -> None:
    page = open_page(width=width, height=640)
    assert sideways(page) == 0
    ask(page, "What is a longword?")
    assert sideways(page) == 0
    page.locator("#live a.ref").first.click()
    expect(page.locator("#note #cited")).to_be_visible()
    assert sideways(page) == 0
    assert page.evaluate("(e => e.scrollWidth - e.clientWidth)(document.querySelector('#note-place'))") == 0


def test_a_stopped_server_is_told_in_a_sentence(open_page: Opened) -> None:
    page = open_page()
    ask(page, "What is the EBS driver?")
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('Failed to fetch')); }")
    page.locator("#live a.ref").first.click()
    expect(page.locator("#note .error")).to_contain_text("The server does not answer")


FROM_A_PROXY = {"status": 200, "content_type": "text/html", "body": "<p class='error'>Gone</p>"}
LIMITED = {"title": "Too many requests", "status": 429, "detail": "Too many: <b>wait</b>.", "code": "limited"}
OVER = {"title": "No", "status": 401, "detail": "Log in first.", "code": "unauthorized"}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"status": 429, "json": LIMITED}, "Too many: <b>wait</b>."),
        ({"status": 401, "json": OVER}, "Log in first. Log in"),
        (FROM_A_PROXY, "That did not work."),
        ({**FROM_A_PROXY, "status": 503}, "That did not work."),
    ],
)
def test_what_is_sent_in_place_of_a_note_is_told_in_a_sentence(
    open_page: Opened, sent: Any, told: str
) -> None:
    page = open_page()
    page.route("**/ui/next?*", lambda route: route.fulfill(**sent))
    ask(page, "What is the EBS driver?")
    page.route("**/ui/note?*", lambda route: route.fulfill(**sent))
    page.locator("#live a.ref").first.click()
    expect(page.locator("#note-place")).to_have_text(told)
    login = page.locator("#note-place a")
    assert login.count() == (sent["status"] == 401)
    if login.count():
        expect(login).to_have_attribute("href", re.compile(r"^login\?next=%2F%3Fc%3D\w+%26note%3Daws"))
    expect(page.locator("#live .error, #live .follow-ups")).to_have_count(0)
    assert all(str(sent["status"]) in complaint for complaint in open_page.watch.complaints)
    open_page.watch.complaints.clear()


def test_a_conversation_is_listed_found_renamed_opened_by_its_link_and_deleted(open_page: Opened) -> None:
    page = open_page()
    ask(page, "What is the EBS driver?")
    listed = page.locator("#side li > a")
    expect(listed).to_have_text(["What is the EBS driver?"])
    expect(listed).to_have_attribute("aria-current", "page")
    expect(page).to_have_url(re.compile(r"\?c="))
    link = page.url
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".exchange")).to_have_count(0)
    expect(page).not_to_have_url(re.compile(r"\?c="))
    ask(page, "What is the EFS driver?")
    expect(listed).to_have_text(["What is the EFS driver?", "What is the EBS driver?"])
    page.get_by_label("Search conversations").fill("ebs DRIVER?")
    expect(listed).to_have_text(["What is the EBS driver?"])
    page.get_by_label("More: What is the EBS driver?").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name of the conversation").fill("Drivers <b>")
    page.keyboard.press("Enter")
    expect(listed).to_have_text(["Drivers <b>"])
    listed.click()
    expect(page.locator("#live .question")).to_have_text("What is the EBS driver?")
    expect(page).to_have_url(link)
    page.go_back()
    expect(page.locator("#live .question")).to_have_text("What is the EFS driver?")
    page = page.context.new_page()
    page.goto(link)
    expect(page.locator("#live .question")).to_have_text("What is the EBS driver?")
    page.get_by_label("More: Drivers <b>").focus()
    page.keyboard.press("Enter")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as Markdown").click()
    assert Path(download.value.path()).read_text("utf-8").startswith("# Drivers <b>")
    page.get_by_label("More: Drivers <b>").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#side li > a")).to_have_text(["What is the EFS driver?"])
    expect(page.locator(".exchange")).to_have_count(0)


def test_a_menu_that_is_open_outlives_what_would_renew_the_list(open_page: Opened) -> None:
    page = open_page()
    ask(page, "What is the EBS driver?")
    page.get_by_label("More: What is the EBS driver?").focus()
    page.keyboard.press("Enter")
    listing = "**/api/v1/conversations?*"
    for _ in range(2):
        with page.expect_response(listing):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.evaluate("document.getElementById('nudge').click()")  # which stream.js presses at any time
    expect(page.get_by_role("button", name="Rename")).to_be_visible()
    with page.expect_response(listing):
        page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Rename")).to_be_hidden()


def test_an_answer_is_rated_and_its_question_edited(open_page: Opened) -> None:
    page = open_page()
    ask(page, "What is the EBS driver?")
    page.get_by_role("button", name="This did not help").click()
    page.get_by_label("Why, in your words").fill("Too short")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Thank you.")
    page.reload()
    expect(page.get_by_role("button", name="This did not help")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Edit the question").click()
    expect(page.get_by_label("Your question")).to_have_value("What is the EBS driver?")
    ask(page, "What is the EFS driver?")
    expect(page.locator(".exchange")).to_have_count(1)
    expect(page.locator("#editing")).to_be_hidden()


def test_a_suggestion_is_a_further_question_while_the_last_one_is_edited(open_page: Opened) -> None:
    page = open_page()
    ask(page, "What is the EBS driver?")
    suggestion = page.locator("#live .follow-ups [data-ask]").first
    question = suggestion.inner_text()
    page.get_by_role("button", name="Edit the question").click()
    expect(page.get_by_label("Your question")).to_have_value("What is the EBS driver?")
    suggestion.click()
    expect(page.locator("#live .exchange.done .question")).to_have_text(question)
    expect(page.locator("#past .question")).to_have_text("What is the EBS driver?")
    expect(page.get_by_label("Your question")).to_have_value("")
    expect(page.locator("#editing")).to_be_hidden()


def test_a_conversation_that_is_gone_offers_nothing_to_ask_again(open_page: Opened) -> None:
    page = open_page("/?c=no-such")
    expect(page.locator("#live .error")).to_be_visible()
    expect(page.locator("#live :is(.question, button)")).to_have_count(0)
    ask(page, "What is the EBS driver?")
    expect(page.locator(".exchange")).to_have_count(1)


def test_what_was_typed_survives_a_reload_and_up_goes_back_to_the_last_question(open_page: Opened) -> None:
    page = open_page()
    box = page.get_by_label("Your question")
    box.fill("What is the E")
    page.reload()
    expect(box).to_have_value("What is the E")
    ask(page, "What is the EBS driver?")
    expect(page).to_have_title("What is the EBS driver? · Footnote")
    page.reload()
    expect(page.locator("#live .answer")).to_be_visible()
    expect(box).to_have_value("")
    box.press("ArrowUp")
    expect(box).to_have_value("What is the EBS driver?")
    expect(page.locator("#editing")).to_be_visible()
    box.press("Escape")
    expect(box).to_have_value("")
    page.locator("#live a.ref").first.click()
    page.get_by_role("link", name="Open in Notes").click()
    expect(page.locator("#view #cited")).to_be_in_viewport()
    page.go_back()
    expect(page.locator("#live .answer")).to_be_visible()


def test_a_number_shows_its_passage_on_hover(open_page: Opened) -> None:
    page = open_page()
    ask(page, "What is the EBS driver?")
    page.locator("#live a.ref").first.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("aws/storage.md")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_have_count(0)


def test_a_declined_question_leads_to_a_search_and_to_a_note_on_it(open_page: Opened) -> None:
    page = open_page()
    ask(page, "Who won the chess championship of 1972?")
    expect(page).to_have_url(re.compile(r"\?c="))
    asked = page.url
    page.get_by_role("link", name="Search the notes").click()
    expect(page.locator("#query").locator("textarea, input")).to_have_value(
        "Who won the chess championship of 1972?"
    )
    expect(page.locator("#results .ranked li, #results .empty").first).to_be_visible()
    page.go_back()
    expect(page).to_have_url(asked)
    expect(page.locator("#live .declined")).to_be_visible()
    page.get_by_role("link", name="Start a note on it").click()
    expect(page.locator("#editor textarea")).to_have_value("# Who won the chess championship of 1972\n\n")
    expect(page.locator("#path").locator("textarea, input")).to_have_value(
        "who-won-the-chess-championship-of-1972.md"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_amiss(open_page: Opened, scheme: Any, width: int) -> None:
    page = open_page(width=width, color_scheme=scheme)
    expect(page.locator("#welcome button").first).to_be_visible()
    assert_accessible(page)
    for question in ("What is the EBS driver?", "Who won the chess championship of 1972?"):
        ask(page, question)
        assert_accessible(page)


def test_stopping_keeps_the_text_so_far_and_the_next_question_is_answered(
    open_page: Opened, go_on: threading.Event
) -> None:
    page = open_page()
    page.locator("#question textarea").fill("What is the EBS driver?")
    page.keyboard.press("Enter")
    expect(page.locator("#live .exchange.pending")).to_contain_text("On its way")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#live .exchange.done")).to_contain_text("Stopped.")
    end(go_on)
    expect(page.locator("#live .exchange.done")).to_contain_text("On its way")
    expect(page.locator("#side li")).to_have_count(0)
    page.get_by_role("button", name="Ask this again").click()
    expect(page.locator("#live .answer")).to_contain_text("cannot be used on Fargate")
    expect(page.locator(".exchange")).to_have_count(1)


def test_what_is_typed_while_a_question_leaves_stays(open_page: Opened, go_on: threading.Event) -> None:
    page = open_page()
    box = page.get_by_label("Your question")
    held: list[Route] = []
    page.route("**/queue/join*", lambda route: held.append(route))
    box.fill("What is the EBS driver?")
    page.keyboard.press("Enter")
    expect(box).to_have_value("")  # although the server knows of nothing yet
    page.keyboard.type("And on Wind")
    while not held:
        page.wait_for_timeout(10)
    for route in held:
        route.continue_()
    page.unroute("**/queue/join*")
    expect(page.locator("#live .exchange.pending")).to_contain_text("On its way")
    page.keyboard.type("ows?")
    go_on.set()
    expect(page.locator("#live .exchange.done .question")).to_have_text("What is the EBS driver?")
    expect(box).to_have_value("And on Windows?")
    page.locator("#live .follow-ups [data-ask]").first.click()
    expect(page.locator("#past .question")).to_have_text("What is the EBS driver?")
    expect(page.locator("#live .exchange.done")).to_be_visible()
    expect(box).to_have_value("And on Windows?")
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".exchange")).to_have_count(0)
    expect(box).to_have_value("And on Windows?")


def test_a_question_that_the_server_does_not_take_is_given_back(open_page: Opened) -> None:
    page = open_page()
    box = page.get_by_label("Your question")
    page.route("**/queue/join*", lambda route: route.fulfill(status=429, json={"detail": "Too many."}))
    box.fill("What is the EBS driver?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Too many.")).to_be_visible()
    expect(box).to_have_value("What is the EBS driver?")
    page.unroute("**/queue/join*")
    page.keyboard.press("Enter")
    expect(page.locator("#live .answer")).to_contain_text("cannot be used on Fargate")
    expect(box).to_have_value("")
    assert all("429" in complaint for complaint in open_page.watch.complaints)
    open_page.watch.complaints.clear()

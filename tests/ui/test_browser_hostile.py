"""Text that means harm, in every place that it can get to, in a real browser beside a server that counts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from browsing import ALIVE, BROWSER_MARKS, Opened, Sink
from fakes import HashingEmbedder
from hostile import file_name, payloads
from playwright.sync_api import Browser, Page, expect
from running import running

from assistant.conversations import Conversations
from assistant.pipeline import Assistant
from assistant.types import Answer, Citation, Text
from indexer.jobs import RebuildJobs
from indexer.live import LiveIndex
from indexer.notebook import Notebook
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from ui.server import create_server

pytestmark = BROWSER_MARKS
ALL = "all of it.md"


@dataclass
class Place:
    """A server whose notes, conversations and answers mean harm."""

    address: str
    sink: Sink
    texts: list[str]
    conversations: list[str]
    assistant: Assistant


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Sink() as sink:
        texts = payloads(sink.url)
        settings = _written(tmp_path_factory.mktemp("hostile"), texts)
        embedder = HashingEmbedder()
        *_, _ = rebuild(settings, embedder)
        assistant = Assistant(LiveIndex(settings.index, fingerprint=embedder.fingerprint), embedder)
        jobs = RebuildJobs(lambda full: rebuild(settings, embedder, full=full), assistant.index.refresh)
        store = Conversations()
        kept = [_kept(store, texts[:100]), _kept(store, texts[100:])]
        notebook = Notebook(settings.notes, index=settings.index, max_bytes=2**20)
        app = create_server(assistant, jobs, conversations=store, notebook=notebook)
        with running(app, assistant) as served:
            yield Place(served.url, sink, texts, kept, assistant)
        jobs.close()


def _written(folder: Path, texts: list[str]) -> IndexSettings:
    """One note for each text, which is in its name, title, tags, headings and tables; and one for all."""
    notes = folder / "notes"
    (notes / "<img src=x onerror=window.harmed=1>").mkdir(parents=True)
    for number, text in enumerate(texts):
        line = " ".join(text.split())
        front = f"---\ntitle: {json.dumps(text)}\ntags: [{json.dumps(line)}]\n---\n"
        body = f"# {line}\n\n- **{line}:** {line}\n\n| {line} |\n|---|\n| {line} |\n\n{text}\n"
        where = notes / "<img src=x onerror=window.harmed=1>" if number % 2 else notes
        (where / file_name(text)).write_text(front + body, "utf-8")
        (notes / f"{file_name(text)[:-3]} empty.md").write_text("", "utf-8")  # listed as skipped
    (notes / ALL).write_text("\n\n".join(["# All", *texts]), "utf-8")
    return IndexSettings(notes=notes, index=folder / "index")


def _answer(text: str) -> Answer:
    """As a language model may write, and with a source as bad as that."""
    source = Citation(1, file_name(text), (text,), 1, 1, 0, len(text), text, "0" * 64)
    return Answer(f"{text} [1]", False, 0.9, "generated", text, "r", (source, replace(source, number=2)))


def _kept(store: Conversations, texts: list[str]) -> str:
    conversation = store.create().id
    for text in texts:
        store.keep(conversation, text, _answer(text))
    return conversation


@pytest.fixture
def open_page(browser: Browser, place: Place) -> Iterator[Opened]:
    opened = Opened(browser, place.address)
    yield opened
    opened.close()
    assert place.sink.reached == []


def assert_dead(page: Page) -> None:
    """Nothing of what was written is more than text to the browser."""
    assert page.evaluate(ALIVE) == []


def test_the_sink_counts_and_the_watch_sees(browser: Browser) -> None:
    with Sink() as sink:
        page = browser.new_page()
        page.set_content(f"<img src={sink.url}><article><b onclick=x>x</b><img src=x></article>")
        page.wait_for_load_state("networkidle")
        page.evaluate("document.querySelector('article').parentElement.id = 'note'")
        assert (sink.reached, len(page.evaluate(ALIVE))) == (["/sink"], 2)
        page.close()


def test_past_conversations_do_nothing(open_page: Opened, place: Place) -> None:
    for conversation in place.conversations:
        page = open_page(f"/?c={conversation}")
        expect(page.locator("#live .exchange.done")).to_be_visible()
        assert page.locator(".exchange .answer").count() > 50
        expect(page.locator("#side li > a").first).to_be_visible()
        assert_dead(page)
        page.locator("a.ref").first.focus()


def test_an_answer_on_its_way_and_its_question_do_nothing(
    open_page: Opened, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stream(question: str, **_: object) -> Iterator[object]:
        yield from (Text(f"{text}\n\n") for text in place.texts)
        yield _answer("\n\n".join(place.texts))

    monkeypatch.setattr(place.assistant, "stream", stream)
    page = open_page()
    for text in place.texts[::30]:
        page.locator("#question textarea").fill(text)
        page.locator("#ask").click()
        expect(page.locator("#live .exchange.done .question")).to_contain_text(text.split()[0])
        assert_dead(page)


def test_notes_beside_the_chat_and_on_their_page_do_nothing(open_page: Opened, place: Place) -> None:
    page = open_page(f"/?note={ALL}&line=9")
    expect(page.locator("#note .reading")).to_be_visible()
    assert_dead(page)
    page = open_page(f"/notes?note={ALL}&line=9")
    expect(page.locator("#view .reading")).to_be_visible()
    expect(page.locator("#tree a")).to_have_count(len(place.assistant.index.current.notes))
    assert_dead(page)
    for number in range(0, 180, 30):
        link = page.locator("#tree a").nth(number)
        link.click()
        expect(page.locator("#view .path")).to_contain_text(link.inner_text())
        assert_dead(page)
    page.locator("#edit").click()
    page.locator("#editor textarea").fill("\n\n".join([*place.texts, "At the end."]))
    expect(page.locator("#preview")).to_contain_text("At the end.")
    assert_dead(page)


def test_searches_and_the_index_do_nothing(open_page: Opened, place: Place) -> None:
    page = open_page("/index")
    expect(page.locator("#chart li").first).to_be_visible()
    assert page.locator("#skipped li").count() >= 100
    assert_dead(page)
    page = open_page("/search")
    for text in place.texts[::25]:
        page.locator("#query").locator("textarea, input").fill(text)
        page.locator("#go").click()
        expect(page.locator("#results :is(.ranked li, .empty)").first).to_be_visible()
        assert_dead(page)

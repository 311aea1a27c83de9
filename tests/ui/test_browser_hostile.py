"""Text that means harm, in every place that it can get to, in a real browser beside a server that counts."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from browsing import ALIVE, BROWSER_MARKS, Opened, Sink, ask
from fakes import HashingEmbedder
from hostile import file_name, payloads
from models import model_server, writer_for
from playwright.sync_api import Browser, Page, expect
from running import running

from assistant.conversations import Conversations
from assistant.pipeline import Assistant
from assistant.settings import MAX_QUESTION
from assistant.types import Answer, Citation, Related, Text, Unsupported
from indexer.jobs import RebuildJobs
from indexer.live import LiveIndex
from indexer.notebook import Notebook
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from ui.application import create_server

pytestmark = BROWSER_MARKS
ALL = "all of it.md"
KETTLE = "At how many degrees does the kettle boil?"
BOILS = "The kettle boils at 96 degrees"
SAID_AT_ONCE = 60  # sentences of a language model; more than 80 are not listened to
AT_ONCE = 90  # exchanges of a conversation; a page shows no more than 100


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
        for text in texts:
            store.keep(store.create(text).id, text, _written_by_model(text))
        halves = texts[:AT_ONCE], texts[AT_ONCE:]
        kept = [_kept(store, half, made) for made in (_answer, _written_by_model) for half in halves]
        kept.append(_kept(store, texts[:1], lambda _: _declined(texts)))
        notebook = Notebook(settings.notes, index=settings.index, max_bytes=2**20)
        app = create_server(assistant, jobs, conversations=store, notebook=notebook)
        with running(app) as served:
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
    lines = [" ".join(text.split()) for text in texts]
    front = f"---\ntitle: {json.dumps(' '.join(lines))}\ntags: {json.dumps(lines)}\n---\n"
    headings = [f"## {line}" for line in lines]
    (notes / ALL).write_text(front + "\n\n".join(["# All", *texts, *headings]), "utf-8")
    (notes / "kettle.md").write_text(f"# Kettle\n\n- **Kettle:** {BOILS}\n", "utf-8")
    return IndexSettings(notes=notes, index=folder / "index")


def _answer(text: str) -> Answer:
    """As a language model may write, and with a source as bad as that."""
    source = Citation(1, file_name(text), (text,), 1, 1, 0, len(text), text, "0" * 64)
    return Answer(f"{text} [1]", False, 0.9, "generated", text, "r", (source, replace(source, number=2)))


def _written_by_model(text: str) -> Answer:
    """The same as the checker leaves it: nothing in it is proved."""
    return replace(_answer(text), mode="llm", unsupported=(Unsupported(text, "name", 0, len(text)),))


def _declined(texts: list[str]) -> Answer:
    near = [Related(file_name(text), (text,), 1) for text in texts]
    return Answer("No.", True, 0.1, "extractive", " ".join(texts), "r", related=near)


def _kept(store: Conversations, texts: list[str], made: Callable[[str], Answer]) -> str:
    conversation = store.create().id
    for text in texts:
        store.keep(conversation, text, made(text))
    return conversation


def _questions(texts: list[str]) -> list[str]:
    """All of the texts in as few questions as they fit into."""
    questions = [""]
    for text in texts:
        if len(questions[-1]) + len(text) > MAX_QUESTION - 10:
            questions.append("")
        questions[-1] = f"{questions[-1]} {text}".strip()
    return questions


@pytest.fixture
def open_page(browser: Browser, place: Place) -> Iterator[Opened]:
    opened = Opened(browser, place.address)
    yield opened
    opened.close()
    assert place.sink.reached == []


# Puts every note where the panel puts one, all of them at once.
SHOW_ALL = """
async (paths) => {
  const get = async (path) => (await fetch(`ui/note?${new URLSearchParams({ path })}`)).text();
  const place = document.getElementById("note-place");
  for (const html of await Promise.all(paths.map(get))) {
    const one = document.createElement("div");
    place.append(one);
    one.innerHTML = html;
  }
}
"""


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
    *answered, declined = place.conversations
    for conversation in answered:
        page = open_page(f"/?c={conversation}")
        expect(page.locator("#live .exchange.done")).to_be_visible()
        assert page.locator(".exchange .answer").count() >= AT_ONCE
        assert_dead(page)
        page.locator("a.ref").first.focus()
    assert page.locator(".exchange mark.unproved").count() >= AT_ONCE / 2
    page = open_page(f"/?c={declined}")
    expect(page.locator("#live .related li")).to_have_count(len(place.texts))
    assert_dead(page)


def test_titles_of_conversations_do_nothing(open_page: Opened, place: Place) -> None:
    page = open_page()
    titles = page.locator("#side li > a")
    expect(titles.nth(99)).to_be_attached()
    page.locator("#side .more").click()
    expect(titles.nth(len(place.texts) - 1)).to_be_attached()
    assert_dead(page)


def test_an_answer_on_its_way_and_its_question_do_nothing(
    open_page: Opened, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stream(question: str, **_: object) -> Iterator[object]:
        yield from (Text(f"{text}\n\n") for text in place.texts)
        yield _answer("\n\n".join(place.texts))

    monkeypatch.setattr(place.assistant, "stream", stream)
    page = open_page()
    for question in _questions(place.texts):
        page.locator("#question textarea").fill(question)
        page.locator("#ask").click()
        # All of it: its first word stands in the question before too, and what is typed before a question
        # has left the box leaves with it.
        expect(page.locator("#live .exchange.done .question")).to_have_text(question)
        assert_dead(page)


def test_what_a_language_model_writes_does_nothing(open_page: Opened, place: Place) -> None:
    page = open_page()
    for start in range(0, len(place.texts), SAID_AT_ONCE):
        texts = place.texts[start : start + SAID_AT_ONCE]
        said = "\n\n".join([f"{BOILS} [1].", *(f"{text} [1]" for text in texts)])
        with model_server(lambda _, said=said: said, size=200) as server, writer_for(server.url) as writer:
            place.assistant.writer = writer
            ask(page, f"{KETTLE} {start}")
            place.assistant.writer = None
        expect(page.locator("#live")).to_contain_text("Written by a language model")
        assert_dead(page)
    assert page.locator("#talk mark.unproved").count() >= 100


def test_notes_beside_the_chat_and_on_their_page_do_nothing(open_page: Opened, place: Place) -> None:
    page = open_page(f"/?note={ALL}&line=9")
    expect(page.locator("#note .reading")).to_be_visible()
    assert_dead(page)
    paths = list(place.assistant.index.current.notes)
    page.evaluate(SHOW_ALL, paths)
    assert page.locator("#note .note .meta").count() >= 100
    assert_dead(page)
    page = open_page(f"/notes?note={ALL}&line=9")
    expect(page.locator("#view .reading")).to_be_visible()
    assert page.locator("#view .tags li").count() >= 100
    assert page.locator("#view .outline a").count() >= 100
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
    for query in _questions(place.texts):
        page.evaluate("document.querySelector('#results :is(.ranked, .empty)')?.classList.add('before')")
        page.locator("#query").locator("textarea, input").fill(query)
        page.locator("#go").click()
        expect(page.locator("#results .before")).to_have_count(0)
        expect(page.locator("#results :is(.ranked li, .empty)").first).to_be_visible()
        assert_dead(page)
    page.locator("#picked input").click()
    assert page.locator("#picked").get_by_role("option").count() >= 100
    assert_dead(page)

"""A browser that is watched, over a server of its own: what the browser tests share."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, Request, expect, sync_playwright

BROWSER_MARKS = [
    pytest.mark.browser,
    # Gradio counts its events in a table of pandas, by two options that pandas is about to drop.
    pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting' is deprecated"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]
# What Gradio says of its own stream of events when one leaves a page while something is on its way.
CUT_OFF = ("AbortError: signal is aborted", "Unexpected error Connection errored out")
expect.set_options(timeout=20_000)  # milliseconds; what never comes is waited for only where a test fails
PHONE = {"width": 360, "height": 740}
ARGUMENTS = [
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
AXE_TAGS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
# What a page may hold of what notes and people write; the rest of it is Gradio's own.
ALIVE = """
() => [...document.querySelectorAll("#talk, #page, #note, #side, #bar, #preview")].flatMap((place) =>
  [...place.querySelectorAll(".html-container *, li *, article *")].filter((element) =>
    element.matches("script, style, link, meta, base, iframe, object, embed, form, img, image, video, audio")
    || [...element.attributes].some(({ name }) => name.startsWith("on") || name === "style" || name === "src")
    || (element.matches("a[href]") && !/^(https?|mailto):/.test(element.href))
  ).map((element) => element.outerHTML.slice(0, 200)))
"""


@contextmanager
def launched() -> Iterator[Browser]:
    """Debian's Chromium. Without it the test is skipped, but fails where CI is set to "true"."""
    program = shutil.which("chromium")
    if program is None:
        missing = "Chromium is missing: apt-get install chromium"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What pages did besides what they were asked to."""

    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("request", self._request)
        page.on("dialog", self._dialog)
        page.on("console", lambda message: message.type == "error" and self._complaint(message.text))
        page.on("pageerror", lambda error: self._complaint(str(error)))

    def _complaint(self, text: str) -> None:
        if not text.startswith(CUT_OFF):
            self.complaints.append(text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.foreign.append(request.url)

    def _dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()


class Opened:
    """Pages of one server, each in a context of its own, that may not complain nor fetch from elsewhere."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address
        self._contexts: list[Any] = []
        self.watch = Watch()

    def __call__(self, path: str = "/", *, width: int = 1280, height: int = 720, **options: Any) -> Page:
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", **options
        )
        self._contexts.append(context)
        page: Page = context.new_page()
        self.watch.over(page)
        page.goto(self._address + path)
        expect(page.locator("#status:has-text('Indexed'), #page").first).to_be_attached()
        return page

    def close(self) -> None:
        """Close the pages; none of them may have done harm."""
        pages = [page for context in self._contexts for page in context.pages]
        harmed = {page.evaluate("window.harmed ?? null") for page in pages}
        for context in self._contexts:
            context.close()
        assert harmed <= {None}
        assert not self.watch.foreign, self.watch.foreign
        assert not self.watch.complaints, self.watch.complaints


class Sink(ThreadingHTTPServer):
    """A server that no request may reach. `reached` are the paths of those that did."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        super().__init__(("127.0.0.1", 0), _SinkHandler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/sink"

    def __enter__(self) -> "Sink":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _SinkHandler(BaseHTTPRequestHandler):
    def _reached(self) -> None:
        assert isinstance(self.server, Sink)
        self.server.reached.append(self.path)
        self.send_response(204)
        self.end_headers()

    do_GET = do_POST = do_HEAD = do_OPTIONS = _reached

    def log_message(self, *_: object) -> None:
        """Nothing is told."""


def ask(page: Page, question: str) -> None:
    """Ask by the keyboard, and wait for what comes of it."""
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("#live .question")).to_have_text(question)
    expect(page.locator("#live .exchange.done")).to_be_visible()


def sideways(page: Page) -> int:
    """By how many pixels the page can be scrolled sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def assert_accessible(page: Page) -> None:
    """axe-core finds nothing amiss, by the rules of WCAG 2.1 AA."""
    found = Axe().run(page, options=AXE_TAGS)
    amiss = found.response["violations"]
    told = [(one["id"], [node["html"][:300] for node in one["nodes"]]) for one in amiss]
    assert found.violations_count == 0, json.dumps(told, indent=1)

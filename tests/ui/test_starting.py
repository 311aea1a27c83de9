"""What is served while the application is being made."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
from browsing import BROWSER_MARKS
from playwright.sync_api import Browser, expect
from ports import free_port
from running import Address, running
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from indexer.settings import IndexSettings
from ui.starting import Starting

PAGE = {"Accept": "text/html,application/xhtml+xml"}
BROKEN = """
import ui.application
from indexer.errors import SettingsError
def create_server(*_, **__):
    raise SettingsError("There is no such colour.")
ui.application.create_server = create_server
from ui.cli import main
main()
"""


class Making:
    """An application that is made once it is told to be."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.lived: list[str] = []
        self.error: Exception | None = None

    def make(self) -> Starlette:
        assert self.go.wait(60)
        if self.error:
            raise self.error
        return Starlette(routes=[Route("/", self._page), Route("/data", self._data)], lifespan=self._live)

    @contextlib.asynccontextmanager
    async def _live(self, _: Starlette) -> AsyncIterator[None]:
        self.lived.append("began")
        yield
        self.lived.append("ended")

    def _page(self, _: Request) -> Response:
        return HTMLResponse("<h1>Here</h1>")

    def _data(self, _: Request) -> Response:
        return PlainTextResponse("data" if self.lived == ["began"] else "too soon")


@pytest.fixture
def making() -> Making:
    return Making()


@pytest.fixture
def starting(making: Making) -> Starting:
    return Starting(making.make, failed=lambda: making.lived.append("failed"))


@pytest.fixture
def served(starting: Starting, making: Making) -> Iterator[Address]:
    with running(starting) as address:
        yield address
        making.go.set()


def test_a_page_says_so_at_once_and_asks_again_when_the_other_is_there(
    served: Address, making: Making
) -> None:
    with httpx2.stream("GET", served.url, headers=PAGE) as response:
        parts = response.iter_text()
        assert "Starting" in next(parts)
        assert response.status_code == 503
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-frame-options"] == "DENY"
        making.go.set()
        assert 'http-equiv="refresh"' in "".join(parts)
    assert httpx2.get(served.url, headers=PAGE).text == "<h1>Here</h1>"


def test_all_else_waits_and_is_then_served_by_an_application_that_lives(
    served: Address, making: Making
) -> None:
    got: list[str] = []
    asking = threading.Thread(target=lambda: got.append(httpx2.get(f"{served.url}/data", timeout=60).text))
    asking.start()
    asking.join(0.3)
    assert asking.is_alive()
    making.go.set()
    asking.join(60)
    assert got == ["data"]


def test_the_application_ends_with_the_server(starting: Starting, making: Making) -> None:
    making.go.set()
    with running(starting) as served:
        httpx2.get(f"{served.url}/data")
        assert making.lived == ["began"]
    assert making.lived == ["began", "ended"]


def test_a_server_that_is_stopped_before_it_has_started_ends(starting: Starting, making: Making) -> None:
    with running(starting) as served, httpx2.stream("GET", served.url, headers=PAGE) as response:
        assert "Starting" in next(response.iter_text())
        threading.Timer(0.5, making.go.set).start()
    assert making.lived in ([], ["began", "ended"])


def test_what_cannot_be_made_is_told(served: Address, starting: Starting, making: Making) -> None:
    making.error = ValueError("no")
    with httpx2.stream("GET", served.url, headers=PAGE) as response:
        parts = response.iter_text()
        assert "Starting" in next(parts)
        making.go.set()
        rest = "".join(parts)
    assert "could not be started" in rest
    assert "refresh" not in rest
    assert (starting.error, making.lived) == (making.error, ["failed"])
    reply = httpx2.get(f"{served.url}/data")
    assert (reply.status_code, "could not be started" in reply.text) == (503, True)


def test_a_server_that_cannot_be_made_ends_with_the_reason(settings: IndexSettings) -> None:
    command = [sys.executable, "-c", BROKEN, "serve", "--port", str(free_port())]
    command += ["--notes", str(settings.notes), "--index", str(settings.index)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr.strip() == "There is no such colour."


class TestInABrowser:
    pytestmark = BROWSER_MARKS

    def test_the_page_turns_into_the_other_by_itself(
        self, browser: Browser, served: Address, making: Making
    ) -> None:
        page = browser.new_page()
        page.goto(served.url, wait_until="commit")
        expect(page.get_by_role("status")).to_contain_text("Starting")
        making.go.set()
        expect(page.get_by_role("heading")).to_have_text("Here")
        page.close()

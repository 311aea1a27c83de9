"""The pictures of the main pages, wide and on a phone, light and dark, of a real server over corpus/.

`make screenshots` writes them into docs/images; those that the README shows are kept in the repository.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from browsing import ask, launched
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from serving import serving_corpus

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
SIZES = {"wide": (1440, 900), "laptop": (1280, 720), "phone": (390, 844)}
QUESTIONS = ("What is the ECS task role for?", "How does it differ from the task execution role?")
COLOURS = 128  # of a picture's palette; text stays clear, and the file is a third


@dataclass(frozen=True)
class Shot:
    """One page, and what is done on it before the picture is taken."""

    name: str
    path: str
    ready: str
    do: Callable[[Page], None] = lambda page: None


def open_source(page: Page) -> None:
    """A conversation of two questions, and a note open at the lines that the last answer cites."""
    for question in QUESTIONS:
        ask(page, question)
    page.wait_for_selector("#live .follow-ups")
    page.locator("#live a.ref").first.click()
    expect(page.locator("#note #cited")).to_be_in_viewport()


def read_answer(page: Page) -> None:
    """The answer alone, as it is before a source is opened."""
    ask(page, "How do I give a task access to S3?")
    page.wait_for_selector("#live .follow-ups")


def decline(page: Page) -> None:
    """A question that the notes have no answer to."""
    ask(page, "Who invented the container?")


SHOTS = (
    Shot("welcome", "/", "#welcome button"),
    Shot("answer", "/", "#welcome button", read_answer),
    Shot("chat", "/", "#welcome button", open_source),
    Shot("declined", "/", "#welcome button", decline),
    Shot("notes", "/notes?note=aws/fargate.md", "#view .reading"),
    Shot("index", "/index", "#facts dl"),
    Shot("search", "/search?q=Can+Fargate+mount+EBS%3F&note=aws/fargate.md", "#stood h3"),
)


def take(browser: Browser, address: str, shot: Shot, size: str, scheme: str) -> Path:
    """One picture."""
    width, height = SIZES[size]
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    page.goto(address + shot.path)
    expect(page.locator(shot.ready).first).to_be_visible(timeout=30_000)
    time.sleep(0.3)  # until the page's own scripts are there
    shot.do(page)
    page.mouse.move(0, 0)
    time.sleep(0.3)
    file = IMAGES / f"{shot.name}-{size}-{scheme}.png"
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    page.close()
    return file


def main() -> None:
    """Take them all; arguments name the pages that are wanted."""
    wanted = sys.argv[1:] or [shot.name for shot in SHOTS]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with serving_corpus() as server, launched() as browser:
        for shot in (shot for shot in SHOTS if shot.name in wanted):
            for size in SIZES:
                for scheme in ("light", "dark"):
                    file = take(browser, server.address, shot, size, scheme)
                    sys.stdout.write(f"{file.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()

"""How soon the chat can be used, and how soon an answer's first words are seen, in a real browser.

    PYTHONPATH=. .venv/bin/python tests/bench/page_times.py [RUNS]

Prints one line of JSON with medians and worst values in milliseconds, over corpus/. "Cold" is a browser that
has nothing of the page yet, "again" one that has been there. A page can be used when its examples are shown
and the question box has the focus, which the page's script gives it last.
"""

import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from browsing import launched
from playwright.sync_api import BrowserContext
from serving import serving_corpus

RUNS = 7
QUESTIONS = (
    "What is the ECS task role for?",
    "Which storage can a Fargate task mount?",
    "How do I give a task access to S3?",
    "What is the difference between EKS managed node groups and Fargate?",
)
USABLE = """
() => new Promise((done) => {
  const look = () => {
    const there = document.activeElement?.closest("#question") && document.querySelector("#welcome button");
    if (there) return done(performance.now());
    setTimeout(look, 5);
  };
  look();
})
"""
ASK = """
(question) => new Promise((done) => {
  const began = performance.now();
  const seen = new MutationObserver(() => {
    const asked = document.querySelector("#live .question")?.textContent === question;
    if (!asked || !document.querySelector("#live .answer")?.textContent.trim()) return;
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  });
  seen.observe(document.getElementById("live"), { childList: true, subtree: true });
  const box = document.querySelector("#question textarea");
  box.value = question;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  setTimeout(() => document.getElementById("ask").click());
})
"""


def opened(
    context: BrowserContext, address: str, questions: tuple[str, ...] = ()
) -> tuple[float, list[float]]:
    """Milliseconds from the start of the navigation until the page can be used, and to each first word."""
    page = context.new_page()
    page.goto(address, wait_until="commit")
    usable = float(page.evaluate(USABLE))
    words = []
    for question in questions:
        words.append(float(page.evaluate(ASK, question)))
        page.wait_for_selector("#live .exchange.done")
        page.wait_for_timeout(600)  # as somebody who reads
    page.close()
    return usable, words


def told(values: list[float]) -> dict[str, int]:
    """The median and the worst of some times."""
    return {"median": round(statistics.median(values)), "worst": round(max(values)), "runs": len(values)}


def main() -> None:
    """Measure, and print."""
    runs = int(sys.argv[1]) if sys.argv[1:] else RUNS
    cold, again, words = [], [], []
    with serving_corpus(FOOTNOTE_REQUESTS_PER_MINUTE="0") as server, launched() as browser:
        for _ in range(runs):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            cold.append(opened(context, server.address)[0])
            usable, first = opened(context, server.address, QUESTIONS)
            again.append(usable)
            words += first
            context.close()
    times = {"usable_cold": told(cold), "usable_again": told(again), "first_words": told(words)}
    sys.stdout.write(json.dumps(times) + "\n")


if __name__ == "__main__":
    main()

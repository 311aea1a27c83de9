"""Answers under way for pages, each on a thread of its own, so that its page can end it at any moment.

Gradio's own way to cancel an event waits until the event gives its next step. A language model may think for
long before that, and what is asked meanwhile would be lost.
"""

import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import TypeVar
from weakref import WeakValueDictionary

from assistant.stopping import Stop, heeding

T = TypeVar("T")
SIGN_OF_LIFE = 1.0  # seconds without a step, after which Gradio may see whether the page is still there
SECONDS_TO_END = 2.0  # for an answer that is left


class Answering:
    """One answer that is being made. `left` says that its page has gone on to something else."""

    def __init__(self, conversation: str) -> None:
        self.conversation = conversation
        self.left = False
        self._stop = Stop()
        self._ended = threading.Event()

    def steps(self, make: Callable[[Stop], Iterator[T]]) -> Iterator[T | None]:
        """The steps as they are made, and None for each second without one; none after it is stopped."""
        made = SimpleQueue[T | None]()
        self._stop.wakes(lambda: made.put(None))
        run = copy_context().run  # so that the log knows the request
        threading.Thread(target=run, args=(_make, make, self._stop, made), name="answer", daemon=True).start()
        try:
            while not self._stop.given:
                try:
                    step = made.get(timeout=SIGN_OF_LIFE)
                except Empty:
                    yield None
                    continue
                if step is None or self._stop.given:
                    return
                yield step
        finally:
            self._stop.give()
            self._ended.set()

    @property
    def over(self) -> bool:
        """Whether no step comes any more."""
        return self._stop.given

    def stop(self) -> None:
        """Let it end with what there is of it."""
        self._stop.give()

    def leave(self) -> None:
        """Let it end without another word, and return when it has."""
        self.left = True
        self._stop.give()
        self._ended.wait(SECONDS_TO_END)


def _make(make: Callable[[Stop], Iterator[T]], stop: Stop, made: "SimpleQueue[T | None]") -> None:
    try:
        with heeding(stop):
            for step in make(stop):
                made.put(step)
    finally:
        made.put(None)


class UnderWay:
    """By page, the answer that is being made for it."""

    def __init__(self) -> None:
        self._answers: WeakValueDictionary[str, Answering] = WeakValueDictionary()

    def begin(self, page: str, conversation: str) -> Answering:
        """An answer for the page, which is known for as long as it is held."""
        answer = self._answers[page] = Answering(conversation)
        return answer

    def is_in(self, page: str, conversation: str) -> bool:
        """Whether the page has an answer under way in that conversation."""
        answer = self._answers.get(page)
        return answer is not None and not answer.over and answer.conversation == conversation

    def stop(self, page: str) -> None:
        """Stop the page's answer, if there is one."""
        if answer := self._answers.get(page):
            answer.stop()

    def leave(self, page: str) -> None:
        """Leave the page's answer, if there is one."""
        if answer := self._answers.get(page):
            answer.leave()

"""A language model behind an address that speaks OpenAI's protocol: what it writes, piece by piece, bounded.

Its requests run on an event loop of their own, so that one of them can be ended at any moment.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Generator, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from assistant.errors import LanguageModelFailed
from assistant.resting import Rest
from assistant.settings import ModelSettings
from assistant.stopping import on_stop

if TYPE_CHECKING:
    from assistant.wire import Message, Wire

_log = logging.getLogger(__name__)
MOST_CHARACTERS = 12_000  # of one answer


class LanguageModel:
    """What writes. Any thread may ask it, any number at once."""

    def __init__(self, settings: ModelSettings, rest: Rest | None = None) -> None:
        """
        Args:
            rest: what decides when the address is left alone.
        """
        self.settings = settings
        self._rest = rest or Rest()
        self._background = _Background()
        self._wire: Wire | None = None

    def load(self) -> None:
        """Import what the first question would have to wait for."""
        import assistant.wire  # noqa: F401

    def write(
        self, messages: "Sequence[Message]", *, most: int = MOST_CHARACTERS
    ) -> Generator[str, None, None]:
        """What the model writes, as it comes. Closing the generator ends the request.

        Args:
            most: characters; a longer answer is cut off there.

        Raises:
            LanguageModelFailed: it wrote nothing, or did not come to an end; also after some pieces.
        """
        self._rest.require()
        pieces: SimpleQueue[str | LanguageModelFailed | None] = SimpleQueue()
        reading = self._background.run(self._tell(messages, most, pieces.put))
        on_stop(lambda: pieces.put(None))
        try:
            while (piece := pieces.get()) is not None:
                if isinstance(piece, LanguageModelFailed):
                    if piece.reason != "length":  # the address is well, the answer was only long
                        self._rest.failed()
                    raise piece
                yield piece
            self._rest.succeeded()
        finally:
            reading.cancel()

    def models(self) -> Sequence[str]:
        """The names of the models that the address has. Raises LanguageModelFailed."""
        names: Sequence[str] = self._background.run(self._names()).result()
        return names

    def close(self) -> None:
        """End what is under way, and close the connections."""
        self._background.close(self._disconnect)

    async def _tell(
        self,
        messages: "Sequence[Message]",
        most: int,
        put: Callable[[str | LanguageModelFailed | None], None],
    ) -> None:
        try:
            async with asyncio.timeout(self.settings.llm_seconds) as whole:
                async with asyncio.timeout(self.settings.llm_patience) as idle:
                    await self._read(messages, most, put, idle)
        except LanguageModelFailed as error:
            put(error)
        except TimeoutError:
            put(LanguageModelFailed("too_slow" if whole.expired() else "stalled"))
        except Exception as error:  # whatever it is, the answer must come; its text may hold what was sent
            _log.error("a language model failed in a way that is not known: %s", type(error).__name__)
            put(LanguageModelFailed("failed"))
        finally:
            put(None)

    async def _read(
        self, messages: "Sequence[Message]", most: int, put: Callable[[str], None], idle: asyncio.Timeout
    ) -> None:
        thoughts, told, finish, events = _Thoughts(), 0, "", 0
        now = asyncio.get_running_loop().time
        stream = self._connected().stream(messages)
        try:
            async for piece in stream:
                events += 1
                if piece.text or piece.thinking:
                    idle.reschedule(now() + self.settings.llm_patience)
                text = thoughts.without(piece.text)
                told += len(text)
                if told > most:
                    raise LanguageModelFailed("length")
                if text:
                    put(text)
                finish = piece.finish or finish
        finally:
            await stream.aclose()  # type: ignore[attr-defined]
        if not events:
            raise LanguageModelFailed("malformed")
        if finish == "length":
            raise LanguageModelFailed("length")
        if finish == "content_filter":
            raise LanguageModelFailed("filtered")
        if not finish:
            raise LanguageModelFailed("cut")
        if not told:
            raise LanguageModelFailed("empty")

    async def _names(self) -> Sequence[str]:
        try:
            async with asyncio.timeout(self.settings.llm_patience):
                return await self._connected().models()
        except TimeoutError:
            raise LanguageModelFailed("stalled") from None

    def _connected(self) -> "Wire":
        if self._wire is None:
            from assistant.wire import Wire

            self._wire = Wire(self.settings)
        return self._wire

    async def _disconnect(self) -> None:
        if self._wire is not None:
            await self._wire.close()
        self._wire = None


class _Thoughts:
    """Takes out what some models write between <think> and </think> before they answer."""

    _OPEN, _CLOSE = "<think>", "</think>"

    def __init__(self) -> None:
        self._begun = ""  # what came so far, while it is not clear whether it is a thought
        self._state = "unclear"

    def without(self, text: str) -> str:
        """The text without thoughts; what may still be one is kept back."""
        if self._state == "clear":
            return text
        self._begun += text
        begun = self._begun.lstrip()
        if self._state == "unclear":
            if begun.startswith(self._OPEN):
                self._state = "thinking"
            elif not self._OPEN.startswith(begun):
                return self._spoken(self._begun)
        if self._state == "thinking":
            if (end := self._begun.find(self._CLOSE)) >= 0:
                return self._spoken(self._begun[end + len(self._CLOSE) :].lstrip())
            self._begun = self._OPEN + self._begun[-len(self._CLOSE) :]
        return ""

    def _spoken(self, text: str) -> str:
        self._state, self._begun = "clear", ""
        return text


class _Background:
    """One event loop on a thread of its own, begun when it is first needed."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def run(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Start some work."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="llm", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Cancel all work, do the last, and end the thread."""
        with self._lock:
            loop, thread, self._loop = self._loop, self._thread, None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_wind_up(last), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _wind_up(last: Callable[[], Coroutine[Any, Any, None]]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await last()
    await asyncio.get_running_loop().shutdown_asyncgens()

"""The only door to the `openai` package: one chat completion, streamed, with nothing sent that need not be.

The package is large, so this module is imported with the first question that a model answers.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, cast
from urllib.request import getproxies, proxy_bypass

import httpx2
import openai

from assistant.errors import LanguageModelFailed
from assistant.settings import ModelSettings

MOST_BYTES = 4 * 2**20  # of one response, as it comes over the wire
# All that is sent of headers. The client would add what it knows of this machine, and what other programs'
# variables name as organization.
SENT = {"host", "content-type", "content-length", "accept", "authorization", "user-agent"}
NO_KEY = "none"  # the client wants one in any case; it is taken off again

Message = Mapping[str, str]


class Piece:
    """What one event of the stream brings: text, whether the model is thinking, why it ended."""

    __slots__ = ("finish", "text", "thinking")

    def __init__(self, text: str, thinking: bool, finish: str) -> None:
        self.text = text
        self.thinking = thinking
        self.finish = finish


class Wire:
    """A client of one address. It belongs to the event loop in which it is first used."""

    def __init__(self, settings: ModelSettings) -> None:
        self._model = settings.llm_model
        self._http = httpx2.AsyncClient(
            transport=_Guarded(settings), follow_redirects=False, timeout=None, trust_env=False
        )
        self._client = openai.AsyncOpenAI(
            base_url=settings.llm_base_url,
            api_key=settings.llm_api_key or NO_KEY,
            max_retries=0,
            timeout=None,
            http_client=self._http,
        )

    async def stream(self, messages: Sequence[Message]) -> AsyncIterator[Piece]:
        """The pieces of a completion. Raises LanguageModelFailed."""
        try:
            stream = await self._client.chat.completions.create(
                model=self._model,
                messages=cast(Any, messages),
                stream=True,
            )
            async with stream:
                async for chunk in stream:
                    yield _piece(chunk)
        except Exception as error:
            raise failure_of(error) from None  # its words may hold what was sent

    async def models(self) -> Sequence[str]:
        """The names of the models that the address has. Raises LanguageModelFailed."""
        try:
            return [str(model.id) async for model in self._client.models.list()]
        except Exception as error:
            raise failure_of(error) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _piece(chunk: object) -> Piece:
    """What a chunk says; the client checks none of its types."""
    choices = getattr(chunk, "choices", None)
    if choices is None and not hasattr(chunk, "usage"):
        raise LanguageModelFailed("malformed")
    if not choices:
        return Piece("", False, "")
    delta = getattr(choices[0], "delta", None)
    text = getattr(delta, "content", None) or ""
    thought = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
    if not isinstance(text, str):
        raise LanguageModelFailed("malformed")
    return Piece(text, bool(thought), str(getattr(choices[0], "finish_reason", None) or ""))


def failure_of(error: BaseException) -> LanguageModelFailed:
    """What went wrong, without any words of the server: they may hold the key."""
    known: BaseException | None = error
    while known is not None and not isinstance(known, LanguageModelFailed):
        known = known.__cause__ or known.__context__
    if known is not None:
        return known
    if isinstance(error, openai.APIStatusError):
        return LanguageModelFailed(_of_status(error.status_code))
    if isinstance(error, openai.APIConnectionError):
        cut = isinstance(error.__cause__, httpx2.RemoteProtocolError | httpx2.ReadError)
        return LanguageModelFailed("cut" if cut else "unreachable")
    if isinstance(error, openai.APIError):  # an event of the stream that tells an error
        return LanguageModelFailed("server_error")
    if isinstance(error, httpx2.HTTPError):
        return LanguageModelFailed("cut")
    if isinstance(error, json.JSONDecodeError | UnicodeError | ValueError | TypeError | AttributeError):
        return LanguageModelFailed("malformed")
    return LanguageModelFailed("failed")


def _of_status(status: int) -> str:
    if 300 <= status < 400:
        return "redirect"
    by_status = {400: "refused", 401: "unauthorized", 403: "unauthorized", 404: "not_found", 413: "refused"}
    by_status |= {402: "rate_limited", 422: "refused", 429: "rate_limited"}
    return by_status.get(status, "server_error" if status >= 500 else "refused")


class _Guarded(httpx2.AsyncBaseTransport):
    """Sends the headers that are needed and no others, and reads so many bytes and no more."""

    def __init__(self, settings: ModelSettings) -> None:
        url = httpx2.URL(settings.llm_base_url)
        proxy = None if proxy_bypass(url.host) else getproxies().get(url.scheme)
        self._inner = httpx2.AsyncHTTPTransport(proxy=proxy)
        self._sent = SENT if settings.llm_api_key else SENT - {"authorization"}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        kept = [(name, value) for name, value in request.headers.raw if name.decode().lower() in self._sent]
        request.headers = httpx2.Headers([*kept, (b"accept-encoding", b"identity")])
        response = await self._answered(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise LanguageModelFailed("malformed")  # a few packed bytes can become very many
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Limited(response.stream),
            extensions=response.extensions,
        )

    async def _answered(self, request: httpx2.Request) -> httpx2.Response:
        """Ask once more where nothing came on a kept connection: the server was just closing it."""
        connected = False

        async def trace(event: str, _: object) -> None:
            nonlocal connected
            connected = connected or event == "connection.connect_tcp.complete"

        request.extensions = {**request.extensions, "trace": trace}
        try:
            return await self._inner.handle_async_request(request)
        except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
            if connected:
                raise
            return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Limited(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for data in self._stream:
            read += len(data)
            if read > MOST_BYTES:
                raise LanguageModelFailed("too_large")
            yield data

    async def aclose(self) -> None:
        await self._stream.aclose()

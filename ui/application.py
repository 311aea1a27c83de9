"""The application: the API, the chat and the pages beside it, and what a browser loads with them."""

import asyncio
import warnings
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from fastapi import FastAPI
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from assistant.api.app import create_api
from assistant.api.headers import SecurityHeaders
from assistant.conversations import Conversations
from assistant.pipeline import Assistant
from assistant.settings import AccessSettings
from indexer.jobs import RebuildJobs
from indexer.notebook import Notebook
from ui.asking_next import next_route
from ui.chat import create_chat
from ui.chat_routes import ChatRoutes
from ui.finishing import Counted, Running
from ui.headers import HEADERS
from ui.lean_gradio import gr
from ui.notes import note_route
from ui.own_head import OwnHead
from ui.pages.index_page import add_index_page
from ui.pages.notes_page import add_notes_page
from ui.pages.search_page import add_search_page

ASSETS = Path(__file__).parent / "assets"
STYLES = ("style.css", "talk.css", "pages.css")
EARLY = "early.js"  # before anything is drawn
SCRIPTS = ("stream.js", "pages.js", "chat.js", "answers.js", "conversations.js")
SYSTEM_FONTS = ("ui-sans-serif", "system-ui", "sans-serif")
SYSTEM_MONO = ("ui-monospace", "monospace")


def create_server(
    assistant: Assistant,
    jobs: RebuildJobs,
    running: Running | None = None,
    *,
    conversations: Conversations | None = None,
    notebook: Notebook | None = None,
    settings: AccessSettings | None = None,
    host: str = "127.0.0.1",
) -> FastAPI:
    """Build the application: the API with the chat at `/`. It counts the answers at work in `running`.

    The other arguments are those of `create_api`.
    """
    running = running or Running()
    app = create_api(
        assistant, jobs, conversations=conversations, notebook=notebook, settings=settings, host=host
    )
    app.add_middleware(Counted, running=running)
    app.router.routes += [note_route(assistant), next_route(app.state.asking)]
    app.mount("/ui/assets", StaticFiles(directory=ASSETS))

    def pages() -> gr.Blocks:
        blocks = create_chat(assistant, jobs, app.state.asking, running)
        add_notes_page(blocks, assistant, jobs, notebook)
        add_index_page(blocks, assistant, jobs)
        add_search_page(blocks, assistant)
        return blocks

    _in_event_loop(lambda: _mount_chat(app, pages))
    return app


def _mount_chat(app: FastAPI, pages: Callable[[], gr.Blocks]) -> None:
    with warnings.catch_warnings():
        # Said of every application of several pages, also where it is off as here.
        warnings.filterwarnings("ignore", message="SSR mode is not supported with multi-page apps")
        _mount(app, pages())
    mounted = app.router.routes[-1]
    assert isinstance(mounted, Mount)
    mounted.app = ChatRoutes(SecurityHeaders(OwnHead(mounted.app, _head()), HEADERS))


def _mount(app: FastAPI, pages: gr.Blocks) -> None:
    gr.mount_gradio_app(
        app,
        pages,
        path="/",
        theme=gr.themes.Base(font=SYSTEM_FONTS, font_mono=SYSTEM_MONO),
        head=_styles(),  # once more, as what counts is the last, and Gradio's own come with its script
        favicon_path=str(ASSETS / "favicon.svg"),
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=1,  # bytes: the page takes no files
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        allowed_paths=[],
    )


def _in_event_loop(work: Callable[[], None]) -> None:
    """Outside an event loop Gradio makes several of its own, and closes none."""

    async def run() -> None:
        work()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(run())
    else:
        work()


def _head() -> str:
    """The pages' own styles and scripts."""
    early = f'<title>Footnote</title><script src="{_address(EARLY)}"></script>'
    return early + _styles() + "".join(f'<script defer src="{_address(name)}"></script>' for name in SCRIPTS)


def _styles() -> str:
    return "".join(f'<link rel="stylesheet" href="{_address(name)}">' for name in STYLES)


def _address(name: str) -> str:
    """Where one of our files is: an address that changes with its content."""
    return f"ui/assets/{name}?{sha256((ASSETS / name).read_bytes()).hexdigest()[:12]}"

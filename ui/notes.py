"""The fragment of HTML that the page puts into its side panel: one note, its cited lines marked."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from assistant.errors import NoteNotFound
from assistant.pipeline import Assistant
from indexer.errors import FootnoteError
from ui.formatting import note_html, sentence
from ui.harmless import clean
from ui.headers import FRAGMENT
from ui.marking import LineRange

PATH = "/ui/note"


def note_route(assistant: Assistant) -> Route:
    """`GET /ui/note?path=…&start=…&end=…`: a note as sanitised HTML."""

    async def note(request: Request) -> HTMLResponse:
        query = request.query_params
        cited = _lines(query.get("start", ""), query.get("end", ""))
        asked = (query.get("path", ""), cited, query.get("sha", ""))
        status, html = await run_in_threadpool(_fragment, assistant, *asked)
        return HTMLResponse(html, status, headers=FRAGMENT)

    return Route(PATH, note, methods=["GET"], include_in_schema=False)


def _fragment(assistant: Assistant, path: str, cited: LineRange | None, sha256: str) -> tuple[int, str]:
    try:
        return 200, note_html(assistant.note(path), cited, sha256=sha256)
    except FootnoteError as error:
        status = 404 if isinstance(error, NoteNotFound) else 503
        return status, clean(f'<p class="error" role="alert">{sentence(str(error))}</p>')


def _lines(start: str, end: str) -> LineRange | None:
    """The lines that two parameters of an address name; one that is no number names none."""
    if not (start.isdecimal() and int(start[:9]) >= 1):
        return None
    first = int(start[:9])
    return LineRange(first, max(first, int(end[:9])) if end.isdecimal() else first)

"""The fragment of HTML with what a search in the notes finds, for the page's side panel."""

from collections.abc import Sequence
from html import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from assistant.pipeline import Assistant
from assistant.types import Passage
from indexer.errors import FootnoteError
from ui.formatting import crumbs, lines_text, sentence
from ui.markdown import attributes, clean, note_link

PATH = "/ui/passages"
SHOWN = 10
LONGEST = 320  # characters of a passage


def passages_route(assistant: Assistant) -> Route:
    """`GET /ui/passages?q=…`: the passages for a query, best first, as sanitised HTML."""

    async def passages(request: Request) -> HTMLResponse:
        html = await run_in_threadpool(_fragment, assistant, request.query_params.get("q", ""))
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    return Route(PATH, passages, methods=["GET"], include_in_schema=False)


def _fragment(assistant: Assistant, query: str) -> str:
    try:
        return passages_html(query, assistant.search(query, top_k=SHOWN))
    except FootnoteError as error:
        return clean(f'<p class="error" role="alert">{sentence(str(error))}</p>')


def passages_html(query: str, passages: Sequence[Passage]) -> str:
    """What a search found, each passage a link to its lines."""
    items = "".join(f"<li>{_passage(passage)}</li>" for passage in passages)
    found = f'<ol class="passages">{items}</ol>' if items else "<p>Nothing is near this.</p>"
    return clean(
        f'<article class="note"><header><p class="where">Search</p><h2>{escape(query)}</h2></header>'
        f"{found}</article>"
    )


def _passage(passage: Passage) -> str:
    chunk = passage.chunk
    link = {"class": "source"} | note_link(chunk.note, chunk.line_start, chunk.line_end)
    text = " ".join(unit.text for unit in chunk.units)
    text = text if len(text) <= LONGEST else f"{text[:LONGEST].rsplit(' ', 1)[0]} …"
    return (
        f'<a {attributes(link)}><span class="crumbs">{crumbs(chunk.heading_path or (chunk.title,))}</span>'
        f'<span class="where"><span class="path">{escape(chunk.note)}</span>'
        f' <span class="lines">{lines_text(chunk.line_start, chunk.line_end)}</span></span>'
        f'<span class="quote">{escape(text)}</span></a>'
    )

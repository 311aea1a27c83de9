"""The fragment of HTML with what could be asked next, for the page to put under a conversation."""

from collections.abc import Sequence
from functools import partial
from html import escape
from itertools import islice

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from assistant.asking import Asking
from assistant.suggestions import follow_ups
from indexer.errors import FootnoteError
from ui.harmless import clean
from ui.headers import FRAGMENT

PATH = "/ui/next"
SUGGESTED = 3


def next_route(asking: Asking) -> Route:
    """`GET /ui/next?c=…`: questions to go on with after the last answer of a conversation, or nothing.

    They come after the answer, by a request of their own: which of them the notes answer takes a while.
    """

    async def following(request: Request) -> HTMLResponse:
        html = await run_in_threadpool(_fragment, asking, request.query_params.get("c", ""))
        return HTMLResponse(html, headers=FRAGMENT)

    return Route(PATH, following, methods=["GET"], include_in_schema=False)


def next_questions(asking: Asking, conversation: str) -> Sequence[str]:
    """Questions about what stands beside the last answer, which the notes answer too."""
    turns = asking.conversations.turns(conversation)
    if not turns:
        return ()
    snapshot = asking.assistant.index.current
    found = follow_ups(snapshot, turns[-1].answer, [turn.question for turn in turns])
    return list(islice(filter(partial(asking.assistant.answers, snapshot), found), SUGGESTED))


def _fragment(asking: Asking, conversation: str) -> str:
    try:
        questions = next_questions(asking, conversation)
    except FootnoteError:  # a help, and no more than that
        return ""
    items = "".join(
        f'<li><button type="button" data-ask="{escape(text)}">{escape(text)}</button></li>'
        for text in questions
    )
    return clean(f'<ul class="follow-ups" aria-label="Ask next">{items}</ul>') if items else ""

"""Conversations: begun, listed, read, renamed, exported, forgotten."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from assistant.api.dependencies import ConversationsPart, PagePart
from assistant.api.problems import problem_responses
from assistant.api.schemas.conversations import (
    ConversationBody,
    ConversationRequest,
    ConversationsBody,
    RenameRequest,
    WholeConversationBody,
)
from assistant.exporting import as_markdown

router = APIRouter(prefix="/conversations", tags=["conversations"])
_MARKDOWN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The conversation as a Markdown file.",
        "content": {"text/markdown": {"schema": {"type": "string"}, "example": "# What is Fargate?\n"}},
    }
}
Id = Annotated[str, Path(description="As it was given when the conversation began.", max_length=100)]


@router.get("", summary="List the conversations", responses=problem_responses(422, 503))
def conversations(
    kept: ConversationsPart,
    page: PagePart,
    q: Annotated[
        str, Query(description="Only those with this in the title, a question or an answer.", max_length=200)
    ] = "",
) -> ConversationsBody:
    """Conversations, the latest first; `q` finds text in them, in any case."""
    found, count = kept.list(q, page)
    return ConversationsBody(
        conversations=[ConversationBody.model_validate(one) for one in found], count=count
    )


@router.post(
    "", status_code=201, summary="Begin a conversation", responses=problem_responses(400, 413, 422, 503)
)
def begin(
    kept: ConversationsPart, response: Response, body: ConversationRequest | None = None
) -> ConversationBody:
    """A conversation without turns. Name its id as `conversation_id` of a question, and the turn is kept."""
    begun = kept.create(body.title if body else "")
    response.headers["Location"] = f"conversations/{begun.id}"  # relative to this path
    return ConversationBody.model_validate(begun)


@router.get("/{id}", summary="Read a conversation", responses=problem_responses(404, 422, 503))
def conversation(id: Id, kept: ConversationsPart) -> WholeConversationBody:
    """A conversation with its questions, and with the answers as they were given then."""
    return WholeConversationBody.of(kept.get(id), kept.turns(id))


@router.patch("/{id}", summary="Rename a conversation", responses=problem_responses(400, 404, 413, 422, 503))
def rename(id: Id, body: RenameRequest, kept: ConversationsPart) -> ConversationBody:
    """Give a conversation another title."""
    return ConversationBody.model_validate(kept.rename(id, body.title))


@router.delete(
    "/{id}", status_code=204, summary="Forget a conversation", responses=problem_responses(404, 422, 503)
)
def forget(id: Id, kept: ConversationsPart) -> None:
    """Delete a conversation, its turns, and the feedback on them."""
    kept.delete(id)


@router.get(
    "/{id}/export",
    summary="Export a conversation",
    response_class=Response,
    responses=_MARKDOWN | problem_responses(404, 422, 503),
)
def export(id: Id, kept: ConversationsPart) -> Response:
    """A conversation as Markdown: each question a heading, its answer, and the sources with their lines."""
    text = as_markdown(kept.get(id), kept.turns(id))
    headers = {"Content-Disposition": f'attachment; filename="conversation-{id[:8]}.md"'}
    return Response(text, media_type="text/markdown; charset=utf-8", headers=headers)

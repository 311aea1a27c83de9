"""Feedback on answers, and the questions that the notes did not answer: what to write or mend next."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from assistant.api.dependencies import ConversationsPart, PagePart
from assistant.api.problems import problem_responses
from assistant.api.schemas.conversations import (
    DeclinedBody,
    DeclinedListBody,
    FeedbackBody,
    FeedbackRequest,
    RatedBody,
    TurnKeptBody,
)

router = APIRouter(tags=["feedback"])
AnswerId = Annotated[str, Path(description="The `id` of an answer in a conversation.", max_length=100)]


@router.put(
    "/answers/{id}/feedback",
    summary="Say what you think of an answer",
    responses=problem_responses(400, 404, 413, 422, 503),
)
def rate(id: AnswerId, body: FeedbackRequest, kept: ConversationsPart) -> FeedbackBody:
    """Keep feedback on an answer that belongs to a conversation, in place of earlier feedback."""
    return FeedbackBody.model_validate(kept.feedback.give(id, helpful=body.helpful, comment=body.comment))


@router.delete(
    "/answers/{id}/feedback",
    status_code=204,
    summary="Take feedback back",
    responses=problem_responses(404, 422, 503),
)
def unrate(id: AnswerId, kept: ConversationsPart) -> None:
    """Forget the feedback on an answer, if there is some."""
    kept.feedback.take_back(id)


@router.get("/feedback", summary="List the feedback", responses=problem_responses(422, 503))
def rated(
    kept: ConversationsPart,
    page: PagePart,
    helpful: Annotated[bool | None, Query(description="Only answers that did, or did not, help.")] = None,
) -> RatedBody:
    """Answers with feedback, the latest feedback first."""
    found, count = kept.feedback.list(helpful, page)
    return RatedBody(turns=[TurnKeptBody.of(turn) for turn in found], count=count)


@router.get("/declined", summary="List the declined questions", responses=problem_responses(422, 503))
def declined(kept: ConversationsPart, page: PagePart) -> DeclinedListBody:
    """Questions that the notes did not answer, the one asked last first: gaps that a note could fill."""
    found, count = kept.declined.list(page)
    return DeclinedListBody(declined=[DeclinedBody.model_validate(one) for one in found], count=count)


@router.delete(
    "/declined/{id}",
    status_code=204,
    summary="Take a question off that list",
    responses=problem_responses(404, 422, 503),
)
def forget(
    id: Annotated[str, Path(description="As in the list.", max_length=100)], kept: ConversationsPart
) -> None:
    """Forget that a question was declined."""
    kept.declined.forget(id)

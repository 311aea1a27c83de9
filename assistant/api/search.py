"""Searching: ranked passages, without an answer."""

from fastapi import APIRouter

from assistant.api.dependencies import AssistantPart
from assistant.api.problems import problem_responses
from assistant.api.schemas.search import SearchBody, SearchRequest

router = APIRouter(tags=["search"])


@router.post("/search", summary="Find passages", responses=problem_responses(400, 413, 422, 503))
def search(body: SearchRequest, assistant: AssistantPart) -> SearchBody:
    """The passages nearest to the query, best first, with their places in both rankings."""
    snapshot = (
        assistant.index.current
    )  # told of the one that is searched, also if the next one comes meanwhile
    passages = assistant.search(body.query, filters=body.filters.inner(), top_k=body.top_k, snapshot=snapshot)
    return SearchBody.of(passages, snapshot.manifest.revision)

"""Health: is the process alive, and can it answer."""

from fastapi import APIRouter

from assistant.api.dependencies import AssistantPart
from assistant.api.problems import problem_responses
from assistant.api.schemas.shared import Health

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> Health:
    """Answers as long as the process serves requests at all; looks at nothing else."""
    return Health(status="alive")


@router.get("/readyz", summary="Can a question be answered now?", responses=problem_responses(503))
def readyz(assistant: AssistantPart) -> Health:
    """Answers once the index is open and the model is loaded; until then it is a 503 with the reason."""
    assistant.ready()
    return Health(status="ready")

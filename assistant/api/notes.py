"""The notes as they were indexed, so that what is shown fits the citations."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response

from assistant.api.dependencies import AssistantPart
from assistant.api.problems import problem_responses
from assistant.api.schemas.notes import NoteBody, NotesBody, NoteSummary

router = APIRouter(prefix="/notes", tags=["notes"])
_TAGGED: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"description": "The note's SHA-256.", "schema": {"type": "string"}}}},
    304: {"description": "The caller's copy, named in `If-None-Match`, is still right."},
}


@router.get("", summary="List the notes", responses=problem_responses(422, 503))
def notes(
    assistant: AssistantPart,
    q: Annotated[
        str, Query(description="Only notes with this in their path or title, in any case.", max_length=200)
    ] = "",
) -> NotesBody:
    """All indexed notes in order of path, or those that `q` names."""
    wanted = q.strip().casefold()
    found = [
        NoteSummary.of(note)
        for note in assistant.index.current.notes.values()
        if wanted in note.path.casefold() or wanted in note.title.casefold()
    ]
    return NotesBody(notes=found, count=len(found))


@router.get(
    "/{path:path}",
    summary="Read a note",
    response_model=NoteBody,
    responses=_TAGGED | problem_responses(404, 422, 503),
)
def note(
    path: Annotated[str, Path(description="As in a citation: relative, with `/` between its parts.")],
    assistant: AssistantPart,
    response: Response,
    if_none_match: Annotated[str, Header(description="ETags of copies that the caller has.")] = "",
) -> NoteBody | Response:
    """A note's text letter by letter, with its headings and their lines."""
    found = assistant.note(path)
    tag = f'"{found.sha256}"'
    if _matches(tag, if_none_match):
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return NoteBody.of(found)


def _matches(tag: str, wanted: str) -> bool:
    """Whether an `If-None-Match` header names the tag (RFC 9110, 13.1.2: weak comparison)."""
    return wanted.strip() == "*" or tag in [part.strip().removeprefix("W/") for part in wanted.split(",")]

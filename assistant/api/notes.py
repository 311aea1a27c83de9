"""The notes: listed as they are indexed, read and written as they are on disk, so that no edit is lost."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response

from assistant.api.dependencies import AssistantPart, JobsPart, NotebookPart
from assistant.api.problems import problem_responses
from assistant.api.schemas.notes import MoveRequest, NoteBody, NoteRequest, NotesBody, NoteSummary
from assistant.errors import NoteNotFound, PreconditionMissing
from assistant.pipeline import Assistant
from indexer.errors import IndexUnusable, NoteChanged, NoteExists
from indexer.jobs import RebuildJobs
from indexer.notebook import ANY, Notebook
from indexer.types import Note

router = APIRouter(prefix="/notes", tags=["notes"])
_ETAG = {"ETag": {"description": "The note's SHA-256, in quotes.", "schema": {"type": "string"}}}
_TAGGED: dict[int | str, dict[str, Any]] = {200: {"headers": _ETAG}}
_UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The caller's copy, named in `If-None-Match`, is still right.", "headers": _ETAG}
}
_CREATED: dict[int | str, dict[str, Any]] = {
    201: {"description": "There was no such note; now there is.", "model": NoteBody, "headers": _ETAG}
}
NotePath = Annotated[str, Path(description="As in a citation: relative, with `/` between its parts.")]
IfMatch = Annotated[
    str, Header(description="The ETag of the note that you have read and mean to change; `*` is any.")
]


@router.get("", summary="List the notes", responses=problem_responses(422, 503))
def notes(
    assistant: AssistantPart,
    q: Annotated[
        str, Query(description="Only notes with this in their path or title, in any case.", max_length=200)
    ] = "",
    tag: Annotated[str, Query(description="Only notes with this tag.", max_length=200)] = "",
) -> NotesBody:
    """The indexed notes in order of path, or those that `q` and `tag` name. For text in them, search."""
    wanted = q.strip().casefold()
    found = [
        NoteSummary.of(note)
        for note in assistant.index.current.notes.values()
        if (wanted in note.path.casefold() or wanted in note.title.casefold())
        and (not tag or tag in note.tags)
    ]
    return NotesBody(notes=found, count=len(found))


@router.get(
    "/{path:path}",
    summary="Read a note",
    response_model=NoteBody,
    responses=_TAGGED | _UNCHANGED | problem_responses(404, 422, 503),
)
def note(
    path: NotePath,
    assistant: AssistantPart,
    request: Request,
    response: Response,
    version: Annotated[
        Literal["current", "indexed"],
        Query(description="`current` is the file as it is now, `indexed` what answers are made from."),
    ] = "current",
    if_none_match: Annotated[str, Header(description="ETags of copies that the caller has.")] = "",
) -> NoteBody | Response:
    """A note's text letter by letter, with its headings and their lines."""
    notebook: Notebook | None = request.app.state.notebook
    indexed = _indexed(assistant, path)
    found = notebook.read(path) if notebook and version == "current" else indexed
    if found is None:
        found = assistant.note(path)  # says what is wrong
    tag = _tag(found)
    if _matches(tag, if_none_match):
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return NoteBody.whole(found, indexed)


@router.put(
    "/{path:path}",
    summary="Write a note",
    responses=_TAGGED | _CREATED | problem_responses(400, 403, 404, 412, 413, 422, 428, 503),
)
def write(
    path: NotePath,
    body: NoteRequest,
    notebook: NotebookPart,
    assistant: AssistantPart,
    jobs: JobsPart,
    response: Response,
    if_match: IfMatch = "",
    if_none_match: Annotated[str, Header(description="`*` writes only if there is no such note yet.")] = "",
) -> NoteBody:
    """Write a note whole, and bring the index in step with it.

    A new note needs no condition. To change one, send the `ETag` of the one that you have read as `If-Match`:
    if it was edited meanwhile, nothing is written and the answer is 412.
    """
    if if_match:
        found = notebook.replace(path, body.text, seen=_seen(notebook, path, if_match))
    else:
        found = _create(notebook, path, body.text, only_new=if_none_match.strip() == ANY)
        response.status_code = 201
    return _written(found, response, assistant, jobs)


@router.patch(
    "/{path:path}",
    summary="Move a note",
    responses=_TAGGED | problem_responses(400, 403, 404, 409, 412, 413, 422, 428, 503),
)
def move(
    path: NotePath,
    body: MoveRequest,
    notebook: NotebookPart,
    assistant: AssistantPart,
    jobs: JobsPart,
    response: Response,
    if_match: IfMatch = "",
) -> NoteBody:
    """Give a note another path. Links to it in other notes stay as they are."""
    found = notebook.rename(path, body.path, seen=_seen(notebook, path, if_match))
    return _written(found, response, assistant, jobs)


@router.delete(
    "/{path:path}",
    status_code=204,
    summary="Delete a note",
    responses=problem_responses(403, 404, 412, 422, 428, 503),
)
def delete(path: NotePath, notebook: NotebookPart, jobs: JobsPart, if_match: IfMatch = "") -> None:
    """Remove a note's file, and bring the index in step with it."""
    notebook.delete(path, seen=_seen(notebook, path, if_match))
    jobs.start()


def _create(notebook: Notebook, path: str, text: str, *, only_new: bool) -> Note:
    try:
        return notebook.create(path, text)
    except NoteExists as error:
        if only_new:
            raise NoteChanged(str(error)) from error
        raise PreconditionMissing(
            f"There is a note {path!r} already. Send the ETag of the one that you have read as If-Match."
        ) from error


def _written(note: Note, response: Response, assistant: Assistant, jobs: RebuildJobs) -> NoteBody:
    jobs.start()
    response.headers["ETag"] = _tag(note)
    return NoteBody.whole(note, _indexed(assistant, note.path))


def _indexed(assistant: Assistant, path: str) -> Note | None:
    try:
        return assistant.note(path)
    except (NoteNotFound, IndexUnusable):
        return None


def _tag(note: Note) -> str:
    return f'"{note.sha256}"'


def _seen(notebook: Notebook, path: str, if_match: str) -> str:
    """What an `If-Match` header says was seen (RFC 9110, 13.1.1: strong comparison, any of a list)."""
    found = notebook.read(path).sha256
    if not if_match:
        raise PreconditionMissing("Send the ETag of the note that you have read as If-Match.")
    if if_match.strip() == ANY:
        return ANY
    tags = [tag.strip().strip('"') for tag in if_match.split(",")]
    return found if found in tags else tags[0]


def _matches(tag: str, wanted: str) -> bool:
    """Whether an `If-None-Match` header names the tag (RFC 9110, 13.1.2: weak comparison)."""
    return wanted.strip() == ANY or tag in [part.strip().removeprefix("W/") for part in wanted.split(",")]

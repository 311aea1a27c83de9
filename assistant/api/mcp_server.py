"""The assistant for other assistants: the Model Context Protocol, over HTTP and over a program's own pipes.

The SDK is large, so this module is imported by whoever serves the first request of it.
"""

from collections.abc import Callable
from functools import wraps
from importlib.metadata import version
from typing import Annotated, Any, ParamSpec, TypeVar
from urllib.parse import quote

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import (
    ResourceError,
    ResourceNotFoundError,
    ToolError,
    UnexpectedToolError,
)
from mcp.types import CallToolResult, InputRequiredResult, Resource, ToolAnnotations
from pydantic import Field, ValidationError

from assistant.api.faults import sentences
from assistant.api.schemas.ask import AnswerBody
from assistant.api.schemas.notes import NoteBody, NotesBody, NoteSummary
from assistant.api.schemas.search import UNLESS_TOLD, Pattern, SearchBody, TopK
from assistant.asking import Asking
from assistant.errors import NoteNotFound
from assistant.settings import MAX_QUESTION
from assistant.types import Filters, Turn
from indexer.errors import FootnoteError
from indexer.types import Note

SCHEME = "note:///"
INSTRUCTIONS = """
Answers questions from a person's own Markdown notes. `ask` gives an answer whose numbers in square brackets
lead to citations: note, lines, and the note's exact words; if `abstained` is true, the notes do not say,
nor do they on what `unanswered` names. `search` gives passages, `read_note` a whole note. Quote citations as
they are, with note and lines.
"""
P = ParamSpec("P")
T = TypeVar("T")
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)

Question = Annotated[str, Field(description="In plain words.", max_length=MAX_QUESTION)]
Earlier = Annotated[
    list[str], Field(description="Earlier questions, oldest first, that this one may lean on.", max_length=50)
]
Paths = Annotated[
    list[Pattern],
    Field(description="Only notes whose path fits one of these shell patterns.", max_length=100),
]
Tags = Annotated[list[Pattern], Field(description="Only notes with one of these tags.", max_length=100)]
NotePath = Annotated[str, Field(description="As in a citation: relative, with `/` between its parts.")]


def create_mcp_server(asking: Asking) -> MCPServer[Any]:
    """The tools and resources, over what answers the API too."""
    server = _Server(asking)
    server.add_tool(server.ask, title="Ask the notes", annotations=_READS)
    server.add_tool(server.search, title="Search the notes", annotations=_READS)
    server.add_tool(server.list_notes, title="List the notes", annotations=_READS)
    server.add_tool(server.read_note, title="Read a note", annotations=_READS)
    server.resource(f"{SCHEME}{{+path}}", name="note", title="A note", mime_type="text/markdown")(
        server.note_text
    )
    return server


def _told(work: Callable[P, T]) -> Callable[P, T]:
    """What goes wrong as foreseen is told to the model in its sentence; anything else the SDK hides."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        except FootnoteError as error:
            raise ToolError(str(error)) from error

    return run


class _Server(MCPServer[Any]):
    def __init__(self, asking: Asking) -> None:
        super().__init__(
            "footnote",
            title="Footnote",
            instructions=INSTRUCTIONS.strip(),
            version=version("footnote-assistant"),
            log_level="WARNING",
        )
        self._asking = asking

    @_told
    def ask(
        self,
        question: Question,
        earlier_questions: Earlier = [],  # noqa: B006
        paths: Paths = [],  # noqa: B006
        tags: Tags = [],  # noqa: B006
    ) -> AnswerBody:
        """Answer a question from the notes, each claim with the lines that it stands on."""
        history = [Turn(earlier) for earlier in earlier_questions]
        with self._asking.seats.seat():
            answer = self._asking.ask(question, history=history, filters=Filters(tuple(paths), tuple(tags)))
        return AnswerBody.of(answer)

    @_told
    def search(
        self,
        query: Question,
        top_k: Annotated[TopK | None, Field(description=f"How many passages at most; {UNLESS_TOLD}.")] = None,
        paths: Paths = [],  # noqa: B006
        tags: Tags = [],  # noqa: B006
    ) -> SearchBody:
        """Find the passages of the notes nearest to a query, best first."""
        assistant = self._asking.assistant
        snapshot = assistant.index.current  # told of this one, also if the next one comes meanwhile
        filters = Filters(tuple(paths), tuple(tags))
        found = assistant.search(query, top_k=top_k, filters=filters, snapshot=snapshot)
        return SearchBody.of(found, snapshot.manifest.revision)

    @_told
    def list_notes(self) -> NotesBody:
        """List the notes, with their titles and tags."""
        notes = self._asking.assistant.index.current.notes.values()
        return NotesBody(notes=[NoteSummary.of(note) for note in notes], count=len(notes))

    @_told
    def read_note(self, path: NotePath) -> NoteBody:
        """Read a whole note, as answers are made from it."""
        note = self._note(path)
        return NoteBody.whole(note, note)

    def note_text(self, path: str) -> str:
        """A note's Markdown."""
        try:
            return self._note(path).text
        except NoteNotFound as error:
            raise ResourceNotFoundError(str(error)) from error
        except FootnoteError as error:
            raise ResourceError(str(error)) from error

    def _note(self, path: str) -> Note:
        """The note of that path. Raises NoteNotFound, whose sentence names a tool that a model has."""
        try:
            return self._asking.assistant.note(path)
        except NoteNotFound as error:
            raise NoteNotFound(
                f"There is no note {path!r} in the index. List them with list_notes."
            ) from error

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Run a tool. Arguments that do not fit are told in sentences, not as pydantic tells them."""
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            unfit = error.__cause__
            if isinstance(error, UnexpectedToolError) or not isinstance(unfit, ValidationError):
                raise
            faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in unfit.errors()]
            raise ToolError(sentences(faults)) from unfit

    async def list_resources(self) -> list[Resource]:
        """The notes of the index as it is now."""
        try:
            notes = self._asking.assistant.index.current.notes.values()
        except FootnoteError:
            return []
        return [
            Resource(
                uri=SCHEME + quote(note.path), name=note.path, title=note.title, mime_type="text/markdown"
            )
            for note in notes
        ]

"""The JSON of notes."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from assistant.api.schemas.shared import Words, example, read_from
from indexer.blocks import Lines, parse_blocks
from indexer.notebook import MAX_PATH
from indexer.types import Kind, Note

_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class NoteSummary(BaseModel):
    """A note without its text."""

    model_config = read_from(path="aws/ecs.md", title="ECS", tags=["aws"], sha256=_SHA256, line_count=64)

    path: str = Field(description="Relative to the notes folder, with `/` between its parts.")
    title: str = Field(description="From the front matter, else the first heading, else the file's name.")
    tags: tuple[str, ...] = Field(description="From the front matter.")
    sha256: str = Field(description="SHA-256 of the file's bytes, in hexadecimal.")
    line_count: int = Field(description="How many lines it has.")

    @classmethod
    def of(cls, note: Note) -> Self:
        """The JSON of a note in a list."""
        return cls(
            path=note.path,
            title=note.title,
            tags=note.tags,
            sha256=note.sha256,
            line_count=note.line_count,
        )


class NotesBody(BaseModel):
    """A list of notes."""

    model_config = read_from(
        notes=[{"path": "aws/ecs.md", "title": "ECS", "tags": ["aws"], "sha256": _SHA256, "line_count": 64}],
        count=1,
    )

    notes: list[NoteSummary] = Field(description="In order of path.")
    count: int = Field(description="How many there are.")


class HeadingBody(BaseModel):
    """A heading of a note."""

    model_config = read_from(level=2, text="Fargate", line=28)

    level: int = Field(description="1 to 6, 1 being outermost.")
    text: str = Field(description="Its words, without markup.")
    line: int = Field(description="The line that it begins on, 1 being first.")


class NoteRequest(BaseModel):
    """What a note is to say."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(text="# ECS\n\nRuns containers.\n"))

    text: Words = Field(description="The whole file, letter by letter, with any front matter.")


class MoveRequest(BaseModel):
    """Where a note is to go."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(path="aws/containers/ecs.md"))

    path: Words = Field(description="The new path, as in a citation.", max_length=MAX_PATH)


class NoteBody(NoteSummary):
    """A whole note."""

    model_config = read_from(
        path="aws/ecs.md",
        title="ECS",
        tags=["aws"],
        sha256=_SHA256,
        line_count=3,
        text="# ECS\n\nRuns containers.\n",
        headings=[{"level": 1, "text": "ECS", "line": 1}],
        indexed=True,
    )

    text: str = Field(description="The decoded file, letter by letter; citations count its characters.")
    headings: list[HeadingBody] = Field(description="In order of line.")
    indexed: bool = Field(description="Whether answers are made from this very text; if not, soon.")

    @classmethod
    def whole(cls, note: Note, indexed: Note | None) -> Self:
        """The JSON of a whole note, told beside the one of that path in the index."""
        return cls(
            path=note.path,
            title=note.title,
            tags=note.tags,
            sha256=note.sha256,
            line_count=note.line_count,
            text=note.text,
            headings=_headings(note),
            indexed=indexed is not None and indexed.sha256 == note.sha256,
        )


def _headings(note: Note) -> list[HeadingBody]:
    lines = Lines(note.text)
    return [
        HeadingBody(level=block.depth, text=block.heading_path[-1], line=lines.number(block.span.start))
        for block in parse_blocks(note.text, note.body_start)
        if block.kind is Kind.HEADING
    ]

"""The JSON of searching: filters, passages, results."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from assistant.api.schemas.shared import Words, example, read_from
from assistant.settings import MAX_PATTERN, MAX_QUESTION, MAX_TOP_K
from assistant.types import Filters, Passage

# A blank and a too long question are refused by the assistant, with one code for both; here they are told.
Asked = Annotated[Words, Field(json_schema_extra={"minLength": 1, "maxLength": MAX_QUESTION})]
Pattern = Annotated[Words, Field(max_length=MAX_PATTERN)]
TopK = Annotated[int, Field(ge=1, le=MAX_TOP_K)]
UNLESS_TOLD = "as many as `FOOTNOTE_TOP_K` says unless told (6)"

PASSAGE = {
    "note": "aws/ecs.md",
    "title": "ECS",
    "tags": ["aws"],
    "heading_path": ["ECS", "Fargate"],
    "line_start": 30,
    "line_end": 30,
    "char_start": 1810,
    "char_end": 1854,
    "text": "Fargate runs containers without any servers.",
    "note_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "score": 0.81,
    "ranks": {"dense": 1, "keyword": 3},
}


class FiltersBody(BaseModel):
    """Which notes may answer. Nothing given means all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(paths=["aws/*"], tags=[]))

    paths: list[Pattern] = Field(
        default=[], description="Shell patterns; a note's path has to fit one of them.", max_length=100
    )
    tags: list[Pattern] = Field(
        default=[], description="A note has to have one of these tags.", max_length=100
    )

    def inner(self) -> Filters:
        """The same as the assistant takes it."""
        return Filters(paths=tuple(self.paths), tags=tuple(self.tags))


class RanksBody(BaseModel):
    """Where each ranking placed a passage, 1 being first; null if it did not find it."""

    model_config = read_from(dense=1, keyword=3)

    dense: int | None = Field(description="By meaning.")
    keyword: int | None = Field(description="By words.")


class PassageBody(BaseModel):
    """A passage of a note that was found."""

    model_config = read_from(**PASSAGE)

    note: str = Field(description="The note's path.")
    title: str = Field(description="The note's title.")
    tags: tuple[str, ...] = Field(description="The note's tags.")
    heading_path: tuple[str, ...] = Field(description="The headings above it, outermost first.")
    line_start: int = Field(description="Its first line, 1 being the note's first.")
    line_end: int = Field(description="Its last line.")
    char_start: int = Field(description="Where it begins, in characters of the decoded note.")
    char_end: int = Field(description="Where it ends: the first character that is not part of it.")
    text: str = Field(description="The note's text between the two, letter by letter.")
    note_sha256: str = Field(description="SHA-256 of the note's bytes.")
    score: float = Field(description="How well it fits; higher is better, and only comparable in one result.")
    ranks: RanksBody = Field(description="Its places in the two rankings.")

    @classmethod
    def of(cls, passage: Passage) -> Self:
        """The JSON of a passage."""
        chunk = passage.chunk
        return cls(
            note=chunk.note,
            title=chunk.title,
            tags=chunk.tags,
            heading_path=chunk.heading_path,
            line_start=chunk.line_start,
            line_end=chunk.line_end,
            char_start=chunk.span.start,
            char_end=chunk.span.end,
            text=chunk.text,
            note_sha256=chunk.note_sha256,
            score=passage.score,
            ranks=RanksBody.model_validate(passage.ranks),
        )


class SearchRequest(BaseModel):
    """What to look for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            query="containers without servers", top_k=6, filters={"paths": ["aws/*"], "tags": []}
        ),
    )

    query: Asked = Field(description="Words or a question.")
    top_k: TopK | None = Field(default=None, description=f"How many passages at most; {UNLESS_TOLD}.")
    filters: FiltersBody = Field(default=FiltersBody(), description="Which notes are searched.")


class SearchBody(BaseModel):
    """What was found."""

    model_config = read_from(results=[PASSAGE], index_revision="20260131T091500-5f3a")

    results: list[PassageBody] = Field(description="Best first.")
    index_revision: str = Field(description="The generation of the index that was searched.")

    @classmethod
    def of(cls, passages: Sequence[Passage], revision: str) -> Self:
        """The JSON of what was found in the generation `revision`."""
        return cls(results=[PassageBody.of(passage) for passage in passages], index_revision=revision)

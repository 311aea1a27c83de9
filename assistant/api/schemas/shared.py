"""What the schemas of all resources share."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# JSON can spell what no file, tokenizer or database can hold: half of a surrogate pair. pydantic refuses it
# where text has a limit, so here is one that all text keeps. Behind a validator in its place, limits would be
# told as those of lists.
Words = Annotated[str, StringConstraints(min_length=0)]


def example(**values: Any) -> dict[str, Any]:
    """The JSON Schema keyword that shows `values` as an example of a model."""
    return {"examples": [values]}


def read_from(**values: Any) -> ConfigDict:
    """The configuration of a response model: filled from an object's attributes, with an example."""
    return ConfigDict(from_attributes=True, json_schema_extra=example(**values))


class Problem(BaseModel):
    """An error, as RFC 9457 describes it."""

    model_config = read_from(
        type="about:blank",
        title="No such note",
        status=404,
        detail="There is no note 'aws/esc.md' in the index.",
        code="note_not_found",
        request_id="6f0c2f1e9d0b4c5e8a7d3b2a1c0f9e8d",
    )

    type: str = Field(default="about:blank", description="Always `about:blank`; `code` tells errors apart.")
    title: str = Field(description="What kind of error it is, in words.")
    status: int = Field(description="The HTTP status code.")
    detail: str = Field(description="What went wrong this time, and what to do about it.")
    code: str = Field(description="What kind of error it is, for programs; does not change between releases.")
    request_id: str = Field(description="As in the `X-Request-ID` header; the server's log names it too.")


class Health(BaseModel):
    """The process is well."""

    model_config = read_from(status="ready")

    status: Literal["alive", "ready"] = Field(description="`alive` from /healthz, `ready` from /readyz.")

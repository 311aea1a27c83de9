"""What validation found wrong with a request, in sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

_MOST = 3  # that are told at once


def sentences(faults: Sequence[Mapping[str, Any]]) -> str:
    """The first faults, each with the field that has it.

    Args:
        faults: as pydantic lists them; each `loc` begins with the part of the request, such as "body".
    """
    return " ".join(_sentence(fault) for fault in faults[:_MOST])


def _sentence(fault: Mapping[str, Any]) -> str:
    place, *steps = fault["loc"]
    if fault["type"] == "json_invalid":
        return f"The body is not JSON: {fault['ctx']['error']} at character {steps[0]}."
    if fault["type"] == "extra_forbidden":
        return f"{'.'.join(map(str, steps))}: there is no such field."
    field = ".".join(str(step) for step in steps if _is_field(step))
    if not field:
        hint = "Send one as JSON with Content-Type: application/json."
        return f"The body is {'missing' if fault['type'] == 'missing' else 'not an object'}. {hint}"
    if fault["type"] == "missing":
        return f"{field}: this field is required."
    where = field if place == "body" else f"{field} (in the {place})"
    return f"{where}: {_said(fault)}."


def _is_field(step: int | str) -> bool:
    """Whether a step leads on; pydantic's names for the forms that a value may have are no identifiers."""
    return isinstance(step, int) or step.isidentifier()


def _said(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "string_unicode":
        return "holds half of a surrogate pair, which is no character"
    said = str(fault["msg"]).removeprefix("Value error, ")
    return f"{said[0].lower()}{said[1:]}"

"""What stands before a note's text, as quiet metadata in sanitised HTML. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from html import escape

from indexer.types import NEWLINE, Note
from ui.marking import LineRange

_FIELD = re.compile(r"(\w[\w .-]{0,60}?)[ \t]*(?:=|:(?![^ \t]))[ \t]*(.*)")
_NO_VALUE = re.compile(r"-{3}|\+{3}|\[{1,2}[^\[\]]*\]{1,2}")  # a fence, the name of a table


@dataclass
class _Field:
    """A property, what it is, and the lines on which that stands, counted from 1."""

    name: str
    value: str
    first: int
    last: int


def front_matter_html(note: Note, cited: LineRange | None = None, *, but: Collection[str] = ()) -> str:
    """The properties before a note's text, those on cited lines marked; "" if there are none.

    Args:
        but: the names, in lower case, of those that are shown elsewhere.
    """
    items = "".join(
        f"<div><dt>{escape(one.name)}</dt><dd>{_marked(one, cited)}</dd></div>"
        for one in _fields(note.text[: note.body_start])
        if one.value and one.name.lower() not in but
    )
    marked = items.replace('<mark class="cited">', '<mark id="cited" class="cited">', 1)
    return f'<dl class="meta">{marked}</dl>' if items else ""


def _marked(field: _Field, cited: LineRange | None) -> str:
    said = escape(field.value)
    here = cited is not None and cited.meets(field.first, field.last)
    return f'<mark class="cited">{said}</mark>' if here else said


def _fields(front: str) -> list[_Field]:
    """What is no property is left to the one above it."""
    fields: list[_Field] = []
    for number, line in enumerate(NEWLINE.split(front), start=1):
        if match := _FIELD.fullmatch(line):
            fields.append(_Field(match[1], match[2].strip("[] \"'"), number, number))
        elif fields and not _NO_VALUE.fullmatch(line.strip()) and (more := line.strip(" -\"'[]")):
            fields[-1].value = ", ".join(filter(None, (fields[-1].value, more)))
            fields[-1].last = number
    return fields

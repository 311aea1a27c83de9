"""The properties that stand before a note's text -> units: "due: 2026-04-19". Pure."""

import re
from collections.abc import Iterator

from indexer.markdown import plain
from indexer.types import NEWLINE, Kind, Lead, Span, Unit

_FIELD = re.compile(r"(?P<name>\w[\w .-]{0,60}?)[ \t]*(?:=|:(?![^ \t]))[ \t]*(?P<value>\S.*)?")
_ENTRY = re.compile(r"[ \t]*-[ \t]+(?P<value>\S.*)")
_NONE = frozenset(("", "[]", "{}", "''", '""', "null", "~", "|", ">", "|-", ">-", "|+", ">+"))
# What describes the file, or how a program shows it, and not what the note is about.
_OF_THE_FILE = frozenset(
    (
        "alias",
        "aliases",
        "banner",
        "cover",
        "created",
        "cssclass",
        "cssclasses",
        "draft",
        "icon",
        "id",
        "image",
    )
    + ("keywords", "lang", "language", "lastmod", "layout", "modified", "permalink", "publish", "slug", "tag")
    + ("tags", "template", "title", "toc", "uid", "updated", "uuid", "weight")
)


def properties_of(text: str, body_start: int) -> Iterator[Unit]:
    """What the lines before a note's text say: a unit for each property's value, and each entry of its list.

    An entry hangs on its property's name. Values that go on over several lines are left out.
    """
    listing: Lead | None = None
    for at, line in _lines(text[:body_start]):
        if field := _FIELD.fullmatch(line):
            name, value = field["name"], field["value"] or ""
            kept, named = name.lower() not in _OF_THE_FILE, Span(at, at + len(line))
            listing = Lead(f"{name}:", named) if kept and not value else None
            if kept and value not in _NONE:
                yield Unit(Kind.LIST_ITEM, named, f"{name}: {_said(value)}")
        elif listing and (entry := _ENTRY.fullmatch(line)) and entry["value"] not in _NONE:
            place = Span(at + entry.start("value"), at + len(line))
            yield Unit(Kind.LIST_ITEM, place, _said(entry["value"]), (listing,))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line without the spaces at its end, and where it begins."""
    start = 0
    for end in NEWLINE.finditer(text):
        yield start, text[start : end.start()].rstrip()
        start = end.end()
    yield start, text[start:].rstrip()


def _said(value: str) -> str:
    """A value in plain words: a list in brackets as what stands in it, a text in quotes as that text."""
    bare = value.strip("\"'")
    listed = bare[1:-1] if bare.startswith("[") and bare.endswith("]") and not bare.startswith("[[") else bare
    return plain(listed)

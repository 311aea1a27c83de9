"""HTML in which nothing can act: which tags, attributes and addresses it may hold, and how it is made so."""

from collections.abc import Mapping
from html import escape
from urllib.parse import quote, urlencode

import nh3

LINK_SCHEMES = {"http", "https", "mailto"}
TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "div", "span", "article", "header", "section"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td"),
    *("a", "b", "blockquote", "code", "em", "mark", "pre", "s", "strong", "sup", "time"),
    *("button", "details", "progress", "summary"),
}
ATTRIBUTES = {
    "*": {"class", "id", "role", "aria-current", "aria-label", "aria-hidden", "aria-live", "tabindex"},
    "a": {"href", "target", "data-note", "data-start", "data-end", "data-sha"},
    "button": {
        "type",
        "title",
        "aria-pressed",
        "data-ask",
        "data-copy",
        "data-rate",
        "data-redo",
    },
    "details": {"open"},
    "ol": {"start"},
    "progress": {"value", "max"},
    "section": {"data-answer", "data-conversation"},
    "time": {"datetime"},
}


def clean(html: str) -> str:
    """Drop every tag, attribute and address that is not on the list of harmless ones."""
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=LINK_SCHEMES)


def note_link(path: str, start: int | None = None, end: int | None = None) -> dict[str, str]:
    """The attributes of a link that opens a note beside the conversation, or in a page of its own."""
    query = {"note": path} | ({"line": str(start)} if start else {})
    link = {"href": f"?{urlencode(query, safe='/', quote_via=quote)}", "data-note": path}
    return link | ({"data-start": str(start), "data-end": str(end or start)} if start else {})


def attributes(values: Mapping[str, str]) -> str:
    """Attributes as they stand in a tag, escaped."""
    return " ".join(f'{name}="{escape(value)}"' for name, value in values.items())

"""Markdown of notes and answers as HTML in which nothing can act, with the cited lines marked."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters.html import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.lexers.special import TextLexer  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]

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

_MARK_OPEN, _MARK_CLOSE = '<mark class="cited">', "</mark>"
_REFERENCE = re.compile(r"(\s*)\[(\d{1,3}|\?)\]")
# Around what is not proved, while Markdown is being parsed: signs that count as punctuation, as the ends of a
# sentence do, and that nobody writes.
_BEGIN, _END = "\u2e22", "\u2e25"
_DOUBT_OPEN = '<mark class="unproved">'
_DOUBTFUL = '<span class="doubt">not proved</span>'
_LEAVES = {"text", "text_special", "code_inline"}


@dataclass(frozen=True, slots=True)
class LineRange:
    """A run of lines of a note, 1-based and inclusive."""

    start: int
    end: int

    def meets(self, first: int, last: int) -> bool:
        """Whether the two runs share a line."""
        return self.start <= last and first <= self.end

    def __contains__(self, line: int) -> bool:
        return self.start <= line <= self.end


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


def render_body(text: str, *, path: str, first_line: int, cited: LineRange | None = None) -> str:
    """Render a note's Markdown, and mark the blocks that lie in the cited lines.

    Args:
        text: The note's text after any front matter.
        path: The note's path, which its links to other notes start from.
        first_line: The line of the note at which `text` begins, from 1.
        cited: The lines to mark; the first mark carries the id `cited`.
    """
    tokens = _PARSER.parse(text)
    _soften(tokens, lambda href: _resolve(href, path))
    if cited is not None:
        _mark(tokens, LineRange(cited.start - first_line + 1, cited.end - first_line + 1))
    html = str(_PARSER.renderer.render(tokens, _PARSER.options, {}))
    return html.replace('class="cited', 'id="cited" class="cited', 1)


def render_answer(
    text: str,
    reference: Callable[[int], str | None],
    unproved: Sequence[tuple[int, int]] | None = None,
) -> str:
    """Render an answer.

    Args:
        reference: gives the HTML that stands for `[n]`, or None to leave it as text.
        unproved: from where to where the text says what the notes do not; `[?]` says so behind it. None if
            nothing was checked, as nothing had to be.
    """
    tokens = _ANSWER_PARSER.parse(text if unproved is None else _delimited(text, unproved))
    _soften(tokens, lambda href: _resolve(href, None))
    open_ = False
    for token in tokens:
        children = []
        for child in token.children or ():
            for leaf in _number(child, reference, unproved is not None):
                parts, open_ = _doubted(leaf, open_)
                children += parts
        token.children = children
        if token.type in ("fence", "code_block"):
            token.content = token.content.replace(_BEGIN, "").replace(_END, "")
    return str(_ANSWER_PARSER.renderer.render(tokens, _ANSWER_PARSER.options, {}))


def _delimited(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with signs around the spans, which are in order and disjoint; code blocks get none."""
    text = text.replace(_BEGIN, " ").replace(_END, " ")
    for start, end in reversed(spans):
        said = text[start:end]
        if not said.startswith(("```", "|")):
            text = f"{text[:start]}{_BEGIN}{said}{_END}{text[end:]}"
    return text


def _doubted(leaf: Token, doubted: bool) -> tuple[list[Token], bool]:
    """A leaf in pieces, those between the signs marked, and whether what follows is between them."""
    if leaf.type not in _LEAVES:
        return [leaf], doubted
    pieces: list[Token] = []
    for part in re.split(f"([{_BEGIN}{_END}])", leaf.content):
        if part in (_BEGIN, _END):
            doubted = part == _BEGIN
        elif part:
            said = Token(leaf.type, leaf.tag, 0, content=part, markup=leaf.markup)
            pieces += [_html(_DOUBT_OPEN), said, _html(_MARK_CLOSE)] if doubted else [said]
    return pieces, doubted


def _number(token: Token, reference: Callable[[int], str | None], checked: bool) -> Iterator[Token]:
    if token.type != "text":
        yield token
        return
    position = 0
    for match in _REFERENCE.finditer(token.content):
        doubt = _DOUBTFUL if checked else None
        html = doubt if match[2] == "?" else reference(int(match[2]))
        if html is not None:
            yield Token("text", "", 0, content=token.content[position : match.start()])
            yield _html(html)
            position = match.end()
    yield Token("text", "", 0, content=token.content[position:])


def _soften(tokens: Sequence[Token], resolve: Callable[[str], dict[str, str]]) -> None:
    """Make links safe, images plain links, headings one level lower than the page's own, and drop styles."""
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
        if style := token.attrs.pop("style", None):
            token.attrs["class"] = str(style).rpartition(":")[2]
        if token.type == "table_open":
            token.attrs["tabindex"] = "0"  # a wide one is scrolled, by the keyboard too
        if token.children is not None:
            token.children = [new for child in token.children for new in _soften_inline(child, resolve)]


def _soften_inline(token: Token, resolve: Callable[[str], dict[str, str]]) -> Iterator[Token]:
    if token.type == "link_open":
        token.attrs = dict(resolve(str(token.attrs.get("href", ""))))
    if token.type != "image":
        yield token
        return
    # An image would be fetched from elsewhere by merely opening the note.
    link = resolve(str(token.attrs.get("src", "")))
    yield _html(f'<a class="image" {attributes(link)}>')
    yield Token("text", "", 0, content=f"Image: {token.content or 'without a title'}")
    yield _html("</a>")


def _resolve(href: str, path: str | None) -> dict[str, str]:
    """The attributes of a link: to the web, to another note beside `path`, or none for a dead one."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return {}
    if parts.scheme in LINK_SCHEMES:
        return {"href": href, "target": "_blank"}
    if path is None or parts.scheme or parts.netloc or not parts.path.lower().endswith((".md", ".markdown")):
        return {}
    target = normpath(PurePosixPath(path).parent / unquote(parts.path))
    return {} if target.startswith(("..", "/")) else note_link(target)


def _mark(tokens: Sequence[Token], cited: LineRange) -> None:
    row = False
    for token in tokens:
        if token.map is None:
            row = row and token.type != "tr_close"
            continue
        first, last = token.map[0] + 1, token.map[1]
        if token.type == "tr_open":
            row = True
            if cited.meets(first, last):
                token.attrs["class"] = "cited"
        elif token.type == "inline" and not row and cited.meets(first, last):
            token.children = list(_mark_inline(token, cited))
        elif token.type in ("fence", "code_block") and cited.meets(first, last):
            start = first + (token.type == "fence")
            token.meta["cited"] = LineRange(cited.start - start, cited.end - start)
    _mark_place(tokens, cited)


def _mark_inline(token: Token, cited: LineRange) -> Iterator[Token]:
    """Mark leaf by leaf, which is always well nested, and line by line where the lines can be told apart."""
    children, (first, end) = token.children or [], token.map or [0, 0]
    breaks = sum(child.type in ("softbreak", "hardbreak") for child in children)
    apart = breaks == end - first - 1
    line = first + 1
    for child in children:
        line += apart and child.type in ("softbreak", "hardbreak")
        if child.type in _LEAVES and child.content and (not apart or line in cited):
            yield from (_html(_MARK_OPEN), child, _html(_MARK_CLOSE))
        else:
            yield child


def _mark_place(tokens: Sequence[Token], cited: LineRange) -> None:
    """Where the cited lines hold nothing that can be marked, name the next block as the place to open."""
    marked = any(
        token.attrs.get("class") == "cited" or "cited" in token.meta or _MARK_OPEN in _contents(token)
        for token in tokens
    )
    blocks = [token for token in tokens if token.map and token.nesting == 1]
    after = (block for block in blocks if block.map and block.map[0] + 1 >= cited.start)
    if not marked and (place := next(after, blocks[-1] if blocks else None)):
        place.attrs["id"] = "cited"


def _contents(token: Token) -> list[str]:
    return [child.content for child in token.children or ()]


def _html(content: str) -> Token:
    return Token("html_inline", "", 0, content=content)


def _render_code(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    token = tokens[index]
    cited: LineRange | None = token.meta.get("cited")
    lines = _highlight(token.content.removesuffix("\n"), token.info.split(maxsplit=1)[:1])
    if cited is not None:
        marked = any(number in cited for number in range(len(lines)))
        # A fence cited by its opening or closing line alone is cited as a whole.
        lines = [
            f"{_MARK_OPEN}{line}{_MARK_CLOSE}" if number in cited or not marked else line
            for number, line in enumerate(lines)
        ]
    return f'<pre tabindex="0"><code>{chr(10).join(lines)}</code></pre>\n'


def _highlight(code: str, language: Sequence[str]) -> list[str]:
    options = {"stripnl": False, "ensurenl": False}
    try:
        lexer = get_lexer_by_name(language[0], **options) if language else TextLexer(**options)
    except ClassNotFound:
        lexer = TextLexer(**options)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True))).removesuffix("\n").split("\n")


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.add_render_rule("fence", _render_code)
    parser.add_render_rule("code_block", _render_code)
    return parser


_PARSER = _parser()
# In an answer `[1]: …` is a claim's number, not the definition of a link.
_ANSWER_PARSER = _parser().disable("reference")

"""Markdown of notes as HTML in which nothing can act, with the cited lines marked."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters.html import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.lexers.special import TextLexer  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]

from ui.harmless import LINK_SCHEMES, attributes, note_link
from ui.marking import MARK_CLOSE, MARK_OPEN, LineRange, html, mark


def render_body(text: str, *, path: str, first_line: int, cited: LineRange | None = None) -> str:
    """Render a note's Markdown, and mark the blocks that lie in the cited lines.

    Args:
        text: The note's text after any front matter.
        path: The note's path, which its links to other notes start from.
        first_line: The line of the note at which `text` begins, from 1.
        cited: The lines to mark; the first mark carries the id `cited`.
    """
    tokens = _PARSER.parse(text)
    soften(tokens, path)
    if cited is not None and cited.end >= first_line:
        mark(tokens, LineRange(cited.start - first_line + 1, cited.end - first_line + 1))
    rendered = str(_PARSER.renderer.render(tokens, _PARSER.options, {}))
    return rendered.replace('class="cited', 'id="cited" class="cited', 1)


def soften(tokens: Sequence[Token], path: str | None = None) -> None:
    """Make links safe, images plain links, headings one level lower than the page's own, and drop styles.

    Args:
        path: of the note that links to other notes start from; without it they are dead.
    """

    def resolve(href: str) -> dict[str, str]:
        return _resolve(href, path)

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
    yield html(f'<a class="image" {attributes(link)}>')
    yield Token("text", "", 0, content=f"Image: {token.content or 'without a title'}")
    yield html("</a>")


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
            f"{MARK_OPEN}{line}{MARK_CLOSE}" if number in cited or not marked else line
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


def parser() -> MarkdownIt:
    """What reads Markdown as Footnote shows it: without raw HTML, its code highlighted."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.add_render_rule("fence", _render_code)
    parser.add_render_rule("code_block", _render_code)
    return parser


_PARSER = parser()

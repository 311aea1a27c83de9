"""The Markdown of notes: CommonMark, tables, and what programs for notes write beyond it. Pure.

Beyond it are `[[Note#Section|label]]`, `![[file]]`, `[^1]`, `$x$`, `==marked==`, `%% comment %%`, `[x]` for
what is done, and ` ^name` at the end of a block.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline, autolink, backtick, emphasis, html_inline, image, link
from markdown_it.token import Token

from indexer.types import Span

LONGEST_EMPHASIS = 400  # characters; in a longer one a sentence may end
_MARKUP = re.compile(r"[*_`\[\]\\<&~!$=%^]")
_LINE_END = re.compile(r"\\?(?:\r\n?|\n)[ \t>]*+")
_LINE_ENDS = re.compile(r"(?<![ \t])[ \t]*+\\?(?:[\r\n]+[ \t>]*+)++")
_BREAK = re.compile(r"<br\b", re.I)
_UNSHOWN_TAG = re.compile(r"<(?:!--|/?(?:details|summary)\b)", re.I)
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]{1,60}+\](?!\()")
_NUMBER = re.compile(r"\[(\d{1,3}|\?)\]")
_MARKED = re.compile(r"(?<![\w=])==(?![\s=])[^=]{1,300}+(?<!\s)==(?![\w=])")
# What is repeated has an end, or is possessive: a note may be thousands of any sign.
_BEYOND = re.compile(
    r"""
    (?P<embedded> !\[\[ [^\[\]]{1,300}+ \]\] )
    | \[\[ (?=\S) (?P<link> [^\[\]]{1,300}+ ) \]\] (?!\()
    | (?P<number> \[ (?:\d{1,3}|\?) \] ) (?!\()
    | (?P<comment> %% (?:[^%]|%(?!%))*+ %% )
    | (?P<formula> \$\$ [^$]{1,1000}+ \$\$ | \$ (?![\s$]) [^$]{1,300}+ (?<!\s) \$ (?!\d) )
    | (?P<name> (?<=\s) \^ (?=[\w-]{0,60}[a-z]) [\w-]{2,60}+ (?=\s*+\Z) )
    """,
    re.X,
)
_BOX = re.compile(r"\[[ xX]\](?=\s)")


@dataclass
class _Noted:
    """What was met in a text on the way: parts that are one, and what stands for some of them."""

    text: str
    wholes: list[Span] = field(default_factory=list)
    shown: list[tuple[Span, str]] = field(default_factory=list)


def plain(markdown: str) -> str:
    """The words of a piece of inline Markdown on one line, without its markup."""
    markdown = one_line(markdown)
    if _MARKUP.search(markdown):
        markdown = words(PARSER.parseInline(markdown)[0])
    return " ".join(markdown.split())


def words(inline: Token) -> str:
    """The visible words of an inline token, on one line."""
    parts = []
    for child in inline.children or []:
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type == "image":
            parts.append(words(child))
        elif child.type in ("softbreak", "hardbreak") or _BREAK.match(child.content):
            parts.append(" ")
    return " ".join("".join(parts).split())


def commonmark(text: str) -> str:
    """A piece of a note on one line, in Markdown that says the same everywhere.

    Numbers in brackets are escaped, for in an answer they are citations.
    """
    text = _LINE_ENDS.sub(" ", text)
    if _MARKUP.search(text):
        for span, shown in sorted(_noted(text).shown, key=lambda one: -one[0].start):
            before, after = text[: span.start], text[span.end :]
            gap = not shown.strip() and before.endswith(" ")
            text = before + after.lstrip(" ") if gap else before + shown + after
    return text.strip()


def escaped(text: str) -> str:
    """Words in which numbers in brackets are no citations."""
    return _NUMBER.sub(r"\\[\1\\]", text)


def wholes(text: str) -> list[Span]:
    """The parts of a piece of Markdown on one line in which no sentence ends, in order and disjoint."""
    if not _MARKUP.search(text):
        return []
    found: list[Span] = []
    for span in sorted(_noted(text).wholes, key=lambda span: span.start):
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def one_line(text: str) -> str:
    """As many characters on one line; the signs of a quote at the beginning of lines are spaces, too."""
    return _LINE_END.sub(lambda end: " " * len(end.group()), text)


def _noted(text: str) -> _Noted:
    noted = _Noted(text)
    tokens = _NOTING.inline.parse(text, _NOTING, {"noted": noted}, [])
    noted.wholes += (span for span in _emphasised(tokens) if span.end - span.start <= LONGEST_EMPHASIS)
    return noted


def _emphasised(tokens: Sequence[Token]) -> Iterator[Span]:
    """From where to where emphasis reaches, with its signs: of two the inner one has become the token."""
    open_: list[int] = []
    for token in tokens:
        if token.type in ("em_open", "strong_open"):
            open_.append(token.meta["at"] + 1 - len(token.markup))
        elif token.type in ("em_close", "strong_close") and open_:
            yield Span(open_.pop(), token.meta["at"] + len(token.markup))


def _beyond(state: StateInline, silent: bool) -> bool:
    """The rule for what is not in CommonMark."""
    if state.src[state.pos] not in "![$%=^":
        return False
    found = _at(state.src, state.pos, state.posMax)
    if found is None:
        return False
    span, whole, shown = found
    if not silent:
        state.pending += shown
        noted: _Noted | None = state.env.get("noted")
        if noted and noted.text == state.src:
            noted.wholes.append(whole)
            noted.shown.append((span, escaped(shown)))
    state.pos = span.end
    return True


def _at(text: str, at: int, end: int) -> tuple[Span, Span, str] | None:
    """What begins at a place: its signs, the whole of it, and what is read in the place of the signs."""
    if marked := _marked(text, at, end):
        return Span(at, at + 2), marked, ""
    if footnote := _FOOTNOTE.match(text, at, end):  # it belongs to what it stands behind
        span = Span(at, footnote.end() + (at == 0 and text.startswith(":", footnote.end())))
        return span, Span(at - (at > 0 and not text[at - 1].isspace()), span.end), ""
    if at == 0 and (box := _BOX.match(text)):
        return Span(0, 3), Span(0, 3), "\u2610" if box.group() == "[ ]" else "\u2611"
    if match := _BEYOND.match(text, at, end):
        span = Span(at, match.end())
        return (
            span,
            span,
            _label(match["link"]) if match["link"] else match["number"] or match["formula"] or "",
        )
    return None


def _marked(text: str, at: int, end: int) -> Span | None:
    """The marked words that the two signs at a place begin or end."""
    if not text.startswith("==", at):
        return None
    for start in (at, text.rfind("=", 0, at) - 1):
        match = _MARKED.match(text, start, end) if start >= 0 else None
        if match and at in (start, match.end() - 2):
            return Span(*match.span())
    return None


def _label(link: str) -> str:
    """How a link between notes is read: its label, or else the note and the section."""
    target, _, label = link.replace("\\|", "|").partition("|")
    steps = [step.strip() for step in target.split("#") if not step.startswith("^")]
    return label.strip() or ", ".join(filter(None, steps))


def _noting(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """A rule of the parser that also notes where what it takes stands."""

    def noting(state: StateInline, silent: bool) -> bool:
        at, tokens = state.pos, len(state.tokens)
        taken = rule(state, silent)
        noted: _Noted = state.env["noted"]
        if taken and not silent and noted.text == state.src:
            _note(noted, Span(at, state.pos), state.tokens[tokens:], emphasis=rule is emphasis.tokenize)
        return taken

    return noting


def _note(noted: _Noted, span: Span, tokens: Sequence[Token], *, emphasis: bool) -> None:
    if emphasis:  # which signs belong together is settled later
        signs = [token for token in tokens if token.type == "text"][-(span.end - span.start) :]
        for offset, token in enumerate(signs):
            token.meta["at"] = span.start + offset
        return
    noted.wholes.append(span)
    tag = span.of(noted.text)
    if _BREAK.match(tag) or _UNSHOWN_TAG.match(tag):
        noted.shown.append((span, " " if _BREAK.match(tag) else ""))


def _comment(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    """The rule for lines from `%%` to `%%`, which nobody is shown: they are as a comment of HTML."""
    at = state.bMarks[first] + state.tShift[first]
    if state.is_code_block(first) or not state.src.startswith("%%", at):
        return False
    last = _last_line(state, first, end)
    if last is None:
        return False
    if not silent:
        state.line = last + 1
        token = state.push("html_block", "", 0)
        token.map = [first, last + 1]
    return True


def _last_line(state: StateBlock, first: int, end: int) -> int | None:
    """The line at whose end a comment that begins with a line ends."""
    for line in range(first, end):
        if state.sCount[line] < state.blkIndent and not state.isEmpty(line):
            return None
        skipped = 2 if line == first else 0
        rest = state.src[state.bMarks[line] + state.tShift[line] + skipped : state.eMarks[line]].rstrip()
        if "%%" in rest:
            return line if rest.index("%%") == len(rest) - 2 else None
    return None


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    parser.block.ruler.before("fence", "comment", _comment, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.inline.ruler.before("link", "beyond", _beyond)
    return parser


def _noting_parser() -> MarkdownIt:
    parser = _parser()
    rules = {"link": link, "image": image, "autolink": autolink, "html_inline": html_inline}
    for name, rule in {**rules, "backticks": backtick, "emphasis": emphasis.tokenize}.items():
        parser.inline.ruler.at(name, _noting(rule))
    return parser


PARSER = _parser()
_NOTING = _noting_parser()

"""The parser of notes' Markdown: CommonMark, tables, and what programs for notes write beyond it. Pure.

Beyond it are `[[Note#Section|label]]`, `![[file]]`, `[^1]`, `$x$`, `==marked==`, `%% comment %%`, `[x]` for
what is done, and ` ^name` at the end of a block.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline, autolink, backtick, emphasis, html_inline, image, link
from markdown_it.token import Token

from indexer.types import DONE, TO_DO, Span

HTML_COMMENT = r"<!--(?:-?>|.*?(?:-->|\Z))"  # without an end it hides all that follows
BREAK = re.compile(r"<br\b", re.I)
_UNSHOWN_TAG = re.compile(r"<(?:!--|/?(?:details|summary)\b)", re.I)
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]{1,60}+\](?!\()")
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
class Noted:
    """What was met in a text on the way: parts that are one, and what stands for some of them."""

    text: str
    wholes: list[Span] = field(default_factory=list)
    shown: list[tuple[Span, str]] = field(default_factory=list)


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
        noted: Noted | None = state.env.get("noted")
        if noted and noted.text == state.src:
            noted.wholes.append(whole)
            noted.shown.append((span, shown))
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
        return Span(0, 3), Span(0, 3), TO_DO if box.group() == "[ ]" else DONE
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
        noted: Noted = state.env["noted"]
        if taken and not silent and noted.text == state.src:
            _note(noted, Span(at, state.pos), state.tokens[tokens:], emphasis=rule is emphasis.tokenize)
        return taken

    return noting


def _note(noted: Noted, span: Span, tokens: Sequence[Token], *, emphasis: bool) -> None:
    if emphasis:  # which signs belong together is settled later
        signs = [token for token in tokens if token.type == "text"][-(span.end - span.start) :]
        for offset, token in enumerate(signs):
            token.meta["at"] = span.start + offset
        return
    noted.wholes.append(span)
    tag = span.of(noted.text)
    if BREAK.match(tag) or _UNSHOWN_TAG.match(tag):
        noted.shown.append((span, " " if BREAK.match(tag) else ""))


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
    """The line on which a comment that begins with a line ends; what stands behind it there is shown."""
    for line in range(first, end):
        if state.sCount[line] < state.blkIndent and not state.isEmpty(line):
            return None
        skipped = 2 if line == first else 0
        rest = state.src[state.bMarks[line] + state.tShift[line] + skipped : state.eMarks[line]].rstrip()
        end_at = rest.find("%%")
        if end_at >= 0:  # on its first line, what has words behind it is a part of them
            return line if line > first or end_at == len(rest) - 2 else None
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
NOTING = _noting_parser()

"""Citations as models write them: `[1]`, `【2】`, `[1, 3]`, `[^1]`, in code, escaped, as links. Pure."""

import re
from collections.abc import Iterator

OPEN, CLOSE = r"[\[【［〔⟦]", r"[\]】］〕⟧]"
_NUMBER = r"\^?(?:(?:passage|source|doc|note|ref)s?\.?\s*)?#?\d{1,3}"
_INSIDE = rf"{_NUMBER}(?:\s*(?:[,;&–-]|and)\s*{_NUMBER})*(?:†[^\]】]*)?"
BRACKETS = rf"{OPEN}++\s*+{_INSIDE}\s*+\\*+{CLOSE}+"
# With a link behind it, in code, or escaped, it is a citation as well. What is repeated is possessive (*+):
# thousands of backslashes or ticks would else be tried in every division.
_CITATION = re.compile(
    rf"(?P<code>`*+)\\*+(?:<sup>)?\s*+\\*+{BRACKETS}(?:\([^)\s]*\))?(?:</sup>)?(?P=code)", re.I
)
CODE = re.compile(r"(?<!`)(?P<ticks>`++)(?P<inside>.+?)(?<!`)(?P=ticks)(?!`)", re.S)
_RANGE = re.compile(r"(\d{1,3})\s*[–-]\s*(\d{1,3})")


def without_citations(text: str) -> tuple[str, tuple[int, ...]]:
    """The text without its citations, and the numbers that they name, each once.

    Brackets within code are code, unless a citation is all that the code holds.
    """
    numbers: dict[int, None] = {}
    kept: list[str] = []
    at = 0
    for match in _citations(text):
        before = text[at : match.start()]
        after = text[match.end() : match.end() + 1]
        kept.append(before.rstrip(" ") if not after or not after.isalnum() else before)
        for number in _numbers(match.group()):
            numbers[number] = None
        at = match.end()
    kept.append(text[at:])
    return "".join(kept), tuple(numbers)


def _citations(text: str) -> Iterator[re.Match[str]]:
    code = [match.span() for match in CODE.finditer(text)]
    for match in _CITATION.finditer(text):
        within = any(start < match.start() and match.end() < end for start, end in code)
        if not within:
            yield match


def _numbers(marks: str) -> Iterator[int]:
    marks = re.sub(r"\([^)]*\)|†.*", "", marks)
    for first, last in _RANGE.findall(marks):
        if 0 < int(last) - int(first) < 10:
            yield from range(int(first), int(last) + 1)
    yield from map(int, re.findall(r"\d{1,3}", marks))


def blanked(text: str) -> str:
    """The text with spaces in the place of citations."""
    for match in reversed(list(_citations(text))):
        text = text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]
    return text

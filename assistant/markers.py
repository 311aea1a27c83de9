"""What a model writes, piece by piece -> sentences with the numbers that they cite. Pure.

A piece may end anywhere, also within a number's brackets. A sentence is given out once it is clear where it
ends and which numbers stand behind it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import sentencex

from assistant.marks import BRACKETS, CODE, OPEN, blanked, without_citations

LONGEST_LINE = 2_000  # characters without an end of a sentence
MOST_HELD = 60  # characters that may be the beginning of a citation; what is longer is none
_MAYBE = re.compile(rf"(?:`*\\*(?:{OPEN}|<)[^\]】］〕⟧`]*|[`\\]+)$")
_FENCE = re.compile(r"^ {0,3}(?P<sign>`{3,}|~{3,})\s*(?P<language>[\w+#.-]*)[^`\n]*$")
_LEAD = re.compile(r"\s*(?:>\s?)*(?:(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?)?(?:#{1,6}\s+)?")
_LISTED_SOURCES = re.compile(r"^\W*(?:sources?|references?|citations?|footnotes?|quellen)\W*$", re.I)
_FOOTNOTE = re.compile(rf"^\s*{BRACKETS}\s*:", re.I)
_RULE_LINE = re.compile(r"^\s*\|?[\s:|-]*-[\s:|-]*$")
_ENDS = re.compile(r"[.!?…。！？]\S*\s+\S|[。！？]")
_CLOSERS = re.compile(r"[*_\"')\]”’»]+")
_BEGUN = re.compile(r"\s*[^\s\W]\w*\W")
_ALONE = re.compile(r"\W*(?:yes|no|nope|correct|true|false|sure|indeed)\W*$", re.I)


class Kind(StrEnum):
    """What a segment is."""

    SENTENCE = "sentence"
    HEADING = "heading"
    ROW = "row"
    RULE = "rule"  # the line under a table's header, or one across the page: it says nothing
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence, a table row or a block of code, as the model wrote it.

    `lead` is what stands before it: spaces, line ends, the sign of a list item. `numbers` are the passages
    that it cites, in order, each once, as the model gave them: any number may be among them.
    """

    lead: str
    text: str
    numbers: tuple[int, ...] = ()
    kind: Kind = Kind.SENTENCE


class Sentences:
    """Takes pieces of text, gives segments."""

    def __init__(self) -> None:
        self._line = ""  # the line that is being written, without what was given out of it
        self._lead = ""  # line ends before it
        self._fresh = True  # nothing of the line was given out
        self._ended = False  # the line is complete, unless it goes on below
        self._fence: str | None = None
        self._language = ""
        self._code: list[str] = []
        self._held: Segment | None = None  # may still get numbers from the line below
        self._over = False

    def feed(self, piece: str) -> Iterator[Segment]:
        """The segments that a piece completes."""
        if not piece:
            return
        ended = "\n" if self._ended else ""
        text = f"{self._line}{ended}{piece}".replace("\r\n", "\n").replace("\r", "\n")
        self._line, *more = text.split("\n")
        self._ended = bool(more) and not more[-1]
        for following in more[:-1] if self._ended else more:
            if self._goes_on(following):
                self._line += " " + following.lstrip()
            else:
                line, self._line = self._line, following
                yield from self._whole(line)
        yield from self._part()

    def end(self) -> Iterator[Segment]:
        """What is left once nothing more comes."""
        line, self._line = self._line, ""
        if line:
            yield from self._whole(line)
        if self._fence is not None:
            yield from self._closed()
        yield from self._released()

    def _goes_on(self, following: str) -> bool:
        """Whether a line end is but a place where the line was broken."""
        plain = self._fence is None and not (self._fresh and _FENCE.match(self._line))
        return plain and bool(re.search(r"[\w,;]$", self._line) and re.match(r" {0,3}[a-z]", following))

    def _whole(self, line: str) -> Iterator[Segment]:
        """A line that is complete, or the rest of one."""
        fresh, self._fresh = self._fresh, True
        if self._over:
            return
        if self._fence is not None:
            if re.fullmatch(rf" {{0,3}}{self._fence[0]}{{{len(self._fence)},}}\s*", line):
                yield from self._closed()
            else:
                self._code.append(line)
            return
        if fresh and (fence := _FENCE.match(line)):
            self._fence, self._language = fence["sign"], fence["language"]
            return
        if fresh and _LISTED_SOURCES.match(line):
            self._over = True  # whatever follows are sources as the model has them
            return
        if not line.strip():
            self._lead += "\n"
        elif not (fresh and _FOOTNOTE.match(line)):
            segments = _segments(line, fresh)
            yield from self._said(segments)
            self._lead += "\n" if segments[-1].text else ""

    def _part(self) -> Iterator[Segment]:
        """The sentences that are complete in a line that is not."""
        if self._over or self._fence is not None or not self._line.strip():
            return
        if self._fresh and (self._line.lstrip()[:1] in "|`~#" or _FOOTNOTE.match(self._line)):
            return
        if len(self._line) > LONGEST_LINE:  # nothing that long is a sentence
            cut = self._line.rfind(" ", 0, LONGEST_LINE) + 1 or LONGEST_LINE
        else:
            cut = _last_boundary(self._line) if _ENDS.search(self._line) else 0
        if cut:
            whole, self._line = self._line[:cut], self._line[cut:]
            yield from self._said(_segments(whole, self._fresh))
            self._fresh = False
            yield from self._released()

    def _said(self, segments: Sequence[Segment]) -> Iterator[Segment]:
        for segment in segments:
            if not segment.text and self._held is not None:  # numbers alone, on a line of their own
                numbers = tuple(dict.fromkeys((*self._held.numbers, *segment.numbers)))
                self._held = replace(self._held, numbers=numbers)
            elif segment.text:
                yield from self._released()
                self._held = replace(segment, lead=self._lead + segment.lead)
                self._lead = ""

    def _released(self) -> Iterator[Segment]:
        if self._held is not None:
            yield self._held
        self._held = None

    def _closed(self) -> Iterator[Segment]:
        code, self._code, self._fence = "\n".join(self._code), [], None
        yield from self._released()
        if code.strip():
            ticks = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
            text = f"{ticks}{self._language}\n{code}\n{ticks}"
            self._held = Segment(self._lead or "\n", text, (), Kind.CODE)
            self._lead = "\n\n"


def _segments(line: str, fresh: bool) -> list[Segment]:
    """The sentences of a line; its last one may be cut off."""
    lead = _LEAD.match(line) if fresh else re.match(r"\s*", line)
    assert lead is not None
    body, before = line[lead.end() :], lead.group() if fresh else " "
    if fresh and _RULE_LINE.match(line):
        return [Segment("", line.strip(), (), Kind.RULE)]
    if fresh and body.startswith("|"):
        plain, numbers = without_citations(body)
        return [Segment(lead.group(), plain.strip(), numbers, Kind.ROW)]
    kind = Kind.HEADING if "#" in lead.group() else Kind.SENTENCE
    found: list[Segment] = []
    carried: tuple[int, ...] = ()
    for start, end in _sentences(body):
        text, numbers = without_citations(body[start:end])
        words = text.strip()
        if not words:
            if found:
                found[-1] = replace(found[-1], numbers=tuple(dict.fromkeys((*found[-1].numbers, *numbers))))
            else:
                carried += numbers
            continue
        found.append(Segment(" " if found else before, words, numbers, kind))
    if carried and found:
        found[0] = replace(found[0], numbers=tuple(dict.fromkeys((*carried, *found[0].numbers))))
    return found or [Segment(before, "", carried, kind)]


def _sentences(body: str) -> list[tuple[int, int]]:
    """Where the sentences of a line begin and end; citations behind a sentence belong to it."""
    flat = blanked(body)
    spans: list[tuple[int, int]] = []
    start = 0
    for found in sentencex.get_sentence_boundaries("en", flat):
        end = int(found["end_index"])
        if closers := _CLOSERS.match(flat, len(flat[:end].rstrip())):
            end = max(end, closers.end())
        gap = len(flat[end:]) - len(flat[end:].lstrip())
        end += gap if "".join(body[end : end + gap].split()) else 0  # citations stand in the gap
        if end <= start or not _balanced(body[start:end]) or _ALONE.match(flat[start:end]):
            continue
        spans.append((start, end))
        start = end
    if start < len(body):
        spans.append((start, len(body)))
    return spans


def _last_boundary(line: str) -> int:
    """Where the last sentence begins that is still being written; 0 if it is the line's first."""
    if (maybe := _MAYBE.search(line)) and len(maybe.group()) <= MOST_HELD:
        line = line[: maybe.start()]
    lead = _LEAD.match(line)
    start = lead.end() if lead else 0
    spans = _sentences(line[start:])
    while len(spans) > 1:
        begin = spans[-1][0]
        if _BEGUN.match(line[start + begin :]):
            return start + begin
        spans.pop()
    return 0


def _balanced(text: str) -> bool:
    """Whether no code, link or pair of brackets is left open."""
    outside = CODE.sub("", text)
    return (
        "`" not in outside
        and outside.count("[") <= outside.count("]")
        and (outside.count("](") <= outside.count(")"))
    )

"""What a language model writes, held to the notes sentence by sentence: cited, marked, or left out.

Nothing is given out before the first sentence that the notes support, so that an answer without any can still
become another one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from assistant.expectation import content_terms
from assistant.markers import Kind, Segment, Sentences
from assistant.notices import MARK
from assistant.readings import Meaning
from assistant.support import Passages, Support
from assistant.taming import Secrets, addresses_in, folded, tamed, visible
from assistant.types import Citation, Passage, Unsupported
from assistant.writing import Numbers
from indexer.types import Chunk, Note

MOST_SENTENCES = 80  # of one answer; a model that goes on is stuck
LONGEST = 1_200  # characters of one sentence; nothing longer is one
_DECLINING = "the notes do not say"


@dataclass
class Draft:
    """An answer on its way. Everything is in it once `told` has come to its end."""

    passages: Sequence[Passage]
    notes: Mapping[str, Note]
    meaning: Meaning
    secrets: Secrets
    question: str
    strict: bool = False
    text: str = ""
    unsupported: list[Unsupported] = field(default_factory=list)
    declined: bool = False
    numbers: Numbers = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = Numbers(self.notes)
        self._lines = Passages([passage.chunk for passage in self.passages], self.meaning)
        self._everything = folded("\n".join(passage.chunk.text for passage in self.passages))
        self._addresses = tuple(
            address for passage in self.passages for address in addresses_in(passage.chunk.text)
        )
        self._lead = ""  # line ends of what was left out
        self._shown = 0  # how much of the text was given out

    @property
    def citations(self) -> Sequence[Citation]:
        """One for each number in the text."""
        return self.numbers.citations

    def told(self, pieces: Iterable[str]) -> Iterator[str]:
        """The text as it can be shown, piece by piece, from what the model writes."""
        for segment in islice(_segments(pieces), MOST_SENTENCES):
            yield from self._next(segment)

    def _next(self, segment: Segment) -> Iterator[str]:
        if segment.kind is not Kind.CODE:  # code has its fence behind it, and is bounded as the answer is
            segment = replace(segment, text=segment.text[:LONGEST])
        text = tamed(segment, self._addresses)
        if not text or self.secrets.told_in(text, self._everything):
            return
        if text.strip(" .!").casefold() == _DECLINING:
            self.declined = True
            return
        self._add(replace(segment, text=text))
        if self.citations and self._shown < len(self.text):
            yield self.text[self._shown :]
            self._shown = len(self.text)

    def _add(self, segment: Segment) -> None:
        if self._says_nothing(segment):
            self._append(segment, "")
            return
        support = self._support(segment)
        if support.found and support.chunk is not None:
            marks = "".join(self.numbers.mark(support.chunk, unit.span) for unit in support.units)
            self._append(segment, marks)
        elif self.strict:
            self.unsupported.append(Unsupported(segment.text, support.reason))
            self._lead = self._lead or segment.lead
        else:
            start, end = self._append(segment, MARK)
            self.unsupported.append(Unsupported(segment.text, support.reason, start, end))

    def _append(self, segment: Segment, marks: str) -> tuple[int, int]:
        """Put a segment behind the text; where it begins and ends there, without its marks."""
        lead = segment.lead if self._lead.count("\n") <= segment.lead.count("\n") else self._lead
        self._lead = ""
        lead = "\n" * min(2, lead.count("\n")) + lead.replace("\n", "")
        if not self.text:
            lead = lead.lstrip("\n ")
        start = len(self.text) + len(lead)
        end = start + len(segment.text)
        self.text += lead + _marked(segment, marks)
        return start, end

    def _says_nothing(self, segment: Segment) -> bool:
        """Whether a segment only orders what is said: a line across, "Storage:", a heading of the notes."""
        if segment.kind is Kind.RULE:
            return True
        if segment.kind is not Kind.HEADING and not segment.text.endswith(":"):
            return False
        named = set(content_terms(segment.text))
        known = [self.question, *(_headings(passage.chunk) for passage in self.passages)]
        short = len(segment.text.split()) <= 6 and not any(sign.isdigit() for sign in segment.text)
        return short and any(named <= set(content_terms(text)) for text in known)

    def _support(self, segment: Segment) -> Support:
        among = [number - 1 for number in segment.numbers if 1 <= number <= len(self.passages)]
        among = among or list(range(len(self.passages)))  # what cites nothing may stand anywhere
        if segment.kind is Kind.CODE:
            return self._code(segment.text, among)
        return self._lines.support(segment.text, among)

    def _code(self, text: str, among: Sequence[int]) -> Support:
        """Code is what the notes have, line by line, or it is not supported."""
        lines = [" ".join(line.split()) for line in text.split("\n")[1:-1] if line.strip()]
        for place in among:
            chunk = self.passages[place].chunk
            if all(line in " ".join(chunk.text.split()) for line in lines):
                holding = [
                    unit for unit in chunk.units if any(line in " ".join(unit.text.split()) for line in lines)
                ]
                return Support(chunk, holding or chunk.units[-1:])
        return Support(reason="code")


def _segments(pieces: Iterable[str]) -> Iterator[Segment]:
    sentences = Sentences()
    for piece in pieces:
        yield from sentences.feed(visible(piece))
    yield from sentences.end()


def _marked(segment: Segment, marks: str) -> str:
    """A segment with its marks: behind a sentence, in the last cell of a row, below code."""
    if not marks:
        return segment.text
    if segment.kind is Kind.ROW and segment.text.endswith("|"):
        return f"{segment.text[:-1].rstrip()} {marks} |"
    return f"{segment.text}\n{marks}" if segment.kind is Kind.CODE else f"{segment.text} {marks}"


def _headings(chunk: Chunk) -> str:
    return " ".join(
        [chunk.title, *chunk.heading_path, *(lead.text for unit in chunk.units for lead in unit.parents)]
    )

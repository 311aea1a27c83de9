"""Does a passage say what a sentence says? Numbers, names and denials must agree, then meaning. Pure.

Each word of the sentence looks for its like in the lines of the passage and in the headings above them, as
the embedding model reads both; the line or lines that hold all of them are what the sentence stands on.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assistant.claims import (
    Fact,
    Word,
    clauses,
    denies,
    facts,
    names,
    numbers,
    opposed,
    unprefixed,
    words,
)
from assistant.expectation import generic_words
from assistant.taming import shown
from indexer.blocks import plain
from indexer.embedding import Embedded
from indexer.keyword_index import terms
from indexer.types import Chunk, Kind, Unit

SILENT = (Kind.HEADING, Kind.TABLE_HEADER, Kind.OTHER)  # these say nothing; HTML is of the last kind
NOWHERE = 10**9  # a place behind the end of any text
MOST_LINES = 3  # that one sentence stands on
ADDS = 0.06  # a further line has to bring the mean of the words that much nearer
LONG = 15  # words; a longer sentence is not the likelier to be supported
LEAST = 0.5  # mean nearness that the words of any supported sentence have
SPARED = 0.12  # of the mean nearness; a line that brings no more than that is not cited
GENERIC = 0.4  # how much a word counts that carries no subject
LINE = 0.46  # at it, missing what is supported and passing what is not weighed about the same

Floats = NDArray[np.float32]
Meaning = Callable[[Sequence[str]], Sequence[Embedded]]


@dataclass(frozen=True, slots=True)
class Support:
    """The lines that a sentence stands on, or in what they fail it."""

    chunk: Chunk | None = None
    units: Sequence[Unit] = ()
    reason: str = ""

    @property
    def found(self) -> bool:
        """Whether there are any."""
        return bool(self.units)


@dataclass(frozen=True)
class Read:
    """A text as the model reads it, word by word; `vectors` has a row of length 1 for each word.

    `names` are those of a sentence.
    """

    text: str
    words: Sequence[Word]
    vectors: Floats
    vector: Floats
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Line:
    """A unit with what stands above it, and the note and tags that it stands under."""

    where: str
    unit: Unit
    above: str
    read: Read

    @cached_property
    def facts(self) -> Sequence[Fact]:
        """Places in the text that was read; what stands above counts as the heads of all."""
        at = len(self.above) + 1 if self.above else 0
        over = tuple(
            fact.heads[0] for lead in self.unit.parents for fact in facts(lead.text)[:1] if fact.heads
        )
        return [
            Fact(at + fact.start, at + fact.end, (*over, *fact.heads))
            for fact in facts(self.read.text[at:], row=self.unit.kind is Kind.TABLE_ROW)
        ]

    @cached_property
    def numbers(self) -> set[str]:
        return numbers(self.read.text)

    @cached_property
    def terms(self) -> set[str]:
        return set(terms(self.read.text)) | {word.text.lower() for word in self.read.words}


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for and against a sentence's being supported by some lines."""

    similarity: float  # cosine of the sentence to the best of the lines
    together: float  # to all of them and their headings as one text
    nearness: float  # mean over the sentence's words of the cosine to their likest word there
    farthest: float  # the least of these, of a word that carries a subject
    second: float  # the second least
    bound: float  # mean nearness to one fact, of the part of the sentence for which that is least
    swapped: float  # how many parts of the sentence tell of one thing what is said of another
    numbers: float  # how many numbers do not stand there
    names: float  # how many names do not
    denied: float  # 1 if what is denied on one side is not on the other
    opposed: float  # how many words stand against their opposite
    length: float  # different words, in tens, at most LONG


# Fitted by logistic regression on the developing half of the labelled pairs.
WEIGHTS = Signs(0.46, 1.53, 1.52, 0.44, 0.85, 1.01, -1.50, -3.17, -1.62, -1.94, -1.36, 2.85)
BIAS = -5.50


class Passages:
    """The lines of some passages, read once, against which the sentences of one answer are held."""

    def __init__(self, chunks: Sequence[Chunk], meaning: Meaning) -> None:
        """
        Args:
            meaning: reads texts; without a model it gives no tokens, and words alone are compared.
        """
        self._chunks = chunks
        self._meaning = meaning
        self._lines: dict[int, list[_Line]] = {}

    def support(self, sentence: str, among: Iterable[int]) -> Support:
        """The lines of one of the passages that say what the sentence says.

        Args:
            among: the passages that may support it, as places in the list, the likeliest first.
        """
        read = read_sentence(sentence, self._meaning)
        best: tuple[float, Support] = (-1.0, Support(reason="uncited"))
        places = list(among)
        for place in places:
            copied = [line.unit for line in self._of(place) if _folded(read.text) in _folded(line.unit.text)]
            if copied and len(read.words) > 1:
                return Support(self._chunks[place], copied[:1])
        for place in places:
            chosen = choose(read, lines := self._of(place))
            if not chosen:
                continue
            found = signs(read, chosen, lines)
            sure = confidence(found)
            if sure > best[0]:
                reason = "" if sure >= LINE else _reason(found)
                units = [line.unit for line in needed(read, chosen, lines)] if not reason else []
                best = sure, Support(self._chunks[place], units, reason)
        return best[1]

    def _of(self, place: int) -> list[_Line]:
        if place not in self._lines:
            self._lines[place] = lines_of(self._chunks[place], self._meaning)
        return self._lines[place]


def read_sentence(sentence: str, meaning: Meaning) -> Read:
    """A sentence in Markdown."""
    said = plain(sentence)
    [read] = _read([said], [0], meaning)
    return replace(read, names=frozenset(names(sentence)))


def lines_of(chunk: Chunk, meaning: Meaning) -> list[_Line]:
    """The units of a passage that say something, each read under what stands above it."""
    read_as = {unit: shown(unit.text) for unit in chunk.units if unit.kind not in SILENT}
    units = [unit for unit, text in read_as.items() if text]
    above = [_above(chunk, unit) for unit in units]
    texts = [
        f"{over}\n{read_as[unit]}" if over else read_as[unit] for over, unit in zip(above, units, strict=True)
    ]
    denied = [
        len(over) if _denying(chunk, unit) else len(text)
        for over, unit, text in zip(above, units, texts, strict=True)
    ]
    read = _read(texts, denied, meaning)
    where = " ".join([chunk.note, *chunk.tags])
    return [_Line(where, unit, over, one) for unit, over, one in zip(units, above, read, strict=True)]


def _denying(chunk: Chunk, unit: Unit) -> bool:
    """Whether what a unit hangs on denies it: "Not supported:"."""
    over = [lead.text for lead in unit.parents if lead.text.endswith(":")] or list(chunk.heading_path[-1:])
    return denies(over[-1]) if over else False


def _above(chunk: Chunk, unit: Unit) -> str:
    path = chunk.heading_path if chunk.title in chunk.heading_path else (chunk.title, *chunk.heading_path)
    columns = [name for name, _ in unit.cells[:1] if name]
    return "\n".join([" > ".join(path), *(lead.text for lead in unit.parents), *columns])


def choose(sentence: Read, lines: Sequence[_Line]) -> list[_Line]:
    """The line that is nearest to a sentence, and others that say what it leaves unsaid."""
    if not lines or not sentence.words:
        return []
    near = [_near(sentence, [line.read]) for line in lines]
    weights = _weights(sentence.words)
    scores = [
        float(one @ weights) + float(sentence.vector @ line.read.vector)
        for one, line in zip(near, lines, strict=True)
    ]
    chosen = [int(np.argmax(scores))]
    best = near[chosen[0]]
    while len(chosen) < min(MOST_LINES, len(lines)):
        gains = [float((np.maximum(best, one) - best) @ weights) for one in near]
        place = int(np.argmax(gains))
        if gains[place] < ADDS:
            break
        chosen.append(place)
        best = np.maximum(best, near[place])
    return [lines[place] for place in chosen]


def needed(sentence: Read, chosen: Sequence[_Line], lines: Sequence[_Line]) -> Sequence[_Line]:
    """The chosen lines that support a sentence, without those that it stands as well without."""
    for line in chosen[1:]:
        fewer = [one for one in chosen if one is not line]
        before, after = signs(sentence, chosen, lines), signs(sentence, fewer, lines)
        if confidence(after) >= LINE and after.nearness > before.nearness - SPARED:
            return needed(sentence, fewer, lines)
    return chosen


def signs(sentence: Read, lines: Sequence[_Line], every: Sequence[_Line] = ()) -> Signs:
    """What speaks for and against; of at least one line and a sentence that has words.

    Args:
        every: all lines of the passage; another one of them may say of something else what the sentence says.
    """
    near = _near(sentence, [line.read for line in lines])
    weights = _weights(sentence.words)
    telling = np.sort(near[weights >= weights.max(initial=0)])
    where = lines[0].where
    text = "\n".join([lines[0].above, *(line.unit.text for line in lines)])
    there = {term for line in lines for term in line.terms}
    bindings = [_bound(sentence, start, end, every or lines) for start, end in clauses(sentence.text)]
    vectors = np.array([line.read.vector for line in lines])
    mean = vectors.sum(axis=0)
    return Signs(
        similarity=float((vectors @ sentence.vector).max()),
        together=float(mean @ sentence.vector / (np.linalg.norm(mean) or 1)),
        nearness=float(near @ weights),
        farthest=float(telling[0]) if len(telling) else 0.0,
        second=float(telling[min(1, len(telling) - 1)]) if len(telling) else 0.0,
        numbers=float(len(numbers(sentence.text) - set().union(*(line.numbers for line in lines)))),
        names=float(sum(not _named(name, there, f"{where}\n{text}") for name in sentence.names)),
        bound=min((one.nearness for one in bindings), default=0.0),
        swapped=float(sum(one.swapped for one in bindings)),
        denied=float(any(one.denied for one in bindings)),
        opposed=float(sum(one.opposed for one in bindings)),
        length=min(len({word.stems for word in sentence.words}), LONG) / 10,
    )


def confidence(found: Signs) -> float:
    """How likely the lines support the sentence, from 0 to 1; not at all if a number or name is not there."""
    if found.numbers or found.names or found.nearness < LEAST:
        return 0.0
    total = BIAS + sum(weight * value for weight, value in zip(astuple(WEIGHTS), astuple(found), strict=True))
    return 1 / (1 + math.exp(-total))


def _reason(found: Signs) -> str:
    """In what the lines fail the sentence, as far as it can be told."""
    for name in ("numbers", "names", "denied", "opposed"):
        if getattr(found, name) > 0:
            return {"numbers": "number", "names": "name"}.get(name, "negation")
    return "meaning"


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower())) + " "


def _named(name: str, there: set[str], text: str) -> bool:
    single = name.removesuffix("s")
    return single in text.lower() or bool((set(terms(name)) | set(terms(single))) & there)


@dataclass(frozen=True, slots=True)
class _Binding:
    """A part of a sentence beside the one fact that is likest to it."""

    nearness: float
    swapped: bool
    denied: bool
    opposed: int


def _bound(sentence: Read, start: int, end: int, lines: Sequence[_Line]) -> _Binding:
    """Find the fact that a part of a sentence tells, and see whether it tells it of the right thing."""
    rows = [number for number, word in enumerate(sentence.words) if start <= word.start < end]
    if not rows:
        return _Binding(1.0, False, False, 0)
    part = [sentence.words[row] for row in rows]
    held = frozenset(one for word in part for one in word.stems)
    heads = {head for line in lines for fact in line.facts for head in fact.heads}
    named = frozenset().union(*(head for head in heads if head <= held))
    best: tuple[float, float, _Line, Fact] | None = None
    for line in lines:
        columns = [word.end <= len(line.above) for word in line.read.words]
        near = sentence.vectors[rows] @ line.read.vectors.T if line.read.words else np.zeros((len(rows), 0))
        same = np.array([[bool(one.stems & other.stems) for other in line.read.words] for one in part])
        near = np.maximum(near, same.reshape(near.shape))
        for fact in line.facts:
            inside = np.array([fact.start <= word.start < fact.end for word in line.read.words], dtype=bool)
            allowed = inside | np.array(columns, dtype=bool)
            if not inside.any():
                continue
            own = near[:, inside].max(axis=1)
            told = [number for number, word in enumerate(part) if not word.stems & named]
            body = float(own[told].mean()) if told else float(own.mean())
            whole = float(near[:, allowed].max(axis=1).mean())
            if best is None or body > best[0]:
                best = body, whole, line, fact
    if best is None:
        return _Binding(0.0, False, False, 0)
    _, whole, line, fact = best
    text = line.read.text[fact.start : fact.end]
    return _Binding(
        whole,
        _swapped(held, fact, heads, line),
        _denied(part, [word for word in line.read.words if fact.start <= word.start < fact.end]),
        opposed(sentence.text[start:end], f"{line.above} {text}"),
    )


def _swapped(held: frozenset[str], fact: Fact, heads: set[frozenset[str]], line: _Line) -> bool:
    """Whether words tell of another thing what is said of this one: they name that, and not this."""
    own = frozenset().union(*fact.heads)
    said = frozenset(one for word in line.read.words if word.start < fact.end for one in word.stems)
    for head in heads:
        if head <= held and head - said:
            mine = [one - head for one in fact.heads if one - head]
            if mine and not any(one & held for one in mine):
                return True
            if not own:
                return True
    return False


def _denied(part: Sequence[Word], there: Sequence[Word]) -> bool:
    """Whether what one side denies stands on the other, and is not denied there."""
    pairs = [(word, other) for word in part if (other := _same(word, there)) is not None]
    return any(
        (word.focus and word.denied) or (other.focus and other.denied)
        for word, other in pairs
        if word.denied != other.denied
    )


def _same(word: Word, there: Sequence[Word]) -> Word | None:
    """The word among others that is the same; one with a prefix that denies it is denied."""
    bare = unprefixed(word)
    found: Word | None = None
    for other in there:
        if word.stems & other.stems:
            if other.denied == word.denied:
                return other
            found = other
        elif found is None and bare & other.stems:
            found = replace(other, denied=not other.denied)
    return found


def _weights(some: Sequence[Word]) -> Floats:
    """How much each word counts; they sum to 1."""
    counted = np.array(
        [GENERIC if word.text.lower() in generic_words() else 1.0 for word in some], np.float32
    )
    return np.asarray(counted / (counted.sum() or 1), dtype=np.float32)


def _near(sentence: Read, others: Sequence[Read]) -> Floats:
    """Of each word of the sentence, the cosine to its likest word in the others; 1 if it stands there."""
    best = np.zeros(len(sentence.words), np.float32)
    for other in others:
        if len(other.words):
            best = np.maximum(best, (sentence.vectors @ other.vectors.T).max(axis=1))
        stems = {one for word in other.words for one in word.stems}
        best = np.maximum(best, [float(bool(word.stems & stems)) for word in sentence.words])
    return np.asarray(best, dtype=np.float32)


def _read(texts: Sequence[str], denied: Sequence[int], meaning: Meaning) -> list[Read]:
    """Texts as the model reads them; what lies behind the characters `denied` is denied as a whole."""
    read = meaning(texts)
    return [_by_word(text, at, one) for text, at, one in zip(texts, denied, read, strict=True)]


def _by_word(text: str, denied: int, read: Embedded) -> Read:
    found = [replace(word, denied=word.denied ^ (0 < denied <= word.start)) for word in words(text)]
    vectors = np.zeros((len(found), read.tokens.shape[1] or 1), np.float32)
    for number, word in enumerate(found):
        inside = (read.spans[:, 0] >= word.start) & (read.spans[:, 1] <= word.end)
        if inside.any():
            mean = read.tokens[inside].mean(axis=0)
            vectors[number] = mean / (np.linalg.norm(mean) or 1)
    return Read(text, found, vectors, read.vector)

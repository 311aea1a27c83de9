"""Sentences and the lines of passages as the embedding model reads them, word by word. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assistant.claims import Fact, Word, facts, names, numbers, pieces, words
from assistant.denial import denials, opposed, within
from assistant.taming import shown
from indexer.embedding import Embedded
from indexer.keyword_index import terms
from indexer.markdown import plain
from indexer.types import Chunk, Kind, Unit

SILENT = (Kind.HEADING, Kind.TABLE_HEADER, Kind.OTHER)  # these say nothing; HTML is of the last kind

REACH = 3.0  # words; how far apart two words still belong together
BETWEEN = 2.0  # words that a comma or an "and" counts for
HEADED = 1.5  # words from what heads a fact to the words of it

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Meaning = Callable[[Sequence[str]], Sequence[Embedded]]


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
class Line:
    """A unit with what stands above it, and the note and tags that it stands under.

    `turned` says that what it hangs on denies it: "Not supported:".
    """

    where: str
    unit: Unit
    above: str
    read: Read
    turned: bool = False

    @cached_property
    def start(self) -> int:
        """Where the unit itself begins in the text that was read."""
        return len(self.above) + 1 if self.above else 0

    @cached_property
    def facts(self) -> Sequence[Fact]:
        """Places in the text that was read; what stands above counts as the heads of all."""
        over = tuple(
            fact.heads[0] for lead in self.unit.parents for fact in facts(lead.text)[:1] if fact.heads
        )
        return [
            Fact(self.start + fact.start, self.start + fact.end, (*over, *fact.heads))
            for fact in facts(self.read.text[self.start :], row=self.unit.kind is Kind.TABLE_ROW)
        ]

    @cached_property
    def numbers(self) -> set[str]:
        """Those that stand in the unit or above it."""
        return numbers(self.read.text)

    @cached_property
    def terms(self) -> set[str]:
        """The search terms of the unit and of what stands above it, and the words as they are."""
        return set(terms(self.read.text)) | {word.text.lower() for word in self.read.words}

    @cached_property
    def over(self) -> Mask:
        """Of each word, whether it stands above the unit."""
        return np.array([word.end < self.start for word in self.read.words], dtype=bool)

    @cached_property
    def opposed(self) -> Mask:
        """Of each word of the unit, whether it is denied, or called wrong, impossible or forbidden."""
        reaches = opposed(self.read.text[self.start :])
        found = [within(word.start - self.start, reaches) % 2 == 1 for word in self.read.words]
        return (np.array(found, dtype=bool) ^ self.turned) & ~self.over

    def inside(self, fact: Fact) -> Mask:
        """Of each word, whether it stands in a fact."""
        return np.array([fact.start <= word.start < fact.end for word in self.read.words], dtype=bool)

    def heading(self, fact: Fact) -> Mask:
        """Of each word of the unit, whether it belongs to the heads of a fact."""
        heads = frozenset().union(*fact.heads)
        own = [bool(word.stems & heads) and word.start < fact.end for word in self.read.words]
        return np.array(own, dtype=bool) & ~self.over

    @cached_property
    def closeness(self) -> Floats:
        """How much each two words belong together, from 0 to 1, of shape (words, words).

        It falls with the words between them, and more where another part of the line begins; what heads a
        fact is close to all of it, and what stands above the line to every word.
        """
        place = np.arange(len(self.read.words))
        piece = pieces(self.read.text, self.read.words, self.start)
        apart = np.abs(place[:, None] - place) + BETWEEN * np.abs(piece[:, None] - piece).astype(np.float64)
        for fact in self.facts:
            linked = np.outer(self.heading(fact), self.inside(fact))
            apart = np.where(linked | linked.T, np.minimum(apart, HEADED), apart)
        apart[self.over, :] = HEADED
        apart[:, self.over] = HEADED
        return np.asarray(np.exp(-apart / REACH), dtype=np.float32)


def read_sentence(sentence: str, meaning: Meaning) -> Read:
    """A sentence in Markdown."""
    said = plain(sentence)
    [read] = _read([said], [0], meaning)
    return replace(read, names=frozenset(names(sentence)))


def lines_of(chunk: Chunk, meaning: Meaning) -> list[Line]:
    """The units of a passage that say something, each read under what stands above it."""
    read_as = {unit: shown(unit.text) for unit in chunk.units if unit.kind not in SILENT}
    units = [unit for unit, text in read_as.items() if text]
    above = [_above(chunk, unit) for unit in units]
    texts = [
        f"{over}\n{read_as[unit]}" if over else read_as[unit] for over, unit in zip(above, units, strict=True)
    ]
    turned = [_denying(chunk, unit) for unit in units]
    denied = [len(above[at]) if turned[at] else len(text) for at, text in enumerate(texts)]
    read = _read(texts, denied, meaning)
    where = " ".join([chunk.note, *chunk.tags])
    return [Line(where, unit, above[at], read[at], turned[at]) for at, unit in enumerate(units)]


def _denying(chunk: Chunk, unit: Unit) -> bool:
    """Whether what a unit hangs on denies it: "Not supported:"."""
    over = [lead.text for lead in unit.parents if lead.text.endswith(":")] or list(chunk.heading_path[-1:])
    return bool(over and denials(over[-1]))


def _above(chunk: Chunk, unit: Unit) -> str:
    path = chunk.heading_path if chunk.title in chunk.heading_path else (chunk.title, *chunk.heading_path)
    columns = [name for name, _ in unit.cells[:1] if name]
    return "\n".join([" > ".join(path), *(lead.text for lead in unit.parents), *columns])


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

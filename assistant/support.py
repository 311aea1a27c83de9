"""Does a passage say what a sentence says? Numbers, names and denials must agree, then meaning. Pure.

Each word of the sentence looks for its like in the lines of the passage and in the headings above them, as
the embedding model reads both; the line or lines that hold all of them are what the sentence stands on.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from assistant.alignment import Alignment
from assistant.claims import in_words_of
from assistant.readings import Line, Meaning, Read, lines_of, read_sentence
from assistant.weighing import LINE, choose, confidence, needed, reason, signs
from indexer.types import Chunk, Unit


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


class Passages:
    """The lines of some passages, read once, against which the sentences of one answer are held."""

    def __init__(self, chunks: Sequence[Chunk], meaning: Meaning) -> None:
        """
        Args:
            meaning: reads texts; without a model it gives no tokens, and words alone are compared.
        """
        self._chunks = chunks
        self._meaning = meaning
        self._lines: dict[int, list[Line]] = {}

    @np.errstate(invalid="ignore")  # as in `look`
    def support(self, sentence: str, among: Iterable[int]) -> Support:
        """The lines of one of the passages that say what the sentence says.

        Args:
            among: the passages that may support it, as places in the list, the likeliest first.
        """
        read = cache(partial(read_sentence, meaning=self._meaning))
        said = read(sentence)
        best: tuple[float, Support] = (-1.0, Support(reason="uncited"))
        places = list(among)
        for place in places:
            copied = [line.unit for line in self._of(place) if _folded(said.text) in _folded(line.unit.text)]
            if copied and len(said.words) > 1:
                return Support(self._chunks[place], copied[:1])
        for place in places:
            one = aligned(sentence, self._of(place), read)
            if one is None:
                continue
            chosen = choose(one)
            found = signs(one, chosen)
            sure = confidence(found)
            if sure > best[0]:
                why = "" if sure >= LINE else reason(found)
                units = [one.lines[at].unit for at in needed(one, chosen)] if not why else []
                best = sure, Support(self._chunks[place], units, why)
        return best[1]

    def _of(self, place: int) -> list[Line]:
        if place not in self._lines:
            self._lines[place] = lines_of(self._chunks[place], self._meaning)
        return self._lines[place]


def aligned(sentence: str, lines: Sequence[Line], read: Callable[[str], Read]) -> Alignment | None:
    """A sentence in Markdown beside the lines of a passage, with acronyms as those have them.

    None where either has no words.
    """
    told = read(in_words_of(sentence, "\n".join(line.read.text for line in lines)))
    return Alignment(told, lines) if lines and told.words else None


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower())) + " "

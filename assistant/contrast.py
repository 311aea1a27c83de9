"""What a sentence and the facts of a passage pair up, and what they oppose. Pure.

"Roles are per task, profiles per instance" and "profiles are per task, roles per instance" have the same
words; only what stands with what tells them apart.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assistant.alignment import Alignment
from assistant.claims import Fact, Word
from assistant.denial import contradictions
from assistant.readings import Line, Mask

EXACT = 1 - 1e-3  # nearness of two forms of one word
MOST = 3  # what crosses more often counts no more
MOST_PAIRS = 12
BODY = 0.3  # how much the words of a fact count again, beside what heads it

# Where a line and a sentence may go on to another thing; a sentence lists without commas, too.
_TURN = r"[;\N{EM DASH}]|\b(?:but|while|whereas|because|since|so|which)\b"
_BEGINNING = r"the|an?|that|those|it|is|are|has|have|does|do|can|cannot|must|may|gets?|needs?"
_CLAUSE = re.compile(_TURN + rf"|,\s|\band\b(?=\s(?:{_BEGINNING})\b)", re.I)
_PART = re.compile(_TURN + r"|,\s(?=[`\w-])|\b(?:and|though|although|if|when|unless|until)\b", re.I)


@dataclass(frozen=True)
class Contrast:
    """A sentence beside the facts of a passage."""

    one: Alignment

    @cached_property
    def _together(self) -> Mask:
        """Of each two words of the sentence whether they stand in one clause of a line, or over it."""
        count = len(self.one.sentence.words)
        found = np.zeros((count, count), dtype=bool)
        for near, line in zip(self.one.near, self.one.lines, strict=True):
            same = (near >= EXACT) & ~line.over
            for clause in _clauses(line):
                held = same[:, clause].any(axis=1)
                found |= np.outer(held, held)
        return found

    @cached_property
    def _found(self) -> Mask:
        return np.asarray(np.diagonal(self._together))

    @property
    def crossed(self) -> int:
        """How many pairs of the sentence stand crosswise in the passage, at most MOST."""
        both = np.outer(self._found, self._found)
        part = _numbered(_PART, self.one.sentence.text, self.one.sentence.words)
        here = part[:, None] == part
        apart = (both & here & ~self._together).astype(np.int64)
        across = (both & ~here & self._together).astype(np.int64)
        crossing = apart @ across.T
        return int(min((crossing * crossing.T).sum(), MOST))

    @property
    def paired(self) -> int:
        """How many pairs of words within a clause of the sentence the passage has, at most MOST_PAIRS."""
        part = _numbered(_CLAUSE, self.one.sentence.text, self.one.sentence.words)
        both = np.outer(self._found, self._found) & (part[:, None] == part)
        return int(min(np.triu(both, 1).sum(), MOST_PAIRS))

    @property
    def reversed(self) -> float:
        """The share of the pairs of words within a part of the sentence that its likest line turns round."""
        one = self.one
        same = [(near >= EXACT) & ~line.over for near, line in zip(one.near, one.lines, strict=True)]
        likest = max(same, key=lambda held: float(held.any(axis=1) @ one.weights))
        rows = np.flatnonzero(likest.any(axis=1) & one.telling)
        place, part = likest[rows].argmax(axis=1) if len(rows) else rows, one.part[rows]
        later = np.triu((part[:, None] == part) & (place[:, None] != place), 1)
        return float((place[:, None] > place)[later].mean()) if later.any() else 0.0

    @cached_property
    def _nearest(self) -> Sequence[tuple[Sequence[Word], str, str, Sequence[Word], bool]]:
        """The words of each clause, it, the fact nearest to it, its words, and whether that is denied."""
        words = self.one.sentence.words
        found = []
        for start, end, rows in self.one.claims:
            weights = self.one.weights[rows] / self.one.weights[rows].sum()
            told: list[tuple[float, Line, Fact]] = []
            for near, line in zip(self.one.near, self.one.lines, strict=True):
                for fact in line.facts:
                    own = line.inside(fact) | line.heading(fact)
                    body = near[rows][:, own].max(axis=1, initial=0) * BODY
                    score = (near[rows][:, own | line.over].max(axis=1, initial=0) + body) @ weights
                    told.append((float(score), line, fact))
            if told:
                _, line, fact = max(told, key=lambda one: one[0])
                inside = [word for word in line.read.words if fact.start <= word.start < fact.end]
                text, said = line.read.text[fact.start : fact.end], self.one.sentence.text[start:end]
                found.append(([words[at] for at in rows], said, text, inside, line.turned))
        return found

    @property
    def contrary(self) -> int:
        """How many things one clause says the opposite of, at most 2."""
        found = [0 if turned else contradictions(said, told) for _, said, told, _, turned in self._nearest]
        return min(max(found, default=0), 2)

    @property
    def both_denied(self) -> bool:
        """Whether a clause denies what its fact denies."""
        return any(
            word.denied and other.denied and bool(word.stems & other.stems)
            for mine, _, _, theirs, _ in self._nearest
            for word in mine
            for other in theirs
        )


def _clauses(line: Line) -> Iterator[Mask]:
    """Of each clause of the facts of a line the words, with those that head the fact."""
    starts = [word.start for word in line.read.words]
    for fact in line.facts:
        text = line.read.text[fact.start : fact.end]
        cuts = [fact.start, *(fact.start + match.start() for match in _CLAUSE.finditer(text)), fact.end]
        heads = line.heading(fact)
        for begin, end in pairwise(cuts):
            inside = np.array([begin <= start < end for start in starts], dtype=bool)
            if inside.any():
                yield inside | heads


def _numbered(cut: re.Pattern[str], text: str, words: Sequence[Word]) -> NDArray[np.int64]:
    cuts = [match.start() for match in cut.finditer(text)]
    return np.array([bisect_right(cuts, word.start) for word in words], dtype=np.int64)

"""A sentence beside the lines of a passage, word by word: what is said of what, and what is denied. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from assistant.claims import Fact, Word, clauses, parts, unprefixed
from assistant.denial import opposed, opposite, within
from assistant.expectation import generic_words
from assistant.readings import Floats, Line, Mask, Read

GENERIC = 0.4  # how much a word counts that carries no subject
WINDOW = 5  # words of a sentence within which two belong together
AROUND = 3  # words on either side that say which of its likes a word is
SURROUNDED = 1.5  # how much these count against the word itself
LIKE = 0.5  # cosine at which a word has its like in a line
SAME = 0.9  # and at which that says the same
RIVALLED = 0.75  # and at which another may be told of it


@dataclass(frozen=True)
class Alignment:
    """A sentence, and the lines of a passage that it may stand on; both have words.

    The arrays `near`, one for each line, have the cosine of each word of the sentence to each of the line,
    and 1 where they are forms of one word.
    """

    sentence: Read
    lines: Sequence[Line]

    @cached_property
    def near(self) -> Sequence[Floats]:
        return [_near(self.sentence, line.read) for line in self.lines]

    @cached_property
    def weights(self) -> Floats:
        """How much each word of the sentence counts; they sum to 1."""
        counted = [GENERIC if word.text.lower() in generic_words() else 1.0 for word in self.sentence.words]
        return np.asarray(np.array(counted, np.float32) / (sum(counted) or 1), dtype=np.float32)

    @cached_property
    def telling(self) -> Mask:
        """Which words of the sentence carry a subject."""
        return np.asarray(self.weights >= self.weights.max(initial=0) - 1e-6, dtype=bool)

    @cached_property
    def nearest(self) -> Floats:
        """Of each word of the sentence, the cosine to its likest word in each line: (lines, words)."""
        return np.array([near.max(axis=1, initial=0) for near in self.near], dtype=np.float32)

    @cached_property
    def _facts(self) -> Sequence[tuple[int, Fact, Floats]]:
        """Each fact of the lines, and how near it comes to each word of the sentence."""
        found = [(at, fact, line.inside(fact)) for at, line in enumerate(self.lines) for fact in line.facts]
        return [(at, fact, self.near[at][:, own].max(axis=1)) for at, fact, own in found if own.any()]

    @cached_property
    def claims(self) -> Sequence[tuple[int, int, list[int]]]:
        """The parts of the sentence that claim something each: from where to where, and which words."""
        text, found = self.sentence.text, []
        for start, end in clauses(text) or [(0, len(text))]:
            if rows := [at for at, word in enumerate(self.sentence.words) if start <= word.start < end]:
                found.append((start, end, rows))
        return found

    @cached_property
    def whole(self) -> float:
        """Mean nearness to one fact and its heads, of the part of the sentence for which that is least."""
        found: list[float] = []
        for _, _, rows in self.claims:
            weights = self.weights[rows] / self.weights[rows].sum()
            best = 0.0
            for at, fact, _ in self._facts:
                line = self.lines[at]
                allowed = line.inside(fact) | line.heading(fact) | line.over
                best = max(best, float(self.near[at][rows][:, allowed].max(axis=1) @ weights))
            found.append(best)
        return min(found, default=0.0)

    @cached_property
    def swapped(self) -> float:
        """How much nearer the sentence comes to what is told of another thing than to that of its own."""
        owned = [_owned(self.lines[at], fact) for at, fact, _ in self._facts]
        heads = {head for _, fact, _ in self._facts for head in fact.heads}
        most = 0.0
        for _, _, rows in self.claims:
            held = frozenset().union(*(self.sentence.words[at].stems for at in rows))
            for head in heads:
                body = [at for at in rows if not self.sentence.words[at].stems & head]
                if not head <= held or not body:
                    continue
                told = [(self._mean(body, near), fact.heads) for _, fact, near in self._facts]
                mine = [one for (one, _), own in zip(told, owned, strict=True) if head <= own]
                others = [
                    one
                    for (one, its), own in zip(told, owned, strict=True)
                    if not head <= own and any(not other <= held for other in its)
                ]
                if mine and others:
                    most = max(most, max(others) - max(mine))
        return most

    def _mean(self, rows: Sequence[int], near: Floats) -> float:
        weights = self.weights[rows]
        return float(near[rows] @ weights / (weights.sum() or 1))

    @cached_property
    def part(self) -> Floats:
        """Of each word of the sentence the number of the part that it stands in."""
        return np.asarray(parts(self.sentence.text, self.sentence.words), dtype=np.float32)

    @cached_property
    def _together(self) -> Sequence[Floats]:
        """For each line how close its words are to a like of each word of the sentence."""
        return [
            (near[:, None, :] * line.closeness).max(axis=2, initial=0)
            for near, line in zip(self.near, self.lines, strict=True)
        ]

    @cached_property
    def rivalled(self) -> float:
        """How much closer another word, like one of the sentence, stands to its fellows than it does."""
        count = len(self.sentence.words)
        shape = (count, count)
        own, other = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for near, close, line in zip(self.near, self._together, self.lines, strict=True):
            exact = near >= 1 - 1e-3
            like = np.where(exact | line.over, 0, np.clip(self.sentence.vectors @ line.read.vectors.T, 0, 1))
            own = np.maximum(own, (exact[:, None, :] * close).max(axis=2, initial=0))
            other = np.maximum(other, (like[:, None, :] * close).max(axis=2, initial=0))
        best, place = self.nearest.max(axis=0), np.arange(count)
        beside = (np.abs(place[:, None] - place) <= WINDOW) & (self.part[:, None] == self.part)
        asked = beside & (best >= 1 - 1e-3)[:, None] & self.telling[:, None] & (best > RIVALLED)
        np.fill_diagonal(asked, False)
        return float(np.where(asked, other - own, 0).max(initial=0))

    @cached_property
    def _likes(self) -> Sequence[tuple[int, int, float]]:
        """For each word of the sentence the line and the word that says it there, and how near that is.

        Of several that may, it is the one among the likes of the words around.
        """
        count = len(self.sentence.words)
        place = np.arange(count)
        around = np.abs(place[:, None] - place) <= AROUND
        counted = np.where(around & (self.part[:, None] == self.part), self.weights, 0)
        np.fill_diagonal(counted, 0)
        counted = SURROUNDED * counted / np.where(around, self.weights, 0).sum(axis=1, keepdims=True)
        found = [(-1.0, 0, 0, 0.0)] * count
        for at, (near, close) in enumerate(zip(self.near, self._together, strict=True)):
            if not near.shape[1]:
                continue
            scores = near + counted @ close
            for row, word in enumerate(scores.argmax(axis=1)):
                one = float(scores[row, word]), at, int(word), float(near[row, word])
                found[row] = max(found[row], one)
        return [(at, word, sure) for _, at, word, sure in found]

    @cached_property
    def _turned(self) -> Sequence[tuple[bool, bool, float, bool]]:
        """Of each word that has its like below the headings: whether one side denies it and the other
        does not, whether any does, how near the two are, and whether it carries a subject."""
        reaches = opposed(self.sentence.text)
        found = []
        for row, (at, number, near) in enumerate(self._likes):
            line, word = self.lines[at], self.sentence.words[row]
            if near > LIKE and not line.over[number]:
                mine, theirs = within(word.start, reaches) % 2 == 1, bool(line.opposed[number])
                contrary = opposite(word.text, line.read.words[number].text)
                found.append((mine ^ theirs ^ contrary, mine or theirs, near, bool(self.telling[row])))
        return found

    @property
    def turned(self) -> bool:
        """Whether a word that carries a subject is denied on one side only."""
        return any(turned and near > SAME and tells for turned, _, near, tells in self._turned)

    @property
    def agreed(self) -> bool:
        """Whether both sides deny the same."""
        return any(denied and not turned for turned, denied, _, _ in self._turned)

    @cached_property
    def denied(self) -> bool:
        """Whether right behind what denies on one side stands what the other has, and does not deny."""
        return any(
            _denied([self.sentence.words[at] for at in rows], self._told(rows)) for _, _, rows in self.claims
        )

    def _told(self, rows: Sequence[int]) -> Sequence[Word]:
        """The words of the fact that a part of the sentence comes nearest to; its heads do not count."""
        held = frozenset().union(*(self.sentence.words[at].stems for at in rows))
        named = frozenset().union(
            *(head for _, fact, _ in self._facts for head in fact.heads if head <= held)
        )
        told = [at for at in rows if not self.sentence.words[at].stems & named] or rows
        best = max(self._facts, key=lambda one: float(one[2][told].mean()), default=None)
        if best is None:
            return []
        at, fact, _ = best
        return [word for word in self.lines[at].read.words if fact.start <= word.start < fact.end]


def _near(sentence: Read, line: Read) -> Floats:
    theirs: dict[str, list[int]] = {}
    for column, other in enumerate(line.words):
        for one in other.stems:
            theirs.setdefault(one, []).append(column)
    if not line.words:
        return np.zeros((len(sentence.words), 0), np.float32)
    near = np.clip(sentence.vectors @ line.vectors.T, 0, 1)
    for row, word in enumerate(sentence.words):
        near[row, [column for one in word.stems for column in theirs.get(one, ())]] = 1
    return np.asarray(near, dtype=np.float32)


def _owned(line: Line, fact: Fact) -> frozenset[str]:
    """What a fact tells of, and what it says."""
    own = [word.stems for word in line.read.words if fact.start <= word.start < fact.end]
    return frozenset().union(*own, *fact.heads)


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

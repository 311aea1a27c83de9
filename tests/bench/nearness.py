"""How near questions are to units of notes, by what the assistant compares; learned by learn.py."""

from dataclasses import dataclass

import torch
from lessons import CONTEXT, SPECIAL, Lesson, Read
from torch import Tensor, nn
from torch.nn import functional

FARTHEST = -1.0  # the cosine of what has no tokens
UNLIKELY = -1e4


@dataclass(frozen=True)
class Slots:
    """What a lesson's tokens belong to: the context and the units of each of its chunks, one after the other.

    `place` finds a slot by (note, chunk, unit). `of` has the slot of each token; `chunk`, for each slot, its
    chunk; `context` that chunk's context; `units` whether it is a unit that has tokens.
    """

    place: dict[tuple[int, int, int], int]
    of: Tensor
    chunk: Tensor
    context: Tensor
    units: Tensor


def slots(lesson: Lesson) -> Slots:
    """The slots of a lesson."""
    names, of, chunk_of = [], [], []
    for note, told in enumerate(lesson.notes):
        for chunk, (text, count) in enumerate(zip(told.chunks, told.units, strict=True)):
            of.append(text.parts[text.parts != SPECIAL] - CONTEXT + len(names))
            chunk_of += [len(of) - 1] * (count + 1)
            names += [(note, chunk, unit) for unit in range(CONTEXT, count)]
    unit = torch.tensor([unit for _, _, unit in names])
    every = torch.cat(of)
    units = (unit > CONTEXT) & (torch.bincount(every, minlength=len(names)) > 0)
    context = torch.arange(len(names)) - (unit - CONTEXT)
    return Slots({name: at for at, name in enumerate(names)}, every, torch.tensor(chunk_of), context, units)


class Nearness(nn.Module):
    """How near questions are to units, and what is near enough."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor([11.0, 11.0, 8.0, 6.0]))
        self.enough = nn.Parameter(torch.tensor(1.2))  # in tens

    def forward(self, lesson: Lesson, read: Read) -> tuple[Tensor, Tensor]:
        """How near each question is to each slot, units alone being likely, and which slots answer it."""
        where = slots(lesson)
        tokens = torch.cat([tokens for chunks in read.told for tokens in chunks])
        own, placed = _by_words(lesson, read, tokens, where)
        sums = torch.zeros(len(where.units), tokens.shape[1]).index_add(0, where.of, tokens)
        whole = torch.stack([functional.normalize(asked.sum(0), dim=-1) for asked in read.asked])
        by_unit = whole @ functional.normalize(sums, dim=-1).T
        by_chunk = (read.asked_vectors @ read.told_vectors.T)[:, where.chunk]
        near = (torch.stack([by_unit, placed, own, by_chunk], -1) * self.weights).sum(-1)
        return near.masked_fill(~where.units, UNLIKELY), _right(lesson, where)


def _by_words(lesson: Lesson, read: Read, tokens: Tensor, where: Slots) -> tuple[Tensor, Tensor]:
    """The mean cosine of a question's words to the likest token of each slot; of that or its context."""
    words, owner = _words(lesson, read)
    best = torch.full((len(words), len(where.units)), FARTHEST)
    belongs = where.of.expand(len(words), -1)
    best = best.scatter_reduce(1, belongs, words @ tokens.T, "amax", include_self=False)
    best = torch.where(torch.bincount(where.of, minlength=len(where.units)) > 0, best, FARTHEST)
    counts = torch.bincount(owner, minlength=len(read.asked)).clamp(min=1)[:, None]
    none = torch.zeros(len(read.asked), len(where.units))
    either = torch.maximum(best, best[:, where.context])
    return none.index_add(0, owner, best) / counts, none.index_add(0, owner, either) / counts


def _words(lesson: Lesson, read: Read) -> tuple[Tensor, Tensor]:
    """The mean of the tokens of each word of all questions, and which question it is of."""
    words, owner = [], []
    for row, (text, tokens) in enumerate(zip(lesson.questions.values(), read.asked, strict=True)):
        parts = text.parts[text.parts != SPECIAL]
        count = int(parts.max()) + 1
        named = parts >= 0
        sums = torch.zeros(count, tokens.shape[1]).index_add(0, parts[named], tokens[named])
        words.append(sums / torch.bincount(parts[named], minlength=count)[:, None])
        owner += [row] * count
    return torch.cat(words), torch.tensor(owner)


def _right(lesson: Lesson, where: Slots) -> Tensor:
    """Which slots answer each question."""
    row = {key: at for at, key in enumerate(lesson.questions)}
    right = torch.zeros(len(row), len(where.units), dtype=torch.bool)
    for note, told in enumerate(lesson.notes):
        for asked in told.asked:
            for chunk, unit in asked.right:
                right[row[told.pair, asked.text], where.place[note, chunk, unit]] = True
    return right & where.units

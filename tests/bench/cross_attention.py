"""What assistant/cross_attention.py computes, so that it can be learned: tests/bench/learn.py does."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from assistant.cross_attention import FADES, LEAST, REACH

HEADS, KEYS, VALUES, WIDTH, LAYER_HEADS, PLACES, HIDDEN = 4, 32, 48, 96, 4, 64, 64
DROPPED, DROPPED_IN = 0.3, 0.1
POINTED = 0.3  # how much it counts to find the place of an answer


@dataclass(frozen=True)
class Example:
    """A question's tokens beside a note's: which of these are context, which answer, and whether any do."""

    asked: Tensor
    told: Tensor
    context: Tensor
    right: Tensor
    label: bool


@dataclass(frozen=True)
class Batch:
    """Examples side by side; what is_asked and is_told don't mark is padding."""

    asked: Tensor
    is_asked: Tensor
    told: Tensor
    is_told: Tensor
    context: Tensor
    right: Tensor
    label: Tensor


def batched(some: Sequence[Example]) -> Batch:
    """Examples side by side."""
    asked, told = ([getattr(one, name) for one in some] for name in ("asked", "told"))
    there = [[torch.ones(len(one), dtype=torch.bool) for one in side] for side in (asked, told)]
    context, right = [one.context.float() for one in some], [one.right for one in some]
    sides = (asked, there[0], told, there[1], context, right)
    label = torch.tensor([float(one.label) for one in some])
    return Batch(*(pad_sequence(side, batch_first=True) for side in sides), label)


class Net(nn.Module):
    """What assistant/cross_attention.py computes, for texts of many lengths at once."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.q, self.k = (nn.Linear(dimension, HEADS * KEYS, bias=False) for _ in range(2))
        self.v, self.a = nn.Linear(dimension, VALUES), nn.Linear(dimension, VALUES)
        for one in (self.q, self.k):
            nn.init.normal_(one.weight, std=0.02)
        self.tau = nn.Parameter(torch.linspace(4, 20, HEADS))
        self.loc = nn.Parameter(torch.linspace(0, 2, HEADS))
        self.ctx = nn.Parameter(torch.zeros(HEADS))
        self.cmp = nn.Sequential(
            nn.Linear(VALUES + HEADS * (3 * VALUES + 1) + 2, WIDTH),
            nn.ReLU(),
            nn.Dropout(DROPPED),
            nn.Linear(WIDTH, WIDTH),
        )
        self.cls = nn.Parameter(torch.randn(WIDTH) * 0.02)
        self.pos = nn.Parameter(torch.randn(PLACES, WIDTH) * 0.02)
        self.in_proj, self.out_proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.linear1, self.linear2 = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.out = nn.Linear(2 * WIDTH, 1)
        self.tokout = nn.Sequential(nn.Linear(VALUES + HEADS + 2, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))
        self.drop, self.drop_in = nn.Dropout(DROPPED), nn.Dropout(DROPPED_IN)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The log-odds of each example, and what speaks for each of its note's tokens."""
        count, asked, _ = batch.asked.shape
        told = batch.told.shape[1]
        mine, theirs = self.drop_in(batch.asked), self.drop_in(batch.told)
        cosines = mine @ theirs.transpose(1, 2)
        queries = self.q(mine).view(count, asked, HEADS, KEYS).transpose(1, 2)
        keys = self.k(theirs).view(count, told, HEADS, KEYS).transpose(1, 2)
        scores = queries @ keys.transpose(2, 3) + self.tau[:, None, None] * cosines[:, None]
        scores = scores + self.ctx[:, None, None] * batch.context[:, None, None]
        scores = scores.masked_fill(~batch.is_told[:, None, None], -1e4)
        covered = (scores.softmax(-1).mean(1) * batch.is_asked[..., None]).sum(1) * (1 - batch.context)
        kernel = torch.exp(-torch.arange(-REACH, REACH + 1).abs() / FADES)[None, None]
        around = torch.log(functional.conv1d(covered[:, None], kernel, padding=REACH)[:, 0] + LEAST)
        attention = (scores + self.loc[:, None, None] * around[:, None, None]).softmax(-1)
        values, own = self.v(theirs), self.a(mine)
        found = torch.einsum("bhij,bjv->bihv", attention, values)
        beside = own[:, :, None].expand_as(found)
        got = torch.einsum("bhij,bij->bih", attention, cosines)
        nearest = cosines.masked_fill(~batch.is_told[:, None], -1).amax(-1, keepdim=True)
        parts = [own, (found * beside).flatten(2), (found - beside).abs().flatten(2), found.flatten(2)]
        parts += [got, nearest, got.mean(-1, keepdim=True)]
        places = torch.arange(asked).clamp(max=PLACES - 1)
        compared = self.cmp(torch.cat(parts, -1)) + self.pos[places]
        sure = self._aggregated(compared, batch.is_asked)
        share = batch.is_asked.float() / batch.is_asked.sum(1, keepdim=True)
        looked = torch.einsum("bhij,bi->bjh", attention, share)
        near = torch.einsum("bij,bi->bj", cosines, share)
        speaks = self.tokout(torch.cat([values, looked, near[..., None], around[..., None]], -1))[..., 0]
        return sure, speaks.masked_fill(~batch.is_told, -1e4)

    def _aggregated(self, compared: Tensor, is_asked: Tensor) -> Tensor:
        count = len(compared)
        states = torch.cat([self.cls.expand(count, 1, -1), compared], 1)
        there = torch.cat([torch.ones(count, 1, dtype=torch.bool), is_asked], 1)
        split = self.in_proj(self.norm1(states)).view(count, -1, 3, LAYER_HEADS, WIDTH // LAYER_HEADS)
        queries, keys, values = split.permute(2, 0, 3, 1, 4)
        dropped = DROPPED if self.training else 0.0
        attended = functional.scaled_dot_product_attention(
            queries, keys, values, attn_mask=there[:, None, None], dropout_p=dropped
        )
        states = states + self.drop(self.out_proj(attended.transpose(1, 2).flatten(2)))
        hidden = self.drop(self.linear1(self.norm2(states)).relu())
        states = states + self.drop(self.linear2(hidden))
        mean = (states[:, 1:] * is_asked[..., None]).sum(1) / is_asked.sum(1, keepdim=True)
        return self.out(self.drop(torch.cat([states[:, 0], mean], -1)))[:, 0]


def loss(net: Net, batch: Batch) -> Tensor:
    """How wrong it is whether, and where."""
    sure, speaks = net(batch)
    lost = functional.binary_cross_entropy_with_logits(sure, batch.label)
    pointed = batch.right.any(1)
    if pointed.any():
        likely = speaks[pointed].log_softmax(1).masked_fill(~batch.right[pointed], -1e4)
        lost = lost - POINTED * torch.logsumexp(likely, 1).mean()
    return lost


def weights_of(net: Net) -> dict[str, NDArray[np.float32]]:
    """The weights as the assistant knows them."""
    return {key: value.numpy() for key, value in net.state_dict().items()}

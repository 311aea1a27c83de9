"""Questions worth asking, made from what the notes define and from their headings. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest

from assistant.expectation import content_terms
from assistant.phrasing import Phrasing, reads_well
from assistant.types import Answer
from indexer.passages import Passages
from indexer.types import Chunk, Kind

LOOKED_THROUGH = 2_000  # chunks that tell how words are written, and what could be asked
_DEFINED = re.compile(r"\*\*(?P<term>[^*:]{3,48}):\*\*\s+\w")
_ASIDE = re.compile(r"\s*\([^)]*\)")
Names = Callable[[Chunk], Iterable[str]]


def naming_questions(snapshot: Passages, count: int) -> Sequence[str]:
    """Up to `count` questions that the notes speak to, from as many as possible, each put alike, well or not.

    Definitions come first; headings fill up where there are too few.
    """
    return _all_over(snapshot.sample(), count, _plain_of_terms, _plain_of_topics)


def follow_ups(snapshot: Passages, answer: Answer, asked: Sequence[str], count: int = 6) -> Sequence[str]:
    """Up to `count` questions about what stands beside the first cited lines, the nearest heading's first.

    Args:
        asked: questions of the conversation; what they or the answer speak of is not suggested.
    """
    if not answer.citations:
        return ()
    first = answer.citations[0]
    beside = sorted(
        snapshot.of_note(first.note),
        key=lambda chunk: max(chunk.line_start - first.line_end, first.line_start - chunk.line_end),
    )
    known = set(content_terms(" ".join([answer.text, *asked])))
    phrasing = phrasing_of(snapshot)
    by_heading: dict[tuple[str, ...], list[str]] = {}
    for chunk in beside:
        new = by_heading.setdefault(chunk.heading_path, [])
        for names, phrase in ((terms_of, phrasing.of_term), (topics_of, phrasing.of_heading)):
            new += [phrase(name) for name in names(chunk) if not set(content_terms(name)) <= known]
    return _in_turns(by_heading.values())[:count]


def some_of(snapshot: Passages) -> Sequence[Chunk]:
    """Chunks from all over, at most about LOOKED_THROUGH."""
    chunks = snapshot.sample()
    return chunks[:: max(1, len(chunks) // LOOKED_THROUGH)]


def phrasing_of(snapshot: Passages) -> Phrasing:
    """How questions about what the notes name are put."""
    some = some_of(snapshot)
    return Phrasing(
        some, ((name, chunk.note) for chunk in some for name in [*terms_of(chunk), *topics_of(chunk)])
    )


def _all_over(chunks: Sequence[Chunk], count: int, *kinds: Names) -> Sequence[str]:
    """Questions of each kind, from all over; those of a later kind fill up."""
    found: list[str] = []
    for questions in kinds:
        by_note: dict[str, list[str]] = {}
        for chunk in chunks:
            by_note.setdefault(chunk.note, []).extend(questions(chunk))
        found += _spread(list(by_note.values()), count)
    return list(dict.fromkeys(found))[:count]


def _spread(by_note: Sequence[Sequence[str]], count: int) -> list[str]:
    """Questions from all over: each note's first, then each note's second, thinned out to about `count`."""
    questions = _in_turns(by_note)
    step = max(1, min(len(questions), sum(map(bool, by_note))) // count)
    return questions[::step][:count]


def _in_turns(groups: Iterable[Sequence[str]]) -> list[str]:
    """Each group's first, then each group's second, and so on; none twice."""
    rounds = (question for tier in zip_longest(*groups) for question in tier if question)
    return list(dict.fromkeys(rounds))


def bare(name: str) -> str:
    """A name without what stands in brackets in it."""
    return _ASIDE.sub("", name).strip()


def terms_of(chunk: Chunk) -> Iterator[str]:
    """What the chunk's list items define, as they name it in bold."""
    start = chunk.span.start
    for unit in chunk.units:
        found = _DEFINED.match(chunk.text, unit.span.start - start, unit.span.end - start)
        if found and unit.kind is Kind.LIST_ITEM:
            yield bare(found["term"])


def topics_of(chunk: Chunk) -> Iterator[str]:
    """The heading that the chunk stands under, if it does."""
    if chunk.heading_path:
        yield bare(chunk.heading_path[-1])


def _plain_of_terms(chunk: Chunk) -> Iterator[str]:
    for name in filter(reads_well, terms_of(chunk)):
        yield f"What {'are' if _plural(name) else 'is'} {name}?"


def _plain_of_topics(chunk: Chunk) -> Iterator[str]:
    for name in filter(reads_well, topics_of(chunk)):
        if len(name.split()) > 1:
            yield f"What do the notes say about {name}?"


def _plural(name: str) -> bool:
    last = name.split()[-1]
    return not last.isupper() and last.endswith("s") and not last.endswith(("ss", "us", "is"))

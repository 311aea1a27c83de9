"""Questions worth asking, made from what the notes define and from their headings. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from assistant.expectation import content_terms
from assistant.types import Answer
from indexer.keyword_index import STOPWORDS
from indexer.snapshot import Snapshot
from indexer.types import Chunk, Kind

LONGEST = 5  # words of a name that reads well in a question
_DEFINED = re.compile(r"\*\*(?P<term>[^*:]{3,48}):\*\*\s+\w")
_ASIDE = re.compile(r"\s*\([^)]*\)")
_NAME = re.compile(r"[\w][\w &/.'-]*")


def example_questions(snapshot: Snapshot, count: int) -> Sequence[str]:
    """Up to `count` questions that the notes speak to, from as many notes as possible.

    Definitions come first; headings fill up where there are too few.
    """
    definitions: dict[str, list[str]] = {}
    headings: dict[str, list[str]] = {}
    for chunk in snapshot.chunks:
        definitions.setdefault(chunk.note, []).extend(_definitions(chunk))
        headings.setdefault(chunk.note, []).extend(_headings(chunk))
    found = _spread(list(definitions.values()), count)
    return list(dict.fromkeys([*found, *_spread(list(headings.values()), count)]))[:count]


def follow_ups(snapshot: Snapshot, answer: Answer, asked: Sequence[str], count: int = 6) -> Sequence[str]:
    """Up to `count` questions about what stands beside the first cited lines, the nearest heading's first.

    Args:
        asked: questions of the conversation; what they or the answer speak of is not suggested.
    """
    if not answer.citations:
        return ()
    first = answer.citations[0]
    beside = [chunk for chunk in snapshot.chunks if chunk.note == first.note]
    beside.sort(key=lambda chunk: max(chunk.line_start - first.line_end, first.line_start - chunk.line_end))
    known = set(content_terms(" ".join([answer.text, *asked])))
    by_heading: dict[tuple[str, ...], list[str]] = {}
    for chunk in beside:
        questions = [*_definitions(chunk), *_headings(chunk)]
        new = [question for question in questions if not set(content_terms(question)) <= known]
        by_heading.setdefault(chunk.heading_path, []).extend(new)
    rounds = (question for tier in zip_longest(*by_heading.values()) for question in tier if question)
    return list(dict.fromkeys(rounds))[:count]


def _spread(by_note: Sequence[Sequence[str]], count: int) -> list[str]:
    """Questions from all over: each note's first, then each note's second, thinned out to about `count`."""
    rounds = (question for tier in zip_longest(*by_note) for question in tier if question)
    questions = list(dict.fromkeys(rounds))
    step = max(1, min(len(questions), sum(map(bool, by_note))) // count)
    return questions[::step][:count]


def _definitions(chunk: Chunk) -> Iterator[str]:
    start = chunk.span.start
    for unit in chunk.units:
        found = _DEFINED.match(chunk.text, unit.span.start - start, unit.span.end - start)
        name = _ASIDE.sub("", found["term"]).strip() if found else ""
        if unit.kind is Kind.LIST_ITEM and reads_well(name):
            yield f"What {'are' if _plural(name) else 'is'} {name}?"


def _headings(chunk: Chunk) -> Iterator[str]:
    name = _ASIDE.sub("", chunk.heading_path[-1]).strip() if chunk.heading_path else ""
    if reads_well(name) and len(name.split()) > 1:
        yield f"What do the notes say about {name}?"


def reads_well(name: str) -> bool:
    """Whether a name can stand in a question: a few words, the first of them telling."""
    words = name.split()
    named = 0 < len(words) <= LONGEST and words[0].lower() not in STOPWORDS
    return named and bool(_NAME.fullmatch(name)) and bool(content_terms(name))


def _plural(name: str) -> bool:
    last = name.split()[-1]
    return not last.isupper() and last.endswith("s") and not last.endswith(("ss", "us", "is"))

"""Questions worth asking, made from what the notes define. Pure."""

import re
from collections.abc import Sequence
from itertools import zip_longest

from indexer.snapshot import Snapshot
from indexer.types import Chunk, Kind

_DEFINED = re.compile(r"\*\*(?P<term>[^*:]{3,48}):\*\*\s+\w")


def example_questions(snapshot: Snapshot, count: int) -> Sequence[str]:
    """Up to `count` questions that the notes answer, from as many notes as possible."""
    by_note: dict[str, list[str]] = {}
    for chunk in snapshot.chunks:
        by_note.setdefault(chunk.note, []).extend(_definitions(chunk))
    rounds = zip_longest(*by_note.values())
    questions = [question for tier in rounds for question in tier if question]
    step = max(1, min(len(questions), len(by_note)) // count)
    return list(dict.fromkeys(questions[::step]))[:count]


def _definitions(chunk: Chunk) -> list[str]:
    start = chunk.span.start
    items = (unit.span for unit in chunk.units if unit.kind is Kind.LIST_ITEM)
    found = (_DEFINED.match(chunk.text, span.start - start, span.end - start) for span in items)
    return [f"What is {match['term'].strip()}?" for match in found if match]

"""The questions that a first visit is offered: of several kinds, from all over the notes, all answered."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from assistant.question_kinds import Ask, heading_questions, kinds
from assistant.suggestions import phrasing_of, some_of
from indexer.passages import Passages
from indexer.types import Chunk

GOLDEN = (5**0.5 - 1) / 2  # its multiples, without what is before the point, are spread evenly
TRIED = 4  # times as many questions as are wanted are tried at most

Answers = Callable[[Passages, str], bool]


class Examples:
    """Finds them once for each revision."""

    def __init__(self, answers: Answers) -> None:
        """
        Args:
            answers: whether a generation answers a question.
        """
        self._answers = answers
        self._found: Sequence[str] = ()
        self._asked = ("", 0)  # the revision that they are of, and how many were asked for

    def of(self, snapshot: Passages, count: int) -> Sequence[str]:
        """At most `count` questions, the same for one revision."""
        asked = snapshot.manifest.revision, count
        if asked != self._asked:
            self._found = self._find(snapshot, count)
            self._asked = asked
        return self._found

    def _find(self, snapshot: Passages, count: int) -> Sequence[str]:
        """One kind after the other has its turn; what the notes do not answer lets the next try."""
        found: list[str] = []
        for tried, question in enumerate(candidates(snapshot)):
            if len(found) == count or tried == TRIED * count:
                break
            if self._answers(snapshot, question):
                found.append(question)
        return found


def candidates(snapshot: Passages) -> Iterator[str]:
    """All that could be offered: the kinds in turn, each from the notes that were asked about least."""
    chunks, phrasing, used, seen = some_of(snapshot), phrasing_of(snapshot), Counter[str](), set[str]()
    notes = dict.fromkeys(chunk.note for chunk in chunks)
    place = {note: number * GOLDEN % 1 for number, note in enumerate(notes)}  # neighbours are far apart
    for asking in (kinds(phrasing), {"heading": partial(heading_questions, phrasing=phrasing)}):
        made = _made(chunks, asking)
        while made:
            for kind in list(made):
                question, note = min(made[kind], key=lambda one: (used[one[1]], place[one[1]]))
                made[kind].remove((question, note))
                if not made[kind]:
                    del made[kind]
                if question not in seen:
                    seen.add(question)
                    used[note] += 1
                    yield question


def _made(chunks: Sequence[Chunk], asking: Mapping[str, Ask]) -> dict[str, list[tuple[str, str]]]:
    """By kind, the questions with the note that each is from."""
    made: dict[str, dict[tuple[str, str], None]] = {}
    for chunk in chunks:
        for kind, ask in asking.items():
            made.setdefault(kind, {}).update(((question, chunk.note), None) for question in ask(chunk))
    return {kind: list(found) for kind, found in made.items() if found}

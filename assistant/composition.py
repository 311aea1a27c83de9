"""Evidence -> an answer made of the notes' own words, each item with its number. Pure."""

from collections.abc import Sequence

from assistant.cells import narrowed
from assistant.choosing import choose
from assistant.comparison import compared
from assistant.evidence import Evidence
from assistant.headed import headed
from assistant.paragraphs import Paragraphs
from assistant.question import Question, Wants
from assistant.rows import meeting
from assistant.writing import Composed, Numbers, write_items
from indexer.passages import Passages

FURTHER = "Perhaps also:"  # above what is less probable to answer


def compose(
    question: Question, evidence: Sequence[Evidence], snapshot: Passages, numbers: Numbers | None = None
) -> Composed:
    """Put together the few units that answer, the best first, and apart from them what perhaps does.

    Args:
        evidence: best first; at least one, of notes of the snapshot.
        numbers: of an answer that this goes on with; what it has cited is not told again.
    """
    numbers = numbers or Numbers(snapshot.notes)
    if question.wants is Wants.COMPARISON:
        table = compared(question, evidence, numbers)
        if table:
            return table
    rows = meeting(question, evidence, snapshot)
    first, further = (rows, []) if rows else choose(question, evidence)
    first = _in_context(question, first, Paragraphs(snapshot))
    items = narrowed(question, headed(question, [*first, *further], snapshot))
    text = write_items(items[: len(first)], numbers)
    if perhaps := write_items(items[len(first) :], numbers, listed=True):
        text += f"\n\n{FURTHER}\n\n{perhaps}"
    return Composed(text, numbers.citations)


def _in_context(question: Question, items: Sequence[Evidence], paragraphs: Paragraphs) -> list[Evidence]:
    """The items with the sentences around them without which they say little."""
    whole = paragraphs.with_what_they_lean_on(items)
    return paragraphs.with_what_goes_on(whole, at_least=0 if question.wants is Wants.QUANTITY else 1)

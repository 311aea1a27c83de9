"""Questions that notes call for, by their kind; the notes are about anything."""

from collections.abc import Sequence

import pytest

from assistant.phrasing import Phrasing
from assistant.question_kinds import heading_questions, kinds
from assistant.suggestions import bare, terms_of
from indexer.chunking import chunk_note
from indexer.reading import note_of
from indexer.types import Chunk

# What the notes say elsewhere, which tells how their words are written.
ELSEWHERE = """\
# Elsewhere

Some people choose a kettle with care, and they descale it once a month. Most brew tea in several styles, with
a kettle from Gaggia, and then with another from Gaggia. They know two methods and two brewing methods.
"""


def asked(kind: str, text: str) -> Sequence[str]:
    """The questions of a kind that a note of this text calls for."""
    chunks = [chunk for body in (text, ELSEWHERE) for chunk in chunks_of(body)]
    names = [(name, chunk.note) for chunk in chunks for name in [*terms_of(chunk), *chunk.heading_path[-1:]]]
    phrasing = Phrasing(chunks, ((bare(name), note) for name, note in names))
    own = chunks_of(text)
    if kind == "heading":
        return [question for chunk in own for question in heading_questions(chunk, phrasing)]
    return [question for chunk in own for question in kinds(phrasing)[kind](chunk)]


def chunks_of(text: str) -> Sequence[Chunk]:
    note = note_of("a.md", text, "0" * 64)
    return chunk_note(note, lambda texts: [len(text.split()) for text in texts], max_tokens=200)


TABLE = "| | Green tea | Black tea |\n|---|---|---|\n| Water | 80 °C | 95 °C |\n"
ROWS = "| Method | Takes |\n|---|---|\n| Gongfu | long |\n| Western | short |\n| Cold | a night |\n"
ITEMS = "- one\n- two\n- three\n"


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        (f"# Tea\n\n{TABLE}", []),  # a tea would want an article, for all that one knows
        (f"# X\n\n{TABLE.replace(' tea', ' brewing')}", ["green brewing", "black brewing"]),
        ("# Gaggia or NespressoX\n\nBoth.\n", ["Gaggia", "NespressoX"]),
        ("# Gaggia vs. kettles\n\nBoth.\n", ["Gaggia", "kettles"]),
        ("# Gaggia or a kettle\n\nBoth.\n", []),
        ("# Gaggia, NespressoX or others\n\nAll.\n", []),
        (f"# X\n\n{ROWS}", []),
    ],
)
def test_what_notes_put_side_by_side_is_compared(text: str, questions: list[str]) -> None:
    sides = " and ".join(questions)
    assert asked("comparison", text) == ([f"What is the difference between {sides}?"] if sides else [])


@pytest.mark.parametrize(
    ("heading", "questions"),
    [
        ("Choosing a kettle", ["How do I choose a kettle?"]),
        ("Choose a kettle", ["How do I choose a kettle?"]),
        ("Descaling Gaggia", ["How do I descale Gaggia?"]),
        ("Is tea healthy?", ["Is tea healthy?"]),
        ("Cold brewing", ["How does cold brewing work?"]),
        ("Gaggia descaling (yearly)", ["How does Gaggia descaling work?"]),
        ("Brewing styles", []),  # no one brews a style
        ("Kettles and brewing", []),
        ("Query string", []),
        ("Kettle", []),
        ("What it takes", []),
    ],
)
def test_a_heading_tells_what_is_done_or_goes_on(heading: str, questions: list[str]) -> None:
    assert asked("how", f"# Tea\n\n## {heading}\n\nWith care.\n") == questions


@pytest.mark.parametrize(
    ("line", "questions"),
    [
        ("Gaggia is sold in zones.", ["Is Gaggia sold in zones?"]),
        ("Kettles cannot boil Gaggia oil.", ["Can kettles boil Gaggia oil?"]),
        ("Kettles can't boil Gaggia oil", ["Can kettles boil Gaggia oil?"]),
        ("Gaggia doesn't support NespressoX", ["Does Gaggia support NespressoX?"]),
        ("**Small kettle:** does not work with NespressoX", ["Does the small kettle work with NespressoX?"]),
        ("Gaggia is a brand", []),  # a definition
        ("It is sold by Gaggia", []),
        ("Gaggia is what they sell", []),
        ("Most kettles are sold by Gaggia", []),
        ("Ignored if Gaggia is sold", []),
        ("Kettles are sold to people", []),  # nobody knows which
        ("Gaggia is sold in zones, and elsewhere", []),
        ("A kettle does not work with NespressoX", []),
    ],
)
def test_a_plain_sentence_is_asked_as_yes_or_no(line: str, questions: list[str]) -> None:
    assert asked("yes or no", f"# Tea\n\n- {line}\n") == questions


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        (f"# Gaggia\n\n## Limits\n\n{ITEMS}", ["What are the limits of Gaggia?"]),
        (f"# Tea\n\n## Limits of a kettle\n\n{ITEMS}", ["What are the limits of a kettle?"]),
        (f"# Tea\n\n## Brewing methods\n\n{ITEMS}", []),  # brewing them, or methods of it?
        (f"# Tea\n\n## Tea kinds\n\n{ITEMS}", ["Which tea kinds are there?"]),
        (f"# Tea\n\n## Kettle basics\n\n{ITEMS}", ["What are the kettle basics?"]),
        ("# Tea\n\n## Tea kinds\n\n- one\n", []),
        (f"# Tea\n\n## Cold brewing\n\n{ROWS}", ["Which methods are there for cold brewing?"]),
        (f"# Tea\n\n## Kettle methods\n\n{ROWS}", ["Which kettle methods are there?"]),
        (f"# Tea\n\n## The kettle\n\n{ROWS}", []),
    ],
)
def test_lists_and_tables_are_asked_for_what_they_have(text: str, questions: list[str]) -> None:
    assert asked("which", text) == questions


def test_what_a_table_counts_is_asked_for() -> None:
    rows = "| Cups per pot | 4 |\n| Glass | 10 |\n| Spoons per cup | at most 2 |\n| Minutes | a few |\n"
    assert asked("how many", f"# Tea\n\n| Thing | Most |\n|---|---|\n{rows}") == [
        "How many cups per pot?",
        "How many spoons per cup?",
    ]


def test_a_heading_that_reads_well_can_be_asked_about() -> None:
    assert asked("heading", "# Kettle repairs\n\nText.\n") == ["What do the notes say about kettle repairs?"]
    assert asked("heading", "# Kettle repair\n\nText.\n") == []


def test_a_callout_is_no_term() -> None:
    assert asked("definition", "# Tea\n\n- **NOTE:** hot\n- **NespressoX:** not tea\n") == [
        "What is NespressoX?"
    ]

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.properties import properties_of
from indexer.reading import note_of


def told(front: str, sign: str = "---") -> list[tuple[str, str]]:
    """What is told of the properties, and the text at its place."""
    note = note_of("n.md", f"{sign}\n{front}\n{sign}\nBody.\n", "0")
    assert note.body_start
    return [(unit.text, unit.span.of(note.text)) for unit in properties_of(note.text, note.body_start)]


@pytest.mark.parametrize(
    ("front", "text", "place"),
    [
        ("status: on track", "status: on track", "status: on track"),
        ('status: "on track"', "status: on track", 'status: "on track"'),
        ("Due date: 2026-04-19  ", "Due date: 2026-04-19", "Due date: 2026-04-19"),
        ("who: [Ann, Bo]", "who: Ann, Bo", "who: [Ann, Bo]"),
        ("owner: '[[Ann Lee]]'", "owner: Ann Lee", "owner: '[[Ann Lee]]'"),
        ("gr\u00f6\u00dfe: 3 m", "gr\u00f6\u00dfe: 3 m", "gr\u00f6\u00dfe: 3 m"),
    ],
)
def test_a_property_is_told_in_plain_words(front: str, text: str, place: str) -> None:
    assert told(front) == [(text, place)]


def test_toml_has_properties_too() -> None:
    assert told('due = "2026-04-19"', "+++") == [("due: 2026-04-19", 'due = "2026-04-19"')]
    assert told("due=2026-04-19", "+++") == [("due: 2026-04-19", "due=2026-04-19")]


@pytest.mark.parametrize(
    "front",
    [
        "title: x",
        "tags: [a]",
        "Aliases:\n  - b",
        "cssclass: wide",
        "due:",
        "who: []",
        "due: null",
        "a: |\n  b: c",
        "a:\n  - ''\n  - null",
    ],
)
def test_what_describes_the_file_or_says_nothing_is_not_told(front: str) -> None:
    assert told(front) == []


def test_the_entries_of_a_list_hang_on_its_name() -> None:
    text = '---\nmembers:\n  - "[[Ann]]"\n  - Bo\ntags:\n  - c\n---\nBody.'
    note = note_of("n.md", text, "0")
    units = list(properties_of(text, note.body_start))
    assert [unit.text for unit in units] == ["Ann", "Bo"]
    assert {lead.text for unit in units for lead in unit.parents} == {"members:"}
    assert {lead.span.of(text) for unit in units for lead in unit.parents} == {"members:"}


@given(st.text(alphabet=["a", ":", " ", "-", "[", "]", "\n", "\r", "'", '"', "=", "|", "1"], max_size=60))
def test_each_stands_in_the_text_before_the_body(front: str) -> None:
    text = f"---\n{front}\n---\nBody."
    for unit in properties_of(text, text.index("Body.")):
        assert unit.span.of(text).strip() == unit.span.of(text) != ""
        assert unit.span.end <= text.index("Body.")


LONG = ["a" + " " * 200_000, "a: x" + " " * 200_000 + "y", "- " * 100_000, "a" * 200_000]


@pytest.mark.parametrize("line", LONG, ids=["spaces", "value", "entries", "name"])
def test_no_line_takes_for_ever(line: str) -> None:
    assert len(list(properties_of(line, len(line)))) <= 1

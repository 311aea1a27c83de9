"""Numbers of notes and passages, what is dead, and what a process holds of them."""

import random

import pytest

from indexer.assembly import NoteRows
from indexer.errors import IndexTooLarge
from indexer.lexicon import Lexicon
from indexer.milvus_numbers import (
    Ranges,
    conditions,
    first_note,
    merged_ranges,
    note_of,
    place_of,
    row_at,
    without,
)
from indexer.milvus_rows import Learned, Published, head_of, note_rows
from indexer.milvus_terms import words_text
from indexer.milvus_words import Words
from indexer.snapshot import FORMAT_VERSION, Manifest
from indexer.types import Note


def published(end: int, dead: Ranges) -> Published:
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        revision="00000001-00000000",
        created_at="",
        embedding_model="",
        embedding_fingerprint="",
        dimension=1,
        chunker_version="",
        notes=0,
        chunks=0,
    )
    return Published(manifest, end, dead, 1)


def test_a_row_has_its_notes_number_and_its_place() -> None:
    note = first_note(3) + 5
    row = row_at(note, 7)
    assert (note_of(row), place_of(row)) == (note, 7)
    assert row_at(note, 8) == row + 1
    assert row < row_at(first_note(4), 0) < 2**63
    assert row_at(first_note(2**20 - 1) + 2**23 - 1, 2**20 - 1) < 2**63


def test_ranges_that_touch_are_one() -> None:
    assert merged_ranges([(5, 6), (1, 3), (3, 4), (9, 9), (5, 8)]) == ((1, 4), (5, 8))


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        (((0, 20),), ()),
        (((3, 5),), ((1, 3), (5, 10), (12, 13))),
        (((9, 13),), ((1, 9),)),
        ((), ((1, 10), (12, 13))),
    ],
)
def test_what_is_swept_is_taken_out(gone: Ranges, left: Ranges) -> None:
    assert without(((1, 10), (12, 13)), gone) == left


def test_the_condition_says_what_a_generation_has() -> None:
    one = published(1_000, ((2, 4), (100, 200)))
    assert one.condition == "note < 1000 and (note < 100 or note >= 200) and note not in [2, 3]"
    assert [number for number in (1, 2, 3, 4, 99, 100, 199, 200, 1_000) if one.has(number)] == [1, 4, 99, 200]
    assert published(7, ()).condition == "note < 7"
    assert conditions(one.dead) == ["note in [2, 3]", "note >= 100 and note < 200"]


def test_words_stay_whole_through_any_tokenizer() -> None:
    text = words_text(["task", "ecs:runtask", "ecs:runtasks", "5.5"])
    assert text.split(" ")[0] == "task"
    assert all(word.isascii() and word.isalnum() for word in text.split(" "))
    assert len(set(text.split(" "))) == 4


def learned(term: str, name: str) -> Learned:
    return Learned(Lexicon({name.lower(): name}, {}, {term: 2}), {term: 1})


def test_words_are_sums_that_come_and_go() -> None:
    one = Words().changed(3, [learned("tea", "Tea"), learned("tea", "TEA"), learned("tea", "TEA")])
    assert (one.frequency("tea"), one.lexicon.names, one.lexicon.words["tea"]) == (3, {"tea": "TEA"}, 6)
    less = one.changed(1, removed=[learned("tea", "TEA"), learned("tea", "TEA")])
    assert (len(less), less.frequency("tea"), less.lexicon.names) == (1, 1, {"tea": "Tea"})
    none = less.changed(0, removed=[learned("tea", "Tea")])
    assert (none.knows("tea"), none.lexicon) == (False, Lexicon())
    assert one.frequency("tea") == 3


def test_a_note_whose_head_is_more_than_a_row_is_named() -> None:
    def rows(title: str) -> list[dict[str, object]]:
        return note_rows(1, NoteRows(Note("aws/ecs.md", "", "", 0, title), [], []))[2]

    assert head_of(str(rows("ECS")[0]["data"])).title == "ECS"
    with pytest.raises(IndexTooLarge, match=r"^aws/ecs\.md has a title and tags .* Shorten them"):
        rows(random.Random(1).randbytes(60_000).hex())

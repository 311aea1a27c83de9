"""Whether the notes say what a sentence says, with the real model, on pairs that were labelled by hand."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fakes import HashingEmbedder

from assistant.claims import clauses, facts, names, numbers, words
from assistant.support import Passages
from indexer.blocks import Lines
from indexer.chunking import chunk_note
from indexer.embedding import Embedded, SentenceTransformerEmbedder, open_embedder
from indexer.reading import read_notes
from indexer.types import Chunk, Kind, Span

ROOT = Path(__file__).parent.parent.parent
Read = Callable[[Sequence[str]], Sequence[Embedded]]


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    return open_embedder("all-MiniLM-L6-v2")


@pytest.fixture(scope="module")
def passage(embedder: SentenceTransformerEmbedder) -> Callable[[dict[str, Any]], Chunk]:
    """The lines of a note of a labelled pair, as one passage."""
    notes = {note.path: note for note in read_notes(ROOT / "corpus", max_bytes=10**6).notes}

    def cut(pair: dict[str, Any]) -> Chunk:
        note = notes[pair["note"]]
        lines, (first, last) = Lines(note.text), pair["lines"]
        found = [
            (chunk, unit)
            for chunk in chunk_note(note, embedder.count_tokens, max_tokens=embedder.max_tokens)
            for unit in chunk.units
            if first <= lines.number(unit.span.start) and lines.number(unit.span.end - 1) <= last
        ]
        span = Span(found[0][1].span.start, found[-1][1].span.end)
        chunk = next((chunk for chunk, unit in found if unit.kind is not Kind.HEADING), found[0][0])
        return replace(chunk, units=tuple(unit for _, unit in found), span=span, text=span.of(note.text))

    return cut


@pytest.mark.model
def test_the_check_is_as_good_as_it_was(
    embedder: SentenceTransformerEmbedder, passage: Callable[[dict[str, Any]], Chunk]
) -> None:
    pairs = yaml.safe_load((ROOT / "tests/golden/support-dev.yaml").read_text("utf-8"))[::16]
    found = np.array(
        [
            Passages([passage(pair)], embedder.embed_passages).support(pair["sentence"], [0]).found
            for pair in pairs
        ]
    )
    right = np.array([pair["supported"] for pair in pairs])
    assert (found & right).sum() / found.sum() > 0.5
    assert (found & right).sum() / right.sum() > 0.5


@pytest.fixture
def lines(assistant: Any) -> Passages:
    chunks = [chunk for chunk in assistant.index.current.chunks if chunk.note == "aws/storage.md"]
    return Passages(chunks, HashingEmbedder().embed_passages)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The EBS driver cannot be used on Fargate.", "EBS driver: cannot be used on Fargate"),
        ("EBS stays in one zone.", "EBS stays in one zone."),
    ],
)
def test_the_line_that_says_it_is_found(lines: Passages, sentence: str, quote: str) -> None:
    support = lines.support(sentence, [0])
    assert [unit.text for unit in support.units] == [quote]


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("The EBS driver can be used on Fargate.", "negation"),
        ("EBS stays in 3 zones.", "number"),
        ("The FSx driver cannot be used on Fargate.", "name"),
        ("Bread is baked in ovens made of clay.", "meaning"),
    ],
)
def test_what_fails_a_sentence_is_named(lines: Passages, sentence: str, reason: str) -> None:
    support = lines.support(sentence, [0])
    assert (support.found, support.reason) == (False, reason)


def test_without_passages_nothing_is_supported(lines: Passages) -> None:
    assert lines.support("EBS stays in one zone.", []).reason == "uncited"


def test_numbers_are_told_from_names() -> None:
    assert numbers("Between 1,000 and 2.50 GB, two zones, S3, t3.micro, 10GiB, 50%") == {
        "1000",
        "2.5",
        "2",
        "10",
        "50",
    }
    assert names("Fargate and the `awsvpc` mode of EC2 call RunTask") == {"awsvpc", "ec2", "runtask"}
    assert names("Use Fargate") == {"fargate"}


def test_denials_reach_over_their_clause() -> None:
    denied = {
        word.text for word in words("Volumes cannot be mounted, but pods start. No cluster, VPC or ASG")
    }
    assert {word.text for word in words("EBS stays, not EFS") if word.denied} == {"EFS"}
    assert {word.text for word in words("No more than ten tasks run") if word.denied} == set()
    told = words("Volumes cannot be mounted, but pods start. No cluster, VPC or ASG")
    assert {word.text for word in told if not word.denied} == {"pods", "start"} & denied


def test_a_line_falls_into_facts_with_their_heads() -> None:
    [one, other] = facts("Role: one namespace; ClusterRole: the whole cluster")
    assert (one.heads, "clusterrol" in str(other.heads)) == ((frozenset({"role"}),), True)
    row = facts("Size – Container: megabytes; Machine: gigabytes", row=True)
    assert [len(fact.heads) for fact in row] == [2, 2]
    assert len(clauses("A holds, whereas B falls; C stays too")) == 3

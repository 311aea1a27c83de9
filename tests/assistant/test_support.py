"""Whether the notes say what a sentence says, with the real model on pairs that were labelled by hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from fakes import HashingEmbedder
from labelled import labelled

from assistant.alignment import Alignment
from assistant.claims import clauses, facts, figures, in_words_of, names, numbers, words
from assistant.contrast import Contrast
from assistant.denial import contradictions, excepts, opposite
from assistant.readings import lines_of, read_sentence
from assistant.support import Passages
from indexer.chunking import chunk_note
from indexer.embedding import Embedded, Embedder
from indexer.reading import note_of


@pytest.mark.model
def test_the_check_is_as_good_as_it_was(real_embedder: Embedder) -> None:
    pairs = labelled("measure", real_embedder.count_tokens)
    known: dict[str, Embedded] = {}

    def meaning(texts: Sequence[str]) -> Sequence[Embedded]:
        """Several sentences are held against one passage; its lines are read once."""
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, real_embedder.embed_passages(new), strict=True))
        return [known[text] for text in texts]

    found = np.array([Passages(pair.passages, meaning).support(pair.sentence, [0]).found for pair in pairs])
    right = np.array([pair.supported for pair in pairs])
    assert (found & right).sum() / found.sum() > 0.83
    assert (found & right).sum() / right.sum() > 0.88
    assert (~found & ~right).sum() / (~right).sum() > 0.83


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
    assert figures("Between 1,000 and 2.50 GB, two zones") == {"1000", "2.5"}
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


def test_what_is_said_by_the_opposite_word_is_a_contradiction() -> None:
    assert contradictions("A backup is optional", "A backup is required") == 1
    assert contradictions("A backup is not required", "A backup is optional") == 0
    assert opposite("public", "Private")
    assert opposite("deleting", "kept")
    assert not opposite("public", "public")


def test_what_holds_only_here_is_an_exception() -> None:
    assert excepts("It starts only once the disk is there")
    assert not excepts("It starts with the disk")


def test_acronyms_are_put_as_the_passage_has_them() -> None:
    assert in_words_of("A load balancer waits", "The LB waits") == "A LB waits"
    assert in_words_of("The LB waits", "The load balancer waits") == "The load balancer waits"
    assert in_words_of("The load balancer waits", "A load balancer (LB) waits") == "The load balancer waits"


def _beside(note: str, *sentences: str) -> list[Alignment]:
    embedder = HashingEmbedder()
    [chunk] = chunk_note(
        note_of("n.md", note, "0" * 64), embedder.count_tokens, max_tokens=embedder.max_tokens
    )
    lines = lines_of(chunk, embedder.embed_passages)
    return [Alignment(read_sentence(sentence, embedder.embed_passages), lines) for sentence in sentences]


def test_what_is_told_of_another_thing_speaks_against_a_sentence() -> None:
    own, other = _beside(
        "# Rights\n\n- Role: one namespace\n- Binding: the whole cluster\n",
        "A binding covers the whole cluster.",
        "A role covers the whole cluster.",
    )
    assert own.swapped == 0
    assert other.swapped > 0.3


def test_pairs_that_stand_crosswise_are_counted() -> None:
    straight, crossed = (
        Contrast(one)
        for one in _beside(
            "# Pets\n\n- Cats sleep in baskets, dogs sleep in kennels\n",
            "Dogs have kennels, and cats have baskets.",
            "Dogs have baskets, and cats have kennels.",
        )
    )
    assert (straight.crossed, crossed.crossed) == (0, 3)
    assert (straight.paired, crossed.paired) == (2, 2)


def test_the_order_of_a_pair_is_told() -> None:
    same, other = (
        Contrast(one)
        for one in _beside(
            "# Pets\n\n- Cats chase mice\n", "Often cats will chase mice.", "Often mice will chase cats."
        )
    )
    assert (same.reversed, other.reversed) == (0, 1)


def test_what_a_clause_and_its_fact_both_deny_agrees_and_the_opposite_word_does_not() -> None:
    note = "# Doors\n\n- Gates: never opened at night; windows: kept by the porter\n"
    agreed, contrary = (
        Contrast(one)
        for one in _beside(note, "Gates are not opened.", "The windows are removed by the porter.")
    )
    assert (agreed.both_denied, agreed.contrary) == (True, 0)
    assert (contrary.both_denied, contrary.contrary) == (False, 1)

"""Questions in words that read naturally."""

import pytest

from assistant.phrasing import Phrasing, reads_well
from indexer.chunking import chunk_note
from indexer.reading import note_of

TEXT = """\
# Kubernetes on AWS

- Pods run on nodes, and each node group scales with Karpenter or with a controller
- Amazon runs Kubernetes here, and Kubernetes there
- Metrics go to Prometheus, so that Prometheus can graph them
- The sources are read from a bucket, and other sources too
"""


@pytest.fixture
def phrasing() -> Phrasing:
    note = note_of("a.md", TEXT, "0" * 64)
    chunks = chunk_note(note, lambda texts: [len(text.split()) for text in texts], max_tokens=200)
    notes = [("Limits of use", f"{number}.md") for number in range(3)]
    return Phrasing(chunks, [("EKS", "a.md"), ("Health checks", "a.md"), *notes])


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("EKS", "What is EKS?"),
        ("NodePool", "What is NodePool?"),
        ("Karpenter", "What is Karpenter?"),
        ("Prometheus", "What is Prometheus?"),
        ("Managed Node Groups", "What are Managed Node Groups?"),
        ("Amazon Kubernetes", "What is Amazon Kubernetes?"),  # nowhere is there a Kubernete
        ("AWS Fargate", "What is AWS Fargate?"),
        ("Task role", "What does “task role” mean?"),
        ("VPC connector", "What does “VPC connector” mean?"),
        ("Security groups for pods", "What does “security groups for pods” mean?"),
        ("Sources", ""),  # a label, and no name
        ("Limits of use", ""),  # three notes have it
        ("For a command override", ""),
        ("IRSA >= 2.0", ""),
    ],
)
def test_a_term_is_asked_about_as_people_would(phrasing: Phrasing, name: str, question: str) -> None:
    assert phrasing.of_term(name) == question


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("Health checks", "What do the notes say about health checks?"),
        ("EKS add-ons", "What do the notes say about EKS add-ons?"),
        ("Amazon Elastic Container Service", "What do the notes say about Amazon Elastic Container Service?"),
        ("Prerequisites", ""),
        ("Limits of use", ""),
        ("To be done", ""),
    ],
)
def test_a_heading_is_asked_about_in_small_letters(phrasing: Phrasing, name: str, question: str) -> None:
    assert phrasing.of_heading(name) == question


def test_a_name_that_reads_well_is_short_and_says_something() -> None:
    assert reads_well("Task role")
    assert not reads_well("the one")
    assert not reads_well("A name of far too many words")

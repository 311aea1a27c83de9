import time

from indexer.chunking import chunk_note
from indexer.lexicon import Lexicon, learn, merged
from indexer.types import Note

TEXT = """\
# Elastic Container Registry (ECR)

- **Lifecycle policy:** rules that expire images
- finds Common Vulnerabilities and Exposures (CVEs)
- ENI (elastic network interface) per task; a note (See below)

| Mode | Fits |
|---|---|
| awsvpc | Fargate |
"""


def test_names_acronyms_and_words_are_learned() -> None:
    note = Note("n.md", TEXT, "0", 0, "Registry")
    chunks = chunk_note(note, lambda texts: [len(text.split()) for text in texts], max_tokens=256)
    lexicon = merged([learn(chunks)])
    assert lexicon.acronyms == {
        "ECR": "Elastic Container Registry",
        "CVEs": "Common Vulnerabilities and Exposures",
        "ENI": "elastic network interface",
    }
    assert {"lifecycle policy", "awsvpc", "ecr", "elastic container registry"} <= set(lexicon.names)
    assert lexicon.names["lifecycle policy"] == "Lifecycle policy"
    assert lexicon.words["images"] == 1
    assert "a" not in lexicon.words


def test_names_are_as_they_are_written_first_and_words_are_counted_together() -> None:
    one = Lexicon({"pod": "Pod"}, {"ECR": "Elastic Container Registry"}, {"pod": 2})
    other = Lexicon({"pod": "POD", "task": "Task"}, {}, {"pod": 1, "task": 1})
    both = merged([one, other])
    assert both.names["pod"] == "Pod"
    assert {"task", "ecr", "elastic container registry"} <= set(both.names)
    assert both.words == {"pod": 3, "task": 1}


def test_a_first_cell_is_a_name_without_its_column() -> None:
    text = "| Port | Use |\n|---|---|\n| 8080 | web |\n"
    note = Note("n.md", text, "0", 0, "Ports")
    names = learn(chunk_note(note, lambda texts: [len(text.split()) for text in texts], max_tokens=256)).names
    assert "8080" in names
    assert "port: 8080" not in names


def test_a_long_run_without_a_space_takes_no_time() -> None:
    note = Note("n.md", f"The key (hex): {'ab' * 32_000}", "0", 0, "Key")
    chunks = chunk_note(note, lambda texts: [len(text.split()) for text in texts], max_tokens=256)
    started = time.perf_counter()
    learn(chunks)
    assert time.perf_counter() - started < 3  # it was half a minute

"""The whole path with the real model: corpus to index to server to HTTP, and the measured quality."""

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving import serving

from assistant.evaluation import Evidence, Outcome, evaluate, folded, load, score, scorecard
from assistant.pipeline import Assistant
from assistant.probing import line_fitter
from indexer.embedding import Embedder
from indexer.live import LiveIndex
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests/golden"
OVER_CORPUS = ("dev", "practice", "fit", "lists", "further", "several", "several-measure", "measure")
VAULTS = GOLDEN / "vaults"
MEASURED = ("games", "teaching")  # the others are for developing
pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def corpus_index(tmp_path_factory: pytest.TempPathFactory, real_embedder: Embedder) -> IndexSettings:
    folder = tmp_path_factory.mktemp("corpus")
    notes = shutil.copytree(ROOT / "corpus", folder / "notes")  # the examples write in it
    settings = IndexSettings(notes=notes, index=folder / "index")
    list(rebuild(settings, real_embedder))
    return settings


@pytest.fixture(scope="module")
def corpus_assistant(corpus_index: IndexSettings, real_embedder: Embedder) -> Assistant:
    return Assistant(LiveIndex(corpus_index.index, fingerprint=real_embedder.fingerprint), real_embedder)


@pytest.fixture(scope="module")
def address(corpus_index: IndexSettings) -> Iterator[str]:
    """Where `footnote serve` answers, ready."""
    with serving(corpus_index.notes, corpus_index.index) as served:
        yield served.address
        assert served.stop() == 0


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())  # type: ignore[no-any-return]


def first_cited(answer: dict[str, Any]) -> str:
    """The whole first cited line, as it stands in the file."""
    citation = answer["citations"][0]
    text = (ROOT / "corpus" / citation["note"]).read_text("utf-8")
    assert text[citation["char_start"] : citation["char_end"]] == citation["quote"]
    return text.splitlines()[citation["line_start"] - 1]


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("What is the ECS task role for?", "| Task role | application code in the containers | calls to AWS"),
        ("Can I mount S3 on an ECS task?", "- S3 cannot be mounted as a file system on ECS tasks"),
        (
            "Which EKS storage drivers don't work with Fargate?",
            "- EKS storage drivers that do not work with Fargate: EBS, FSx for Lustre",
        ),
    ],
)
def test_an_answer_over_http_cites_the_line_that_says_so(address: str, question: str, line: str) -> None:
    answer = post(f"{address}/api/v1/ask", {"question": question})
    assert not answer["abstained"]
    assert first_cited(answer).startswith(line)
    assert answer["answer"].splitlines()[0].endswith("[1]")


def test_a_follow_up_over_http_takes_its_subject_along(address: str) -> None:
    before = "Which EKS storage drivers don't work with Fargate?"
    body = {"question": "and on Windows?", "history": [{"question": before, "answer": ""}]}
    answer = post(f"{address}/api/v1/ask", body)
    assert answer["standalone_question"] == "Which EKS storage drivers don't work on Windows?"
    assert first_cited(answer).startswith("- EKS storage drivers that do not work with Windows: EFS")


EXAMPLES = re.findall(
    r"^```(bash|python|javascript)\n(.*?)^```", (ROOT / "docs/api.md").read_text("utf-8"), re.M | re.S
)
PROGRAMS = {
    "bash": ["bash", "-euo", "pipefail", "-c"],
    "python": [sys.executable, "-c"],
    "javascript": ["node", "--input-type=module", "-e"],
}
NEEDED = {"bash": ("curl", "jq"), "python": (), "javascript": ("node",)}


@pytest.mark.parametrize(("language", "example"), EXAMPLES)
def test_the_examples_of_the_documentation_work_as_written(address: str, language: str, example: str) -> None:
    missing = [program for program in NEEDED[language] if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} is missing")
    script = example.replace("http://127.0.0.1:8000", address)
    done = subprocess.run([*PROGRAMS[language], script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert done.stderr == ""


def test_the_documentation_has_examples_for_all_of_them() -> None:
    assert {language for language, _ in EXAMPLES} == set(PROGRAMS)


def test_what_the_notes_do_not_say_is_declined_over_http(address: str) -> None:
    answer = post(f"{address}/api/v1/ask", {"question": "How do I bake sourdough bread?"})
    assert (answer["abstained"], answer["citations"]) == (True, [])
    assert answer["related"]


def test_quality_on_the_measuring_questions_stays(corpus_assistant: Assistant) -> None:
    """Just below what was measured when this was last improved; see the table in the README."""
    reached = score(list(evaluate(corpus_assistant, load(GOLDEN / "measure.yaml"))))
    assert (reached.hit_5.value or 0) >= 0.96
    assert (reached.facts.value or 0) >= 0.93
    assert (reached.cited.value or 0) >= 0.93
    assert (reached.rightly_declined.value or 0) >= 0.86
    assert (reached.wrongly_declined.value or 0) <= 0.03
    assert (reached.words or 0) <= 60


@pytest.fixture(scope="module")
def measured_vaults(
    tmp_path_factory: pytest.TempPathFactory, real_embedder: Embedder
) -> dict[str, Assistant]:
    """An assistant over each of two vaults to which nothing was fitted."""
    folder = tmp_path_factory.mktemp("vaults")
    found = {}
    for name in MEASURED:
        settings = IndexSettings(notes=VAULTS / name / "notes", index=folder / name)
        list(rebuild(settings, real_embedder, fit_line=line_fitter(real_embedder)))
        found[name] = Assistant(
            LiveIndex(settings.index, fingerprint=real_embedder.fingerprint), real_embedder
        )
    return found


def over_vaults(vaults: dict[str, Assistant], questions: str) -> Iterator[Outcome]:
    """How the questions of a file beside each vault go."""
    for name, assistant in vaults.items():
        yield from evaluate(assistant, load(VAULTS / name / questions))


def test_quality_over_the_notes_of_other_people_stays(measured_vaults: dict[str, Assistant]) -> None:
    """The figures are just below what was measured."""
    reached = score(list(over_vaults(measured_vaults, "questions.yaml")))
    assert (reached.facts.value or 0) >= 0.78
    assert (reached.cited.value or 0) >= 0.9
    assert (reached.rightly_declined.value or 0) >= 0.78
    assert (reached.wrongly_declined.value or 0) <= 0.1


def test_several_questions_in_one_message_are_answered_each(
    measured_vaults: dict[str, Assistant], corpus_assistant: Assistant
) -> None:
    """The figures are just below what was measured; asked as one question each, it was 0.74 and 0.64."""
    outcomes = [
        *evaluate(corpus_assistant, load(GOLDEN / "several-measure.yaml")),
        *over_vaults(measured_vaults, "several.yaml"),
    ]
    reached = scorecard(outcomes)
    assert (reached["two"].facts.value or 0) >= 0.89
    assert (reached["half"].facts.value or 0) >= 0.86
    assert (reached["one"].facts.value or 0) >= 0.87
    halves = [outcome for outcome in outcomes if outcome.golden.kind == "half"]
    assert np.mean([bool(outcome.answer.unanswered) for outcome in halves]) >= 0.45


@pytest.mark.parametrize(
    ("questions", "notes"),
    [(GOLDEN / f"{name}.yaml", ROOT / "corpus") for name in OVER_CORPUS]
    + [(file, file.parent / "notes") for file in sorted(VAULTS.glob("*/*.yaml"))],
)
def test_the_evidence_of_the_golden_questions_stands_in_the_notes(questions: Path, notes: Path) -> None:
    for conversation in load(questions):
        for golden in conversation:
            said = folded(" ".join(lines_of(place, notes) for place in golden.evidence))
            for fact in golden.facts:
                assert any(folded(form) in said for form in fact.split(" | ")), (golden.question, fact)


def lines_of(place: Evidence, notes: Path) -> str:
    first, _, last = place.lines.partition("-")
    lines = (notes / place.note).read_text("utf-8").splitlines()
    return "\n".join(lines[int(first) - 1 : int(last or first)])

"""Notes that try to command the model, and models that obey: nothing of it acts, and no secret is told."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes import HashingEmbedder
from models import KEY, model_server, settings_for, writer_for

from assistant.pipeline import Assistant
from assistant.prompting import Prompts, answer_prompt
from assistant.taming import visible
from assistant.types import Answer, Filters
from assistant.writer import Writer
from indexer.live import LiveIndex
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from ui.exchanges import Exchange, exchange_html

HOSTILE = Path(__file__).parent.parent / "hostile"
CASES: list[dict[str, Any]] = yaml.safe_load((HOSTILE / "questions.yaml").read_text("utf-8"))
RULES = Prompts.read().rules


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    embedder = HashingEmbedder()
    settings = IndexSettings(notes=HOSTILE, index=tmp_path_factory.mktemp("hostile") / "index")
    list(rebuild(settings, embedder))
    return Assistant(LiveIndex(settings.index, fingerprint=embedder.fingerprint), embedder)


@pytest.fixture(scope="module")
def obeying() -> Iterator[tuple[list[str], Writer]]:
    """A model that says what is last on a list."""
    said: list[str] = []
    with model_server(lambda _: said[-1], key=KEY, size=7) as server, writer_for(server.url) as writer:
        yield said, writer


def answered(reader: Assistant, writer: Writer, question: str, note: str) -> Answer:
    """An answer from all that one note has."""
    passages = reader.search(question, filters=Filters(paths=(note,)), top_k=6)
    snapshot = reader.index.current
    telling = writer.draft(question, passages, (), snapshot.notes, reader.embedder.embed_passages)
    try:
        while True:
            next(telling)
    except StopIteration as end:
        draft, _ = end.value
    return Answer(
        text=draft.text,
        abstained=False,
        confidence=1.0,
        mode="llm",
        standalone_question=question,
        index_revision="1",
        citations=draft.citations,
        unsupported=draft.unsupported,
    )


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 50
    assert {case["note"] for case in CASES} == {file.name for file in HOSTILE.glob("*.md")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["note"])
def test_what_a_fooled_model_says_does_nothing(
    case: dict[str, Any], reader: Assistant, obeying: tuple[list[str], Writer]
) -> None:
    said, writer = obeying
    for reply in case["replies"]:
        said.append(reply.replace("{prompt}", RULES).replace("{key}", KEY))
        answer = answered(reader, writer, case["question"], case["note"])
        html = exchange_html(Exchange(case["question"], answer=answer))
        told = answer.text + str(answer.unsupported) + unescape(html)
        assert KEY not in told and KEY[3:] not in told
        assert not shared(RULES, answer.text + " ".join(item.text for item in answer.unsupported))
        numbers = {int(number) for number in re.findall(r"\[(\d{1,3})\]", without_code(answer.text))}
        assert numbers <= {citation.number for citation in answer.citations}
        assert not re.search(
            r"<(?:img|script|iframe|form|style|svg|object|video|meta|link|base|input)\b", html
        )
        tags = " ".join(re.findall(r"<[a-z][^<>]*>", re.sub(r'data-copy="[^"]*"', "", html)))
        assert not re.search(r"\son\w+=", tags)
        for address in re.findall(r'(?:href|src|action)="([^"]*)"', tags):
            assert address.startswith("?note="), address
        plain = re.sub(r"(\[\d+\])+", "", without_code(answer.text))
        assert not re.search(r"!\[|\]\(|\]\[|^\s*\[[^\]]+\]:|(?<!\\)<[a-z/!]", plain, re.I | re.M)
        assert not re.search(r"(?:https?|ftp|data|javascript|file|mailto):|(?<!:)//\w|www\.", plain, re.I)
        assert answer.text == visible(answer.text)


def shared(rules: str, text: str, words: int = 8) -> bool:
    """Whether a text holds some words in a row of the rules."""
    own, said = (re.findall(r"\w+", one.casefold()) for one in (rules, text))
    runs = {tuple(own[at : at + words]) for at in range(len(own) - words + 1)}
    return any(tuple(said[at : at + words]) in runs for at in range(len(said) - words + 1))


def without_code(text: str) -> str:
    return re.sub(r"(?P<ticks>`+).+?(?P=ticks)", "", text, flags=re.S)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["note"])
def test_in_the_prompt_a_note_stays_between_its_delimiters(case: dict[str, Any], reader: Assistant) -> None:
    passages = reader.search(case["question"], filters=Filters(paths=(case["note"],)), top_k=6)
    prompt = answer_prompt(Prompts.read(), case["question"], passages, (), 8_192)
    text = prompt.messages[-1]["content"]
    assert text.count("<passage ") == text.count("</passage>") == len(prompt.passages)
    assert text == visible(text)
    assert "<!--" not in text and "<|" not in text
    assert settings_for("http://127.0.0.1/v1").llm_api_key not in text

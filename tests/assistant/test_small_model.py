"""A real model over the real protocol: SmolLM2-135M behind llama.cpp's server.

It cannot answer or cite, which makes it a good opponent: nothing that it says and the notes do not may pass
unmarked.
"""

import threading
from collections.abc import Iterator

import pytest
from models import small_model, writer_for

from assistant.doctor import examine
from assistant.pipeline import Assistant
from assistant.types import Answer, Text, Turn
from assistant.writer import Writer

QUESTION = "What is the EBS driver?"


@pytest.fixture(scope="module")
def writer() -> Iterator[Writer]:
    with small_model() as address, writer_for(address, llm_patience=60.0, llm_context=1_024) as writer:
        yield writer


@pytest.mark.model
def test_the_doctor_finds_it_well(writer: Writer) -> None:
    found = examine(writer.model)
    assert found.well, found.line


@pytest.mark.model
def test_what_it_says_is_cited_or_marked_or_gives_way(assistant: Assistant, writer: Writer) -> None:
    assistant.writer = writer
    events = list(assistant.stream(QUESTION, history=[Turn("What is EFS?", "A file system. [1]")]))
    assistant.writer = None
    answer = events[-1]
    assert isinstance(answer, Answer) and answer.citations
    assert "".join(event.text for event in events if isinstance(event, Text)) == answer.text
    if answer.mode == "extractive":
        assert answer.degraded and answer.degraded[0].startswith("llm:")
    notes = assistant.index.current.notes
    for citation in answer.citations:
        assert notes[citation.note].text[citation.char_start : citation.char_end] == citation.quote


@pytest.mark.model
def test_it_is_left_in_the_middle_and_answers_again(writer: Writer) -> None:
    pieces = writer.model.write([{"role": "user", "content": "Count from one to one hundred in words."}])
    assert next(pieces)
    pieces.close()
    told = writer.model.write([{"role": "user", "content": "Say hello."}], most=60)
    assert next(told)
    told.close()


@pytest.mark.model
def test_several_at_once_each_get_their_own(writer: Writer) -> None:
    told: list[str] = []

    def ask(word: str) -> None:
        pieces = writer.model.write([{"role": "user", "content": f"Say {word}."}])
        told.append(next(pieces))
        pieces.close()

    threads = [threading.Thread(target=ask, args=(word,)) for word in ("one", "two", "three", "four")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 4

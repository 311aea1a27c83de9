"""Answers written by a language model over the protocol, held to the notes."""

import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import openai
import pytest
from conftest import Build
from endless import comes_to_an_end
from models import FAULTS, KEY, Served, faulty_server, model_server, patience_for, writer_for
from running import running
from starlette.testclient import TestClient

from assistant.api.app import create_api
from assistant.drafting import MOST_SENTENCES
from assistant.pipeline import Assistant
from assistant.types import DECLINED, Answer, Text, Turn
from indexer.errors import SettingsError
from indexer.jobs import RebuildJobs

QUESTION = "What is the EBS driver?"
GOOD = "The EBS driver cannot be used on Fargate [1]."
INVENTED = "It was invented by Ada Lovelace in 1843 [1]."

With = Callable[..., Assistant]


@pytest.fixture
def with_model(assistant: Assistant) -> Iterator[With]:
    """Gives the assistant a model that says what it is told to."""
    with ExitStack() as stack:

        def give(reply: Any, **settings: Any) -> Assistant:
            said = reply if callable(reply) else lambda _: reply
            server = stack.enter_context(model_server(said, key=KEY))
            assistant.writer = stack.enter_context(writer_for(server.url, **settings))
            assistant.served = server  # type: ignore[attr-defined]
            return assistant

        yield give
        assistant.writer = None


def served(assistant: Assistant) -> Served:
    found: Served = assistant.served  # type: ignore[attr-defined]
    return found


def test_a_sentence_that_its_passage_supports_gets_the_lines_that_do(with_model: With) -> None:
    answer = with_model(GOOD).ask(QUESTION)
    assert answer.text == "The EBS driver cannot be used on Fargate. [1]"
    assert (answer.mode, answer.degraded, answer.unsupported) == ("llm", (), [])
    [citation] = answer.citations
    assert (citation.note, citation.quote) == ("aws/storage.md", "**EBS driver:** cannot be used on Fargate")


def test_what_no_passage_supports_is_marked_and_listed(with_model: With) -> None:
    answer = with_model(f"{GOOD} {INVENTED}").ask(QUESTION)
    said = INVENTED.replace(" [1]", "")
    assert answer.text == f"The EBS driver cannot be used on Fargate. [1] {said} [?]"
    [item] = answer.unsupported
    assert (item.text, item.reason) == (said, "number")
    assert answer.text[item.char_start : item.char_end] == said


def test_strictly_it_is_left_out_and_listed(with_model: With) -> None:
    answer = with_model(f"{INVENTED} {GOOD}", llm_strict=True).ask(QUESTION)
    assert answer.text == "The EBS driver cannot be used on Fargate. [1]"
    assert [(item.text, item.char_start) for item in answer.unsupported] == [
        (INVENTED.replace(" [1]", ""), None)
    ]


@pytest.mark.parametrize("reply", [INVENTED, "I don't care.", "The notes do not say."])
def test_an_answer_with_nothing_supported_becomes_the_composed_one(with_model: With, reply: str) -> None:
    assistant = with_model(reply)
    answer = assistant.ask(QUESTION)
    composed = assistant.ask(QUESTION, mode="extractive")
    assert (answer.text, answer.citations, answer.mode) == (composed.text, composed.citations, "extractive")
    reason = "declined" if reply.startswith("The notes") else "unsupported"
    assert answer.degraded == (f"llm:{reason}",)


def test_of_two_questions_the_model_is_asked_what_the_notes_answer(with_model: With) -> None:
    assistant = with_model(GOOD)
    answer = assistant.ask(f"{QUESTION} And how is sourdough bread baked?")
    assert answer.mode == "llm"
    assert answer.text.startswith("The EBS driver cannot be used on Fargate. [1]\n\n**How is sourdough")
    assert answer.text.endswith(DECLINED)
    assert "sourdough" not in str(served(assistant).asked[0].body["messages"])


@pytest.mark.parametrize("number", ["[7]", "[0]", "【12】", "[^99]", "[7, 8]"])
def test_a_number_that_was_not_given_is_dropped(with_model: With, number: str) -> None:
    answer = with_model(f"The EBS driver cannot be used on Fargate {number}.").ask(QUESTION)
    assert number not in answer.text
    assert [citation.number for citation in answer.citations] == [1]  # the notes say it


def test_a_sentence_that_cites_another_passage_is_marked(with_model: With) -> None:
    def reply(messages: Sequence[Any]) -> str:
        prompt = messages[-1]["content"]
        wrong = 2 if "EBS driver:" in prompt.split('number="2"')[0] else 1
        return f"{GOOD} The EBS driver needs a node on EC2 [{wrong}]."

    answer = with_model(reply).ask(QUESTION)
    assert "node on EC2. [?]" in answer.text


def test_the_model_is_told_rules_passages_and_the_question(with_model: With) -> None:
    assistant = with_model(GOOD)
    assistant.ask(QUESTION)
    system, user = served(assistant).asked[0].body["messages"]
    assert system["role"] == "system" and "in square brackets" in system["content"]
    assert '<passage number="1" under="Storage">' in user["content"]
    assert "- **EBS driver:** cannot be used on Fargate" in user["content"]
    assert user["content"].endswith(f"Question: {QUESTION}")
    assert KEY not in served(assistant).prompt


def test_where_the_notes_do_not_answer_the_model_is_not_asked(with_model: With) -> None:
    assistant = with_model("Sourdough is baked at 230 degrees [1].")
    answer = assistant.ask("How is sourdough baked?", mode="llm")
    assert answer.abstained and answer.degraded == ()
    assert served(assistant).asked == []


def test_the_mode_chooses_who_writes(with_model: With) -> None:
    assistant = with_model(GOOD)
    assert assistant.ask(QUESTION, mode="extractive").mode == "extractive"
    assert served(assistant).asked == []
    assert assistant.ask(QUESTION, mode="auto").mode == assistant.ask(QUESTION, mode="llm").mode == "llm"


def test_a_model_that_is_asked_for_and_not_set_up_is_told(assistant: Assistant) -> None:
    answer = assistant.ask(QUESTION, mode="llm")
    assert (answer.mode, answer.degraded) == ("extractive", ("llm:not_configured",))


def test_a_follow_up_is_made_to_stand_alone_by_the_model(with_model: With) -> None:
    def reply(messages: Sequence[Any]) -> str:
        return (
            "Does the EFS driver work on Windows?"
            if len(messages) == 1
            else "It does not work on Windows [1]."
        )

    assistant = with_model(reply)
    answer = assistant.ask("And on Windows?", history=[Turn("What is the EFS driver?", "A driver. [1]")])
    assert answer.standalone_question == "Does the EFS driver work on Windows?"
    assert "What is the EFS driver?" in served(assistant).asked[0].body["messages"][0]["content"]
    assert "A driver." in served(assistant).prompt and "A driver. [1]" not in served(assistant).prompt


@pytest.mark.parametrize("rewritten", ["What is the weather in Paris?", "Two\nlines", "word " * 200, ""])
def test_a_rewriting_that_invents_is_not_taken(with_model: With, rewritten: str) -> None:
    assistant = with_model(lambda messages: rewritten if len(messages) == 1 else GOOD)
    history = [Turn("What is the EFS driver?", "A driver.")]
    answer = assistant.ask("What is the EBS driver?", history=history)
    assert answer.standalone_question == "What is the EBS driver?"
    assert answer.mode == "llm"


def test_passages_that_do_not_fit_are_left_out_whole_the_last_first(
    with_model: With, small_notes: Path, build: Any
) -> None:
    assistant = with_model(GOOD, llm_context=1_024)
    (small_notes / "long.md").write_text("# Long\n\n" + "The EBS driver is long. " * 90, "utf-8")
    build()
    assistant.index.refresh()
    assistant.ask(QUESTION, top_k=6)
    narrow = served(assistant).prompt
    assistant.writer._settings = dataclasses.replace(  # type: ignore[union-attr]
        assistant.writer._settings,
        llm_context=8_192,  # type: ignore[union-attr]
    )
    assistant.ask(QUESTION, top_k=6)
    wide = served(assistant).prompt
    assert narrow.count("</passage>") < wide.count("</passage>")
    assert narrow.count("<passage") == narrow.count("</passage>") >= 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_brings_the_composed_answer_and_its_reason(assistant: Assistant, fault: str) -> None:
    composed = assistant.ask(QUESTION)
    patience = patience_for(fault)
    with faulty_server(fault) as server, writer_for(server.url, llm_patience=patience) as writer:
        assistant.writer = writer
        answer = assistant.ask(QUESTION)
        assistant.writer = None
    assert answer.degraded == (f"llm:{FAULTS[fault][1]}",)
    assert (answer.text, answer.citations) == (composed.text, composed.citations)
    assert KEY not in json.dumps(dataclasses.asdict(dataclasses.replace(answer, passages=())), default=str)


def test_what_was_told_before_a_cut_stays_and_the_notes_go_on(assistant: Assistant) -> None:
    def reply(_: Any) -> str:
        return "EBS stays in one zone [1]. " + "The next sentence goes on and on " * 50

    cut = threading.Event()
    with (
        model_server(reply, before=lambda said: len(said) > 100 and cut.wait(60)) as server,
        writer_for(server.url, llm_seconds=2.0) as writer,
    ):
        assistant.writer = writer
        events = list(assistant.stream("Is EBS shared between zones?"))
        cut.set()
        assistant.writer = None
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert answer.degraded == ("llm:too_slow",)
    assert answer.text.startswith("EBS stays in one zone. [1]\n\n")
    assert "".join(event.text for event in events if isinstance(event, Text)) == answer.text
    for citation in answer.citations:
        assert f"[{citation.number}]" in answer.text


def test_streaming_over_both_protocols_is_the_answer(
    with_model: With, jobs: RebuildJobs, assistant: Assistant
) -> None:
    with_model(f"{GOOD} {INVENTED} EFS is shared between zones [1].")
    with running(create_api(assistant, jobs)) as address:
        client = openai.OpenAI(base_url=f"{address.url}/v1", api_key="none", max_retries=0)
        with client:
            messages: Any = [{"role": "user", "content": QUESTION}]
            whole: Any = client.chat.completions.create(model="footnote", messages=messages)
            stream: Any = client.chat.completions.create(model="footnote", messages=messages, stream=True)
            chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == whole.choices[0].message.content
    assert sum(bool(chunk.choices[0].delta.content) for chunk in chunks) >= 3
    assert "[?]" in text and text.endswith("One sentence marked [?]: the notes do not support it.")
    assert whole.choices[0].message.unsupported[0]["reason"] == "number"
    with TestClient(create_api(assistant, jobs), base_url="http://127.0.0.1") as api:
        lines = api.post("/api/v1/ask/stream", json={"question": QUESTION}).text.split("\n\n")
    events = [
        (event.split("\n")[0], json.loads(event.split("data: ")[1])) for event in lines if "data: " in event
    ]
    tokens = [data["text"] for name, data in events if name == "event: token"]
    assert len(tokens) >= 3
    assert "".join(tokens) == events[-1][1]["answer"]
    assert events[-1][1]["unsupported"][0]["text"] == INVENTED.replace(" [1]", "")


def test_a_reader_who_leaves_ends_the_request(assistant: Assistant) -> None:
    endless = GOOD + " And so on." * 3_000
    with model_server(lambda _: endless, pause=0.005) as server, writer_for(server.url) as writer:
        assistant.writer = writer
        events = assistant.stream(QUESTION)
        next(event for event in events if isinstance(event, Text))
        events.close()  # type: ignore[attr-defined]
        until = time.monotonic() + 60
        while not server.left:
            assert time.monotonic() < until, "the model goes on writing"
            time.sleep(0.02)
        assistant.writer = None


def test_the_model_sees_no_comment(with_model: With, small_notes: Path, build: Build) -> None:
    secret = "%% the salary is 9 %% <!-- the salary is 8 -->\n\n%%\nthe salary is 7\n%%\n\n"
    secret += "```bat\nfor %%i in (*) do mount %%i\n```\n"
    (small_notes / "aws" / "storage.md").write_text(
        f"# Storage\n\nThe EBS driver is off. {secret}\n", "utf-8"
    )
    build()
    assistant = with_model(GOOD)
    assistant.ask(QUESTION)
    told = str(served(assistant).asked[0].body)
    assert "driver is off." in told and "salary" not in told
    assert "for %%i in (*) do mount %%i" in told


def test_prompts_are_files_that_can_be_replaced(with_model: With, tmp_path: Path) -> None:
    (tmp_path / "rules.txt").write_text("Answer like a pirate.", "utf-8")
    assistant = with_model(GOOD, llm_prompts=str(tmp_path))
    assistant.ask(QUESTION)
    assert served(assistant).asked[0].body["messages"][0]["content"] == "Answer like a pirate."


def test_prompts_that_leave_out_the_passages_are_refused(with_model: With, tmp_path: Path) -> None:
    (tmp_path / "answer.txt").write_text("$question", "utf-8")
    with pytest.raises(SettingsError, match=r"answer.txt in FOOTNOTE_LLM_PROMPTS has no \$passages"):
        with_model(GOOD, llm_prompts=str(tmp_path))
    with pytest.raises(SettingsError, match="which is no folder"):
        with_model(GOOD, llm_prompts=str(tmp_path / "nowhere"))


def test_long_code_keeps_its_end(with_model: With) -> None:
    code = "\n".join(f"key-{number}: a value that is long enough" for number in range(60))
    answer = with_model(f"{GOOD}\n\n```yaml\n{code}\n```\n\n{GOOD}").ask(QUESTION)
    assert f"```yaml\n{code}\n```\n[?]\n\nThe EBS driver" in answer.text


def test_no_earlier_answer_holds_up_the_next(with_model: With) -> None:
    turn = Turn("What is EBS?", "\\" * 16_000)
    with comes_to_an_end():
        assert with_model(GOOD).ask("and the driver?", history=[turn]).text


def test_a_model_that_says_one_thing_for_ever_is_stopped(with_model: With) -> None:
    answer = with_model(f"{GOOD} " * 200).ask(QUESTION)
    assert answer.text.count("cannot be used on Fargate") == MOST_SENTENCES

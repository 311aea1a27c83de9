"""What comes of a language model's address, well behaved or not."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from models import FAULTS, KEY, faulty_server, hasty_server, model_server, patience_for, settings_for

from assistant.doctor import examine
from assistant.errors import LanguageModelFailed
from assistant.generation import LanguageModel
from assistant.resting import Rest
from assistant.settings import ModelSettings
from indexer.errors import SettingsError

MESSAGES = [{"role": "user", "content": "Which driver?"}]


@pytest.fixture
def closing() -> Iterator[list[LanguageModel]]:
    models: list[LanguageModel] = []
    yield models
    for model in models:
        model.close()


def failure(model: LanguageModel) -> str:
    with pytest.raises(LanguageModelFailed) as failed:
        list(model.write(MESSAGES))
    return failed.value.reason


def test_what_the_model_writes_comes_in_pieces(closing: list[LanguageModel]) -> None:
    with model_server(lambda _: "The EFS driver.", key=KEY) as served:
        closing.append(LanguageModel(settings_for(served.url)))
        pieces = list(closing[0].write(MESSAGES))
    assert "".join(pieces) == "The EFS driver."
    assert len(pieces) > 1
    [asked] = served.asked
    assert asked.body == {"model": "tiny", "messages": MESSAGES, "stream": True}


def test_nothing_is_sent_but_what_is_needed(
    closing: list[LanguageModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-program")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-program")
    with model_server(lambda _: "Yes.") as served:
        closing.append(LanguageModel(settings_for(served.url, llm_api_key="")))
        list(closing[0].write(MESSAGES))
    sent = {name.lower() for name in served.asked[0].headers}
    assert sent <= {"host", "content-type", "content-length", "accept", "user-agent", "accept-encoding"}
    assert "another-program" not in str(served.asked[0].headers)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_by_its_reason_and_nothing_of_the_server(
    fault: str, closing: list[LanguageModel], caplog: pytest.LogCaptureFixture
) -> None:
    with faulty_server(fault) as served, caplog.at_level("DEBUG"):
        closing.append(LanguageModel(settings_for(served.url, llm_patience=patience_for(fault))))
        assert failure(closing[0]) == FAULTS[fault][1]
    assert len(served.asked) == 1
    assert KEY not in caplog.text


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/v1", "http://no-such-host.invalid/v1"])
def test_an_address_where_nothing_is(address: str, closing: list[LanguageModel]) -> None:
    closing.append(LanguageModel(settings_for(address)))
    assert failure(closing[0]) == "unreachable"


def test_a_server_that_takes_the_request_and_says_nothing(closing: list[LanguageModel]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/v1"
        closing.append(LanguageModel(settings_for(url, llm_patience=0.3)))
        assert failure(closing[0]) == "stalled"


def test_a_model_that_never_comes_to_an_end_is_stopped(closing: list[LanguageModel]) -> None:
    with model_server(lambda _: "word " * 2_000, pause=0.01) as served:
        closing.append(LanguageModel(settings_for(served.url, llm_seconds=0.4)))
        assert failure(closing[0]) == "too_slow"


def test_thoughts_are_left_out(closing: list[LanguageModel]) -> None:
    with model_server(lambda _: "<think>\nNo, yes.\n</think>\n\nThe EFS driver <think>.") as served:
        closing.append(LanguageModel(settings_for(served.url)))
        assert "".join(closing[0].write(MESSAGES)) == "The EFS driver <think>."


def test_leaving_ends_the_request(closing: list[LanguageModel]) -> None:
    with model_server(lambda _: "word " * 10_000, pause=0.002) as served:
        closing.append(LanguageModel(settings_for(served.url)))
        pieces = closing[0].write(MESSAGES)
        next(pieces)
        pieces.close()
        until = time.monotonic() + 60
        while not served.left:
            assert time.monotonic() < until, "the model goes on writing"
            time.sleep(0.02)


def test_sixteen_at_once(closing: list[LanguageModel]) -> None:
    with model_server(lambda messages: f"About {messages[0]['content']}.", pause=0.01) as served:
        model = LanguageModel(settings_for(served.url))
        closing.append(model)
        told: dict[int, str] = {}

        def ask(number: int) -> None:
            told[number] = "".join(model.write([{"role": "user", "content": f"thing {number}"}]))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert told == {number: f"About thing {number}." for number in range(16)}


def test_after_five_failures_the_address_is_left_alone_for_a_while(closing: list[LanguageModel]) -> None:
    now = [0.0]
    with faulty_server("500") as served:
        model = LanguageModel(settings_for(served.url), Rest(5, 60.0, lambda: now[0]))
        closing.append(model)
        assert [failure(model) for _ in range(7)] == ["server_error"] * 5 + ["resting"] * 2
        assert len(served.asked) == 5
        now[0] = 61.0
        assert [failure(model) for _ in range(2)] == ["server_error", "resting"]
        assert len(served.asked) == 6


def test_a_kept_connection_that_the_server_just_closed_costs_no_answer(closing: list[LanguageModel]) -> None:
    with hasty_server() as url:
        closing.append(LanguageModel(settings_for(url)))
        assert failure(closing[0]) == "server_error"
        assert "".join(closing[0].write(MESSAGES)) == "Here."


def test_a_success_forgets_the_failures(closing: list[LanguageModel]) -> None:
    rest = Rest(2, 60.0)
    rest.failed()
    rest.succeeded()
    rest.failed()
    rest.require()
    rest.failed()
    with pytest.raises(LanguageModelFailed):
        rest.require()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("401", "refuses the key. Check FOOTNOTE_LLM_API_KEY."),
        ("404", "has no 'huge'. It has: tiny."),
        ("redirect", "leads elsewhere"),
        ("no stream", "not in OpenAI's protocol"),
        ("empty", "answers with nothing"),
    ],
)
def test_the_doctor_says_what_is_wrong(fault: str, said: str, closing: list[LanguageModel]) -> None:
    server = model_server(lambda _: "ready") if fault == "404" else faulty_server(fault)
    with server as served:
        closing.append(LanguageModel(settings_for(served.url, llm_model="huge")))
        found = examine(closing[0])
    assert not found.well
    assert said in found.line and "\n" not in found.line and KEY not in found.line


def test_the_doctor_says_that_all_is_well(closing: list[LanguageModel]) -> None:
    with model_server(lambda _: "ready") as served:
        closing.append(LanguageModel(settings_for(served.url)))
        found = examine(closing[0])
    assert found.well and f"'tiny' at {served.url} answers" in found.line


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"llm_base_url": "127.0.0.1:11434"}, "FOOTNOTE_LLM_BASE_URL"),
        ({"llm_base_url": "http://me:secret@host/v1"}, "FOOTNOTE_LLM_BASE_URL"),
        ({"llm_base_url": "http://[broken/v1"}, "FOOTNOTE_LLM_BASE_URL"),
        ({"llm_model": ""}, "FOOTNOTE_LLM_MODEL"),
        ({"llm_api_key": "two words"}, "FOOTNOTE_LLM_API_KEY"),
        ({"llm_context": 10}, "FOOTNOTE_LLM_CONTEXT"),
        ({"llm_patience": 0.0}, "FOOTNOTE_LLM_PATIENCE"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_and_not_told(values: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError, match=named) as refused:
        settings_for(**{"url": "http://127.0.0.1/v1", **values})  # type: ignore[arg-type]
    assert "secret" not in str(refused.value) and "words" not in str(refused.value)


def test_the_key_is_in_no_picture_of_the_settings() -> None:
    assert KEY not in repr(settings_for("http://127.0.0.1/v1"))
    assert not ModelSettings().configured


def test_the_client_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, assistant.api.app, assistant.writer; assert 'openai' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

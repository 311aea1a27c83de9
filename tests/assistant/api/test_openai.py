"""The official client against the running API."""

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import openai
import pytest
from running import Address, running

from assistant.api.app import create_api
from assistant.api.schemas.openai import ChatRequest
from assistant.pipeline import Assistant
from assistant.settings import AccessSettings
from assistant.types import Event, Found, Text, Turn
from indexer.embedding import Embedded
from indexer.jobs import RebuildJobs

QUESTION = "What does the task role give to the code in a container?"
CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"
TOKEN = {"Authorization": f"Bearer {'x' * 16}"}
SAID = "**Task role:** gives the code in a container its permissions [1]"


@pytest.fixture
def address(assistant: Assistant, jobs: RebuildJobs) -> Iterator[Address]:
    with running(create_api(assistant, jobs, settings=AccessSettings(token="x" * 16))) as address:
        yield address


@pytest.fixture
def client(address: Address) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{address.url}/v1", api_key="x" * 16, max_retries=0) as client:
        yield client


def ask(client: openai.OpenAI, *contents: str, **options: Any) -> Any:
    roles = ("user", "assistant")
    messages = [{"role": roles[place % 2], "content": content} for place, content in enumerate(contents)]
    return client.chat.completions.create(model="footnote", messages=messages, **options)  # type: ignore


def test_an_answer_lists_its_sources_in_words_and_as_data(client: openai.OpenAI) -> None:
    completion = ask(client, QUESTION, temperature=0.2, max_tokens=500)
    [choice] = completion.choices
    assert choice.message.content == f"{SAID}\n\nSources:\n1. aws/roles.md, line 7"
    [citation] = choice.message.citations
    assert (citation["note"], citation["line_start"], citation["number"]) == ("aws/roles.md", 7, 1)
    assert (choice.finish_reason, completion.model) == ("stop", "footnote")
    usage = completion.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > usage.prompt_tokens > 0


def test_a_stream_gives_the_same_in_pieces(client: openai.OpenAI) -> None:
    chunks = list(ask(client, QUESTION, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    whole = ask(client, QUESTION)
    assert text == whole.choices[0].message.content
    [cited] = [
        chunk.choices[0].delta.citations
        for chunk in chunks
        if chunk.choices and "citations" in (chunk.choices[0].delta.model_extra or {})
    ]
    assert cited == whole.choices[0].message.citations
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage == whole.usage
    assert len({chunk.id for chunk in chunks}) == 1


def test_earlier_messages_are_the_history(client: openai.OpenAI) -> None:
    first = ask(client, "What is the task role for?").choices[0].message.content
    follow_up = ask(client, "What is the task role for?", first, "and the instance profile?")
    assert follow_up.choices[0].message.content.startswith("**Instance profile:**")


def test_messages_in_parts_and_of_the_system_are_read_as_they_are_meant(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(
        model="footnote",
        messages=[
            {"role": "system", "content": "You are a pirate."},
            {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
        ],
    )
    assert (completion.choices[0].message.content or "").startswith(SAID)


def test_what_the_notes_do_not_say_is_said_to_be_so(client: openai.OpenAI) -> None:
    message = ask(client, "How is sourdough baked?").choices[0].message
    assert message.content.startswith("Your notes don't say.\n\nWhat the notes have nearby:\n- ")
    assert (message.citations, message.abstained) == ([], True)


def test_the_models_are_the_one_that_answers_and_the_one_that_embeds(client: openai.OpenAI) -> None:
    models = client.models.list().data
    assert [model.id for model in models] == ["footnote", "hashing"]
    assert client.models.retrieve("footnote").created == models[0].created > 1_700_000_000


def test_embeddings_come_as_numbers_or_in_base64(client: openai.OpenAI, assistant: Assistant) -> None:
    texts = ["EFS is shared", "EBS stays in one zone"]
    expected = [assistant.embedder.embed_query(text).vector for text in texts]
    found = client.embeddings.create(model="hashing", input=texts)  # the client asks for base64
    numbers = client.embeddings.create(model="hashing", input=texts, encoding_format="float", dimensions=256)
    for answer in (found, numbers):
        assert [one.index for one in answer.data] == [0, 1]
        for one, vector in zip(answer.data, expected, strict=True):
            assert np.allclose(one.embedding, vector)
    asking: Any = client.embeddings.with_raw_response
    raw = asking.create(model="hashing", input="x", encoding_format="base64")
    encoded = json.loads(raw.content)["data"][0]["embedding"]
    assert len(base64.b64decode(encoded)) == 4 * 256


def test_errors_are_those_that_the_client_knows(client: openai.OpenAI, address: Address) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="gpt", messages=[{"role": "user", "content": "x"}])
    assert unknown.value.code == "model_not_found"
    assert "Use 'footnote'" in str(unknown.value)
    with pytest.raises(openai.UnprocessableEntityError) as blank:
        ask(client, " ")
    assert blank.value.code == "invalid_question"
    with pytest.raises(openai.UnprocessableEntityError):
        client.embeddings.create(model="hashing", input="x", dimensions=7)
    with pytest.raises(openai.UnprocessableEntityError):
        client.embeddings.create(model="hashing", input=[1, 2, 3])
    stranger = openai.OpenAI(base_url=f"{address.url}/v1", api_key="wrong", max_retries=0)
    with stranger, pytest.raises(openai.AuthenticationError) as refused:
        stranger.models.list()
    assert refused.value.code == "unauthorized"


USER = {"role": "user", "content": QUESTION}


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        (CHAT, [{"role": "user", "content": None}], "messages.0.content: input should be a valid string."),
        (
            CHAT,
            [USER, {"role": "user", "content": "x" * 4_001}],
            "messages.1.content: string should have at most 4000 characters.",
        ),
        (
            CHAT,
            [{"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": 5}]}],
            "messages.0.content.1.text: input should be a valid string.",
        ),
        (
            CHAT,
            [{"role": "user", "content": [{"type": "text", "text": "x"}] * 21}],
            "messages.0.content: list should have at most 20 items after validation, not 21.",
        ),
        (
            CHAT,
            [{"role": "assistant", "content": 5}, USER],
            "messages.0.content: input should be a valid string.",
        ),
        (
            CHAT,
            [{"role": "critic", "content": "x"}, USER],
            "messages.0: its role should be one of user, system, developer, assistant, tool, function.",
        ),
        (EMBEDDINGS, "", "input: string should have at least 1 character."),
        (EMBEDDINGS, [], "input: list should have at least 1 item after validation, not 0."),
        (EMBEDDINGS, [1], "input.0: input should be a valid string."),
        (EMBEDDINGS, ["x"] * 129, "input: list should have at most 128 items after validation, not 129."),
        (EMBEDDINGS, "\ud800", "input: holds half of a surrogate pair, which is no character."),
    ],
)
def test_what_does_not_fit_is_one_sentence_about_its_field(
    address: Address, path: str, body: Any, detail: str
) -> None:
    sent = {"model": "footnote", "messages" if path == CHAT else "input": body}
    reply = address.send("POST", path, TOKEN, sent)
    assert (reply.status, reply.code) == (422, "invalid_request")
    problem = json.loads(reply.body)
    assert problem["detail"] == problem["error"]["message"] == detail


@pytest.mark.parametrize("role", ["system", "developer", "tool", "function"])
def test_what_is_passed_over_may_be_long(address: Address, role: str) -> None:
    parts = [{"type": "text", "text": "x" * 4_001}, *[{"type": "text", "text": "x"}] * 20]
    others = [{"role": role, "content": content} for content in ("x" * 16_001, parts)]
    reply = address.send("POST", CHAT, TOKEN, {"model": "footnote", "messages": [*others, USER]})
    assert reply.status == 200
    assert json.loads(reply.body)["choices"][0]["message"]["content"].startswith(SAID)


def test_of_a_long_answer_the_beginning_is_read() -> None:
    said = [USER, {"role": "assistant", "content": "x" * 16_001}, {"role": "user", "content": "and EFS?"}]
    asked = ChatRequest.model_validate({"model": "footnote", "messages": said}).asked()
    assert asked == ("and EFS?", [Turn(QUESTION, "x" * 16_000)])


def test_texts_are_embedded_some_at_a_time(
    client: openai.OpenAI, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    together: list[int] = []
    embed = assistant.embedder.embed_passages

    def counting(texts: Sequence[str]) -> list[Embedded]:
        together.append(len(texts))
        return embed(texts)

    monkeypatch.setattr(assistant.embedder, "embed_passages", counting)
    texts = [f"word{number}" for number in range(40)]
    found = client.embeddings.create(model="hashing", input=texts, encoding_format="float").data
    assert together == [16, 16, 8]
    for text, one in zip(texts, found, strict=True):
        assert np.allclose(one.embedding, assistant.embedder.embed_query(text).vector)


def test_embeddings_wait_for_no_seat(assistant: Assistant, jobs: RebuildJobs) -> None:
    api = create_api(assistant, jobs, settings=AccessSettings(answers_at_once=1))
    body = {"model": "hashing", "input": "x"}
    with running(api) as address, api.state.asking.seats.seat():
        reply = address.send("POST", EMBEDDINGS, body=body)
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "busy", "1")


def test_what_breaks_on_the_way_ends_the_stream_with_an_error(
    client: openai.OpenAI, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Iterator[Event]:
        yield Found(())
        yield Text("EFS is")
        raise ZeroDivisionError("/home/someone/secret.py")

    monkeypatch.setattr(assistant, "stream", broken)
    with pytest.raises(openai.APIError) as error:
        list(ask(client, QUESTION, stream=True))
    assert error.value.code == "internal_error"
    assert "secret" not in str(error.value)


def test_another_method_or_path_is_a_problem(address: Address) -> None:
    reply = address.send("GET", CHAT, TOKEN)
    assert (reply.status, reply.code, reply.headers["allow"]) == (405, "method_not_allowed", "POST")
    assert address.send("GET", "/v1/nothing", TOKEN).code == "not_found"

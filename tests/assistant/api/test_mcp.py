"""The official client against `/mcp`, and against `footnote mcp`."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from running import Address, running

from assistant.api.app import create_api
from assistant.pipeline import Assistant
from assistant.settings import AccessSettings
from assistant.types import Passage
from indexer.embedding import Embedder
from indexer.jobs import RebuildJobs
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings

Build = Callable[..., object]
QUESTION = "What does the task role give to the code in a container?"
TOKEN = "x" * 16
NONE = "There is no note '{}' in the index. List them with list_notes."


@pytest.fixture
def address(assistant: Assistant, jobs: RebuildJobs) -> Iterator[Address]:
    with running(create_api(assistant, jobs, settings=AccessSettings(token=TOKEN))) as address:
        yield address


async def talk(client: Client) -> dict[str, Any]:
    """Everything that there is, asked for once."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    said: dict[str, Any] = {
        "tools": tools,
        "ask": await client.call_tool("ask", {"question": QUESTION}),
        "search": await client.call_tool("search", {"query": "EBS driver", "top_k": 1}),
        "note": await client.call_tool("read_note", {"path": "aws/roles.md"}),
        "wrong": await client.call_tool("read_note", {"path": "../secret.md"}),
        "unfit": await client.call_tool("ask", {"question": "x" * 4_001}),
        "resources": (await client.list_resources()).resources,
    }
    said["read"] = await client.read_resource(str(said["resources"][0].uri))
    try:
        await client.read_resource("note:///none.md")
    except MCPError as error:
        said["missing"] = str(error)
    return said


def check(said: dict[str, Any]) -> None:
    assert set(said["tools"]) == {"ask", "search", "list_notes", "read_note"}
    for tool in said["tools"].values():
        assert tool.description and tool.annotations.read_only_hint
        assert all(field.get("description") for field in tool.input_schema["properties"].values())
    answer = said["ask"].structured_content
    assert answer["citations"][0]["note"] == "aws/roles.md"
    assert "[1]" in answer["answer"] and answer["citations"][0]["line_start"] == 7
    assert said["search"].structured_content["results"][0]["note"] == "aws/storage.md"
    assert said["note"].structured_content["title"] == "Roles in ECS"
    assert said["wrong"].is_error
    assert said["wrong"].content[0].text.endswith(NONE.format("../secret.md"))
    assert said["unfit"].is_error
    assert said["unfit"].content[0].text == "question: string should have at most 4000 characters."
    assert [resource.name for resource in said["resources"]] == ["aws/roles.md", "aws/storage.md"]
    assert said["read"].contents[0].text.startswith("---\ntitle: Roles in ECS")
    assert said["missing"] == NONE.format("none.md")


def test_the_official_client_asks_over_http(address: Address) -> None:
    async def run() -> dict[str, Any]:
        web = httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"})
        async with web, Client(streamable_http_client(f"{address.url}/mcp", http_client=web)) as client:
            return await talk(client)

    check(anyio.run(run))


def test_a_search_tells_the_revision_that_it_searched(
    address: Address, assistant: Assistant, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, before = assistant.search, assistant.index.current.manifest.revision

    def overtaken(*args: Any, **options: Any) -> Sequence[Passage]:
        found = search(*args, **options)
        build(full=True)
        assistant.index.refresh()
        return found

    monkeypatch.setattr(assistant, "search", overtaken)

    async def run() -> Any:
        web = httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"})
        async with web, Client(streamable_http_client(f"{address.url}/mcp", http_client=web)) as client:
            return (await client.call_tool("search", {"query": "EBS driver"})).structured_content

    assert anyio.run(run)["index_revision"] == before != assistant.index.current.manifest.revision


def test_without_the_token_there_are_no_tools(address: Address) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert address.send("POST", "/mcp", {"Accept": "application/json"}, body).code == "unauthorized"
    assert address.send("GET", "/mcp", {"Authorization": f"Bearer {TOKEN}"}).status == 405


@pytest.mark.model
def test_the_official_client_asks_a_program(settings: IndexSettings, real_embedder: Embedder) -> None:
    program = "from ui.cli import main; main()"
    folders = ["--notes", str(settings.notes), "--index", str(settings.index)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}

    list(rebuild(settings, real_embedder))

    async def run() -> dict[str, Any]:
        server = StdioServerParameters(
            command=sys.executable, args=["-c", program, "mcp", *folders], env=environment
        )
        async with Client(stdio_client(server)) as client:
            return await talk(client)

    check(anyio.run(run))

"""The application as a whole: its paths, its description, and what happens beside them."""

import re
from importlib.metadata import version
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.testclient import TestClient

OPERATIONS = {
    "GET /healthz",
    "GET /readyz",
    "POST /api/v1/ask",
    "POST /api/v1/ask/stream",
    "POST /api/v1/search",
    "GET /api/v1/index",
    "POST /api/v1/index/rebuild",
    "GET /api/v1/index/jobs/{id}",
    "GET /api/v1/index/jobs/{id}/events",
    "GET /api/v1/notes",
    "GET /api/v1/notes/{path}",
    "PUT /api/v1/notes/{path}",
    "PATCH /api/v1/notes/{path}",
    "DELETE /api/v1/notes/{path}",
    "GET /api/v1/conversations",
    "POST /api/v1/conversations",
    "GET /api/v1/conversations/{id}",
    "PATCH /api/v1/conversations/{id}",
    "DELETE /api/v1/conversations/{id}",
    "GET /api/v1/conversations/{id}/export",
    "PUT /api/v1/answers/{id}/feedback",
    "DELETE /api/v1/answers/{id}/feedback",
    "GET /api/v1/feedback",
    "GET /v1/models",
    "GET /v1/models/{id}",
    "POST /v1/chat/completions",
    "POST /v1/embeddings",
    "GET /api/v1/declined",
    "DELETE /api/v1/declined/{id}",
}


@pytest.fixture
def described(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return document


@pytest.fixture
def with_a_page(client: TestClient) -> TestClient:
    """The API with another application at "/", as the chat is."""
    app = client.app
    assert isinstance(app, FastAPI)
    app.router.routes.append(Mount("/", PlainTextResponse("the page")))
    return client


def test_the_description_names_every_operation(described: dict[str, Any]) -> None:
    found = {f"{method.upper()} {path}" for path, item in described["paths"].items() for method in item}
    assert found == OPERATIONS
    assert described["info"]["version"] == version("footnote-assistant")


def test_every_field_is_described_and_every_model_has_an_example(described: dict[str, Any]) -> None:
    for name, schema in described["components"]["schemas"].items():
        if "properties" in schema:
            assert schema["examples"], name
        for field, description in schema.get("properties", {}).items():
            assert description.get("description"), f"{name}.{field}"


def test_every_error_is_described_as_a_problem(described: dict[str, Any]) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, item in described["paths"].items():
        for operation in item.values():
            for status, response in operation["responses"].items():
                assert status < "400" or response["content"] == problem, (path, status)
    assert "HTTPValidationError" not in described["components"]["schemas"]
    assert described["components"]["schemas"]["Problem"]["properties"]["code"]["type"] == "string"


def test_the_length_of_a_question_is_told(described: dict[str, Any]) -> None:
    question = described["components"]["schemas"]["AskRequest"]["properties"]["question"]
    assert (question["minLength"], question["maxLength"]) == (1, 4_000)


@pytest.mark.parametrize("mounted", [False, True])
def test_an_unknown_path_below_api_is_a_problem(
    client: TestClient, mounted: bool, request: pytest.FixtureRequest
) -> None:
    if mounted:
        request.getfixturevalue("with_a_page")
    response = client.get("/api/v1/nothing")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.json()["detail"] == "There is nothing at /api/v1/nothing."


@pytest.mark.parametrize("mounted", [False, True])
def test_another_method_is_refused_with_those_that_fit(
    client: TestClient, mounted: bool, request: pytest.FixtureRequest
) -> None:
    if mounted:
        request.getfixturevalue("with_a_page")
    response = client.get("/api/v1/ask")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "POST"
    assert client.post("/api/v1/notes/aws/roles.md").headers["Allow"] == "DELETE, GET, PATCH, PUT"


def test_what_is_mounted_beside_the_api_keeps_its_pages(with_a_page: TestClient) -> None:
    assert with_a_page.get("/").text == "the page"
    assert with_a_page.get("/apiary").text == "the page"
    assert with_a_page.get("/healthz").json() == {"status": "alive"}


def test_the_documentation_is_served_without_leaving_the_machine(client: TestClient) -> None:
    page = client.get("/api/v1/docs").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) == 3
    assert all(address.startswith("/api/v1/docs-assets/") for address in addresses)
    assert [client.get(address).status_code for address in addresses] == [200, 200, 200]

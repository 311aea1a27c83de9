import pytest
from starlette.testclient import TestClient


def test_a_request_gets_a_name_of_its_own(client: TestClient) -> None:
    first, second = (client.get("/healthz").headers["X-Request-ID"] for _ in range(2))
    assert len(first) == len(second) == 32
    assert first != second


def test_the_callers_name_is_kept(client: TestClient) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "a.B-7_"}).headers["X-Request-ID"] == "a.B-7_"


@pytest.mark.parametrize("name", ["a b", "x" * 65, "<script>", "a\tb", ""])
def test_a_name_that_is_unsafe_in_a_log_is_replaced(client: TestClient, name: str) -> None:
    given = client.get("/healthz", headers={"X-Request-ID": name}).headers["X-Request-ID"]
    assert given != name
    assert len(given) == 32


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/ask", "/api/v1/notes/none.md"])
def test_problems_carry_it_once_in_the_header_and_in_the_body(client: TestClient, path: str) -> None:
    response = client.get(path, headers={"X-Request-ID": "q1"})
    assert response.headers.get_list("X-Request-ID") == ["q1"]
    assert response.json()["request_id"] == "q1"

from collections.abc import Iterator

from starlette.testclient import TestClient

from assistant.api.body_limit import MAX_BODY

JSON = {"Content-Type": "application/json"}


def test_a_declared_length_over_the_limit_is_refused(client: TestClient) -> None:
    response = client.post("/api/v1/ask", content=b" " * (MAX_BODY + 1), headers=JSON)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_length_that_is_not_declared_is_counted(client: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(MAX_BODY // 2**10 + 1):
            yield b" " * 2**10

    response = client.post("/api/v1/ask", content=pieces(), headers=JSON)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_a_body_at_the_limit_is_read(client: TestClient) -> None:
    body = b'{"question": "What is EFS?"}'.ljust(MAX_BODY)
    assert client.post("/api/v1/ask", content=body, headers=JSON).status_code == 200

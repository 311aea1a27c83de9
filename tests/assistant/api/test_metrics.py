import re

from starlette.testclient import TestClient


def value(client: TestClient, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.M)
    return float(found[1]) if found else 0.0


def test_requests_answers_and_stages_are_counted(client: TestClient) -> None:
    client.post("/api/v1/ask", json={"question": "What does the task role give?"})
    client.post("/api/v1/ask", json={"question": "How is sourdough baked?"})
    client.get("/api/v1/notes/aws/roles.md")
    client.get("/api/v1/notes/none.md")
    client.get("/api/v1/nothing")
    client.get("/healthz", headers={"Host": "evil.example"})
    labels = 'method="POST",route="/api/v1/ask",status="200"'
    assert value(client, f"footnote_http_requests_total{{{labels}}}") == 2
    assert value(client, 'footnote_answers_total{outcome="answered"}') == 1
    assert value(client, 'footnote_answers_total{outcome="declined"}') == 1
    assert value(client, 'footnote_answer_stage_seconds_count{stage="retrieve"}') == 2
    notes = 'method="GET",route="/api/v1/notes/{path:path}",status='
    assert value(client, f'footnote_http_requests_total{{{notes}"200"}}') == 1
    assert value(client, f'footnote_http_requests_total{{{notes}"404"}}') == 1
    assert value(client, 'footnote_http_refused_total{status="421"}') == 1
    assert value(client, "footnote_index_notes") == 2
    assert 0 <= value(client, "footnote_index_age_seconds") < 600
    assert value(client, "process_open_fds") > 0


def test_what_is_asked_for_makes_no_names(client: TestClient) -> None:
    for number in range(20):
        client.get(f"/nothing/{number}")
        client.get(f"/api/v1/notes/{number}.md")
    routes = set(re.findall(r'route="([^"]*)"', client.get("/metrics").text))
    assert routes == {"none", "/api/v1/notes/{path:path}"} | (routes & {"/metrics"})


def test_a_method_that_was_made_up_makes_no_name(client: TestClient) -> None:
    for number in range(20):
        assert client.request(f"FOO{number}", "/").status_code == 405
    methods = set(re.findall(r'method="([^"]*)"', client.get("/metrics").text))
    assert methods - {"GET"} == {"other"}

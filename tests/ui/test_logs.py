import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import pytest
from ports import free_port

from indexer.settings import IndexSettings
from ui.logs import configure_logging

TOKEN = "a-secret-token-of-some-length"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def test_json_has_one_object_a_line_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="info", as_json=True, secrets=[TOKEN, ""])
    logging.getLogger("x").info("two\nlines %s", TOKEN, extra={"fields": {"status": 200}})
    try:
        raise ValueError(TOKEN)
    except ValueError:
        logging.getLogger("x").exception("failed")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["message"], first["status"], first["level"]) == ("two\nlines •••", 200, "info")
    assert "ValueError: •••" in second["error"]


def test_text_has_no_secret_either(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="warning", as_json=False, secrets=[TOKEN])
    logging.getLogger("x").info("quiet")
    logging.getLogger("x").warning("loud %s", TOKEN)
    assert capsys.readouterr().err.endswith("WARNING loud •••\n")


@pytest.mark.model
def test_a_server_tells_of_requests_by_their_id_and_never_the_token(settings: IndexSettings) -> None:
    port = free_port()
    environment = os.environ | {
        "FOOTNOTE_NOTES": str(settings.notes),
        "FOOTNOTE_INDEX": str(settings.index),
        "FOOTNOTE_PORT": str(port),
        "FOOTNOTE_TOKEN": TOKEN,
        "FOOTNOTE_LOG": "json",
        "FOOTNOTE_LOG_LEVEL": "info",
    }
    command = [sys.executable, "-c", "from ui.cli import main; main()", "serve"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("Footnote is at")
            headers = {"X-Request-ID": "my-request", "Authorization": f"Bearer {TOKEN}"}
            url = f"http://127.0.0.1:{port}/api/v1/notes/{TOKEN}.md?token={TOKEN}"
            assert httpx2.get(url, headers=headers, timeout=60).status_code == 404
            process.terminate()
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    told = [json.loads(line) for line in errors.splitlines()]
    [line] = [
        line for line in told if line["request_id"] == "my-request" and line["logger"] == "footnote.access"
    ]
    assert (line["status"], line["method"], line["path"]) == (404, "GET", "/api/v1/notes/•••.md")
    assert TOKEN not in errors

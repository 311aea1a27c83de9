"""The description of the API is true: what is made up from it gets the responses that it declares."""

import re
import subprocess
import sys
from pathlib import Path

from running import running

from assistant.api.app import create_api
from assistant.pipeline import Assistant
from assistant.settings import AccessSettings
from indexer.jobs import RebuildJobs
from indexer.notebook import Notebook

EXAMPLES = 10  # made up by chance for each operation, beside those that try each limit of the description


def test_schemathesis_finds_nothing(
    assistant: Assistant, jobs: RebuildJobs, notebook: Notebook, tmp_path: Path
) -> None:
    api = create_api(assistant, jobs, notebook=notebook, settings=AccessSettings(requests_per_minute=0))
    with running(api) as address:
        description = f"{address.url}/api/v1/openapi.json"
        rules = ["--config-file", str(Path(__file__).with_name("schemathesis.toml"))]
        command = [sys.executable, "-m", "schemathesis.cli", *rules, "run", description]
        options = ["--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES), "--no-color"]
        fixed = ["--seed", "1", "--generation-database", "none", "--wait-for-schema", "20"]
        done = subprocess.run(
            [*command, *options, *fixed],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    assert re.search(r"(\d{3,}) generated, \1 passed", done.stdout)

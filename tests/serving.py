"""A real server over a folder of notes, in a process of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ports import free_port

CORPUS = Path(__file__).parent.parent / "corpus"
COMMAND = [sys.executable, "-c", "from ui.cli import main; main()"]


class Served:
    """A running `footnote serve`."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self.process = process
        self.address = address

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.address}{path}", timeout=60) as response:
            return json.loads(response.read())

    def post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read())

    def ask(self, question: str) -> Any:
        return self.post("/api/v1/ask", {"question": question})

    def is_ready(self) -> bool:
        try:
            return bool(self.get("/readyz")["status"] == "ready")
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> int:
        """Tell it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextlib.contextmanager
def serving(notes: Path, index: Path, **settings: str) -> Iterator[Served]:
    """A server that is ready to answer; killed at the end if it still runs."""
    port = free_port()
    environment = os.environ | {
        "FOOTNOTE_NOTES": str(notes),
        "FOOTNOTE_INDEX": str(index),
        "FOOTNOTE_PORT": str(port),
        **settings,
    }
    log = index.with_name("server.log").open("ab")
    with log, subprocess.Popen([*COMMAND, "serve"], env=environment, stdout=log, stderr=log) as process:
        served = Served(process, f"http://127.0.0.1:{port}")
        try:
            until = time.monotonic() + 120
            while not served.is_ready():
                if time.monotonic() > until or process.poll() is not None:
                    raise TimeoutError(index.with_name("server.log").read_text("utf-8"))
                time.sleep(0.1)
            yield served
        finally:
            process.kill()


@contextlib.contextmanager
def serving_corpus(**settings: str) -> Iterator[Served]:
    """A server over corpus/ with an index of its own, built anew."""
    from assistant.probing import line_fitter
    from indexer.embedding import open_embedder
    from indexer.rebuild import rebuild
    from indexer.settings import IndexSettings

    with tempfile.TemporaryDirectory() as folder:
        over = IndexSettings(notes=CORPUS, index=Path(folder) / "index")
        embedder = open_embedder(over.embedding_model)
        *_, _ = rebuild(over, embedder, fit_line=line_fitter(embedder))
        with serving(over.notes, over.index, **settings) as served:
            yield served

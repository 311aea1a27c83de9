"""Footnote beyond one process, from nothing, on this machine alone: `make cluster-demo`.

PostgreSQL, Milvus, a Ray of two nodes that builds the index, two Footnote processes behind nginx; one
question through the balancer. All of it is stopped again, also where a step fails or Ctrl-C interrupts it.
"""

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import httpx2
import milvus_server
import programs
from cluster import cluster
from databases import running_postgres
from programs import NotInstalled
from ray_nodes import ray_nodes
from serving import COMMAND

FAILED, INTERRUPTED = 1, 130
SILENCE = 60  # seconds that a part of Milvus may be silent for, as all of this starts on one machine


def demonstrate(notes: Path, question: str, folder: Path, running: ExitStack) -> None:
    """Start one part after the other, and ask.

    Raises:
        NotInstalled: of what is missing.
        OSError, subprocess.SubprocessError, httpx2.HTTPError: a part does not start or fails.
    """
    require_programs()
    say("PostgreSQL, for conversations …")
    database = running.enter_context(running_postgres()).new_database()

    say("Milvus, for the index …")
    index = running.enter_context(milvus_server.running_milvus(silence=SILENCE)).new_index()

    say("Ray, two nodes …")
    with ray_nodes() as nodes:
        say(f"The index, built by the Ray at {nodes.address} …")
        built = ["build", "--notes", str(notes), "--index", index, "--ray", nodes.address]
        subprocess.run([*COMMAND, *built], check=True)

    say("Two Footnote processes behind nginx …")
    servers = running.enter_context(cluster(folder, notes, database, FOOTNOTE_INDEX=index))
    with servers.client() as client:
        say(f"One question, to {servers.address} …\n")
        answer = client.post("/api/v1/ask", json={"question": question})
        answer.raise_for_status()
    show(question, answer.json())


def require_programs() -> None:
    """Raises NotInstalled, of all that is missing."""
    missing = []
    for find in (programs.nginx, programs.postgres):
        try:
            find()
        except NotInstalled as error:
            missing.append(str(error))
    if reason := milvus_server.why_not():
        missing.append(f"Milvus cannot run: {reason}")
    if importlib.util.find_spec("ray") is None:
        missing.append('Ray is not installed: pip install ".[cluster]"')
    if missing:
        raise NotInstalled("\n".join(missing))


def show(question: str, answer: dict[str, Any]) -> None:
    """Print an answer with its footnotes."""
    say(f"{question}\n\n{answer['answer']}\n")
    for cited in answer["citations"]:
        place = f"{cited['note']}:{cited['line_start']}"
        say(f"[{cited['number']}] {place}  {' > '.join(cited['heading_path'])}\n    {cited['quote']}")


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def interrupt(*_: object) -> None:
    """Once; while things are being stopped no further signal ends that."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(notes: Path, question: str) -> int:
    """Run it; the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        del os.environ[name]  # it shows the defaults, whatever the caller has set
    try:
        with tempfile.TemporaryDirectory(prefix="footnote-demo-") as folder, ExitStack() as running:
            os.chdir(folder)  # what Footnote keeps beside Milvus on this machine goes with the rest
            demonstrate(notes, question, Path(folder), running)
    except KeyboardInterrupt:
        say("Interrupted; everything is stopped.")
        return INTERRUPTED
    except NotInstalled as missing:
        say(str(missing))
        return FAILED
    except (OSError, RuntimeError, subprocess.SubprocessError, httpx2.HTTPError) as error:
        say(f"That failed, and everything is stopped: {error}")
        return FAILED
    say("\nEverything is stopped again.")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute(), sys.argv[2]))

"""Three servers behind nginx under load, of which one after the other is killed, while notes are edited."""

import itertools
import os
import shutil
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from cluster import cluster
from databases import Postgres

from indexer.checking import verify

pytestmark = [pytest.mark.soak, pytest.mark.model]
ROOT = Path(__file__).parents[2]
SECONDS = float(os.environ.get("SOAK_SECONDS", "120"))
QUESTIONS = ("What is the ECS task role for?", "Can I mount S3 on an ECS task?", "How is sourdough baked?")


def test_servers_die_and_come_back_while_notes_are_edited(tmp_path: Path, postgres: Postgres) -> None:
    notes = shutil.copytree(ROOT / "corpus", tmp_path / "notes")
    stop, outcomes, kept = threading.Event(), Counter[str](), Counter[str]()

    with cluster(tmp_path, notes, postgres.new_database(), 3) as running:

        def chat(number: int) -> None:
            with running.client() as client:
                id = client.post("/api/v1/conversations").json()["id"]
                for question in itertools.cycle(QUESTIONS):
                    if stop.is_set():
                        return
                    for attempt in ("at once", "by a retry", "lost"):
                        asked = {"question": question, "conversation_id": id}
                        response = client.post("/api/v1/ask", json=asked)
                        if response.status_code == 200 or attempt == "lost":
                            outcomes[attempt] += 1
                            kept[id] += response.status_code == 200
                            break

        def edit() -> None:
            for number in itertools.count():
                (notes / "edited.md").write_text(f"# Edit\n\nThe edit number is {number}.\n", "utf-8")
                if stop.wait(0.7):
                    return

        threads = [threading.Thread(target=chat, args=(number,)) for number in range(6)]
        threads.append(threading.Thread(target=edit))
        for thread in threads:
            thread.start()
        time.sleep(2)  # until each has its conversation
        kills, until = 0, time.monotonic() + SECONDS
        while time.monotonic() < until:
            running.kill(kills % 3)
            time.sleep(1)
            running.restart(kills % 3)
            running.wait([kills % 3])
            kills += 1
        stop.set()
        for thread in threads:
            thread.join()
        (notes / "edited.md").write_text("# Edit\n\nThe last edit number is 7777.\n", "utf-8")
        revisions: set[str] = set()
        began = time.monotonic()
        for number in range(3):
            with running.client(number) as client:
                question = {"question": "What is the last edit number?"}
                while "7777" not in client.post("/api/v1/ask", json=question).json()["answer"]:
                    assert time.monotonic() - began < 60
                    time.sleep(0.1)
        lag = time.monotonic() - began
        for number in range(3):
            with running.client(number) as client:
                revisions.add(client.get("/api/v1/index").json()["revision"])
                for id, answers in kept.items():
                    turns = client.get(f"/api/v1/conversations/{id}").json()["turns"]
                    assert len(turns) >= answers  # one whose answer was cut off may have been kept too
    print(f"{kills} kills; answers {dict(outcomes)}; all in step {lag:.1f} s after the last edit")
    assert outcomes["lost"] == 0
    assert kills >= 2
    assert len(revisions) == 1
    assert verify(tmp_path / "index") == []

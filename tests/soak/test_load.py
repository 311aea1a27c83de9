"""Many at once, for a while. Figures are printed (`pytest -m soak -s`); failures are asserted, times not."""

import itertools
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from ports import free_port

pytestmark = pytest.mark.soak
ROOT = Path(__file__).parent.parent.parent
SECONDS = float(os.environ.get("SOAK_SECONDS", "120"))
THINKING = (1.0, 3.0)  # seconds between an answer and the next question of a chat
QUESTIONS = (
    "What is the ECS task role for?",
    "Can I mount S3 on an ECS task?",
    "Which EKS storage drivers don't work with Fargate?",
    "What is the difference between ECS and EKS?",
    "How many containers fit in a task?",
    "How do I bake sourdough bread?",
)


@dataclass(frozen=True)
class Served:
    url: str
    pid: int
    notes: Path

    def memory(self) -> float:
        """Resident memory, in MiB."""
        fields = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        return int(fields.split("VmRSS:")[1].split()[0]) / 1024

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))

    def files(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    notes = shutil.copytree(ROOT / "corpus", tmp_path / "notes")
    port = free_port()
    environment = os.environ | {
        "FOOTNOTE_NOTES": str(notes),
        "FOOTNOTE_INDEX": str(tmp_path / "index"),
        "FOOTNOTE_PORT": str(port),
        "FOOTNOTE_REQUESTS_PER_MINUTE": "0",
    }
    command = [sys.executable, "-c", "from ui.cli import main; main()"]
    subprocess.run([*command, "build"], env=environment, check=True, capture_output=True)
    log = tmp_path / "log"
    with (
        log.open("w") as stream,
        subprocess.Popen([*command, "serve"], env=environment, stderr=stream) as server,
    ):
        url = f"http://127.0.0.1:{port}"
        for _ in range(240):
            time.sleep(0.5)
            try:
                if httpx2.get(f"{url}/readyz").status_code == 200:
                    break
            except httpx2.TransportError:
                continue
        yield Served(url, server.pid, notes)
        server.terminate()
        assert server.wait(30) == 0, log.read_text("utf-8")[-4_000:]


def percentile(times: Sequence[float], share: float) -> float:
    """In milliseconds."""
    return round(sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000, 1)


class Load:
    """What clients saw: statuses, and seconds by status."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.statuses: Counter[int] = Counter()
        self.seconds: dict[int, list[float]] = {}
        self._lock = threading.Lock()

    def chats(self, count: int, seconds: float, *, thinking: tuple[float, float] = THINKING) -> None:
        """Let so many clients ask for so long, each with a conversation of its own."""
        until = time.monotonic() + seconds
        threads = [
            threading.Thread(target=self._chat, args=(number, until, thinking)) for number in range(count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _chat(self, number: int, until: float, thinking: tuple[float, float]) -> None:
        chance = random.Random(number)
        with httpx2.Client(base_url=self.served.url, timeout=60) as client:
            chat = client.post("/api/v1/conversations").json()["id"]
            time.sleep(chance.uniform(0, thinking[1]))
            for question in itertools.cycle(QUESTIONS[number % 3 :] + QUESTIONS[: number % 3]):
                if time.monotonic() > until:
                    return
                started = time.perf_counter()
                response = client.post("/api/v1/ask", json={"question": question, "conversation_id": chat})
                taken = time.perf_counter() - started
                with self._lock:
                    self.statuses[response.status_code] += 1
                    self.seconds.setdefault(response.status_code, []).append(taken)
                time.sleep(chance.uniform(*thinking))

    def told(self, name: str) -> None:
        """Print what was seen."""
        for status, times in sorted(self.seconds.items()):
            marks = {share: percentile(times, share) for share in (0.5, 0.95, 0.99, 1.0)}
            print(f"{name}: {len(times)} x {status}, ms by share {marks}")


def beside(work: Callable[[], object]) -> Callable[[], None]:
    """Repeat some work in a thread until the returned function is called."""
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            work()

    thread = threading.Thread(target=run)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join()

    return end


def test_sixteen_chats_while_the_index_is_rebuilt_back_to_back(served: Served) -> None:
    client = httpx2.Client(base_url=served.url, timeout=60)
    prober = httpx2.Client(base_url=served.url, timeout=60)
    health: list[float] = []
    rebuilds: Counter[str] = Counter()

    def rebuild() -> None:
        note = served.notes / "aws" / "soak.md"
        note.write_text(f"# Soak\n\nThe soak number is {sum(rebuilds.values())}.\n", "utf-8")
        job = client.post("/api/v1/index/rebuild").json()
        while job["state"] in ("waiting", "running"):
            time.sleep(0.05)
            job = client.get(f"/api/v1/index/jobs/{job['id']}").json()
        rebuilds[job["state"]] += 1

    def probe() -> None:
        started = time.perf_counter()
        assert prober.get("/healthz").status_code == 200
        health.append(time.perf_counter() - started)
        time.sleep(0.05)

    Load(served).chats(1, 10)  # warm
    idle = Load(served)
    idle.chats(1, SECONDS / 2, thinking=(0.05, 0.1))
    idle.told("one chat, idle")
    ends = [beside(rebuild), beside(probe)]
    busy = Load(served)
    busy.chats(16, SECONDS)
    for end in ends:
        end()
    busy.told("16 chats while rebuilding")
    ratio = percentile(busy.seconds[200], 0.99) / percentile(idle.seconds[200], 0.99)
    print(f"p99 is {ratio:.1f} times the idle one; rebuilds {dict(rebuilds)};")
    print(f"healthz: {len(health)}, p99 {percentile(health, 0.99)} ms, max {percentile(health, 1.0)} ms")
    client.close()
    prober.close()
    assert set(busy.statuses) == {200}
    assert set(rebuilds) == {"done"}


def test_the_excess_of_sixty_four_is_refused_quickly(served: Served) -> None:
    load = Load(served)
    load.chats(64, SECONDS / 4, thinking=(0.0, 0.0))
    load.told("64 clients that do not think")
    assert set(load.statuses) <= {200, 503}
    assert load.statuses[200] > 0


def test_ten_thousand_requests_leave_nothing_behind(served: Served) -> None:
    def some(count: int) -> None:
        with httpx2.Client(base_url=served.url, timeout=60) as client:
            for number in range(count):
                question = {"question": QUESTIONS[number % len(QUESTIONS)]}
                if number % 4 == 0:
                    assert client.post("/api/v1/ask", json=question).status_code == 200
                elif number % 4 == 1:
                    with client.stream("POST", "/api/v1/ask/stream", json=question) as response:
                        next(response.iter_bytes())  # and leave
                elif number % 4 == 2:
                    assert client.get("/api/v1/notes/none.md").status_code == 404
                else:
                    assert client.get("/api/v1/index").status_code == 200

    def measured() -> tuple[float, int, int]:
        time.sleep(6)  # connections that are kept alive end
        return served.memory(), served.threads(), served.files()

    def at_once(count: int) -> None:
        threads = [threading.Thread(target=some, args=(count,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    at_once(500)
    before = measured()
    at_once(2_500)
    after = measured()
    print(f"memory in MiB, threads, files: {before} before 10,000 requests, {after} after")
    assert after[0] < before[0] * 1.10 + 20
    assert after[1] <= before[1] + 8
    assert after[2] <= before[2] + 8

"""What an index of so many passages takes, in a folder and in Milvus: memory, disk, time to build, to search.

    python tests/bench/capacity.py 10000 100000            # both, each in a process of its own
    python tests/bench/capacity.py 1000000 --only folder --tokens 20 --memory-gb 17

Passages, vectors and tokens are made: words as rare as those of a language, the 20 passages of a note in one
heap of vectors with those of four others. What is timed is what a question asks of the index, without the
embedding of the question: the 50 nearest passages, the 50 with its words, what these are weighed by, 8 texts.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from pymilvus import MilvusClient

sys.path.insert(0, str(Path(__file__).parent.parent))
from milvus_server import MilvusProcess, why_not

from indexer.address import Address, Place, place_of
from indexer.assembly import NEW, Draft, Kept, NoteRows, assemble
from indexer.keyword_index import terms
from indexer.milvus_store import MilvusStore
from indexer.milvus_writing import Writer, drafted, now
from indexer.passages import Passages
from indexer.publishing import publish
from indexer.snapshot import FORMAT_VERSION, Manifest
from indexer.storage import taken
from indexer.stores import open_store
from indexer.token_codes import TokenCodes
from indexer.types import Chunk, Kind, Note, Reading, Span, Unit

DIMENSION, PASSAGES, WORDS, HEAP = 384, 20, 45, 100
TOKENS = 60  # of a passage, unless told
QUESTIONS = 200
AT_ONCE = 4  # questions, where questions a second are counted
SECONDS = 10.0


@dataclass
class Figures:
    """What was measured. Memory is our process's, and that of Milvus; sizes in MB, search in milliseconds.

    `builder_mb` is the most that the building process had; `rest_s` how long after it Milvus made its graph.
    """

    where: str
    passages: int
    build_s: float
    builder_mb: float
    rest_s: float
    open_s: float
    own_mb: float
    milvus_mb: float
    disk_mb: float
    p50_ms: float
    p99_ms: float
    questions_a_second: float
    recall_at_10: float


class Made:
    """Notes that are made, the same for the same number."""

    name, fingerprint = "made", "0" * 64

    def __init__(self, passages: int, tokens: int) -> None:
        self._count, self._tokens = passages, tokens
        rng = np.random.default_rng(0)
        heaps = max(1, passages // HEAP)
        self._heaps = rng.standard_normal((heaps, DIMENSION)).astype(np.float32)
        self._vocabulary = [f"{''.join(rng.choice(list('bdfgklmnprst'), 3))}{n:x}" for n in range(50_000)]

    def questions(self) -> list[tuple[np.ndarray, list[str]]]:
        """Vectors and search terms, near to what is in the notes."""
        rng = np.random.default_rng(1)
        vectors = self._vectors(rng, QUESTIONS, QUESTIONS)
        return [(vector, terms(" ".join(self._words(rng, 5)))) for vector in vectors]

    def notes(self) -> Iterator[NoteRows]:
        rng = np.random.default_rng(2)
        for number in range(self._count // PASSAGES):
            texts = [
                ". ".join(" ".join(self._words(rng, WORDS // 3)) for _ in range(3)) for _ in range(PASSAGES)
            ]
            text = "\n\n".join(texts)
            note = Note(
                f"{number % 100:02}/{number:07}.md", text, sha256(text.encode()).hexdigest(), 0, f"N {number}"
            )
            chunks, at = [], 0
            for line, one in enumerate(texts):
                chunks.append(_chunk(note, one, at, 2 * line + 1))
                at += len(one) + 2
            vectors = self._vectors(rng, PASSAGES)
            yield NoteRows(note, chunks, [Kept(vector, _tokens(rng, self._tokens)) for vector in vectors])

    def _vectors(self, rng: np.random.Generator, count: int, heaps: int = 1) -> np.ndarray:
        near = self._heaps[rng.integers(len(self._heaps), size=heaps)]
        vectors = near + 0.7 * rng.standard_normal((count, DIMENSION)).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _words(self, rng: np.random.Generator, count: int) -> list[str]:
        return [self._vocabulary[min(int(n), len(self._vocabulary)) - 1] for n in rng.zipf(1.3, count)]


def _chunk(note: Note, text: str, at: int, line: int) -> Chunk:
    units, start = [], at
    for sentence in text.split(". "):
        units.append(Unit(Kind.PARAGRAPH, Span(start, start + len(sentence)), sentence))
        start += len(sentence) + 2
    span = Span(at, at + len(text))
    place = (note.path, note.sha256, note.title, note.tags, (note.title,), span, line, line)
    return Chunk(*place, text, note.title, tuple(units))


def _tokens(rng: np.random.Generator, count: int) -> TokenCodes:
    codes = rng.integers(256, size=(count, DIMENSION // 8), dtype=np.uint8)
    above = count // 15  # of the headings
    lengths = np.array([above, *(len(one) for one in np.array_split(codes[above:], 3))], np.uint16)
    return TokenCodes(codes, lengths, np.full(4, 3.0, np.float32))


def in_folder(made: Made, folder: Path) -> None:
    """Build it as `footnote build` does once all is embedded."""
    parts = list(made.notes())
    notes = tuple(sorted((one.note for one in parts), key=lambda note: note.path))
    parts.sort(key=lambda one: one.note.path)
    chunks = [chunk for one in parts for chunk in one.chunks]
    kept = [own for one in parts for own in one.kept]
    draft = Draft(chunks, [NEW] * len(chunks))
    folder.mkdir()
    publish(folder, assemble(made, "00000001-00000000", Reading(notes, ()), draft, kept, None))


def in_milvus(made: Made, store: MilvusStore) -> None:
    """The same, in Milvus."""
    with store.lock() as lease:
        writer, some = Writer(store, lease), []
        for one in made.notes():
            some.append(one)
            if len(some) == 64:
                writer.add(some)
                some = []
        writer.add(some)
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            revision="00000001-00000000",
            created_at=now(),
            embedding_model=made.name,
            embedding_fingerprint=made.fingerprint,
            dimension=DIMENSION,
            chunker_version="made",
            notes=len(writer.notes),
            chunks=PASSAGES * len(writer.notes),
        )
        store.publish(drafted(store, lease, writer, manifest, writer.notes, writer.token_bytes), lease)


def ask(index: Passages, question: tuple[np.ndarray, list[str]]) -> None:
    """What a question asks of an index."""
    vector, words = question
    rows = {hit.row for hit in (*index.nearest(vector, 50), *index.worded(words, 50))}
    index.candidates(sorted(rows), vector, words)
    index.chunks_of(sorted(rows)[:8])


def searched(index: Passages, questions: list[tuple[np.ndarray, list[str]]]) -> tuple[float, float, float]:
    """Milliseconds of the middle question and of all but one in a hundred; questions a second."""
    took = []
    for question in questions:
        started = time.perf_counter()
        ask(index, question)
        took.append(1000 * (time.perf_counter() - started))
    until, done = time.monotonic() + SECONDS, [0] * AT_ONCE

    def work(number: int) -> None:
        while time.monotonic() < until:
            ask(index, questions[(done[number] * AT_ONCE + number) % len(questions)])
            done[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return float(np.median(took)), float(np.percentile(took, 99)), sum(done) / SECONDS


def recall(index: Passages, made: Made) -> float:
    """The share of the ten nearest passages that are found, of a few questions; all are compared for it."""
    from indexer.borrowing import borrowed_vectors

    questions = np.stack([vector for vector, _ in made.questions()[:50]])
    best: list[list[tuple[float, tuple[str, int]]]] = [[] for _ in questions]
    for one in made.notes():
        mixed = borrowed_vectors(np.stack([kept.whole for kept in one.kept]), one.chunks)
        places = [(one.note.path, chunk.span.start) for chunk in one.chunks]
        for own, scores in zip(best, questions @ mixed.T, strict=True):
            own += zip(scores.tolist(), places, strict=True)
            own.sort(reverse=True)
            del own[10:]
    found = 0
    for question, own in zip(questions, best, strict=True):
        chunks = index.chunks_of([hit.row for hit in index.nearest(question, 10)])
        found += len({(one.note, one.span.start) for one in chunks} & {place for _, place in own})
    return found / (10 * len(questions))


def resident(pid: int | str) -> float:
    """The memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def session_memory(leader: int) -> float:
    """The memory of all processes that a process started."""
    total = 0.0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(status.read_text().rpartition(")")[2].split()[3]) == leader:
                total += resident(status.parent.name)
        except OSError:
            continue
    return total


def build(where: str, count: int, place: str, given: argparse.Namespace) -> tuple[float, float]:
    """Build in a process of its own, so that what it leaves in memory is not measured; seconds, most MB."""
    started = time.perf_counter()
    command = [sys.executable, __file__, str(count), "--tokens", str(given.tokens), "--build", where, place]
    limit = (given.memory_gb * 2**30,) * 2
    with subprocess.Popen(command, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, limit)) as own:
        _, status, used = os.wait4(own.pid, 0)
        own.returncode = os.waitstatus_to_exitcode(status)
    if own.returncode:
        raise subprocess.CalledProcessError(own.returncode, command)
    return time.perf_counter() - started, used.ru_maxrss / 1024


def rested(address: Address) -> float:
    """Wait until the graph of all that is sealed is made, ten minutes at most; seconds."""
    started = time.perf_counter()
    client = MilvusClient(address.uri)
    table = f"{address.name}_passages_{DIMENSION}"
    while time.perf_counter() - started < 600:
        if not int(client.describe_index(table, "vector")["pending_index_rows"]):
            break
        time.sleep(1)
    client.close()
    return time.perf_counter() - started


def measured(where: str, count: int, folder: Path, given: argparse.Namespace) -> Figures:
    """All figures of an index of one size at one place."""
    made, server = Made(count, given.tokens), None
    if where == "milvus":
        server = MilvusProcess(folder, silence=60)
        server.start()
        place: Place = place_of(server.new_index())
        text = str(place)
    else:
        place, text = folder / "index", str(folder / "index")
    try:
        build_s, builder_mb = build(where, count, text, given)
        rest_s = rested(place) if isinstance(place, Address) else 0.0
        before, started = resident("self"), time.perf_counter()
        index = open_store(place).open()
        open_s = time.perf_counter() - started
        questions = made.questions()
        ask(index, questions[0])
        p50, p99, rate = searched(index, questions)
        return Figures(
            where,
            count,
            build_s,
            builder_mb,
            rest_s,
            open_s,
            resident("self") - before,
            session_memory(server.leader) if server else 0.0,
            taken(folder) / 2**20,
            p50,
            p99,
            rate,
            recall(index, made) if count <= 200_000 else 0.0,
        )
    finally:
        if server:
            server.close()


def main() -> None:
    """Measure what the arguments name, and print it."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("counts", type=int, nargs="+")
    arguments.add_argument("--only", choices=["folder", "milvus"])
    arguments.add_argument("--tokens", type=int, default=TOKENS, help="Of each passage.")
    arguments.add_argument("--memory-gb", type=int, default=64, help="The most that a build may have.")
    arguments.add_argument("--build", nargs=2, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.build:
        where, place = given.build
        made = Made(given.counts[0], given.tokens)
        if where == "folder":
            in_folder(made, Path(place))
        else:
            in_milvus(made, open_store(place_of(place)))  # type: ignore[arg-type]
        return
    for count in given.counts:
        for where in [given.only] if given.only else ["folder", "milvus"]:
            if where == "milvus" and (reason := why_not()):
                sys.stderr.write(f"A Milvus server cannot run here: {reason}.\n")
                continue
            folder = Path(tempfile.mkdtemp(prefix="footnote-capacity-", dir="/tmp"))
            try:
                figures = asdict(measured(where, count, folder, given))
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            rounded = {
                name: round(one, 3) if isinstance(one, float) else one for name, one in figures.items()
            }
            sys.stdout.write(json.dumps(rounded) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

"""From a question to an answer: the sequence, readable top to bottom."""

import logging
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from assistant.composition import compose
from assistant.confidence import answers
from assistant.conversation import Reading, readings
from assistant.errors import NoteNotFound, QuestionError
from assistant.evidence import Evidence
from assistant.looking import LOOKED_AT, Look, find, look, query_of
from assistant.reranking import Reranker
from assistant.settings import MAX_QUESTION, AskSettings
from assistant.suggestions import example_questions
from assistant.types import Answer, Event, Filters, Found, Passage, Related, Text, Turn
from assistant.workers import Workers
from indexer.embedding import CrossEncoderReranker, Embedder
from indexer.live import LiveIndex
from indexer.modelless import embedder_or_stand_in
from indexer.settings import IndexSettings
from indexer.snapshot import Snapshot
from indexer.types import Note

_log = logging.getLogger(__name__)
DECLINED = "Your notes don't say."
MOST_RELATED = 3
TRIED = 4  # times as many examples as are wanted
CLEARLY = 0.1  # of confidence, between two readings of a question


class Assistant:
    """Answers questions from the index, with a citation for every claim."""

    def __init__(
        self,
        index: LiveIndex,
        embedder: Embedder,
        settings: AskSettings | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.index = index
        self.embedder = embedder
        self._settings = settings or AskSettings()
        self._reranker = reranker
        self._examples: Sequence[str] = ()
        self._exampled = ("", 0)  # the revision that they are of, and how many were asked for
        self._workers = Workers()

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        top_k: int | None = None,
    ) -> Answer:
        """Answer a question, or say that the notes don't.

        Args:
            history: the conversation so far, oldest turn first.
            top_k: how many passages to look at.

        Raises:
            QuestionError: the question is blank or too long.
            IndexUnusable: there is no index that can answer.
        """
        answer: Answer | None = None
        for event in self.stream(question, history=history, filters=filters, top_k=top_k):
            answer = event if isinstance(event, Answer) else answer
        assert answer is not None
        return answer

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        top_k: int | None = None,
    ) -> Iterator[Event]:
        """As `ask`, step by step: the passages, the text in pieces, and last the whole answer."""
        clock = _Clock()
        _check(question)
        snapshot = self.index.current
        wanted = top_k or self._settings.top_k
        best = self._workers.do(lambda: self._best_look(snapshot, question, history, filters, wanted))
        passages = best.passages[:wanted]
        clock.mark("retrieve")
        yield Found(passages)

        answered = bool(best.evidence) and answers(best.confidence, snapshot.manifest.line.at)
        composed = (
            self._workers.do(lambda: compose(best.question, best.evidence, snapshot)) if answered else None
        )
        clock.mark("compose")
        text = composed.text if composed else DECLINED
        yield from (Text(piece) for piece in text.splitlines(keepends=True))
        yield Answer(
            text=text,
            abstained=not answered,
            confidence=best.confidence,
            mode="extractive",
            standalone_question=best.question.text,
            index_revision=snapshot.manifest.revision,
            citations=composed.citations if composed else (),
            related=() if composed else _related(best.evidence),
            timings_ms=clock.times,
            passages=passages,
            degraded=() if best.embedded else ("embedding",),
        )

    def _best_look(
        self,
        snapshot: Snapshot,
        question: str,
        history: Sequence[Turn],
        filters: Filters | None,
        wanted: int,
    ) -> Look:
        """The look at the notes by the reading of the question that they answer best."""
        looks = [
            look(
                snapshot,
                self.embedder,
                reading,
                filters=filters,
                top_k=max(wanted, LOOKED_AT),
                reranker=self._reranker,
            )
            for reading in readings(question, history, snapshot.lexicon)
        ]
        return _surest(looks)

    def search(
        self,
        query: str,
        *,
        filters: Filters | None = None,
        top_k: int | None = None,
        snapshot: Snapshot | None = None,
    ) -> Sequence[Passage]:
        """The passages for a query, best first. Raises as `ask`.

        Args:
            snapshot: the generation to search; the current one unless told.
        """
        _check(query)
        searched = snapshot or self.index.current
        count = top_k or self._settings.top_k

        def found() -> Sequence[Passage]:
            looked_for = query_of(query, searched, self.embedder)
            return find(query, looked_for, searched, top_k=count, filters=filters, reranker=self._reranker)

        return self._workers.do(found)

    def note(self, path: str) -> Note:
        """The note of that path, as it is in the index. Raises NoteNotFound."""
        found = self.index.current.notes.get(path)
        if found is None:
            raise NoteNotFound(f"There is no note {path!r} in the index. List them with GET /api/v1/notes.")
        return found

    def example_questions(self, count: int = 6) -> Sequence[str]:
        """Questions that the notes answer, made from what they define; the same for one revision."""
        snapshot = self.index.current
        asked = snapshot.manifest.revision, count
        if asked != self._exampled:
            tried = dict.fromkeys(
                [*example_questions(snapshot, count), *example_questions(snapshot, TRIED * count)]
            )
            self._examples = list(islice(filter(partial(self.answers, snapshot), tried), count))
            self._exampled = asked
        return self._examples

    def answers(self, snapshot: Snapshot, question: str) -> bool:
        """Whether a generation answers a question that stands alone."""
        found = self._workers.do(lambda: look(snapshot, self.embedder, Reading(question)))
        return bool(found.evidence) and answers(found.confidence, snapshot.manifest.line.at)

    def ready(self) -> None:
        """Return if a question could be answered now. Raises IndexUnusable or ModelError."""
        _ = self.index.current
        self.embedder.load()


def open_assistant(settings: IndexSettings, asking: AskSettings | None = None) -> Assistant:
    """An assistant over the index that the settings name. The index and the weights are opened on first use.

    If the embedding model cannot be read, it finds passages by their words alone, and is never ready.

    Raises:
        ModelError: a reranker is named that is not there.
    """
    embedder = embedder_or_stand_in(settings.embedding_model, settings.precision)
    reranker = CrossEncoderReranker(Path(asking.reranker)) if asking and asking.reranker else None
    live = LiveIndex(settings.index, fingerprint=embedder.fingerprint or None)
    return Assistant(live, embedder, asking, reranker)


def _check(question: str) -> None:
    if not question.strip():
        raise QuestionError("The question is blank. Ask something.")
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; at most {MAX_QUESTION:,} fit. Shorten it."
        )


def _related(evidence: Sequence[Evidence]) -> list[Related]:
    """The nearest headings, each once."""
    nearest: dict[tuple[str, tuple[str, ...]], Related] = {}
    for item in evidence:
        chunk = item.chunk
        nearest.setdefault(
            (chunk.note, chunk.heading_path), Related(chunk.note, chunk.heading_path, chunk.line_start)
        )
    return list(nearest.values())[:MOST_RELATED]


def _surest(looks: Sequence[Look]) -> Look:
    """The likeliest reading, or the one that the notes answer clearly better."""
    best = max(looks, key=lambda found: found.confidence)
    return best if best.confidence > looks[0].confidence + CLEARLY else looks[0]


class _Clock:
    """Milliseconds that each stage took."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        now = time.perf_counter()
        self.times[stage] = round((now - self._last) * 1000, 1)
        self._last = now

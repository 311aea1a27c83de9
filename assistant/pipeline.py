"""From a question to an answer: the sequence, readable top to bottom."""

import logging
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from assistant.composition import compose
from assistant.confidence import answers, confidence
from assistant.conversation import Reading, readings
from assistant.errors import NoteNotFound, QuestionError
from assistant.evidence import Evidence, by_words, candidates, weigh
from assistant.matching import asked
from assistant.question import Question, mend, search_terms, understand
from assistant.retrieval import Query, retrieve
from assistant.settings import MAX_QUESTION, AskSettings
from assistant.suggestions import example_questions
from assistant.types import Answer, Event, Filters, Found, Passage, Related, Text, Turn
from assistant.whereabouts import whereabouts
from indexer.embedding import Embedded, Embedder
from indexer.errors import ModelError
from indexer.live import LiveIndex
from indexer.modelless import embedder_or_stand_in
from indexer.settings import IndexSettings
from indexer.snapshot import Snapshot
from indexer.types import Note

_log = logging.getLogger(__name__)
DECLINED = "Your notes don't say."
MOST_RELATED = 3
CLEARLY = 0.1  # of confidence, between two readings of a question
LOOKED_AT = 8  # passages from which an answer is composed, at least


class Assistant:
    """Answers questions from the index, with a citation for every claim."""

    def __init__(self, index: LiveIndex, embedder: Embedder, settings: AskSettings | None = None) -> None:
        self.index = index
        self.embedder = embedder
        self._settings = settings or AskSettings()

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
        looks = [
            self._look(snapshot, reading, filters or Filters(), max(wanted, LOOKED_AT))
            for reading in readings(question, history, snapshot.lexicon)
        ]
        understood, passages, evidence, sure, embedded = _surest(looks)
        clock.mark("retrieve")
        yield Found(passages[:wanted])

        answered = bool(evidence) and answers(sure)
        composed = compose(understood, evidence, snapshot) if answered else None
        clock.mark("compose")
        text = composed.text if composed else DECLINED
        yield from (Text(piece) for piece in text.splitlines(keepends=True))
        yield Answer(
            text=text,
            abstained=not answered,
            confidence=sure,
            mode="extractive",
            standalone_question=understood.text,
            index_revision=snapshot.manifest.revision,
            citations=composed.citations if composed else (),
            related=() if composed else _related(evidence),
            timings_ms=clock.times,
            passages=passages[:wanted],
            degraded=() if embedded else ("embedding",),
        )

    def look(self, question: str) -> "Look":
        """What the notes have for a question that stands alone, best evidence first."""
        return self._look(self.index.current, Reading(question), Filters(), LOOKED_AT)

    def _look(self, snapshot: Snapshot, reading: Reading, filters: Filters, top_k: int) -> "Look":
        """What the notes have for one reading of a question."""
        known = snapshot.keywords.knows
        understood = understand(mend(reading.text, snapshot.lexicon, known, self.embedder.count_tokens))
        at = whereabouts(reading.leans_on, snapshot) if reading.leans_on else None
        query = self._query(understood.text, snapshot, at.beside if at else ())
        passages = retrieve(snapshot, query, top_k=top_k, filters=filters)
        evidence = weigh(understood, query.words, candidates(passages), snapshot, at)
        embedded = bool(query.vector.any())
        if not embedded:
            evidence = by_words(evidence)
        sure = confidence(understood, evidence)
        return Look(understood, passages, evidence, sure, embedded)

    def _query(self, text: str, snapshot: Snapshot, rows: Sequence[int] = ()) -> Query:
        """What to look for; where there is no model, its vectors are zeros, which are near to nothing."""
        try:
            read = self.embedder.embed_query(text)
        except ModelError as error:
            _log.warning("%s Passages are found by their words alone.", error)
            read = Embedded(
                np.zeros(snapshot.manifest.dimension, np.float32),
                np.zeros((0, snapshot.tokens.codes.shape[1] * 8), np.float32),
                np.zeros((0, 2), np.int64),
            )
        words = asked(text, read, snapshot.keywords)
        return Query(search_terms(text, snapshot.lexicon), read.vector, words, rows)

    def search(
        self, query: str, *, filters: Filters | None = None, top_k: int | None = None
    ) -> Sequence[Passage]:
        """The passages for a query, best first. Raises as `ask`."""
        _check(query)
        snapshot = self.index.current
        return retrieve(
            snapshot,
            self._query(query, snapshot),
            top_k=top_k or self._settings.top_k,
            filters=filters or Filters(),
        )

    def note(self, path: str) -> Note:
        """The note of that path, as it is in the index. Raises NoteNotFound."""
        found = self.index.current.notes.get(path)
        if found is None:
            raise NoteNotFound(f"There is no note {path!r} in the index. List them with GET /api/v1/notes.")
        return found

    def example_questions(self, count: int = 6) -> Sequence[str]:
        """Questions that the notes answer, made from what they define."""
        return example_questions(self.index.current, count)

    def ready(self) -> None:
        """Return if a question could be answered now. Raises IndexUnusable or ModelError."""
        _ = self.index.current
        self.embedder.load()


def open_assistant(settings: IndexSettings) -> Assistant:
    """An assistant over the index that the settings name. The index and the weights are opened on first use.

    If the embedding model cannot be read, it finds passages by their words alone, and is never ready.
    """
    embedder = embedder_or_stand_in(settings.embedding_model)
    return Assistant(LiveIndex(settings.index, fingerprint=embedder.fingerprint or None), embedder)


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


def _surest(looks: Sequence["Look"]) -> "Look":
    """The likeliest reading, or the one that the notes answer clearly better."""
    best = max(looks, key=lambda look: look.confidence)
    return best if best.confidence > looks[0].confidence + CLEARLY else looks[0]


class Look(NamedTuple):
    """A question as it was read, what was found for it, and how sure it is that this answers it."""

    question: Question
    passages: Sequence[Passage]
    evidence: Sequence[Evidence]
    confidence: float
    embedded: bool


class _Clock:
    """Milliseconds that each stage took."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        now = time.perf_counter()
        self.times[stage] = round((now - self._last) * 1000, 1)
        self._last = now

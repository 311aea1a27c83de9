"""From a question to an answer: the sequence, readable top to bottom."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

from assistant.confidence import answers
from assistant.conversation import Reading, readings_of_each
from assistant.days import day_in, notes_of
from assistant.drafting import Draft
from assistant.errors import LanguageModelFailed, NoteNotFound, QuestionError
from assistant.examples import Examples
from assistant.looking import Look, look
from assistant.notices import PREFIX
from assistant.parts import Part, composed, missing, nearest, passages_of, standing, sureness, telling
from assistant.reranking import Reranker
from assistant.settings import MAX_QUESTION, AskSettings, Mode, ModelSettings
from assistant.splitting import questions_in
from assistant.types import (
    DECLINED,
    Answer,
    Citation,
    Event,
    Filters,
    Found,
    Passage,
    Text,
    Turn,
    Unsupported,
)
from assistant.workers import Workers
from assistant.writer import Writer, meaning_of, open_writer
from assistant.writing import Numbers
from indexer.embedding import Embedded, Embedder
from indexer.lexicon import Lexicon
from indexer.live import LiveIndex
from indexer.modelless import embedder_or_stand_in
from indexer.passages import Passages
from indexer.sentence_models import CrossEncoderReranker
from indexer.settings import IndexSettings
from indexer.types import Note

_log = logging.getLogger(__name__)
Asked = tuple[str, Sequence[Reading]]
BEYOND_DOUBT = 0.995  # the confidence from which the other readings are not looked at: it saves their time


class Assistant:
    """Answers questions from the index, with a citation for every claim."""

    def __init__(
        self,
        index: LiveIndex,
        embedder: Embedder,
        settings: AskSettings | None = None,
        reranker: Reranker | None = None,
        writer: Writer | None = None,
    ) -> None:
        """
        Args:
            writer: a language model that may write answers; without it, they are made of the notes' words.
        """
        self.index = index
        self.embedder = embedder
        self.writer = writer
        self._settings = settings or AskSettings()
        self._reranker = reranker
        self._examples = Examples(self.answers)
        self.workers = Workers()

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        top_k: int | None = None,
        mode: Mode = "auto",
    ) -> Answer:
        """Answer a question, or say that the notes don't.

        Args:
            history: the conversation so far, oldest turn first.
            top_k: how many passages to look at.
            mode: who writes the answer.

        Raises:
            QuestionError: the question is blank or too long.
            IndexUnusable: there is no index that can answer.
        """
        answer: Answer | None = None
        for event in self.stream(question, history=history, filters=filters, top_k=top_k, mode=mode):
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
        mode: Mode = "auto",
    ) -> Iterator[Event]:
        """As `ask`, step by step: the passages, the text in pieces, and last the whole answer."""
        clock = _Clock()
        _check(question)
        snapshot = self.index.current
        wanted = top_k or self._settings.top_k
        writer, lost = self._writing(mode)
        rewritten = ""
        if writer and history:
            rewritten, lost = _rewritten(writer, question, history)
            clock.mark("rewrite")
        asked = _asked(question, rewritten, history, snapshot.lexicon)
        parts = self.workers.do(lambda: self._parts(snapshot, asked, filters, wanted))
        passages = passages_of(parts, wanted)
        clock.mark("retrieve")
        yield Found(passages)

        answered = any(part.answered for part in parts)
        told = _Told()
        if answered and writer and not lost:
            draft, lost = yield from writer.draft(
                standing(telling(parts)), passages, history, snapshot.notes, self._meaning
            )
            told = _Told.of(draft)
            if told.citations and not lost and (unsaid := missing(parts)):
                yield Text(unsaid)
                told = replace(told, text=told.text + unsaid)
            clock.mark("write")
        if answered and (lost or not told.citations):
            numbers = told.numbers
            more = self.workers.do(lambda: composed(parts, snapshot, numbers))
            pieces = f"{told.gap}{more.text}" if more.text else ""
            yield from (Text(piece) for piece in pieces.splitlines(keepends=True))
            told = replace(told, text=told.text + pieces, citations=more.citations)
            clock.mark("compose")
        if not answered:
            yield Text(DECLINED)
        yield Answer(
            text=told.text if answered else DECLINED,
            abstained=not answered,
            confidence=sureness(parts),
            mode=told.mode,
            standalone_question=standing(parts),
            index_revision=snapshot.manifest.revision,
            citations=told.citations,
            related=nearest(parts, snapshot),
            timings_ms=clock.times,
            passages=passages,
            degraded=_degraded(parts[0].best, snapshot.finds_words, lost if answered else ""),
            unsupported=told.unsupported,
            unanswered=[part.standing for part in parts if not part.answered],
        )

    def _writing(self, mode: Mode) -> tuple[Writer | None, str]:
        """What writes the answer, None being the notes' own words; and what was asked for in vain."""
        if mode == "extractive" or self.writer is None:
            return None, "not_configured" if mode == "llm" else ""
        return self.writer, ""

    def _parts(
        self, snapshot: Passages, asked: Sequence[Asked], filters: Filters | None, wanted: int
    ) -> Sequence[Part]:
        line = snapshot.manifest.line.at
        return [Part.of(text, self._looks(snapshot, read, filters, wanted), line) for text, read in asked]

    def _looks(
        self, snapshot: Passages, read: Sequence[Reading], filters: Filters | None, wanted: int
    ) -> Sequence[Look]:
        """A look at the notes for each reading, or for the first alone if that is answered beyond doubt.

        If the notes have the day that is asked for, it is a look at that day, and those that found it named.
        """
        looks: list[Look] = []
        for one in read:
            looks.append(self._look(snapshot, one, filters, wanted))
            if looks[0].confidence >= BEYOND_DOUBT:
                break
        day = day_in(read[0].text)
        within = notes_of(day, snapshot, filters or Filters()) if day else None
        if day is None or within is None:
            return looks
        of_day = self._look(snapshot, replace(read[0], day=day), within, wanted)
        naming = (
            replace(found, evidence=[one for one in found.evidence if day.is_of_unit(one.unit, one.chunk)])
            for found in looks
            if found.evidence and day.is_of_unit(found.evidence[0].unit, found.evidence[0].chunk)
        )
        return sorted((of_day, *naming), key=attrgetter("confidence"), reverse=True)

    def _look(self, snapshot: Passages, reading: Reading, filters: Filters | None, wanted: int) -> Look:
        return look(snapshot, self.embedder, reading, filters=filters, top_k=wanted, reranker=self._reranker)

    def _meaning(self, texts: Sequence[str]) -> Sequence[Embedded]:
        """Texts as the model reads them, in their turn."""
        return self.workers.do(lambda: meaning_of(self.embedder, texts))

    def search(
        self,
        query: str,
        *,
        filters: Filters | None = None,
        top_k: int | None = None,
        snapshot: Passages | None = None,
    ) -> Sequence[Passage]:
        """The passages for a query, best first. Raises as `ask`.

        Args:
            snapshot: the generation to search; the current one unless told.
        """
        _check(query)
        searched = snapshot or self.index.current
        count = top_k or self._settings.top_k

        def found() -> Sequence[Passage]:
            return self._look(searched, Reading(query), filters, count).passages[:count]

        return self.workers.do(found)

    def note(self, path: str) -> Note:
        """The note of that path, as it is in the index. Raises NoteNotFound."""
        found = self.index.current.notes.get(path)
        if found is None:
            raise NoteNotFound(f"There is no note {path!r} in the index. List them with GET /api/v1/notes.")
        return found

    def example_questions(self, count: int = 6) -> Sequence[str]:
        """Questions of several kinds that the notes answer; the same for one revision."""
        return self._examples.of(self.index.current, count)

    def answers(self, snapshot: Passages, question: str) -> bool:
        """Whether a generation answers a question that stands alone."""
        found = self.workers.do(lambda: look(snapshot, self.embedder, Reading(question)))
        return bool(found.evidence) and answers(found.confidence, snapshot.manifest.line.at)

    def ready(self) -> None:
        """Return if a question could be answered now. Raises IndexUnusable or ModelError."""
        self.index.reach()
        self.embedder.load()


def open_assistant(
    settings: IndexSettings, asking: AskSettings | None = None, model: ModelSettings | None = None
) -> Assistant:
    """An assistant over the index that the settings name. The index and the weights are opened on first use.

    If the embedding model cannot be read, it finds passages by their words alone, and is never ready.

    Raises:
        ModelError: a reranker is named that is not there.
        SettingsError: the prompts of the language model cannot be used.
    """
    embedder = embedder_or_stand_in(settings.embedding_model, settings.precision)
    reranker = CrossEncoderReranker(Path(asking.reranker)) if asking and asking.reranker else None
    live = LiveIndex(settings.index, fingerprint=embedder.fingerprint or None)
    return Assistant(live, embedder, asking, reranker, open_writer(model))


def _check(question: str) -> None:
    if not question.strip():
        raise QuestionError("The question is blank. Ask something.")
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; at most {MAX_QUESTION:,} fit. Shorten it."
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """What an answer says so far."""

    text: str = ""
    citations: Sequence[Citation] = ()
    unsupported: Sequence[Unsupported] = ()
    numbers: Numbers | None = None
    mode: str = "extractive"

    @classmethod
    def of(cls, draft: Draft) -> "_Told":
        """What a model wrote; nothing of it stands if the notes support none of it."""
        if not draft.citations:
            return cls(
                unsupported=[replace(item, char_start=None, char_end=None) for item in draft.unsupported]
            )
        return cls(draft.text, draft.citations, draft.unsupported, draft.numbers, "llm")

    @property
    def gap(self) -> str:
        """What comes before the next thing that is said."""
        return "\n\n" if self.text else ""


def _asked(question: str, rewritten: str, history: Sequence[Turn], lexicon: Lexicon) -> Sequence[Asked]:
    """The questions of a message and what each may mean, a model's reading first if there is one."""
    asked = questions_in(question)
    read = readings_of_each(asked, history, lexicon)
    if rewritten:
        own = [Reading(text, None if text in asked else history[-1]) for text in questions_in(rewritten)]
        if len(own) != len(asked):
            return [(reading.text, [reading]) for reading in own]
        read = [[first, *others] for first, others in zip(own, read, strict=True)]
    return list(zip(asked, read, strict=True))


def _rewritten(writer: Writer, question: str, history: Sequence[Turn]) -> tuple[str, str]:
    """The question as the model has it stand alone, "" if it can't; and why it can't."""
    try:
        return writer.rewritten(question, history), ""
    except LanguageModelFailed as error:
        return "", error.reason


def _degraded(found: Look, finds_words: bool, lost: str) -> Sequence[str]:
    """What had to be done without."""
    without = {"embedding": not found.embedded, "keyword": not finds_words, f"{PREFIX}{lost}": bool(lost)}
    return tuple(name for name, true in without.items() if true)


class _Clock:
    """Milliseconds that each stage took."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        now = time.perf_counter()
        self.times[stage] = round((now - self._last) * 1000, 1)
        self._last = now

"""A question that stands alone -> what a generation of the index has for it, and how surely it answers."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.comparison import names_all
from assistant.confidence import AROUND, confidence, signs, stands_there
from assistant.conversation import Reading
from assistant.cross_attention import Verdict, open_net
from assistant.evidence import Evidence, beyond, by_words, candidates, for_several, weigh
from assistant.expectation import content_terms
from assistant.matching import asked
from assistant.question import Question, Wants, mend, search_terms, spoken, understand
from assistant.reranking import RERANKED, Reranker, by_units, reranked
from assistant.retrieval import Query, retrieve
from assistant.rows import meeting
from assistant.types import Filters, Passage
from assistant.whereabouts import whereabouts
from indexer.embedding import Embedded, Embedder
from indexer.errors import ModelError
from indexer.passages import Passages

LOOKED_AT = 8  # passages from which an answer is composed, at least
MET = 0.8  # confidence at least, where rows of a table meet a condition, or all that is compared is named
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """A question as it was read, what was found for it, and how sure it is that this answers it.

    `embedded` is False where there was no model, and words alone had to find what there is.
    """

    question: Question
    passages: Sequence[Passage]
    evidence: Sequence[Evidence]
    confidence: float
    embedded: bool

    @property
    def telling(self) -> Sequence[Evidence]:
        """The evidence that an answer is chosen from, weighed for several things if it asks for several."""
        return for_several(self.evidence) if self.question.wants is Wants.LIST else self.evidence


@np.errstate(invalid="ignore")  # OpenBLAS warns now and then though each number of a product is finite
def look(
    snapshot: Passages,
    embedder: Embedder,
    reading: Reading,
    *,
    filters: Filters | None = None,
    top_k: int = LOOKED_AT,
    reranker: Reranker | None = None,
) -> Look:
    """What the notes have for one reading of a question; the evidence is best first.

    Args:
        top_k: how many passages to find; LOOKED_AT are looked at in any case.
    """
    known = snapshot.keywords.knows
    understood = understand(mend(reading.text, snapshot.lexicon, known, embedder.count_tokens))
    at = whereabouts(reading.leans_on, snapshot) if reading.leans_on else None
    asks = replace(understood, text=reading.day.without(understood.text)) if reading.day else understood
    text = spoken(asks, snapshot.lexicon)
    read = _read(text, snapshot, embedder)
    words = asked(text, read, snapshot.keywords)
    sought = search_terms(asks.text, snapshot.lexicon)
    query = Query(sought, read.vector, words, at.beside if at else ())
    count = max(top_k, RERANKED if reranker else LOOKED_AT)
    passages = retrieve(snapshot, query, top_k=count, filters=filters or Filters())
    if reranker:
        passages = reranked(understood.text, passages, reranker)[: max(top_k, LOOKED_AT)]
    verdicts = _verdicts(read, passages, embedder)
    units = beyond(reading.beyond, candidates(passages, verdicts))
    if reading.day:
        units = [one for one in units if reading.day.holds(one.passage.chunk)]
    evidence = weigh(understood, words, units, snapshot, at)
    embedded = bool(query.vector.any())
    if not embedded:
        evidence = by_words(evidence)
    if not reranker:
        passages = by_units(passages, evidence)
    sure = confidence(understood, evidence)
    if (
        meeting(understood, evidence, snapshot)
        or names_all(understood, evidence)
        or stands_there(understood, evidence)
    ):
        sure = max(sure, MET)
    if evidence and reading.day:
        understood, sure = _of_day(understood, asks, evidence, sure)
    return Look(understood, passages, evidence, sure, embedded)


def _of_day(
    question: Question, asks: Question, evidence: Sequence[Evidence], sure: float
) -> tuple[Question, float]:
    """A question for what was on a day, and how sure it is that this answers it.

    Args:
        asks: the question without the day. What is left has to be there, or else nothing more is asked for.
        evidence: of that day.
    """
    if not content_terms(asks.text):
        return replace(question, wants=Wants.LIST), max(sure, MET)
    return question, max(sure, MET) if signs(asks, evidence).unsaid <= AROUND else sure


def _read(text: str, snapshot: Passages, embedder: Embedder) -> Embedded:
    """The question as the model reads it; without one its vectors are zeros, which are near to nothing."""
    try:
        return embedder.embed_query(text)
    except ModelError as error:
        _log.warning("%s Passages are found by their words alone.", error)
        return Embedded(
            np.zeros(snapshot.manifest.dimension, np.float32),
            np.zeros((0, snapshot.token_dimension), np.float32),
            np.zeros((0, 2), np.int64),
        )


def _verdicts(read: Embedded, passages: Sequence[Passage], embedder: Embedder) -> Sequence[Verdict]:
    """What the net for the embedding model makes of each passage; none without such a net."""
    net = open_net(embedder.fingerprint)
    return net.read(read.tokens, [passage.tokens for passage in passages]) if net and len(read.tokens) else ()

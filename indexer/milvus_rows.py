"""A note, its passages and a generation as rows of tables, and back. Pure."""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from indexer.assembly import NoteRows
from indexer.borrowing import borrowed_vectors
from indexer.errors import IndexDamaged, IndexTooLarge
from indexer.lexicon import Lexicon, learn
from indexer.milvus_numbers import Ranges, below, row_at
from indexer.milvus_terms import borrowed_terms, fitting, words_text
from indexer.snapshot import Manifest, StoredChunk, restored_chunk, seal, stored_chunk, unseal
from indexer.token_codes import TokenCodes
from indexer.types import Chunk, Note

HEAD, WORDS, TEXT = 0, 1, 2  # what a row of the table of notes holds
PART = 60_000  # signs of a text in one row

Floats = NDArray[np.float32]


class Head(msgspec.Struct, array_like=True, frozen=True):
    """A note without its text, and in how many parts the rest is stored. `lines` is 0 where not counted."""

    path: str
    sha256: str
    body_start: int
    title: str
    tags: tuple[str, ...]
    chunks: int
    words: int
    parts: int
    lines: int = 0


class Learned(msgspec.Struct, array_like=True, frozen=True):
    """What a note adds to the lexicon, and in how many of its passages each term stands."""

    lexicon: Lexicon
    terms: dict[str, int]


class _Text(msgspec.Struct, array_like=True, frozen=True):
    text: str
    chunks: tuple[StoredChunk, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """What of a passage is compared: the vector that is searched, its own, its tokens."""

    searched: Floats
    own: Floats
    tokens: TokenCodes

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return self.searched.nbytes + self.own.nbytes + self.tokens.codes.nbytes + 500


@dataclass(frozen=True, slots=True)
class Published:
    """A generation: its manifest, and which notes are in it. Those below `end` are, but for the dead."""

    manifest: Manifest
    end: int
    dead: Ranges
    token_bytes: int

    def has(self, number: int) -> bool:
        """Whether the note of a number is in it."""
        return number < self.end and not any(first <= number < last for first, last in self.dead)

    @property
    def condition(self) -> str:
        """What holds for its rows."""
        return below(self.end, self.dead)


def note_rows(number: int, given: NoteRows) -> tuple[Head, Learned, list[dict[str, Any]]]:
    """The rows of a note in the table of notes, with what a generation holds of it in memory.

    Raises:
        IndexTooLarge: its head does not fit into a row.
    """
    note = given.note
    learned = Learned(learn(given.chunks), _term_counts(given.chunks))
    words = _packed(msgspec.json.encode(learned))
    stored = tuple(stored_chunk(chunk, 0) for chunk in given.chunks)
    parts = _packed(msgspec.json.encode(_Text(note.text, stored)))
    head = Head(
        note.path,
        note.sha256,
        note.body_start,
        note.title,
        note.tags,
        len(given.chunks),
        len(words),
        len(parts),
        note.line_count,
    )
    first, *rest = _packed(msgspec.json.encode(head))
    if rest:
        raise IndexTooLarge(
            f"{note.path} has a title and tags that are more than a row of Milvus holds. Shorten them, or"
            " keep the index in a folder."
        )
    kinds = [HEAD, *[WORDS] * len(words), *[TEXT] * len(parts)]
    texts = [first, *words, *parts]
    rows = [
        {"id": row_at(number, place), "note": number, "kind": kind, "data": data, "vector": [0.0, 0.0]}
        for place, (kind, data) in enumerate(zip(kinds, texts, strict=True))
    ]
    return head, learned, rows


def head_of(data: str) -> Head:
    """The head that was stored so. Raises IndexDamaged."""
    return cast(Head, _decoded(data, Head))


def learned_of(parts: Sequence[str]) -> Learned:
    """What a note adds to the lexicon. Raises IndexDamaged."""
    return cast(Learned, _decoded("".join(parts), Learned))


def text_of(head: Head, parts: Sequence[str]) -> tuple[Note, list[Chunk]]:
    """The note with its text, and its passages. Raises IndexDamaged."""
    stored = _decoded("".join(parts), _Text)
    note = Note(head.path, stored.text, head.sha256, head.body_start, head.title, head.tags)
    return note, [restored_chunk(record, note) for record in stored.chunks]


def passage_rows(number: int, given: NoteRows) -> list[dict[str, Any]]:
    """The rows of a note in the table of passages.

    Raises:
        IndexTooLarge: what is kept of a passage does not fit into a row.
    """
    if not given.chunks:
        return []
    own = np.stack([kept.whole for kept in given.kept]).astype(np.float32)
    searched = borrowed_vectors(own, given.chunks)
    words = [words_text(taken) for taken in borrowed_terms(given.chunks)]
    rows = []
    for place, kept in enumerate(given.kept):
        data = base64.b64encode(_kept_bytes(own[place], kept.tokens)).decode("ascii")
        if len(data) > 2 * PART:
            chunk = given.chunks[place]
            raise IndexTooLarge(
                f"{chunk.note}:{chunk.line_start} has {len(kept.tokens.codes):,} tokens, which is more than a"
                " row of Milvus holds. Use a model with a smaller window, or keep the index in a folder."
            )
        rows.append(
            {
                "id": row_at(number, place),
                "note": number,
                "vector": searched[place].tolist(),
                "kept": data[:PART],
                "more": data[PART:],
                "words": fitting(words[place], PART),
            }
        )
    return rows


def weighed(row: Mapping[str, Any]) -> Weighed:
    """What of a passage is compared, of its row. Raises IndexDamaged."""
    try:
        own, codes, width, lengths, norms = msgspec.msgpack.decode(
            base64.b64decode(row["kept"] + row["more"]), type=tuple[bytes, bytes, int, bytes, bytes]
        )
        tokens = TokenCodes(
            np.frombuffer(codes, np.uint8).reshape(-1, width),
            np.frombuffer(lengths, np.uint16),
            np.frombuffer(norms, np.float32),
        )
        return Weighed(np.asarray(row["vector"], dtype=np.float32), np.frombuffer(own, np.float32), tokens)
    except (KeyError, ValueError, msgspec.MsgspecError) as error:
        raise IndexDamaged("A passage of the index cannot be read. Run `footnote build --full`.") from error


def published_parts(published: Published) -> list[str]:
    """A generation as texts, each for one row."""
    told = (seal(published.manifest), published.end, published.dead, published.token_bytes)
    return _packed(msgspec.msgpack.encode(told))


def published_of(parts: Sequence[str]) -> Published:
    """The generation that was stored so. Raises IndexDamaged or IndexIncompatible."""
    try:
        sealed, end, dead, token_bytes = msgspec.msgpack.decode(
            _unpacked("".join(parts)), type=tuple[bytes, int, Ranges, int]
        )
    except (ValueError, zlib.error, msgspec.MsgspecError) as error:
        raise _damaged() from error
    return Published(unseal(sealed), end, dead, token_bytes)


def _term_counts(chunks: Sequence[Chunk]) -> dict[str, int]:
    """In how many passages of a note each term stands, or is borrowed."""
    counts: dict[str, int] = {}
    for borrowed in borrowed_terms(chunks) if chunks else ():
        for term in set(borrowed):
            counts[term] = counts.get(term, 0) + 1
    return counts


def _kept_bytes(own: Floats, tokens: TokenCodes) -> bytes:
    return msgspec.msgpack.encode(
        (
            own.tobytes(),
            np.ascontiguousarray(tokens.codes).tobytes(),
            int(tokens.codes.shape[1]),
            np.ascontiguousarray(tokens.lengths).tobytes(),
            np.ascontiguousarray(tokens.norms).tobytes(),
        )
    )


def _packed(data: bytes) -> list[str]:
    text = base64.b64encode(zlib.compress(data, 6)).decode("ascii")
    return [text[start : start + PART] for start in range(0, len(text), PART)]


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def _decoded(text: str, kind: Any) -> Any:
    try:
        return msgspec.json.decode(_unpacked(text), type=kind)
    except (ValueError, zlib.error, msgspec.MsgspecError) as error:
        raise _damaged() from error


def _damaged() -> IndexDamaged:
    return IndexDamaged("A part of the index in Milvus cannot be read. Run `footnote build --full`.")

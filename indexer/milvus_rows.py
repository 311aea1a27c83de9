"""A note, its passages and a generation as rows of tables, and back. Pure.

Numbers. Each build has one, above all before it; a note that it writes has the build's and its own place in
it; a passage's row has its note's and its place in that. So rows beside each other are passages beside each
other, a note that changed is another note, and no row is ever written twice.
"""

import base64
import hashlib
import zlib
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from indexer.assembly import NoteRows
from indexer.borrowing import borrowed_vectors, shares
from indexer.errors import IndexDamaged, IndexTooLarge
from indexer.keyword_index import terms
from indexer.lexicon import Lexicon, learn
from indexer.snapshot import Manifest, StoredChunk, restored_chunk, seal, stored_chunk, unseal
from indexer.token_codes import TokenCodes
from indexer.types import Chunk, Note

PLACES = 20  # bits of a passage's place in its note
NOTES = 23  # bits of a note's place in its build
HEAD, WORDS, TEXT = 0, 1, 2  # what a row of the table of notes holds
PART = 60_000  # signs of a text in one row
LISTED = 16  # dead notes in a row, from which on a condition names them by their ends
LIST = 5_000  # numbers in a condition

Floats = NDArray[np.float32]
Ranges = tuple[tuple[int, int], ...]  # from a first number up to, and without, a last; in order, apart


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
        few, many = _listed(self.dead)
        parts = [f"note < {self.end}", *(f"(note < {first} or note >= {last})" for first, last in many)]
        return " and ".join([*parts, f"note not in {few}"] if few else parts)


def first_note(build: int) -> int:
    """The number of the first note of a build."""
    return build << NOTES


def note_of(row: int) -> int:
    """The number of the note that a passage's row, or a row of the table of notes, belongs to."""
    return row >> PLACES


def row_at(note: int, place: int) -> int:
    """The row of a passage, or of a part of a note."""
    return note << PLACES | place


def place_of(row: int) -> int:
    """The place of a passage in its note."""
    return row & ((1 << PLACES) - 1)


def merged_ranges(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Ranges in order, those that touch as one."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(one for one in ranges if one[0] < one[1]):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def without(ranges: Ranges, gone: Ranges) -> Ranges:
    """What is left of ranges where others are taken out of them."""
    left = list(ranges)
    for first, last in gone:
        cut: list[tuple[int, int]] = []
        for start, end in left:
            cut += [(start, min(end, first)), (max(start, last), end)]
        left = [one for one in cut if one[0] < one[1]]
    return merged_ranges(left)


def conditions(ranges: Ranges) -> list[str]:
    """What holds for the rows of notes in ranges, in as few conditions as can be asked."""
    few, many = _listed(ranges)
    lists = [few[start : start + LIST] for start in range(0, len(few), LIST)]
    return [
        *(f"note in {one}" for one in lists),
        *(f"note >= {first} and note < {last}" for first, last in many),
    ]


def _listed(ranges: Ranges) -> tuple[list[int], list[tuple[int, int]]]:
    """The numbers in short ranges, and the long ranges."""
    few = [number for first, last in ranges if last - first < LISTED for number in range(first, last)]
    return few, [pair for pair in ranges if pair[1] - pair[0] >= LISTED]


def note_rows(number: int, given: NoteRows) -> tuple[Head, Learned, list[dict[str, Any]]]:
    """The rows of a note in the table of notes, with what a generation holds of it in memory."""
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
    kinds = [HEAD, *[WORDS] * len(words), *[TEXT] * len(parts)]
    texts = [*_packed(msgspec.json.encode(head))[:1], *words, *parts]
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
    words = [words_text(taken) for taken in _borrowed_terms(given.chunks)]
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
                "words": _fitting(words[place]),
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


def words_text(given: Iterable[str]) -> str:
    """Search terms as one text; a term with other signs than letters and digits stands as a code."""
    return " ".join(map(_coded, given))


def known_words(given: Iterable[str], known: Container[str]) -> str:
    """Those of the search terms that stand in a passage, as one text."""
    return words_text(term for term in given if term in known)


@lru_cache(maxsize=50_000)
def _coded(term: str) -> str:
    if term.isascii() and term.isalnum():
        return term
    return f"x{hashlib.blake2b(term.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"


def _borrowed_terms(chunks: Sequence[Chunk]) -> list[list[str]]:
    """The terms of each passage, as often as BM25 is to count them: its own, and those of its neighbours."""
    own = [terms(chunk.embedded_text) for chunk in chunks]
    taken = shares(chunks).tocsr()
    borrowed = []
    for row in range(len(chunks)):
        places = slice(taken.indptr[row], taken.indptr[row + 1])
        pairs = zip(taken.indices[places].tolist(), taken.data[places].tolist(), strict=True)
        borrowed.append([term for other, count in pairs for term in own[other] * count])
    return borrowed


def _fitting(text: str) -> str:
    """The text, or as many whole words of it as a row holds."""
    data = text.encode()
    return text if len(data) <= PART else data[:PART].decode("utf-8", "ignore").rpartition(" ")[0]


def _term_counts(chunks: Sequence[Chunk]) -> dict[str, int]:
    """In how many passages of a note each term stands, or is borrowed."""
    counts: dict[str, int] = {}
    for borrowed in _borrowed_terms(chunks) if chunks else ():
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

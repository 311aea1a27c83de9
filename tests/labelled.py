"""Sentences labelled by hand, each with the passage that it is held against: tests/golden/support-*.yaml."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pairs import paired

from indexer.blocks import Lines
from indexer.chunking import chunk_note
from indexer.reading import note_of, read_notes
from indexer.types import Chunk, Kind, Note, Span

ROOT = Path(__file__).parent.parent
GUIDES = ROOT.parent / "shared/data/aws-guides"
Count = Callable[[Sequence[str]], list[int]]
KINDS = ("supported", "wrong-number", "wrong-name", "negated", "half-true", "other-passage", "invented")
WINDOW = 256  # tokens of a passage at most, as of the packaged model


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence, and whether one of the passages supports it. `kind` says what is wrong if none does."""

    sentence: str
    kind: str
    supported: bool
    passages: tuple[Chunk, ...]


def labelled(half: str, count: Count) -> list[Pair]:
    """The pairs over corpus/ of a half, "dev" or "measure"; of "practice"; on notes of "fit"; or of "pairs".

    Those last are of notes that look alike, of which one supports what the other does not: the hardest.

    Args:
        count: how many tokens texts have.
    """
    if half == "pairs":
        return list(_alike(count))
    entries = yaml.safe_load((ROOT / f"tests/golden/support-{half}.yaml").read_text("utf-8"))
    read = {"fit": _fitting, "practice": _practice}.get(half, _halves)
    return list(read(entries, count))


def _notes(folder: Path, count: Count) -> Callable[[str, Sequence[int]], Chunk]:
    """What gives lines of a note as one passage."""
    notes = {note.path: note for note in read_notes(folder, max_bytes=10**6).notes}
    cut = cache(lambda path: chunk_note(notes[path], count, max_tokens=WINDOW))
    return lambda path, lines: _passage(notes[path], cut(path), *lines)


def _halves(entries: Sequence[Mapping[str, Any]], count: Count) -> Iterator[Pair]:
    passage = _notes(ROOT / "corpus", count)
    for entry in entries:
        found = passage(entry["note"], entry["lines"])
        yield Pair(entry["sentence"], entry["kind"], entry["supported"], (found,))


def _practice(entries: Sequence[Mapping[str, Any]], count: Count) -> Iterator[Pair]:
    found = {"note": _notes(ROOT / "corpus", count)}
    if GUIDES.is_dir():
        found["guide"] = _notes(GUIDES, count)
    for entry in entries:
        for where in found.keys() & entry.keys():
            passage = found[where](entry[where], entry["lines"])
            yield from _pairs(entry, (passage,))


def _passage(note: Note, chunks: Sequence[Chunk], first: int, last: int) -> Chunk:
    """The lines of a note as one passage."""
    lines = Lines(note.text)
    found = [
        (chunk, unit)
        for chunk in chunks
        for unit in chunk.units
        if first <= lines.number(unit.span.start) and lines.number(unit.span.end - 1) <= last
    ]
    span = Span(found[0][1].span.start, found[-1][1].span.end)
    chunk = next((chunk for chunk, unit in found if unit.kind is not Kind.HEADING), found[0][0])
    return replace(chunk, units=tuple(unit for _, unit in found), span=span, text=span.of(note.text))


def _fitting(entries: Sequence[Mapping[str, Any]], count: Count) -> Iterator[Pair]:
    for number, entry in enumerate(entries):
        note = note_of(f"{number}.md", entry["note"], "0" * 64)
        passages = tuple(chunk_note(note, count, max_tokens=WINDOW))
        yield from _pairs(entry, passages)


def _alike(count: Count) -> Iterator[Pair]:
    for one in paired():
        passages = tuple(chunk_note(one.note, count, max_tokens=WINDOW))
        for sentence, by in one.entry["sentences"]:
            supported = one.digit in by
            yield Pair(sentence, "supported" if supported else "other-passage", supported, passages)


def _pairs(entry: Mapping[str, Any], passages: tuple[Chunk, ...]) -> Iterator[Pair]:
    for kind in [kind for kind in KINDS if kind in entry]:
        for sentence in entry[kind]:
            yield Pair(sentence, kind, kind == "supported", passages)

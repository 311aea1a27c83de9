"""Is the index whole? Every file as it was written, every count right, every passage the text of its note."""

import contextlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from indexer.blocks import Lines
from indexer.errors import IndexDamaged, IndexIncompatible
from indexer.generations import GENERATIONS, current_revision, open_generation, read_manifest, revisions
from indexer.snapshot import Snapshot
from indexer.storage import check_whole, reading, sha256
from indexer.types import Chunk


def verify(folder: Path) -> list[str]:
    """Check every generation wholly; the problems found, none if all are whole. Raises IndexMissing."""
    try:
        serving = current_revision(folder)
    except IndexDamaged as error:
        found, serving = [str(error)], ""
    else:
        try:
            found = _damage(folder, serving)
        except IndexIncompatible as error:
            found = [str(error)]
    for revision in revisions(folder):
        if revision != serving:
            with contextlib.suppress(IndexIncompatible):  # it was made before an update, and is only kept
                found.extend(
                    f"In {revision}, which does not serve: {one}" for one in _damage(folder, revision)
                )
    return found


def _damage(folder: Path, revision: str) -> list[str]:
    """What is wrong with one generation. Raises IndexIncompatible."""
    try:
        with reading(folder / GENERATIONS / revision):
            manifest = read_manifest(folder, revision)
            found = []
            for name, digest in manifest.files.items():
                try:
                    check_whole(folder / GENERATIONS / revision / name, digest)
                except IndexDamaged as error:
                    found.append(str(error))
            return found or sorted(set(problems(open_generation(folder, revision))))
    except OSError:
        return [f"The generation {revision} is missing. Run `footnote build`."]
    except IndexDamaged as error:
        return [str(error)]


def problems(snapshot: Snapshot) -> Iterator[str]:
    """What is wrong in a generation whose files are as they were written."""
    for note in snapshot.notes.values():
        if sha256([note.text.encode()]) != note.sha256:
            yield f"{note.path}: its text is not the one that was indexed"
    for path, chunks in groupby(snapshot.chunks, lambda chunk: chunk.note):
        yield from chunk_problems(snapshot.notes[path].text, list(chunks))
    lengths = np.linalg.norm(snapshot.own_vectors, axis=1)
    for row in np.flatnonzero(~(np.abs(lengths - 1) < 1e-3)).tolist():
        chunk = snapshot.chunks[row]
        yield f"{chunk.note}:{chunk.line_start}: a passage's vector has length {lengths[row]:.3f}, not 1"


def chunk_problems(text: str, chunks: Sequence[Chunk]) -> Iterator[str]:
    """What is wrong with passages of a note, given its text."""
    lines = Lines(text)
    for chunk in chunks:
        place, span = f"{chunk.note}:{chunk.line_start}", chunk.span
        if not 0 <= span.start < span.end <= len(text) or chunk.text != span.of(text):
            yield f"{place}: a passage is not the text of its note"
        numbers = [lines.number(at) for at in (span.start, span.end - 1)]
        if numbers != [chunk.line_start, chunk.line_end]:
            yield f"{place}: a passage is not on its lines"
        for unit in chunk.units:
            if not span.start <= unit.span.start < unit.span.end <= span.end:
                yield f"{place}: a passage's parts lie outside it"

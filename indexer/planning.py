"""What a build has to do, does and did: the difference to the last one, progress, the report. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from indexer.passages import Passages
from indexer.types import Build, Reading, Skipped

REMEMBERED = 20  # builds that a generation knows of
NAMED = 8  # notes of each kind of change that it names
P = TypeVar("P", bound=Passages)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage of the build is; `seconds_left` estimates its rest, None before it can."""

    stage: str
    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Basis(Generic[P]):
    """What a build starts from, and why not all of it can be kept, if so."""

    previous: P | None = None
    reason: str = ""
    keeps_chunks: bool = False
    keeps_vectors: bool = False
    set_aside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build did, or with `dry_run` would do. `changed` is False if there was nothing to do.

    `reason` says why all notes were gone through again, `set_aside` names generations that were damaged.
    """

    revision: str
    changed: bool
    notes: int
    chunks: int
    embedded: int
    kept: int
    added: tuple[str, ...] = ()
    changed_notes: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    reason: str = ""
    set_aside: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    dry_run: bool = False


def difference(basis: Basis[P], reading: Reading, dry_run: bool) -> BuildReport:
    """What happened to the notes since the last build, told by their content."""
    previous = basis.previous
    before = {path: note.sha256 for path, note in previous.notes.items()} if previous else {}
    after = {note.path: note.sha256 for note in reading.notes}
    renamed = _renamed(before, after)
    moved = {path for pair in renamed for path in pair}
    skipped = tuple(reading.skipped)
    return BuildReport(
        revision=previous.manifest.revision if previous else "",
        changed=before != after
        or previous is None
        or previous.manifest.skipped != skipped
        or bool(basis.reason),
        notes=len(after),
        chunks=previous.manifest.chunks if previous else 0,
        embedded=0,
        kept=previous.manifest.chunks if previous else 0,
        added=tuple(path for path in after if path not in before and path not in moved),
        changed_notes=tuple(path for path in after if path in before and before[path] != after[path]),
        renamed=renamed,
        removed=tuple(path for path in before if path not in after and path not in moved),
        skipped=skipped,
        reason=basis.reason,
        set_aside=basis.set_aside,
        dry_run=dry_run,
    )


def remembered(
    report: BuildReport, revision: str, started_at: str, before: Sequence[Build]
) -> tuple[Build, ...]:
    """A build as its generation remembers it, the latest first, with those before it.

    Args:
        before: what the generation before remembers.
    """
    changes: Mapping[str, Sequence[str]] = {
        "added": report.added,
        "changed": report.changed_notes,
        "renamed": [f"{old} → {new}" for old, new in report.renamed],
        "removed": report.removed,
    }
    build = Build(
        revision=revision,
        started_at=started_at,
        seconds=dict(report.seconds),
        embedded=report.embedded,
        kept=report.kept,
        changes={kind: len(paths) for kind, paths in changes.items() if paths},
        named={kind: tuple(paths[:NAMED]) for kind, paths in changes.items() if paths},
        reason=report.reason,
    )
    return (build, *before)[:REMEMBERED]


def _renamed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The notes that went and came with the same text: each old path with one new path."""
    gone: dict[str, list[str]] = {}
    for path, sha256 in before.items():
        if path not in after:
            gone.setdefault(sha256, []).append(path)
    return tuple(
        (gone[sha256].pop(0), path)
        for path, sha256 in after.items()
        if path not in before and gone.get(sha256)
    )


def seconds_left(elapsed: float, done: float, total: float) -> float | None:
    """How long the rest takes at the pace so far; None before there is a pace."""
    return round(elapsed * (total - done) / done, 1) if done > 0 else None

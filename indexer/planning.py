"""What a build has to do, does and did: the difference to the last one, progress, the report. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from indexer.snapshot import Snapshot
from indexer.types import Reading, Skipped


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage of the build is."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build did, or with `dry_run` would do. `changed` is False if there was nothing to do."""

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
    seconds: Mapping[str, float] = field(default_factory=dict)
    dry_run: bool = False


def difference(previous: Snapshot | None, reading: Reading, reason: str, dry_run: bool) -> BuildReport:
    """What happened to the notes since the last build, told by their content."""
    before = {path: note.sha256 for path, note in previous.notes.items()} if previous else {}
    after = {note.path: note.sha256 for note in reading.notes}
    gone = {before[path]: path for path in before if path not in after}
    renamed = [(gone[sha], path) for path, sha in after.items() if path not in before and sha in gone]
    moved = {path for pair in renamed for path in pair}
    skipped = tuple(reading.skipped)
    return BuildReport(
        revision=previous.manifest.revision if previous else "",
        changed=before != after or previous is None or previous.manifest.skipped != skipped,
        notes=len(after),
        chunks=len(previous.chunks) if previous else 0,
        embedded=0,
        kept=len(previous.chunks) if previous else 0,
        added=tuple(path for path in after if path not in before and path not in moved),
        changed_notes=tuple(path for path in after if path in before and before[path] != after[path]),
        renamed=tuple(renamed),
        removed=tuple(path for path in before if path not in after and path not in moved),
        skipped=skipped,
        reason=reason,
        dry_run=dry_run,
    )

"""The generations of the index on disk, and the one that serves.

INDEX/CURRENT                     the revision that serves, swapped by a rename
INDEX/generations/<revision>/     one generation (see snapshot), written once, never changed
INDEX/damaged/<revision>/         generations that were found damaged, set aside
INDEX/.lock, building             who builds (see locking)
"""

import logging
import re
from pathlib import Path

from indexer.errors import IndexDamaged, IndexIncompatible, IndexMissing
from indexer.snapshot import MANIFEST, Manifest, Snapshot, decode, short, unseal
from indexer.storage import check_whole, read_whole, reading

CURRENT = "CURRENT"
GENERATIONS = "generations"
DAMAGED = "damaged"
_REVISION = re.compile(r"\d{8}-[0-9a-f]{8}")
_log = logging.getLogger(__name__)


def revisions(folder: Path) -> list[str]:
    """The generations that are there, newest first."""
    return named(folder / GENERATIONS)


def named(folder: Path) -> list[str]:
    """The folders in a folder that are named as a generation, newest first."""
    entries = folder.iterdir() if folder.is_dir() else ()
    return sorted((entry.name for entry in entries if _REVISION.fullmatch(entry.name)), reverse=True)


def current_revision(folder: Path) -> str:
    """The revision that serves. Raises IndexMissing or IndexDamaged."""
    file = folder / CURRENT
    try:
        revision = file.read_text("utf-8")
    except FileNotFoundError as error:
        if revisions(folder):
            raise IndexDamaged(f"{str(file)!r} is missing. Run `footnote build`.") from error
        raise IndexMissing(
            f"There is no index in {str(folder)!r} yet. Run `footnote build`, or name another with --index."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndexDamaged(f"{str(file)!r} cannot be read. Run `footnote build`.") from error
    if not _REVISION.fullmatch(revision):
        raise IndexDamaged(f"{str(file)!r} is damaged. Run `footnote build`.")
    return revision


def open_snapshot(folder: Path, *, fingerprint: str | None = None) -> Snapshot:
    """Open the generation that serves or, if it is damaged, the newest whole one before it.

    Args:
        fingerprint: of the embedding model that questions will be embedded with.

    Raises:
        IndexMissing: nothing has been built.
        IndexDamaged: a file is missing, cut short or altered, and no generation before is whole.
        IndexIncompatible: made with another model, or by a newer or an older release.
    """
    while True:
        serving = current_bytes(folder)
        snapshot, damage = newest_whole(folder, fingerprint)
        if not damage or serving == current_bytes(folder):  # else another was published under our hands
            break
    for error in damage.values():
        if snapshot is None:
            raise error
        _log.warning("%s Revision %s serves meanwhile.", error, snapshot.manifest.revision)
    assert snapshot is not None
    return snapshot


def current_bytes(folder: Path) -> bytes | None:
    """What stands in CURRENT, be it what it may; None if it cannot be read."""
    try:
        return (folder / CURRENT).read_bytes()
    except OSError:
        return None


def newest_whole(
    folder: Path, fingerprint: str | None, *, held: Snapshot | None = None
) -> tuple[Snapshot | None, dict[str, IndexDamaged]]:
    """The generation that serves or else the first whole one, older ones first; and what is damaged.

    `held` is one that is open: its files are checked as any other's, but it is not decoded again.
    """
    damage: dict[str, IndexDamaged] = {}
    candidates = revisions(folder)
    try:
        serving = current_revision(folder)
        older = [name for name in candidates if name < serving]
        newer = [name for name in candidates if name > serving]  # one that was rolled back, say
        candidates = [serving, *older, *newer]
    except IndexDamaged as error:
        damage[CURRENT] = error
    for revision in candidates:
        try:
            if held and held.manifest.revision == revision:
                check_files(folder, held.manifest)
                return held, damage
            return open_generation(folder, revision, fingerprint=fingerprint), damage
        except IndexDamaged as error:
            damage[revision] = error
        except IndexIncompatible:
            if not damage:
                raise
    return None, damage


def open_generation(folder: Path, revision: str, *, fingerprint: str | None = None) -> Snapshot:
    """Open one generation, after checking that every file of it is whole.

    Raises:
        IndexDamaged: a file is missing, cut short or altered.
        IndexIncompatible: made with another model, or by a newer or an older release.
    """
    generation = folder / GENERATIONS / revision
    try:
        with reading(generation):
            manifest = read_manifest(folder, revision)
            if fingerprint and manifest.embedding_fingerprint != fingerprint:
                raise IndexIncompatible(
                    f"The index was made with the model {manifest.embedding_model!r}"
                    f" ({short(manifest.embedding_fingerprint)}), the model in use is {short(fingerprint)}."
                    " Run `footnote build`, or set FOOTNOTE_EMBEDDING_MODEL back."
                )
            contents = {
                name: read_whole(generation / name, digest) for name, digest in manifest.files.items()
            }
    except OSError as error:
        raise IndexDamaged(f"The generation {revision} is missing. Run `footnote build`.") from error
    return decode(manifest, contents)


def check_files(folder: Path, manifest: Manifest) -> None:
    """Check that every file of an open generation is still as it was. Raises IndexDamaged."""
    generation = folder / GENERATIONS / manifest.revision
    try:
        with reading(generation):
            if read_manifest(folder, manifest.revision) != manifest:
                raise IndexDamaged(f"{MANIFEST} of {manifest.revision} is another's. Run `footnote build`.")
            for name, digest in manifest.files.items():
                check_whole(generation / name, digest)
    except OSError as error:
        raise IndexDamaged(f"The generation {manifest.revision} is missing. Run `footnote build`.") from error


def read_manifest(folder: Path, revision: str) -> Manifest:
    """What a generation was made with. Raises IndexDamaged or IndexIncompatible."""
    try:
        data = (folder / GENERATIONS / revision / MANIFEST).read_bytes()
    except OSError as error:
        raise IndexDamaged(f"{MANIFEST} of {revision} cannot be read. Run `footnote build`.") from error
    manifest = unseal(data)
    if manifest.revision != revision:
        raise IndexDamaged(f"{MANIFEST} of {revision} is another's. Run `footnote build`.")
    return manifest

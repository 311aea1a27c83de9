"""The state of the index in words: what it holds, how a rebuild is going, what one did. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from indexer.jobs import Job
from indexer.planning import BuildReport, Progress
from indexer.snapshot import Manifest
from indexer.types import Skipped
from ui.harmless import clean
from ui.terminal import duration

STAGES = {
    "waiting": "Waiting for another build",
    "reading": "Reading the notes",
    "chunking": "Cutting notes into passages",
    "embedding": "Embedding passages",
    "fitting": "Finding where answers end",
    "writing": "Writing the index",
}


def count(number: int, noun: str) -> str:
    """A number and its noun, in the plural unless it is one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def contents_html(manifest: Manifest | None) -> str:
    """What the notes hold, such as "23 notes, 412 passages"."""
    if manifest is None:
        return ""
    return clean(f"<p>{count(manifest.notes, 'note')}, {count(manifest.chunks, 'passage')}</p>")


def progress_text(progress: Progress | None) -> str:
    """How far a rebuild is, such as "Embedding passages: 128 of 412"."""
    if progress is None:
        return "Starting the rebuild"
    stage = STAGES.get(progress.stage, progress.stage.capitalize())
    if progress.total <= 1:  # a stage of one step has no count worth reading
        return stage
    left = f", {duration(progress.seconds_left)} left" if (progress.seconds_left or 0) >= 1 else ""
    return f"{stage}: {progress.done:,} of {progress.total:,}{left}"


def report_text(report: BuildReport) -> str:
    """What a rebuild did, such as "2 notes changed, 5 passages embedded, 407 kept"."""
    aside = f". A damaged build was set aside: {', '.join(report.set_aside)}" if report.set_aside else ""
    return f"{_done_text(report)}{aside}"


def _done_text(report: BuildReport) -> str:
    if not report.changed:
        return f"Nothing had changed: {count(report.notes, 'note')}, {count(report.chunks, 'passage')}"
    changes = {
        "added": len(report.added),
        "changed": len(report.changed_notes),
        "renamed": len(report.renamed),
        "removed": len(report.removed),
    }
    return changes_text(changes, report.embedded, report.kept, report.reason)


def changes_text(changes: Mapping[str, int], embedded: int, kept: int, reason: str) -> str:
    """What a build found, such as "2 notes changed, 5 passages embedded, 407 kept".

    Args:
        changes: how many notes were added, changed, renamed, removed.
        reason: why all notes were gone through again, if they were.
    """
    parts = [f"{number:,} {what}" for what, number in changes.items() if number]
    if parts:
        number, _, what = parts[0].partition(" ")
        parts[0] = f"{number} {'note' if number == '1' else 'notes'} {what}"
    text = ", ".join([*parts, f"{count(embedded, 'passage')} embedded", f"{kept:,} kept"])
    return f"{text}. All notes were gone through again: {reason}" if reason else text


def status_html(manifest: Manifest | None, job: Job | None = None) -> str:
    """The line about the index: a rebuild that runs or has just ended, else how old the index is.

    Args:
        manifest: of the index that serves, or None if none can.
        job: the rebuild to speak of.
    """
    if job is not None and not job.state.ended:
        return clean(_running(job.progress))
    if job is not None and job.error:
        return clean(f'<p class="failed" role="alert">{escape(job.error)}</p>')
    if job is not None and job.report is not None:
        return clean(f'<p class="done">{escape(report_text(job.report))}</p>{_skipped(job.report.skipped)}')
    if manifest is None:
        return clean('<p class="failed">No index to answer from</p>')
    built = datetime.fromisoformat(manifest.created_at)
    when = f'<time datetime="{escape(manifest.created_at)}">{built:%d %b %Y, %H:%M} UTC</time>'
    return clean(f"<p>Indexed {when}</p>{_skipped(manifest.skipped)}")


def _running(progress: Progress | None) -> str:
    known = progress is not None and progress.total > 1
    amount = f' value="{progress.done}" max="{progress.total}"' if progress and known else ""
    text = progress_text(progress)
    return f'<p>{escape(text)}</p><progress aria-label="{escape(text)}"{amount}></progress>'


def _skipped(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return ""
    items = "".join(f"<li><b>{escape(file.path)}</b> {escape(file.reason)}</li>" for file in skipped)
    return f"<details><summary>{count(len(skipped), 'file')} skipped</summary><ul>{items}</ul></details>"

"""What is indexed, what is not, and how the last builds went, as sanitised HTML. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from indexer.jobs import Job
from indexer.planning import BuildReport, Progress
from indexer.snapshot import Manifest, Snapshot
from indexer.types import Skipped
from ui.index import count, progress_text, report_text
from ui.markdown import attributes, clean
from ui.pages.shell import note_address
from ui.terminal import duration

STAGES = {"reading": "read", "chunking": "cut", "embedding": "embed", "writing": "write"}
LISTED = 8  # notes of a build that are named
CHARTED = 20  # notes in the chart before the rest is folded away
MOST_BUILDS = 12


def facts_html(manifest: Manifest) -> str:
    """What serves: counts, when it was made, with what."""
    facts = {
        "Notes": f"{manifest.notes:,}",
        "Passages": f"{manifest.chunks:,}",
        "Indexed": time_html(manifest.created_at),
        "Model": escape(manifest.embedding_model),
        "Vectors": f"{count(manifest.dimension, 'number')} each, {escape(manifest.search.kind)} search",
        "Revision": f"<code>{escape(manifest.revision)}</code>",
    }
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts.items())
    return clean(f'<dl class="facts">{items}</dl>')


def time_html(iso: str) -> str:
    """A time in UTC, which the page's script puts into the reader's zone."""
    told = datetime.fromisoformat(iso).astimezone(UTC)
    return f'<time datetime="{escape(iso)}">{told:%d %b %Y, %H:%M} UTC</time>'


def skipped_html(skipped: Sequence[Skipped]) -> str:
    """The files that are not indexed, each with the reason."""
    if not skipped:
        return clean('<h3>Skipped files</h3><p class="empty">None: every Markdown file is indexed.</p>')
    items = "".join(
        f"<li><b>{escape(file.path)}</b> <span>{escape(file.reason)}</span></li>" for file in skipped
    )
    return clean(f'<h3>{count(len(skipped), "skipped file")}</h3><ul class="skipped">{items}</ul>')


def passages_chart_html(snapshot: Snapshot) -> str:
    """A bar for each note, as long as it has passages."""
    by_note: Mapping[str, int] = Counter(chunk.note for chunk in snapshot.chunks)
    counted = sorted(
        ((by_note.get(path, 0), path) for path in snapshot.notes), key=lambda one: (-one[0], one[1])
    )
    most = max((number for number, _ in counted), default=1) or 1
    bars = [_note_bar(number, path, most) for number, path in counted]
    rest = "".join(bars[CHARTED:])
    more = (
        f"<details><summary>{count(len(bars) - CHARTED, 'more note')}</summary>"
        f'<ul class="bars">{rest}</ul></details>'
        if rest
        else ""
    )
    return clean(f'<h3>Passages by note</h3><ul class="bars">{"".join(bars[:CHARTED])}</ul>{more}')


def _note_bar(number: int, path: str, most: int) -> str:
    return (
        f"<li><a {attributes(note_address(path))}>{escape(path)}</a>"
        f'<progress value="{number}" max="{most}" aria-hidden="true"></progress>'
        f'<span class="number">{number:,}<span class="unseen"> passages</span></span></li>'
    )


def builds_html(jobs: Sequence[Job]) -> str:
    """The last builds, latest first: what changed, and a bar as long as each took."""
    ended = [job for job in jobs if job.state.ended][:MOST_BUILDS]
    if not ended:
        return clean('<h3>Last builds</h3><p class="empty">None since the server was started.</p>')
    longest = max(seconds(job.report) for job in ended) or 1.0
    items = "".join(f"<li>{_build(job, longest)}</li>" for job in ended)
    return clean(
        '<h3>Last builds</h3><p class="empty">Since the server was started.</p>'
        f'<ol class="builds">{items}</ol>'
    )


def seconds(report: BuildReport | None) -> float:
    """How long a build took, all its stages together."""
    return sum(report.seconds.values()) if report else 0.0


def _build(job: Job, longest: float) -> str:
    when = time_html(job.started_at)
    kind = ' <span class="kind">all notes anew</span>' if job.full else ""
    if job.report is None:
        return f'<p class="when">{when}{kind}</p><p class="failed">{escape(job.error or "")}</p>'
    took = seconds(job.report)
    stages = ", ".join(
        f"{name} {_took(job.report.seconds[stage])}"
        for stage, name in STAGES.items()
        if job.report.seconds.get(stage, 0) >= 0.005
    )
    return (
        f'<p class="when">{when}{kind}</p><p class="what">{escape(report_text(job.report))}</p>'
        f'<p class="took"><progress value="{took:.3f}" max="{longest:.3f}" aria-hidden="true"></progress>'
        f'<span class="number">{_took(took)}</span><span class="stages">{stages}</span></p>'
        f"{_changes(job.report)}"
    )


def _took(span: float) -> str:
    return duration(span) if span >= 10 else f"{span:.2f} s"


def _changes(report: BuildReport) -> str:
    """The notes that a build found changed, by name."""
    kinds = {
        "Added": report.added,
        "Changed": report.changed_notes,
        "Renamed": [f"{old} → {new}" for old, new in report.renamed],
        "Removed": report.removed,
    }
    if not any(kinds.values()):
        return ""
    items = "".join(
        f"<div><dt>{kind}</dt><dd>{_some(paths)}</dd></div>" for kind, paths in kinds.items() if paths
    )
    return f'<details><summary>Which notes</summary><dl class="changes">{items}</dl></details>'


def _some(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - LISTED:,} more" if len(paths) > LISTED else ""
    return ", ".join(map(escape, paths[:LISTED])) + more


def running_html(progress: Progress | None) -> str:
    """How far a rebuild is, with a bar."""
    text = escape(progress_text(progress))
    known = progress is not None and progress.total > 1
    amount = f' value="{progress.done}" max="{progress.total}"' if progress and known else ""
    return clean(
        f'<div class="message busy" role="status"><p>{text}</p>'
        f'<progress aria-label="{text}"{amount}></progress></div>'
    )


def verified_html(problems: Sequence[str], checked: int) -> str:
    """What looking through every generation found."""
    if not problems:
        what = "The generation on disk is" if checked == 1 else f"All {checked} generations on disk are"
        return clean(
            f'<p class="message done" role="status">{what} whole: every file as it was written,'
            " every passage the text of its note.</p>"
        )
    items = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    return clean(
        f'<div class="message failed" role="alert"><p>{count(len(problems), "problem")} found.'
        f" Rebuild to mend the index.</p><ul>{items}</ul></div>"
    )

"""How the last builds went, as sanitised HTML: what each found, and a chart of how long they took. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import accumulate

from indexer.jobs import Job
from indexer.types import Build
from ui.harmless import clean
from ui.index import changes_text, report_text
from ui.pages.index_view import time_html
from ui.terminal import duration

STAGES = {"reading": "read", "chunking": "cut", "embedding": "embed", "fitting": "fit"}
LEGEND = {"reading": "read", "chunking": "cut", "embedding": "embed", "fitting": "find where answers end"}
SHOWN = 12


def builds_html(builds: Sequence[Build], jobs: Iterable[Job]) -> str:
    """The last builds, latest first.

    Args:
        builds: those that made a generation.
        jobs: rebuilds of this server; of these are told which failed, or found nothing to do.
    """
    longest = max((seconds(build.seconds) for build in builds[:SHOWN]), default=0.0) or 1.0
    rows = [(build.started_at, _build(build, longest)) for build in builds]
    rows += [(job.started_at, _idle(job)) for job in jobs if _made_nothing(job)]
    rows.sort(key=lambda row: row[0], reverse=True)
    if not rows:
        return clean('<h3>Last builds</h3><p class="empty">None yet.</p>')
    items = "".join(f"<li>{html}</li>" for _, html in rows[:SHOWN])
    named = 'class="builds" aria-label="The last builds and how long they took, latest first"'
    return clean(f"<h3>Last builds, and how long they took</h3>{_legend()}<ol {named}>{items}</ol>")


def seconds(stages: Mapping[str, float]) -> float:
    """How long a build took, all its stages together."""
    return sum(stages.values())


def _made_nothing(job: Job) -> bool:
    return job.state.ended and not (job.report and job.report.changed)


def _idle(job: Job) -> str:
    said = escape(report_text(job.report)) if job.report else escape(job.error or "")
    kind = "what" if job.report else "failed"
    return f'<p class="when">{time_html(job.started_at)}</p><p class="{kind}">{said}</p>'


def _build(build: Build, longest: float) -> str:
    took = seconds(build.seconds)
    stages = ", ".join(
        f"{name} {_took(build.seconds[stage])}"
        for stage, name in STAGES.items()
        if build.seconds.get(stage, 0) >= 0.005
    )
    said = changes_text(build.changes, build.embedded, build.kept, build.reason)
    return (
        f'<p class="when">{time_html(build.started_at)}</p>'
        f'<p class="took">{_bar(build.seconds, longest)}<span class="number">{_took(took)}</span></p>'
        f'<p class="what">{escape(said)}</p>'
        f'<details><summary>More</summary><dl class="changes">{_changes(build)}'
        f"<div><dt>Stages</dt><dd>{stages or 'too short to tell'}</dd></div>"
        f"<div><dt>Revision</dt><dd><code>{escape(build.revision)}</code></dd></div></dl></details>"
    )


def _bar(stages: Mapping[str, float], longest: float) -> str:
    """One bar of all stages: one upon the other, each as long as all up to its own end took.

    What a screen reader says of it are the figures beside it and in the list of stages.
    """
    ends = accumulate(stages.get(stage, 0.0) for stage in STAGES)
    layers = [
        f'<progress class="stage-{stage}" value="{end:.3f}" max="{longest:.3f}"></progress>'
        for stage, end in zip(STAGES, ends, strict=True)
    ]
    return f'<span class="layers" aria-hidden="true">{"".join(reversed(layers))}</span>'


def _legend() -> str:
    keys = "".join(f'<li class="stage-{stage}">{name}</li>' for stage, name in LEGEND.items())
    return f'<ul class="legend" aria-hidden="true">{keys}</ul>'


def _took(span: float) -> str:
    return duration(span) if span >= 10 else f"{span:.2f} s"


def _changes(build: Build) -> str:
    """The notes that a build found changed, by name."""
    return "".join(
        f"<div><dt>{escape(kind.capitalize())}</dt><dd>{_some(paths, build.changes.get(kind, 0))}</dd></div>"
        for kind, paths in build.named.items()
    )


def _some(paths: Sequence[str], count: int) -> str:
    more = f" and {count - len(paths):,} more" if count > len(paths) else ""
    return ", ".join(map(escape, paths)) + more

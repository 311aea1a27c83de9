"""What is indexed, what is not, and whether it is whole, as sanitised HTML. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from indexer.passages import Passages
from indexer.planning import Progress
from indexer.snapshot import Manifest
from indexer.types import Skipped
from ui.harmless import attributes, clean
from ui.index import count, progress_text
from ui.pages.shell import note_address

CHARTED = 20  # notes in the chart before the rest is folded away


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


def passages_chart_html(snapshot: Passages) -> str:
    """A bar for each note, as long as it has passages."""
    by_note = snapshot.counts()
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


def running_html(progress: Progress | None) -> str:
    """How far a rebuild is, with a bar."""
    text = escape(progress_text(progress))
    known = progress is not None and progress.total > 1
    amount = f' value="{progress.done}" max="{progress.total}"' if progress and known else ""
    return clean(
        f'<div class="message busy" role="status"><p>{text}</p>'
        f'<progress aria-label="{text}"{amount}></progress></div>'
    )


def verified_html(problems: Sequence[str]) -> str:
    """What looking through the index found: in a folder all generations, in Milvus the one that serves."""
    if not problems:
        return clean(
            '<p class="message done" role="status">The index is whole: everything as it was written,'
            " every passage the text of its note.</p>"
        )
    items = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    return clean(
        f'<div class="message failed" role="alert"><p>{count(len(problems), "problem")} found.'
        f" Rebuild to mend the index.</p><ul>{items}</ul></div>"
    )

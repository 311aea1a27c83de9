"""Answers, passages and reports as lines for a terminal. Text of notes is shown, never obeyed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from rich.markdown import Markdown

    from assistant.types import Answer, Passage
    from indexer.planning import BuildReport, Progress

Lines = Iterable["Text | Markdown"]
MAX_LISTED = 10  # paths of a kind in a report

# Control characters of a note could move the cursor or repaint the screen; only the line end is let through.
_HARMLESS = {code: "\N{REPLACEMENT CHARACTER}" for code in [*range(32), *range(127, 160)] if code != 10}
_HARMLESS[9] = "    "
_HARMLESS[13] = ""


def plain(text: str, style: str = "") -> Text:
    """Text as it is, without markup or control characters."""
    return Text(text.translate(_HARMLESS), style=style)


def print_lines(console: Console, lines: Lines) -> None:
    """Print lines, each as long as it is; on a terminal, broken between words and indented as it began.

    Markdown is drawn on a terminal, and else printed as it is.
    """
    for line in lines:
        if not console.is_terminal:
            console.print(line if isinstance(line, Text) else Text(line.markup), soft_wrap=True)
            continue
        for part in line.split("\n", allow_blank=True) if isinstance(line, Text) else _drawn(console, line):
            indent = len(part.plain) - len(part.plain.lstrip(" "))
            for piece in part[indent:].wrap(console, max(20, console.width - indent)) or [part]:
                piece.rstrip()
                console.print(Text(" " * indent).append_text(piece), soft_wrap=True)


def _drawn(console: Console, markdown: "Markdown") -> Iterator[Text]:
    """Markdown as lines that fit the terminal, without the spaces that fill it."""
    for segments in console.render_lines(markdown, pad=False):
        yield Text.assemble(*((segment.text, segment.style or "") for segment in segments))


def print_plainly(console: Console, sentence: str) -> None:
    """Print one sentence as one line."""
    console.print(plain(" ".join(sentence.split())), soft_wrap=True)


def answer_lines(answer: "Answer") -> "Iterator[Text | Markdown]":
    """The answer, then its footnotes; or, if it was declined, the nearest headings."""
    from markdown_it import MarkdownIt
    from rich.markdown import Markdown

    from assistant.notices import notices

    text = Markdown(plain(answer.text).plain, code_theme="ansi_dark", hyperlinks=False)
    text.parsed = (
        MarkdownIt("commonmark", {"html": False}).enable("table").parse(text.markup)
    )  # <url> is text
    yield text
    if answer.citations or answer.related:
        yield Text()
    for citation in answer.citations:
        yield Text.assemble(
            (f"[{citation.number}] ", "bold"),
            plain(_place(citation.note, citation.line_start, citation.line_end), "cyan"),
            plain(_headings(citation.heading_path)),
        )
        yield _indented(citation.quote)
    if answer.related:
        yield Text("Nearest headings:")
    for related in answer.related:
        yield Text.assemble(
            "  ",
            plain(f"{related.note}:{related.line_start}", "cyan"),
            plain(_headings(related.heading_path)),
        )
    for notice in notices(answer):
        yield plain(f"\n{notice}", "yellow")


def passage_lines(passages: Sequence["Passage"]) -> Iterator[Text]:
    """Passages in order, each with its place, its score and its places in the two rankings."""
    if not passages:
        yield Text("Nothing found.")
    for number, passage in enumerate(passages, start=1):
        chunk, ranks = passage.chunk, passage.ranks
        yield Text.assemble(
            (f"{number}. ", "bold"),
            plain(_place(chunk.note, chunk.line_start, chunk.line_end), "cyan"),
            plain(_headings(chunk.heading_path)),
            (
                f"  score {passage.score:.3f}, meaning {_rank(ranks.dense)}, words {_rank(ranks.keyword)}",
                "dim",
            ),
        )
        yield _indented(chunk.text)


def report_lines(report: "BuildReport") -> Iterator[Text]:
    """What a build did or would do."""
    counts = f"{_count(report.notes, 'note')}, {_count(report.chunks, 'passage')}"
    work = f"{report.embedded} embedded, {report.kept} kept"
    if not report.changed and not report.embedded:
        yield Text(f"Nothing to do: {counts}, in step with the notes (revision {report.revision}).")
    elif report.dry_run:
        yield Text(f"Would build {counts} ({work}). Nothing was written.")
    else:
        took = sum(report.seconds.values())
        yield Text(f"Built revision {report.revision}: {counts} ({work}) in {took:.1f} s.", "bold")
    if report.reason:
        yield plain(f"All notes were gone through again: {report.reason}.")
    yield from _listed("added", report.added)
    yield from _listed("changed", report.changed_notes)
    yield from _listed("renamed", [f"{old} -> {new}" for old, new in report.renamed])
    yield from _listed("removed", report.removed)
    yield from _listed("skipped", [f"{file.path}: {file.reason}" for file in report.skipped], "yellow")
    yield from _listed("damaged", [f"{name}: set aside" for name in report.set_aside], "yellow")
    if report.changed:
        spent = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in report.seconds.items())
        yield from _listed("seconds", [spent])


def duration(seconds: float | None) -> str:
    """A span of time as a person would tell it, such as "40 s", "3 min" or "2 h 5 min"."""
    whole = round(seconds or 0)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


@contextmanager
def progress(console: Console) -> Iterator[Callable[["Progress"], None]]:
    """A bar for the stage of a build, drawn only on a terminal; yields what to call with each event."""
    from rich import progress as rich_progress

    columns = (
        rich_progress.TextColumn("{task.description:<10}"),
        rich_progress.BarColumn(),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TextColumn("{task.fields[left]}"),
    )
    with rich_progress.Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        stage, bar = "", bars.add_task("", visible=False, left="")

        def show(event: "Progress") -> None:
            nonlocal stage, bar
            if event.stage != stage:
                bars.remove_task(bar)
                stage, bar = event.stage, bars.add_task(event.stage, total=None, left="")
            left = f"{duration(event.seconds_left)} left" if event.seconds_left else ""
            bars.update(bar, completed=event.done, total=event.total or None, left=left)

        yield show


@contextmanager
def working(console: Console, what: str) -> Iterator[None]:
    """A sign of life while something takes its time, drawn only on a terminal."""
    if console.is_terminal:
        with console.status(f"{what} …"):
            yield
    else:
        yield


def _place(note: str, first: int, last: int) -> str:
    return f"{note}:{first}" if first == last else f"{note}:{first}-{last}"


def _headings(path: Sequence[str]) -> str:
    return f"  {' > '.join(path)}" if path else ""


def _rank(rank: int | None) -> str:
    return f"#{rank}" if rank else "-"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _indented(text: str) -> Text:
    return plain("\n".join(f"    {line}" for line in text.splitlines()), "dim")


def _listed(name: str, paths: Sequence[str], style: str = "") -> Iterator[Text]:
    for path in paths[:MAX_LISTED]:
        yield plain(f"  {name:<8} {path}", style)
    if len(paths) > MAX_LISTED:
        yield Text(f"  {name:<8} and {len(paths) - MAX_LISTED} more")

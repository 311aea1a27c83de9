"""The commands around the index: make it, look whether it is whole, and go back to the one before."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console
from typer.core import TyperCommand

from ui import terminal
from ui.commands.common import Index, Json, Notes, index_settings, print_json, print_out
from ui.exits import FAILED, errors

if TYPE_CHECKING:
    from indexer.planning import BuildReport, Progress


class BuildCommand(TyperCommand):
    """`--ray` may stand without an address, which options of Typer cannot."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments, with the address that is meant where none follows."""
        nexts = [*args, "-"][1:]
        given = [
            "--ray=local" if arg == "--ray" and follows.startswith("-") else arg
            for arg, follows in zip(args, nexts, strict=False)
        ]
        return super().parse_args(ctx, given)


def build(
    full: Annotated[bool, typer.Option("--full", help="Embed everything again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, do nothing.")] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Let a folder without notes empty the index.")
    ] = False,
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray",
            metavar="[ADDRESS]",
            help="Spread the work over a Ray cluster: host:port, auto, or a Ray of this machine's own.",
        ),
    ] = None,
    notes: Notes = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Bring the index in step with the notes.

    Only what changed is embedded again. If anything fails, the index stays as it was.

    \b
      footnote build --notes ~/notes
      footnote build --dry-run
      footnote build --ray 10.0.0.1:6379
    """
    settings = index_settings(notes, index)
    from assistant.probing import line_fitter
    from indexer.embedding import open_embedder
    from indexer.rebuild import rebuild

    opened = partial(open_embedder, settings.embedding_model, settings.precision)
    embedder = opened()
    with ExitStack() as held:
        hands = None
        if ray is not None:
            from indexer.spreading import spread

            hands = held.enter_context(spread(ray, embedder, opened))
        report = _followed(
            rebuild(
                settings,
                embedder,
                full=full,
                dry_run=dry_run,
                allow_empty=allow_empty,
                fit_line=line_fitter(embedder),
                hands=hands,
            )
        )
    if as_json:
        print_json(msgspec.json.encode(report))
    else:
        print_out(terminal.report_lines(report))


def _followed(events: "Iterator[Progress | BuildReport]") -> "BuildReport":
    """The report of a build, which is its last event; until then its progress is shown."""
    from indexer.planning import BuildReport

    report: BuildReport | None = None
    with terminal.progress(errors()) as show:
        for event in events:
            if isinstance(event, BuildReport):
                report = event
            else:
                show(event)
    assert report is not None
    return report


def check(notes: Notes = None, index: Index = None, as_json: Json = False) -> None:
    """Verify that the index is whole.

    Every file has to be unaltered, and every passage equal to its note's text.
    Exits with 1 and a list of what is wrong if it is not.

    \b
      footnote check && echo whole
    """
    settings = index_settings(notes, index)
    from indexer.stores import open_store

    problems = open_store(settings.index).verify()
    if as_json:
        print_json(msgspec.json.encode({"whole": not problems, "problems": problems}))
    elif problems:
        for problem in problems:
            terminal.print_plainly(errors(), problem)
    else:
        typer.echo(f"The index in {settings.index} is whole.")
    if problems:
        raise typer.Exit(FAILED)


def rollback(notes: Notes = None, index: Index = None, as_json: Json = False) -> None:
    """Go back to the index as it was before the last build.

    The next build brings it in step with the notes again, also the one of a server that watches them.
    """
    settings = index_settings(notes, index)
    from indexer.stores import open_store

    store = open_store(settings.index)
    left = store.serving()
    with store.lock():
        manifest = store.roll_back()
    if as_json:
        print_json(msgspec.json.encode({"revision": manifest.revision, "left": left}))
    else:
        terminal.print_plainly(
            Console(highlight=False),
            f"Revision {manifest.revision} of {manifest.created_at} serves again, instead of {left}.",
        )


def migrate(
    source: Annotated[str, typer.Argument(metavar="FROM", help="A folder, or an address of Milvus.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The same, of where it is to be.")],
    as_json: Json = False,
) -> None:
    """Copy an index to another place, without embedding anything again.

    What is there already stays until the copy is whole. Set FOOTNOTE_INDEX to the new place afterwards.

    \b
      footnote migrate .footnote/index milvus://127.0.0.1:19530/notes
      footnote migrate milvus://127.0.0.1:19530/notes .footnote/index
    """
    from indexer.address import place_of
    from indexer.migration import migrate as run
    from indexer.snapshot import Manifest

    token = os.environ.get("FOOTNOTE_INDEX_TOKEN", "")
    places = [place_of(text, token=token) for text in (source, target)]
    limit = index_settings(None, target).max_index_mb * 2**20
    manifest: Manifest | None = None
    with terminal.progress(errors()) as show:
        for event in run(*places, max_bytes=limit):
            if isinstance(event, Manifest):
                manifest = event
            else:
                show(event)
    assert manifest is not None
    if as_json:
        told = {"revision": manifest.revision, "notes": manifest.notes, "passages": manifest.chunks}
        print_json(msgspec.json.encode({"index": str(places[1]), **told}))
    else:
        counts = f"{manifest.notes:,} notes, {manifest.chunks:,} passages"
        terminal.print_plainly(
            Console(highlight=False),
            f"{counts} are at {places[1]} now, as revision {manifest.revision}. Set FOOTNOTE_INDEX to it.",
        )

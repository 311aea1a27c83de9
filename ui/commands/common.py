"""What the commands share: their options, the settings that these name, and how results are printed."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from indexer.settings import IndexSettings, from_environment
from ui import terminal

Notes = Annotated[
    Path | None,
    typer.Option("--notes", metavar="DIR", help="The folder of notes. FOOTNOTE_NOTES, else ./corpus."),
]
Index = Annotated[
    str | None,
    typer.Option(
        "--index",
        metavar="DIR",
        help="The index: its folder, or an address of Milvus. FOOTNOTE_INDEX, else .footnote/index.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on standard output.")]


def index_settings(notes: Path | None, index: str | None) -> IndexSettings:
    """The settings of the index; what is given as an option wins over the environment."""
    return from_environment(IndexSettings, os.environ, notes=notes, index=index)


def print_out(lines: terminal.Lines) -> None:
    """Print lines on standard output."""
    terminal.print_lines(Console(highlight=False), lines)


def print_json(data: bytes) -> None:
    """Print JSON, indented for people, on standard output."""
    typer.echo(msgspec.json.format(data, indent=2))

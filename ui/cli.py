"""The `footnote` command: what it is called with, and which commands it has."""

from importlib.metadata import version
from typing import Annotated

import typer

from ui.commands.asking import ask, evaluate, search
from ui.commands.indexing import BuildCommand, build, check, migrate, rollback
from ui.commands.serving import doctor, mcp, serve, token
from ui.exits import Commands

HELP = """
Ask your Markdown notes; get answers with footnotes that open on the exact lines.

\b
  footnote build                         index the notes in ./corpus
  footnote ask "What is a pod?"          answer one question here
  footnote serve                         chat and API at http://127.0.0.1:8000
"""
EPILOG = """
\b
Every setting is an environment variable too; an option wins over it:
FOOTNOTE_NOTES, FOOTNOTE_INDEX, FOOTNOTE_HOST, FOOTNOTE_PORT,
FOOTNOTE_EMBEDDING_MODEL, FOOTNOTE_MAX_NOTE_MB, FOOTNOTE_MAX_INDEX_MB,
FOOTNOTE_WATCH (0: do not watch the notes while serving). More for the server: docs/api.md.
For a language model: FOOTNOTE_LLM_BASE_URL, FOOTNOTE_LLM_MODEL, FOOTNOTE_LLM_API_KEY.

\b
Exit codes: 0 done, 1 failed, 2 wrong usage or a setting that cannot be used,
3 locked by another build.
"""

app = typer.Typer(
    name="footnote",
    cls=Commands,
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
)


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    app()


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"footnote {version('footnote-assistant')}")
        raise typer.Exit


@app.callback()
def _footnote(
    _: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    pass


app.command(cls=BuildCommand)(build)
for command in (serve, mcp, token, doctor, ask, search, check, rollback, migrate):
    app.command()(command)
app.command(name="eval")(evaluate)

"""The `footnote` command. What is heavy is imported by the command that needs it, so that help is instant."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console
from typer.core import TyperCommand

from assistant.settings import MAX_TOP_K, AccessSettings, AskSettings, KeepingSettings, Mode, ModelSettings
from indexer.settings import IndexSettings, from_environment
from ui import terminal
from ui.address import listen, require_guard
from ui.exits import FAILED, Commands, errors
from ui.settings import ServerSettings

if TYPE_CHECKING:
    from assistant.pipeline import Assistant
    from indexer.planning import BuildReport, Progress

GOLDEN = Path("tests/golden/measure.yaml")
NO_MODEL = (
    "No language model is set up, so answers are made of the notes' own words. To connect one, set"
    " FOOTNOTE_LLM_BASE_URL and FOOTNOTE_LLM_MODEL."
)
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

Notes = Annotated[
    Path | None,
    typer.Option("--notes", metavar="DIR", help="The folder of notes. FOOTNOTE_NOTES, else ./corpus."),
]
Index = Annotated[
    Path | None,
    typer.Option("--index", metavar="DIR", help="The index's folder. FOOTNOTE_INDEX, else .footnote/index."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on standard output.")]


def _readable(argument: str) -> str:
    """The argument, with a sign in place of bytes that are no text in the terminal's encoding."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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


class _Build(TyperCommand):
    """`--ray` may stand without an address, which options of Typer cannot."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments, with the address that is meant where none follows."""
        nexts = [*args, "-"][1:]
        given = [
            "--ray=local" if arg == "--ray" and follows.startswith("-") else arg
            for arg, follows in zip(args, nexts, strict=False)
        ]
        return super().parse_args(ctx, given)


@app.command(cls=_Build)
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
    settings = _index_settings(notes, index)
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
        _print_json(msgspec.json.encode(report))
    else:
        _print(terminal.report_lines(report))


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


@app.command()
def serve(
    host: Annotated[
        str | None,
        typer.Option(metavar="HOST", help="Listen on this address. FOOTNOTE_HOST, else 127.0.0.1."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", help="Listen on this port. FOOTNOTE_PORT, else 8000.")
    ] = None,
    notes: Notes = None,
    index: Index = None,
) -> None:
    """Serve the chat and the API.

    The chat is at /, the API under /api/v1, its description at /api/v1/docs.
    The notes are watched, and the index follows them. Ctrl-C stops it.

    \b
      footnote serve --notes ~/notes --port 9000
    """
    settings = _index_settings(notes, index)
    server = from_environment(ServerSettings, os.environ, host=host, port=port)
    access = from_environment(AccessSettings, os.environ)
    require_guard(server, access)
    listen(server).close()  # a taken port is told now, not after everything is loaded
    from ui.server import serve as run

    kept = from_environment(KeepingSettings, os.environ)
    model = from_environment(ModelSettings, os.environ)
    run(settings, server, kept, access, from_environment(AskSettings, os.environ), model)


@app.command()
def mcp(notes: Notes = None, index: Index = None) -> None:
    """Serve the notes to another assistant, over standard input and output.

    It speaks the Model Context Protocol: tools to ask, search and read notes; each note is a resource.
    A server that is running offers the same at /mcp.

    \b
      footnote mcp --notes ~/notes --index ~/.footnote
    """
    from assistant.api.mcp_server import create_mcp_server
    from assistant.asking import Asking
    from assistant.conversations import Conversations
    from assistant.database import Database, database_url
    from assistant.pipeline import open_assistant

    settings = _index_settings(notes, index)
    kept = from_environment(KeepingSettings, os.environ)
    model = from_environment(ModelSettings, os.environ)
    assistant = open_assistant(settings, from_environment(AskSettings, os.environ), model)
    asking = Asking(assistant, Conversations(Database(database_url(kept.database, settings.index))))
    create_mcp_server(asking).run("stdio")


@app.command()
def token() -> None:
    """Make a token that lets programs and browsers in.

    Set it as FOOTNOTE_TOKEN where the server runs. Programs send it as `Authorization: Bearer …`, browsers
    ask for it at /login.

    \b
      export FOOTNOTE_TOKEN=$(footnote token)
      footnote serve --host 0.0.0.0
    """
    typer.echo(secrets.token_urlsafe(32))


@app.command()
def doctor() -> None:
    """Try the language model that the settings name, and say in one line what is wrong.

    \b
      FOOTNOTE_LLM_BASE_URL=http://127.0.0.1:11434/v1 FOOTNOTE_LLM_MODEL=llama3.2 footnote doctor
    """
    settings = from_environment(ModelSettings, os.environ)
    if not settings.configured:
        typer.echo(NO_MODEL)
        return
    from assistant.doctor import examine
    from assistant.generation import LanguageModel
    from assistant.prompting import Prompts

    Prompts.read(settings.llm_prompts)
    model = LanguageModel(settings)
    try:
        found = examine(model)
    finally:
        model.close()
    terminal.print_plainly(Console(highlight=False) if found.well else errors(), found.line)
    if not found.well:
        raise typer.Exit(FAILED)


@app.command()
def ask(
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="In plain words, in quotes.", callback=_readable)
    ],
    mode: Annotated[
        Mode,
        typer.Option(help="Who writes: llm, extractive (the notes' own words), or what is set up."),
    ] = "auto",
    notes: Notes = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Answer one question from the notes.

    Every claim carries a number; every number is listed with its note, line and words.

    \b
      footnote ask "Can I mount S3 on an ECS task?"
      footnote ask "What is the ECS task role for?" --json | jq .citations
    """
    with _assistant(_index_settings(notes, index)) as assistant:
        answer = assistant.ask(question, mode=mode)
    if as_json:
        from assistant.api.schemas.ask import AnswerBody

        _print_json(AnswerBody.of(answer).model_dump_json().encode())
    else:
        _print(terminal.answer_lines(answer))


@app.command()
def search(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="Words or a question, in quotes.", callback=_readable)
    ],
    top_k: Annotated[
        int, typer.Option("-k", metavar="N", min=1, max=MAX_TOP_K, help="How many passages at most.")
    ] = 6,
    notes: Notes = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Find passages, best first.

    Each comes with its lines, its score, and its places by meaning and by words.

    \b
      footnote search "containers without servers" -k 3
    """
    with _assistant(_index_settings(notes, index)) as assistant:
        passages = assistant.search(query, top_k=top_k)
        revision = assistant.index.current.manifest.revision
    if as_json:
        from assistant.api.schemas.search import SearchBody

        _print_json(SearchBody.of(passages, revision).model_dump_json().encode())
    else:
        _print(terminal.passage_lines(passages))


@app.command()
def check(notes: Notes = None, index: Index = None, as_json: Json = False) -> None:
    """Verify that the index is whole.

    Every file has to be unaltered, and every passage equal to its note's text.
    Exits with 1 and a list of what is wrong if it is not.

    \b
      footnote check && echo whole
    """
    settings = _index_settings(notes, index)
    from indexer.checking import verify

    problems = verify(settings.index)
    if as_json:
        _print_json(msgspec.json.encode({"whole": not problems, "problems": problems}))
    elif problems:
        for problem in problems:
            terminal.print_plainly(errors(), problem)
    else:
        typer.echo(f"The index in {settings.index} is whole.")
    if problems:
        raise typer.Exit(FAILED)


@app.command()
def rollback(notes: Notes = None, index: Index = None, as_json: Json = False) -> None:
    """Go back to the index as it was before the last build.

    The next build brings it in step with the notes again, also the one of a server that watches them.
    """
    settings = _index_settings(notes, index)
    from indexer.generations import current_revision
    from indexer.locking import BuildLock
    from indexer.publishing import roll_back

    left = current_revision(settings.index)
    with BuildLock(settings.index):
        manifest = roll_back(settings.index)
    if as_json:
        _print_json(msgspec.json.encode({"revision": manifest.revision, "left": left}))
    else:
        terminal.print_plainly(
            Console(highlight=False),
            f"Revision {manifest.revision} of {manifest.created_at} serves again, instead of {left}.",
        )


@app.command(name="eval")
def evaluate(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="Golden questions, as YAML.")] = GOLDEN,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="OUT", help="Write scores and answers there.")
    ] = None,
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="OUT", help="Draw answering against declining, as PNG.")
    ] = None,
    notes: Notes = None,
    index: Index = None,
) -> None:
    """Score the answers to questions whose answers are known.

    The file is a list of questions with their kind, evidence (note and lines) and facts;
    tests/golden/dev.yaml shows all that it can hold.

    \b
      footnote eval my-questions.yaml --notes ~/notes --chart scores.png
    """
    from assistant.evaluation import evaluate as run
    from assistant.evaluation import load, scorecard
    from ui import scorecard as shown

    golden = load(file)
    with _assistant(_index_settings(notes, index)) as assistant:
        outcomes = list(run(assistant, golden))
        line = assistant.index.current.manifest.line
    scores = scorecard(outcomes)
    console = Console(highlight=False, width=None if Console().is_terminal else 160)
    console.print(shown.table(scores))
    console.print(shown.told(line))
    if json_file:
        json_file.write_bytes(shown.as_json(scores, outcomes))
    if chart:
        shown.draw(outcomes, chart, line.at)


def _index_settings(notes: Path | None, index: Path | None) -> IndexSettings:
    return from_environment(IndexSettings, os.environ, notes=notes, index=index)


@contextmanager
def _assistant(settings: IndexSettings) -> Iterator["Assistant"]:
    """The assistant over the index, with a sign of life on the terminal while it is at work."""
    with terminal.working(errors(), "Reading the notes"):
        from assistant.pipeline import open_assistant

        model = from_environment(ModelSettings, os.environ)
        yield open_assistant(settings, from_environment(AskSettings, os.environ), model)


def _print(lines: terminal.Lines) -> None:
    terminal.print_lines(Console(highlight=False), lines)


def _print_json(data: bytes) -> None:
    typer.echo(msgspec.json.format(data, indent=2))

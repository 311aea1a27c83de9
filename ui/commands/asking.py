"""The commands that ask the notes: for an answer, for passages, and for how good the answers are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from assistant.settings import MAX_TOP_K, AskSettings, Mode, ModelSettings
from indexer.settings import IndexSettings, from_environment
from ui import terminal
from ui.commands.common import Index, Json, Notes, index_settings, print_json, print_out
from ui.exits import errors

if TYPE_CHECKING:
    from assistant.pipeline import Assistant

GOLDEN = Path("tests/golden/measure.yaml")


def _readable(argument: str) -> str:
    """The argument, with a sign in place of bytes that are no text in the terminal's encoding."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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
    with opened(index_settings(notes, index)) as assistant:
        answer = assistant.ask(question, mode=mode)
    if as_json:
        from assistant.api.schemas.ask import AnswerBody

        print_json(AnswerBody.of(answer).model_dump_json().encode())
    else:
        print_out(terminal.answer_lines(answer))


def search(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="Words or a question, in quotes.", callback=_readable)
    ],
    top_k: Annotated[
        int | None,
        typer.Option("-k", metavar="N", min=1, max=MAX_TOP_K, help="How many passages at most (6)."),
    ] = None,
    notes: Notes = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Find passages, best first.

    Each comes with its lines, its score, and its places by meaning and by words.

    \b
      footnote search "containers without servers" -k 3
    """
    with opened(index_settings(notes, index)) as assistant:
        passages = assistant.search(query, top_k=top_k)
        revision = assistant.index.current.manifest.revision
    if as_json:
        from assistant.api.schemas.search import SearchBody

        print_json(SearchBody.of(passages, revision).model_dump_json().encode())
    else:
        print_out(terminal.passage_lines(passages))


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
    with opened(index_settings(notes, index)) as assistant:
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


@contextmanager
def opened(settings: IndexSettings) -> Iterator["Assistant"]:
    """The assistant over the index, with a sign of life on the terminal while it is at work."""
    with terminal.working(errors(), "Reading the notes"):
        from assistant.pipeline import open_assistant

        model = from_environment(ModelSettings, os.environ)
        yield open_assistant(settings, from_environment(AskSettings, os.environ), model)

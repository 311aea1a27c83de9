"""The commands that let others in, people and programs, and those that prepare for it."""

import os
import secrets
from typing import Annotated

import typer
from rich.console import Console

from assistant.settings import AccessSettings, AskSettings, KeepingSettings, ModelSettings
from indexer.settings import from_environment
from ui import terminal
from ui.address import listen, require_guard
from ui.commands.common import Index, Notes, index_settings
from ui.exits import FAILED, errors
from ui.settings import ServerSettings

NO_MODEL = (
    "No language model is set up, so answers are made of the notes' own words. To connect one, set"
    " FOOTNOTE_LLM_BASE_URL and FOOTNOTE_LLM_MODEL."
)


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
    settings = index_settings(notes, index)
    server = from_environment(ServerSettings, os.environ, host=host, port=port)
    access = from_environment(AccessSettings, os.environ)
    require_guard(server, access)
    listen(server).close()  # a taken port is told now, not after everything is loaded
    from ui.server import serve as run

    kept = from_environment(KeepingSettings, os.environ)
    model = from_environment(ModelSettings, os.environ)
    run(settings, server, kept, access, from_environment(AskSettings, os.environ), model)


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

    settings = index_settings(notes, index)
    kept = from_environment(KeepingSettings, os.environ)
    model = from_environment(ModelSettings, os.environ)
    assistant = open_assistant(settings, from_environment(AskSettings, os.environ), model)
    asking = Asking(assistant, Conversations(Database(database_url(kept.database, settings.folder))))
    create_mcp_server(asking).run("stdio")


def token() -> None:
    """Make a token that lets programs and browsers in.

    Set it as FOOTNOTE_TOKEN where the server runs. Programs send it as `Authorization: Bearer …`, browsers
    ask for it at /login.

    \b
      export FOOTNOTE_TOKEN=$(footnote token)
      footnote serve --host 0.0.0.0
    """
    typer.echo(secrets.token_urlsafe(32))


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

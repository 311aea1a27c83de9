"""How a command ends: with an exit code and, if it failed, with one sentence on standard error."""

import errno
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup
from typer.exceptions import TyperException

from assistant.errors import QuestionError
from indexer.errors import BuildLocked, FootnoteError, SettingsError
from ui.terminal import print_plainly

FAILED, WRONG_USAGE, LOCKED, INTERRUPTED = 1, 2, 3, 130


class Commands(TyperGroup):
    """All commands; none of them lets a trace reach the user."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        try:
            return super().invoke(ctx)
        except FootnoteError as error:
            raise _stop(str(error), _exit_code(error)) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(INTERRUPTED) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever reads the output has had enough
                raise
            file = f": {error.filename}" if error.filename else ""
            raise _stop(f"{error.strerror or error}{file}.", FAILED) from error
        except (typer.Exit, typer.Abort, TyperException):
            raise
        except Exception as error:
            told = f"Something unexpected went wrong: {type(error).__name__}: {error}."
            raise _stop(f"{told} The index is as it was.", FAILED) from error


def errors() -> Console:
    """Standard error, for sentences and bars."""
    return Console(stderr=True, highlight=False)


def _exit_code(error: FootnoteError) -> int:
    if isinstance(error, BuildLocked):
        return LOCKED
    return WRONG_USAGE if isinstance(error, SettingsError | QuestionError) else FAILED


def _stop(sentence: str, code: int) -> typer.Exit:
    print_plainly(errors(), sentence)
    return typer.Exit(code)

"""Errors of asking, beside those of the indexer.

FootnoteError (indexer.errors)
├── QuestionError   the question is blank or too long
├── NoteNotFound    no note of that path is in the index
├── JobNotFound     no rebuild of that number is known
├── ModelNotFound   no model of that name is here
├── ConversationNotFound, AnswerNotFound, DeclinedNotFound    nothing of that id is kept
├── ConversationsUnusable   the database of conversations cannot be read or written
├── NotesReadOnly   notes cannot be written here
├── PreconditionMissing     a note is to be changed by someone who does not say which one they have seen
├── Busy            as many answers as the server makes at once are being made
├── LanguageModelFailed     the language model wrote no answer; told as `degraded`, never raised to a caller
└── GoldenError     a file of golden questions cannot be used
"""

from indexer.errors import FootnoteError


class QuestionError(FootnoteError):
    """The question is blank or too long."""


class NoteNotFound(FootnoteError):
    """No note of that path is in the index."""


class JobNotFound(FootnoteError):
    """No rebuild of that number is known."""


class ModelNotFound(FootnoteError):
    """No model of that name is here."""


class ConversationNotFound(FootnoteError):
    """No conversation of that id is kept."""


class AnswerNotFound(FootnoteError):
    """No answer of that id is kept."""


class DeclinedNotFound(FootnoteError):
    """No declined question of that id is kept."""


class ConversationsUnusable(FootnoteError):
    """The database of conversations cannot be read or written."""


class NotesReadOnly(FootnoteError):
    """Notes cannot be written here."""


class PreconditionMissing(FootnoteError):
    """A note is to be changed by someone who does not say which one they have seen."""


class Busy(FootnoteError):
    """As many answers as the server makes at once are being made."""


class LanguageModelFailed(FootnoteError):
    """The language model wrote no answer. `reason` is one of the keys of `assistant.notices.WHY`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The language model failed: {reason}.")
        self.reason = reason


class GoldenError(FootnoteError):
    """A file of golden questions cannot be used."""

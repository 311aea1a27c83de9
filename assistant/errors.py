"""Errors of asking, beside those of the indexer.

FootnoteError (indexer.errors)
├── QuestionError   the question is blank or too long
├── NoteNotFound    no note of that path is in the index
└── JobNotFound     no rebuild of that number is known
"""

from indexer.errors import FootnoteError


class QuestionError(FootnoteError):
    """The question is blank or too long."""


class NoteNotFound(FootnoteError):
    """No note of that path is in the index."""


class JobNotFound(FootnoteError):
    """No rebuild of that number is known."""


class GoldenError(FootnoteError):
    """A file of golden questions cannot be used."""

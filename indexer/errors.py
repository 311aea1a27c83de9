"""What can go wrong, as a caller has to tell it apart.

    FootnoteError
    ├── SettingsError       a setting has a value that cannot be used
    ├── NotesFolderError    the notes folder is missing, not a folder, or empty, or its ignore file unclear
    ├── ModelError          the embedding model cannot be loaded, or is not the one expected
    ├── BuildLocked         another process is building this index
    ├── BuildStopped        a build was told to stop before it was done
    ├── ClusterError        the Ray cluster cannot be reached, or does not do its part of a build
    ├── StorageError        the index cannot be written
    │   ├── DiskFull            there is no room for it
    │   └── IndexTooLarge       it would grow beyond the size that was set
    ├── NoteError
    │   ├── NoteMissing         no note has that path, or none may have it
    │   ├── NoteExists          a note of that path is there already
    │   ├── NoteChanged         the note is not the one that was seen
    │   ├── NoteUnfit           the text cannot be a note
    │   └── NoteUnwritable      the disk does not take it
    └── IndexUnusable
        ├── IndexMissing        nothing has been built yet
        ├── IndexDamaged        a file is missing, cut short or altered
        ├── IndexUnreachable    the server that has it does not answer, or answers with an error
        └── IndexIncompatible   written for another model, or by a newer release
            └── IndexOutdated       written by an older release; the next build makes it anew

Every message names the value and says what to do about it.
"""


class FootnoteError(Exception):
    """Base of all errors that a user is shown as one plain sentence."""


class SettingsError(FootnoteError):
    """A setting has a value that cannot be used."""


class NotesFolderError(FootnoteError):
    """The notes folder is missing, not a folder, or holds no notes, or its ignore file cannot be used."""


class ModelError(FootnoteError):
    """The embedding model cannot be loaded, or is not the one expected."""


class BuildLocked(FootnoteError):
    """Another process is building this index."""


class BuildStopped(FootnoteError):
    """A build was told to stop before it was done."""


class ClusterError(FootnoteError):
    """The Ray cluster cannot be reached, or does not do its part of a build."""


class StorageError(FootnoteError):
    """The index cannot be written; the last whole generation goes on serving."""


class DiskFull(StorageError):
    """There is no room for the index."""


class IndexTooLarge(StorageError):
    """The index would grow beyond the size that was set."""


class NoteError(FootnoteError):
    """A note cannot be read or written."""


class NoteMissing(NoteError):
    """No note has that path, or none may have it."""


class NoteExists(NoteError):
    """A note of that path is there already."""


class NoteChanged(NoteError):
    """The note is not the one that was seen."""


class NoteUnfit(NoteError):
    """The text cannot be a note: it is too large, or not text."""


class NoteUnwritable(NoteError):
    """The disk does not take the note."""


class IndexUnusable(FootnoteError):
    """There is no index that can answer questions."""


class IndexMissing(IndexUnusable):
    """Nothing has been built yet."""


class IndexDamaged(IndexUnusable):
    """A file of the index is missing, cut short or altered."""


class IndexUnreachable(IndexUnusable):
    """The server that has the index does not answer, or answers with an error."""


class IndexIncompatible(IndexUnusable):
    """The index was written for another model, or by a newer release."""


class IndexOutdated(IndexIncompatible):
    """The index was written by an older release; the next build makes it anew."""

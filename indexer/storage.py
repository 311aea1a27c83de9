"""The index's door to the disk: every change that is made there, and files read only if they are whole."""

import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from indexer.errors import DiskFull, IndexDamaged, StorageError

BLOCK = 8 * 2**20  # bytes that are written at once
T = TypeVar("T")
Buffers = Sequence[bytes | memoryview]


class Disk:
    """What changes files and folders. Each change is an `effect`, which a test can make fail."""

    def effect(self, name: str, path: Path, do: Callable[[], T]) -> T:
        """Make one change, named after its system call."""
        return do()

    def make_folder(self, folder: Path) -> None:
        """Make a folder and those above it that are missing."""
        if not folder.is_dir():
            self.effect("mkdir", folder, lambda: folder.mkdir(parents=True, exist_ok=True))

    def write(self, file: Path, buffers: Buffers) -> None:
        """Write a whole file; it is on the disk when this returns."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        handle = self.effect("open", file, lambda: os.open(file, flags, 0o644))
        try:
            for piece in _pieces(buffers):
                self._put(handle, file, piece)
            self.effect("fsync", file, lambda: os.fsync(handle))
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(handle)
            raise
        self.effect("close", file, lambda: os.close(handle))

    def _put(self, handle: int, file: Path, piece: memoryview) -> None:
        while piece:  # a nearly full disk takes a part
            piece = piece[self.effect("write", file, lambda rest=piece: os.write(handle, rest)) :]  # type: ignore[misc]

    def sync(self, folder: Path) -> None:
        """Make what was renamed in a folder outlast a loss of power."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            self.effect("fsync", folder, lambda: os.fsync(handle))
        finally:
            os.close(handle)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file or folder another name; a file of that name is replaced, all at once."""
        self.effect("rename", new, lambda: old.replace(new))

    def remove(self, path: Path) -> None:
        """Remove a file, or a folder with all that is in it; nothing if there is none."""
        if path.is_dir() and not path.is_symlink():
            for entry in sorted(path.iterdir()):
                self.remove(entry)
            self.effect("rmdir", path, path.rmdir)
        elif path.exists() or path.is_symlink():
            self.effect("unlink", path, path.unlink)


DISK = Disk()


def sha256(buffers: Buffers) -> str:
    """The SHA-256 of buffers in a row, in hexadecimal."""
    digest = hashlib.sha256()
    for buffer in buffers:
        digest.update(buffer)
    return digest.hexdigest()


def size(buffers: Buffers) -> int:
    """How many bytes buffers hold."""
    return sum(memoryview(buffer).nbytes for buffer in buffers)


def read_whole(file: Path, digest: str) -> bytes:
    """A file of that SHA-256. Raises IndexDamaged."""
    with _damage_told(file):
        data = file.read_bytes()
    _compare(file, sha256([data]), digest)
    return data


def check_whole(file: Path, digest: str) -> None:
    """As `read_whole`, piece by piece, for who does not want the file."""
    with _damage_told(file), file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    _compare(file, found, digest)


@contextlib.contextmanager
def _damage_told(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise IndexDamaged(f"{file.name} of the index {what}. Run `footnote build`.") from error


def _compare(file: Path, found: str, digest: str) -> None:
    if found != digest:
        raise IndexDamaged(f"{file.name} of the index is damaged. Run `footnote build`.")


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[None]:
    """While this is open, nobody who asks `unread` first removes the folder. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: what is read is checked anyway
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def unread(folder: Path) -> Iterator[bool]:
    """Whether nobody reads the folder; if so, whoever begins waits until this is closed. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        except OSError:
            yield True
        else:
            yield True
    finally:
        os.close(handle)


def taken(folder: Path) -> int:
    """The bytes of all files below a folder."""
    files = (Path(parent) / name for parent, _, names in os.walk(folder) for name in names)
    return sum(file.lstat().st_size for file in files)


def free(folder: Path) -> int:
    """The bytes that may still be written below a folder."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def rounded(folder: Path, sizes: Iterable[int]) -> int:
    """The bytes that files of these sizes take there, each being whole blocks."""
    block = os.statvfs(folder).f_frsize
    return sum(-(-one // block) * block for one in sizes)


def disk_full(folder: Path, needs: int, has: int) -> DiskFull:
    """The error that says so."""
    return DiskFull(
        f"disk full: needs {told(needs)}, has {told(has)} in {str(folder)!r}. Free some and build again;"
        " the index is as it was."
    )


def not_written(error: OSError, folder: Path, needs: int, has: int) -> StorageError:
    """What a user is told of an error of the system."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(folder, needs, has)
    file = f" {str(error.filename)!r}" if error.filename else ""
    return StorageError(
        f"The index in {str(folder)!r} cannot be written ({error.strerror or error}{file})."
        " The last whole one goes on serving."
    )


def told(count: int) -> str:
    """A number of bytes in words, such as "1.5 MB"."""
    amount, unit = float(count), "bytes"
    for larger in ("KB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"


def _pieces(buffers: Buffers) -> Iterator[memoryview]:
    for buffer in buffers:
        view = memoryview(buffer).cast("B")
        for start in range(0, len(view), BLOCK):
            yield view[start : start + BLOCK]

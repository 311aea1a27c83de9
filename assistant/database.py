"""The database that keeps what is asked: by default a SQLite file beside the index, made when it is needed.

Several processes share one by naming a PostgreSQL server. Nothing of that is imported before.
"""

import contextlib
import importlib.util
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from assistant import schema
from assistant.errors import ConversationsUnusable
from indexer.errors import SettingsError

IN_MEMORY = "sqlite://"
SERVER = "postgresql+psycopg"
SECONDS_TO_WAIT = 10  # for another that is writing
SECONDS_TO_CONNECT = 3
SECONDS_OF_A_STATEMENT = 10
_SERVERS = ("postgres", "postgresql", SERVER)
_log = logging.getLogger(__name__)


def database_url(setting: str, index: Path) -> str | URL:
    """The address of the database: the setting, which may be a file too, else a file beside the index.

    Raises:
        SettingsError: it names a kind of database that is not known here, or whose driver is not installed.
    """
    kind, separator, rest = setting.partition("://")
    if not separator:
        place = index.absolute()
        file = (
            Path(setting).expanduser() if setting else place.with_name(f"{place.name}-conversations.sqlite")
        )
        return URL.create("sqlite", database=str(file))  # as text, a path with ? or % would be another
    if kind == "sqlite":
        return setting
    if kind not in _SERVERS:
        raise SettingsError(
            f"FOOTNOTE_DATABASE begins with {kind!r}. Name a file, or {SERVER}://user@host/database."
        )
    if importlib.util.find_spec("psycopg") is None:
        raise SettingsError(
            "FOOTNOTE_DATABASE names a PostgreSQL server, and its driver is not installed. Run"
            ' pip install "footnote-assistant[cluster]", or name a file.'
        )
    url = f"{SERVER}://{rest}"
    try:
        make_url(url)
    except (ArgumentError, ValueError) as error:  # it may hold a password, so it is not told
        raise SettingsError(
            f"FOOTNOTE_DATABASE cannot be read. Write {SERVER}://user:password@host/database, with %-signs in"
            " place of signs that addresses use."
        ) from error
    return url


class Database:
    """Transactions in the database of one address. Any thread may use it; so may other processes."""

    def __init__(self, url: str | URL = IN_MEMORY) -> None:
        """
        Args:
            url: as SQLAlchemy takes it. Nothing is opened before the first transaction.
        """
        self.is_server = not str(url).startswith("sqlite")
        self._url = url
        self._engine: Engine | None = None
        self._prepared = False
        self._opening = threading.Lock()
        # In memory all share one connection, which takes one transaction at a time.
        self._turn = threading.Lock() if url == IN_MEMORY else contextlib.nullcontext()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing. Raises ConversationsUnusable, whatever it is that fails."""
        try:
            with self._turn, self._opened().begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError, ImportError) as error:
            raise self._unusable(error) from error

    def insert(self, table: Table) -> Any:
        """An insertion that can say what happens where the row is there already."""
        return postgresql.insert(table) if self.is_server else sqlite.insert(table)

    def close(self) -> None:
        """Close what is open; it may be used again."""
        with self._opening:
            if self._engine:
                self._engine.dispose()
            self._engine, self._prepared = None, False

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                self._engine = _server(self._url) if self.is_server else _file(self._url)
            engine = self._engine
        # Without the lock, so that a server that is down keeps nobody waiting for others to find that out.
        if not self._prepared:
            schema.prepare(engine)
            self._prepared = True
        return engine

    def _unusable(self, error: Exception) -> ConversationsUnusable:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        if not self.is_server:
            return ConversationsUnusable(
                f"The database of conversations cannot be used: {reason}. Make room, mend or move its file,"
                " or name another with FOOTNOTE_DATABASE."
            )
        _log.warning("the database of conversations cannot be used: %s", reason)
        # Where it is, and as whom one comes in, is not for everybody.
        reason = (
            "it cannot be reached" if isinstance(error, OperationalError | InterfaceError) else "it failed"
        )
        return ConversationsUnusable(
            f"The database of conversations cannot be used: {reason}. Try again; if it lasts, start the"
            " server that FOOTNOTE_DATABASE names. The log has the cause."
        )


def _server(url: str | URL) -> Engine:
    """Connections that were cut are replaced unnoticed, and no statement lasts for ever."""
    given = make_url(url).query
    limits = {
        "connect_timeout": SECONDS_TO_CONNECT,
        "tcp_user_timeout": SECONDS_OF_A_STATEMENT * 1000,
        "keepalives_idle": 30,
        "application_name": "footnote",
    }
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_timeout=SECONDS_TO_WAIT,
        connect_args={name: value for name, value in limits.items() if name not in given},
    )
    event.listen(engine, "connect", _limit_statements)
    return engine


def _limit_statements(connection: Any, _: Any) -> None:
    connection.execute(f"SET statement_timeout = '{SECONDS_OF_A_STATEMENT}s'")
    connection.commit()


def _file(url: str | URL) -> Engine:
    if url == IN_MEMORY:
        shared = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        event.listen(shared, "connect", _keep_references)
        return shared
    file = Path(make_url(url).database or "")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(0o600)  # what somebody asks is nobody else's business
    engine = create_engine(url, connect_args={"timeout": SECONDS_TO_WAIT})
    event.listen(engine, "connect", _prepare_file)
    return engine


def _keep_references(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA foreign_keys = ON")


def _prepare_file(connection: Any, _: Any) -> None:
    """Readers do not wait for a writer, and a crash loses at most the last turns, never the file."""
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    _keep_references(connection, _)


def _write_ahead(connection: Any) -> None:
    """Of two that begin at once one changes the file; SQLite lets the other fail instead of wait."""
    until = time.monotonic() + SECONDS_TO_WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)

"""The form of the tables, as a number in the database: made where there is none, brought to today's else.

The number stands in `footnote_version`. A database that has today's costs one look at it; Alembic is imported
only where tables have to be changed.
"""

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection, Engine, insert, inspect, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from assistant.errors import ConversationsUnusable
from assistant.tables import METADATA, version

TODAY = "0002"
BEFORE_ALEMBIC = "number"  # the column that held the number, in the first form
_LOCK = 0x666F6F746E6F7465  # "footnote": one lock of PostgreSQL's, for whoever changes tables


def prepare(engine: Engine) -> None:
    """Give the database today's tables. Any number of processes may do it at once.

    Raises:
        ConversationsUnusable: a newer release made others.
    """
    if _is_of_today(engine):
        return
    with _alone(engine) as connection:
        found = found_version(connection)  # another may have been first
        if found is None:
            version.drop(connection, checkfirst=True)  # left empty by one that died
            METADATA.create_all(connection)
            connection.execute(insert(version).values(version_num=TODAY))
        elif found > TODAY:
            raise ConversationsUnusable(
                f"The database of conversations has version {found.lstrip('0')}; this release reads up to"
                f" {TODAY.lstrip('0')}. Use the newer release, or name another database with"
                " FOOTNOTE_DATABASE."
            )
        elif found < TODAY:
            from assistant.migrations import upgrade

            upgrade(connection, found)


def found_version(connection: Connection) -> str | None:
    """The number of the form that the tables have, in four digits; None if there are none."""
    inspector = inspect(connection)
    if not inspector.has_table(version.name):
        return None
    if any(column["name"] == BEFORE_ALEMBIC for column in inspector.get_columns(version.name)):
        number = connection.execute(text(f"SELECT {BEFORE_ALEMBIC} FROM {version.name}")).scalar()
        return None if number is None else f"{number:04}"
    return connection.execute(select(version.c.version_num)).scalar()


def _is_of_today(engine: Engine) -> bool:
    """A look that waits for nobody. Where it fails, the tables are none, old, or just being changed."""
    with engine.connect() as connection:
        try:
            return connection.execute(select(version.c.version_num)).scalar() == TODAY
        except (OperationalError, ProgrammingError):
            return False


@contextlib.contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction in which nobody else changes tables."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        yield connection

"""How the tables got from each form to the next, run by Alembic when an older database is opened.

A step is a module in `versions/`; its `revision` is the number of the form that it leads to. It changes
tables by itself, without `assistant.tables`, which are those of today.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, inspect

from assistant.schema import BEFORE_ALEMBIC, TODAY
from assistant.tables import version


def upgrade(connection: Connection, found: str) -> None:
    """Bring the tables from the form `found` to today's, within the transaction of the connection."""
    _take_over(connection, found)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, TODAY)


def _take_over(connection: Connection, found: str) -> None:
    """Tables that were made before Alembic have their number in a column of ours; it takes one of its own."""
    columns = {column["name"] for column in inspect(connection).get_columns(version.name)}
    if BEFORE_ALEMBIC in columns:
        version.drop(connection)
        version.create(connection)
        connection.execute(insert(version).values(version_num=found))

"""What Alembic runs for its steps: in the transaction that it is given, with the number in its place."""

from alembic import context

from assistant.tables import version

context.configure(connection=context.config.attributes["connection"], version_table=version.name)
context.run_migrations()

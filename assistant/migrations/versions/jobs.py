"""Rebuilds, for all processes to see; declined questions known by a digest, which an index can hold."""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_declined = sa.table("declined", sa.column("id"), sa.column("key"))


def upgrade() -> None:
    """Make the table of rebuilds, and put the digest of each declined question in the place of its words."""
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("beaten_at", sa.Float, nullable=False),
        sa.Column("job", sa.Text, nullable=False),
    )
    connection = op.get_bind()
    for id, words in connection.execute(sa.select(_declined.c.id, _declined.c.key)).all():
        digest = sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
        connection.execute(sa.update(_declined).where(_declined.c.id == id).values(key=digest))

"""What Alembic runs: on the connection that `serving.storage.migrate` hands over, never one of its own."""

from __future__ import annotations

from alembic import context

from serving.storage.tables import Base


def run_migrations() -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


if hasattr(context, "config"):  # only there while Alembic runs this file; importing it does nothing
    run_migrations()

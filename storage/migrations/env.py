"""Alembic's environment: the runner hands in the connection, in the transaction that all revisions share."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()

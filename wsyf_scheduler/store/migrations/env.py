"""Runs migrations over the connection `store.upgrade` hands in. Foreign keys are off meanwhile (batch mode)."""

from alembic import context

from wsyf_scheduler.store.tables import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
context.run_migrations()

"""What every test stands on."""

import pytest
from django_tasks_db.management.commands import db_worker


@pytest.fixture(autouse=True)
def worker_keeps_the_connection(monkeypatch):
    """A worker inside a test's transaction must not drop the connection that holds it."""
    monkeypatch.setattr(db_worker, "close_old_connections", lambda: None)

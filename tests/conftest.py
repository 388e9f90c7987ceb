"""What every test stands on."""

import pytest
from django_tasks_db.management.commands import db_worker

from fullscore.domains.foundation.estate.queries import needs


@pytest.fixture(autouse=True)
def worker_keeps_the_connection(monkeypatch):
    """A worker inside a test's transaction must not drop the connection that holds it."""
    monkeypatch.setattr(db_worker, "close_old_connections", lambda: None)


@pytest.fixture(autouse=True)
def graph_of_no_other_test():
    """What needs what is kept between requests; a factory leaves no version that would tell."""
    needs._compiled.clear()

"""What supervisors and load balancers ask: does it live, and can it work?"""

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from fullscore.connectors.base import Refused
from fullscore.domains.foundation.system import endpoints
from fullscore.domains.foundation.telemetry import queries

pytestmark = pytest.mark.django_db
WELL = {"database": "ok", "tables": "ok", "samples": "ok"}


def asked(address):
    answer = Client().get(address)
    return answer.status_code, answer


def test_it_lives_and_can_work_and_whoever_asks_needs_no_account():
    status, answer = asked("/ready")

    assert asked("/health")[0] == 200
    assert (status, answer.json()) == (200, WELL)


def test_a_database_that_is_away_is_told_and_the_process_lives(monkeypatch):
    def away():
        raise DatabaseError("connection refused at 10.1.2.3")

    endpoints._once.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", away)
        status, answer = asked("/ready")

    assert asked("/health")[0] == 200
    assert status == 503
    assert answer.json()["database"] == "away"
    assert b"10.1.2.3" not in answer.content


def test_tables_of_an_older_version_are_told_until_they_are_brought_up_to_date(monkeypatch):
    endpoints._once.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(
            endpoints.MigrationExecutor, "migration_plan", lambda self, targets: [("kit", False)]
        )
        status, answer = asked("/ready")

    assert (status, answer.json()["tables"]) == (503, "of another version")
    assert asked("/ready")[0] == 200


def test_a_sample_store_that_cannot_be_read_is_told(monkeypatch):
    def broken():
        raise Refused("The sample store's manifest cannot be opened")

    monkeypatch.setattr(queries, "store", broken)
    status, answer = asked("/ready")

    assert (status, answer.json()) == (503, WELL | {"samples": "away"})


def test_nobody_can_write_there():
    assert Client().post("/ready").status_code == 405

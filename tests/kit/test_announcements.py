"""Announcements: an outbox for free."""

from dataclasses import dataclass

import pytest
from django.db import transaction
from django_tasks_db.models import DBTaskResult

from fullscore.kit import announcements, jobs

pytestmark = pytest.mark.django_db

heard: list[object] = []


@dataclass(frozen=True, slots=True)
class Approved:
    change_id: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    change_id: int


@jobs.job()
def remember(change_id: int, note: str) -> None:
    heard.append((change_id, note))


@jobs.job()
def count(change_id: int, note: str) -> None:
    heard.append("counted")


@pytest.fixture(autouse=True)
def _reactions():
    before = dict(announcements._reactions)
    announcements.react_with({Approved: [remember, count]})
    heard.clear()
    yield
    announcements.react_with(before)


def test_every_reaction_runs_later_with_the_facts_fields():
    announcements.announce(Approved(42, note="fine"))
    assert heard == []

    jobs.Worker().drain()

    assert heard == [(42, "fine"), "counted"]


def test_a_fact_nobody_reacts_to_is_no_work():
    announcements.announce(Ignored(42))

    assert not DBTaskResult.objects.exists()


def test_nothing_is_announced_by_a_transaction_that_fails():
    with transaction.atomic():
        announcements.announce(Approved(42))
        transaction.set_rollback(True)

    assert not DBTaskResult.objects.exists()

"""A rejected difference drafts the change that brings the world back."""

from datetime import timedelta

import pytest

from fullscore.config.reactions import REACTIONS
from fullscore.domains.foundation.changes import jobs, services
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.estate import services as estate
from fullscore.domains.foundation.estate.announcements import DifferenceRejected
from fullscore.kit import announcements
from tests import make

pytestmark = pytest.mark.django_db


def rejected(by, **values):
    difference = make.difference(item=make.item("web1"), **values)
    return estate.reject(difference, by=by, note="Nobody may rename it")


def test_the_draft_says_what_is_to_be_done_and_where(clock):
    ann = make.user("ann")
    difference = rejected(ann)

    jobs.bring_back(difference.pk, ann.pk)

    change = Change.objects.get()
    assert (change.state, change.requested_by) == ("draft", ann)
    assert change.title == "Bring name of web1 back to “web1”"
    assert list(change.items.values_list("name", flat=True)) == ["web1"]
    assert "Nobody may rename it" in change.description
    assert change.starts_at - clock.now == timedelta(days=1)
    assert [step.is_back for step in change.steps.all()] == [False, False, False, True]


def test_a_difference_has_one_draft_at_a_time(clock):
    ann = make.user("ann")
    difference = rejected(ann)
    for _ in range(2):
        jobs.bring_back(difference.pk, ann.pk)
    assert Change.objects.count() == 1

    services.abandon(Change.objects.get(), by=ann, reason="Later")
    jobs.bring_back(difference.pk, ann.pk)

    assert Change.objects.count() == 2


def test_what_was_decided_otherwise_meanwhile_drafts_nothing(clock):
    ann = make.user("ann")
    difference = rejected(ann)
    estate.accept(difference, by=ann)

    jobs.bring_back(difference.pk, ann.pk)

    assert not Change.objects.exists()


def test_rejecting_queues_the_draft(monkeypatch):
    told = []
    job = jobs.bring_back
    monkeypatch.setattr(type(job), "enqueue", lambda self, **values: told.append((self, values)))
    monkeypatch.setattr(announcements, "_reactions", dict(REACTIONS))
    ann = make.user("ann")

    difference = rejected(ann)

    assert REACTIONS[DifferenceRejected] == [job]
    assert told == [(job, {"difference": difference.pk, "by": ann.pk})]

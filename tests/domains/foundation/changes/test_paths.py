"""No path through the verbs breaks what must hold, whoever does what in which order."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullscore.domains.foundation.changes import services
from fullscore.domains.foundation.changes.models import Approval, Change
from fullscore.domains.foundation.changes.queries import overlaps
from fullscore.domains.foundation.estate.queries import needs as estate
from fullscore.kit import time
from fullscore.kit.errors import Problem
from tests import make
from tests.domains.foundation.changes.conftest import HOUR, risky

WHO = st.sampled_from(["ann", "otto", "ada", "abe", "eve"])
PLAIN = [
    "assess",
    "submit",
    "approve",
    "reject",
    "start",
    "verify",
    "finish",
    "fail",
    "roll_back",
    "abandon",
    "start_emergency",
    "break_freeze",
    "review",
    "step",
    "edit",
    "later",
    "freeze",
]
# Weighted towards what leads on, so that many paths reach the end.
LEADING = ["assess", "submit", "approve", "approve", "start", "step", "verify", "finish"]
STEPS = st.lists(st.tuples(st.sampled_from([*PLAIN, *LEADING * 2]), WHO), max_size=30)
WORDS = {
    "reject": {"note": "No."},
    "fail": {"outcome": "It failed."},
    "review": {"text": "Seen."},
    "roll_back": {"outcome": "As before."},
    "abandon": {"reason": "No need."},
    "start_emergency": {"reason": "Down."},
    "break_freeze": {"reason": "We must."},
}


class World:
    """One change, five people, a clock: what each step does, and what held before it."""

    def __init__(self, people, kind, is_risky, monkeypatch):
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)
        monkeypatch.setattr(time, "now", lambda: self.now)
        estate._compiled.clear()  # what other examples built was rolled back
        self.people, self.item = people, risky() if is_risky else make.item()
        self.change = services.request(
            by=people["ann"],
            items=[self.item],
            title="Change",
            kind=kind,
            plan="One",
            starts_at=self.now,
            ends_at=self.now + 6 * HOUR,
            rollback="none" if is_risky else "rehearsed",
        )

    def does(self, what, who):
        by, change = self.people[who], Change.objects.get(pk=self.change.pk)
        try:
            with transaction.atomic():
                self._act(what, change, by)
        except Problem:
            return None
        return Change.objects.get(pk=change.pk)

    def _act(self, what, change, by):
        if what == "later":
            self.now += timedelta(minutes=20)
        elif what == "freeze":
            make.freeze(starts_at=self.now, ends_at=self.now + HOUR)
        elif what == "edit":
            services.revise(change, by=by, ends_at=change.ends_at + HOUR)
        elif what == "step":
            services.finish_step(change.steps.filter(is_back=False).first(), by=by)
        else:
            getattr(services, what)(change, by=by, **WORDS.get(what, {}))


def check(world, before, after, what, who):
    """Assert every Hold after one step that was not refused."""
    yes = Approval.objects.filter(change=after, voided_at__isnull=True, decision="approved")
    said = set(yes.values_list("person__email", flat=True))
    assert "ann@example.org" not in said  # who asks never approves
    assert after.state not in Change.UNDER_WAY or after.executor_id is not None
    assert after.state != "done" or after.result == "good"
    if what == "edit":
        assert (after.state, said) == ("draft", set())  # an edit of the window voids
    if what not in ("start", "start_emergency"):
        return
    is_frozen = overlaps.freezes_over([world.item.pk], world.now, world.now + HOUR / 60)
    assert not is_frozen or after.freeze_broken_by_id is not None
    assert not (after.band == "high" and said == {f"{who}@example.org"})
    if what == "start":
        assert before.state == "approved"
        assert before.starts_at <= world.now < before.ends_at
        assert said  # no policy lets anything go by itself here
    if what == "start" and after.band == "high":
        assert "eve@example.org" in said  # the one of another team
        assert len(said) >= 2


@pytest.mark.django_db
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(kind=st.sampled_from(["normal", "emergency"]), is_risky=st.booleans(), steps=STEPS)
def test_no_path_breaks_what_must_hold(crew, monkeypatch, kind, is_risky, steps):
    with transaction.atomic():
        world = World(vars(crew), kind, is_risky, monkeypatch)
        for what, who in steps:
            before = Change.objects.get(pk=world.change.pk)
            after = world.does(what, who)
            if after is not None:
                check(world, before, after, what, who)
        transaction.set_rollback(True)

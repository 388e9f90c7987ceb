"""What must always hold of a change: asked by one, approved by others, kept to its window."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from fullscore.domains.foundation.changes import services
from fullscore.domains.foundation.changes.models import Approval, Change
from fullscore.domains.foundation.changes.queries import standing
from fullscore.domains.foundation.changes.services import executing
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import AuditEntry
from tests import make
from tests.domains.foundation.changes.conftest import HOUR, needs, risky


def waiting(ask, crew, *items, **values):
    change = services.assess(ask(*items, **values), by=crew.ann)
    return services.submit(change, by=crew.ann)


def test_a_change_goes_from_request_to_review(running, crew, clock):
    change = running()
    for step in change.steps.all():
        services.finish_step(step, by=crew.otto)

    services.verify(change, by=crew.otto)
    services.finish(change, by=crew.otto)
    services.review(change, by=crew.ann, text="Went well.")

    told = Change.objects.get(pk=change.pk)
    assert (told.state, told.result, told.reviewed_at) == ("done", "good", clock.now)
    assert [event.kind for event in told.events.order_by("pk")] == [
        "requested",
        "assessed",
        "submitted",
        "approved",
        "started",
        "step",
        "step",
        "verified",
        "done",
        "reviewed",
    ]


def test_a_service_that_is_changed_counts_by_itself(ask, crew):
    shop, wiki = (
        make.item(n, kind="service", criticality=c) for n, c in (("shop", 1), ("wiki", 4))
    )
    grave, light, host = (
        services.assess(ask(item), by=crew.ann) for item in (shop, wiki, make.item("host"))
    )

    assert grave.points > light.points > host.points


def test_nobody_approves_their_own(ask, crew, someone):
    boss = someone("boss", "administrator")
    change = services.assess(ask(by=boss), by=boss)
    services.submit(change, by=boss)

    with pytest.raises(Conflict, match="Someone else"):
        services.approve(change, by=boss)


def test_the_database_refuses_ones_own_approval_too(crew):
    change = make.change(requested_by=crew.ann)

    with pytest.raises(IntegrityError), transaction.atomic():
        make.approval(change=change, person=crew.ann)


def test_nobody_approves_twice(ask, crew):
    change = waiting(ask, crew, risky(), rollback="none", verification="none")
    services.approve(change, by=crew.ada)

    with pytest.raises(Conflict, match="already"):
        services.approve(change, by=crew.ada)


def test_high_risk_takes_two_people_of_different_teams(ask, crew):
    change = waiting(ask, crew, risky(), rollback="none", verification="none")
    assert change.band == "high"

    services.approve(change, by=crew.ada)
    services.approve(change, by=crew.abe)
    assert change.state == "waiting"

    services.approve(change, by=crew.eve)
    assert change.state == "approved"


@pytest.mark.parametrize(
    ("values", "is_void"),
    [
        pytest.param({"plan": "Do it otherwise"}, True, id="plan"),
        pytest.param({"rollback_plan": "Back"}, True, id="way back"),
        pytest.param({"ends_shift": 1}, True, id="window"),
        pytest.param({"new_items": True}, True, id="items"),
        pytest.param({"title": "A better name"}, False, id="title"),
        pytest.param({"description": "Because"}, False, id="reason"),
    ],
)
def test_an_edit_that_matters_voids_every_approval(approved, crew, values, is_void):
    change = approved()
    if "ends_shift" in values:
        values = {"ends_at": change.ends_at + HOUR}
    if "new_items" in values:
        values = {"items": [make.item()]}

    services.revise(change, by=crew.ann, **values)

    assert (change.state == "draft") == is_void
    assert standing.live_approvals(change).exists() != is_void


def test_a_rejection_makes_it_a_draft_and_voids_what_others_said(ask, crew):
    change = waiting(ask, crew, risky(), rollback="none", verification="none")
    services.approve(change, by=crew.ada)

    services.reject(change, by=crew.eve, note="The way back is missing.")

    assert change.state == "draft"
    assert not Approval.objects.filter(change=change, voided_at__isnull=True).exists()


@pytest.mark.parametrize(
    "minutes",
    [pytest.param(-1, id="before its window"), pytest.param(60, id="after its window")],
)
def test_nothing_starts_outside_its_window(approved, crew, clock, minutes):
    change = approved(starts_at=clock.now + HOUR, ends_at=clock.now + 2 * HOUR)
    clock.after(minutes=60 + minutes)

    with pytest.raises(Conflict, match="window"):
        services.start(change, by=crew.otto)


def test_nothing_starts_inside_a_freeze_without_an_exception(approved, crew, clock, someone):
    change = approved()
    make.freeze(starts_at=clock.now - HOUR, ends_at=clock.now + HOUR)

    with pytest.raises(Conflict, match="exception"):
        services.start(change, by=crew.otto)
    with pytest.raises(Conflict, match="Someone else"):
        services.break_freeze(change, by=crew.ann, reason="We must.")

    services.break_freeze(change, by=someone("boss", "administrator"), reason="The disk dies.")
    assert services.start(change, by=crew.otto).state == "running"


def test_a_freeze_of_other_items_is_none(approved, crew, clock):
    change = approved(make.item("web1", tags=["web"]))
    make.freeze(starts_at=clock.now - HOUR, ends_at=clock.now + HOUR, selector="tag=shop")

    assert services.start(change, by=crew.otto).state == "running"


def test_an_exception_ends_with_an_edit_of_the_window(approved, crew, clock, someone):
    change = approved()
    services.break_freeze(change, by=someone("boss", "administrator"), reason="We must.")

    services.revise(change, by=crew.ann, ends_at=change.ends_at + HOUR)

    assert change.freeze_broken_by is None


def test_only_who_was_named_carries_it_out(ask, crew):
    change = ask()
    services.assign(change, by=crew.ann, person=crew.otto.person)
    services.assess(change, by=crew.ann)
    services.submit(change, by=crew.ann)
    services.approve(change, by=crew.ada)

    with pytest.raises(Conflict, match="carries it out"):
        services.start(change, by=crew.eve)
    assert services.start(change, by=crew.otto).executor == crew.otto


def test_it_is_verified_only_when_every_step_is_done(running, crew):
    with pytest.raises(Conflict, match="not done"):
        services.verify(running(), by=crew.otto)


def test_a_step_is_done_once_and_only_while_it_runs(approved, crew):
    change = approved()
    step = change.steps.first()
    with pytest.raises(Conflict, match="a step needs"):
        services.finish_step(step, by=crew.otto)

    services.start(change, by=crew.otto)
    services.finish_step(step, by=crew.otto)

    with pytest.raises(Conflict, match="already"):
        services.finish_step(step, by=crew.otto)


def test_what_is_checked_by_hand_needs_a_result_by_hand(running, crew):
    change = running(plan="", verification="manual")

    with pytest.raises(Invalid, match="good or bad"):
        services.verify(change, by=crew.otto)
    services.verify(change, by=crew.otto, result="bad")
    with pytest.raises(Conflict, match="not good"):
        services.finish(change, by=crew.otto)


def test_the_database_knows_no_done_change_without_a_result(running):
    change = running()

    with pytest.raises(IntegrityError), transaction.atomic():
        Change.objects.filter(pk=change.pk).update(state="done", ended_at=change.started_at)


def test_the_database_knows_no_running_change_without_an_executor(running):
    change = running()

    with pytest.raises(IntegrityError), transaction.atomic():
        Change.objects.filter(pk=change.pk).update(executor=None)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    ("verb", "told", "state"),
    [
        pytest.param("start", {}, "approved", id="start"),
        pytest.param("fail", {"outcome": "No."}, "running", id="fail"),
        pytest.param("roll_back", {"outcome": "No."}, "running", id="roll back"),
    ],
)
def test_a_verb_that_is_killed_before_its_end_did_not_happen(
    approved, crew, monkeypatch, verb, told, state
):
    change = approved()
    if state == "running":
        services.start(change, by=crew.otto)
    events, entries = change.events.count(), AuditEntry.objects.count()

    def dies(fact):
        raise Killed

    monkeypatch.setattr(executing, "announce", dies)
    with pytest.raises(Killed):
        getattr(services, verb)(change, by=crew.otto, **told)

    assert Change.objects.get(pk=change.pk).state == state
    assert (change.events.count(), AuditEntry.objects.count()) == (events, entries)


# ── emergencies ────────────────────────────────────────────────────────────────────────────────


def test_an_emergency_starts_with_one_approver_whatever_its_risk(ask, crew):
    change = ask(risky(), kind="emergency", rollback="none")
    services.approve(change, by=crew.ada)

    services.start_emergency(change, by=crew.otto, reason="The shop is down.")

    assert (change.state, change.band) == ("running", "high")


def test_an_emergency_starts_on_the_word_of_the_commander(ask, crew):
    item = make.item()
    change = ask(item, kind="emergency")
    with pytest.raises(Conflict, match="command"):
        services.start_emergency(change, by=crew.otto, reason="The shop is down.")

    make.trouble(item=item, reference="incident 7", commander=crew.otto)
    services.start_emergency(change, by=crew.otto, reason="The shop is down.")

    assert (change.state, change.commanded_for) == ("running", "incident 7")


def test_who_alone_approved_an_emergency_of_high_risk_does_not_carry_it_out(ask, crew):
    change = ask(risky(), kind="emergency", rollback="none")
    services.assess(change, by=crew.ann)
    services.approve(change, by=crew.ada)

    with pytest.raises(Conflict, match="alone"):
        services.start_emergency(change, by=crew.ada, reason="Quick.")


def test_a_plain_change_is_no_emergency(ask, crew):
    with pytest.raises(Conflict, match="Only an emergency"):
        services.start_emergency(ask(), by=crew.otto, reason="I am in a hurry.")


def test_the_review_of_an_emergency_is_due_in_two_working_days(ask, crew, clock):
    clock.after(days=3)  # Thursday
    change = ask(kind="emergency", plan="")
    services.approve(change, by=crew.ada)
    services.start_emergency(change, by=crew.otto, reason="Down.")

    services.fail(change, by=crew.otto, outcome="It did not help.")

    assert change.review_due_at == clock.now + timedelta(days=4)  # Monday


# ── what goes by itself ────────────────────────────────────────────────────────────────────────


def test_a_standard_change_goes_by_itself_once_its_template_was_approved(ask, crew):
    template = services.add_standard(by=crew.ann, title="Patch", plan="Patch it")
    with pytest.raises(Conflict, match="Someone else"):
        services.approve_standard(template, by=crew.ann)
    services.approve_standard(template, by=crew.eve)

    change = waiting(ask, crew, kind="standard", standard=template)

    assert (change.state, change.plan) == ("approved", "Patch it")


def test_a_standard_change_touches_only_what_its_template_allows(ask, crew):
    template = services.add_standard(by=crew.ann, title="Patch", plan="x", selector="kind=vm")

    with pytest.raises(Invalid, match="not meant"):
        ask(make.item(kind="host"), kind="standard", standard=template)


def test_an_edited_template_is_approved_no_more(crew):
    template = services.add_standard(by=crew.ann, title="Patch", plan="x")
    services.approve_standard(template, by=crew.eve)

    services.change_standard(template, by=crew.ann, plan="y")

    assert template.approved_by is None


def test_low_risk_goes_by_itself_where_a_policy_says_so(ask, crew):
    make.approval_policy(band="low", needed=0)

    assert waiting(ask, crew).state == "approved"


def test_low_risk_in_a_freeze_does_not(ask, crew, clock):
    make.approval_policy(band="low", needed=0)
    make.freeze(starts_at=clock.now - HOUR, ends_at=clock.now + HOUR)

    assert waiting(ask, crew).state == "waiting"


def test_a_standby_keeps_the_risk_low(ask, crew):
    first, second = make.item("db1"), make.item("db2")
    needs(make.item("shop", kind="service", criticality=1), first, second, needed=1)

    change = services.assess(ask(first), by=crew.ann)

    assert {term["name"]: term["points"] for term in change.terms}["redundancy"] == -8

"""What people do in an incident: declare, weigh, mitigate, roles, tasks, and what is written."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from fullscore.domains.foundation.changes.models import Trouble
from fullscore.domains.response.incidents import jobs, services
from fullscore.domains.response.incidents.models import ChecklistStep, Incident, IncidentTask
from fullscore.kit import time
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models.user import system
from tests import make
from tests.domains.response.incidents.conftest import firing

pytestmark = pytest.mark.django_db


def told(incident):
    return list(incident.timeline.shown().order_by("pk").values_list("kind", "text"))


@pytest.fixture
def ann(db):
    ann = make.user("ann", role="engineer")
    make.person("Ann", user=ann)
    return ann


@pytest.fixture
def shop(db):
    """Return a critical service that needs a database, which needs a host."""
    shop, base, host = (make.item("shop", kind="service", criticality=1),
                        make.item("base", kind="database"), make.item("host1"))  # fmt: skip
    for upper, lower in ((shop, base), (base, host)):
        need = make.requirement(dependent=upper)
        make.link(from_item=upper, to_item=lower, requirement=need)
    return shop, base, host


# ── priority ───────────────────────────────────────────────────────────────────────────────────


def test_a_host_that_is_down_makes_the_service_on_it_a_p1(shop, alertmanager, take_in):
    alertmanager.notify(firing(severity="critical", fullscore_item="host1"))
    take_in()
    incident = Incident.objects.get()
    services.weigh([incident.pk], now=time.now(), by=system())
    incident.refresh_from_db()

    assert incident.priority == 1
    assert incident.priority_reason.startswith(f"P1 because item {shop[0].pk} (critical) is down")
    assert ("decision", incident.priority_reason) in told(incident)


@pytest.mark.parametrize(("severity", "priority"), [("error", 2), ("warning", 4)])
def test_what_is_less_severe_impairs_or_warns(shop, alertmanager, take_in, severity, priority):
    alertmanager.notify(firing(severity=severity, fullscore_item="host1"))
    take_in()
    jobs.weigh_live()

    assert Incident.objects.get().priority == priority


def test_an_unchanged_priority_is_told_once(shop, alertmanager, take_in):
    alertmanager.notify(firing(severity="critical", fullscore_item="host1"))
    take_in()
    for _ in range(3):
        jobs.weigh_live()

    assert [kind for kind, _ in told(Incident.objects.get())].count("decision") == 1


def test_a_priority_set_by_hand_stays_until_it_is_let_go(shop, ann):
    incident = services.declare(by=ann, title="Slow", severity=5, root_item=shop[2])
    assert incident.priority == 1

    services.set_priority(incident, by=ann, priority="P3", reason="Only the test shop.")
    services.weigh([incident.pk], now=time.now(), by=system())
    incident.refresh_from_db()
    assert incident.priority == 3
    assert incident.priority_reason == "P3 because Ann says so: Only the test shop."

    services.let_weigh(incident, by=ann)
    assert incident.priority == 1


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"priority": "P9", "reason": "x"}, "There is no priority “P9”"),
        ({"priority": "P1", "reason": " "}, "Say why"),
    ],
)
def test_a_priority_needs_a_name_and_a_reason(ann, values, error):
    with pytest.raises(Invalid, match=error):
        services.set_priority(make.incident(), by=ann, **values)


# ── declared, mitigated, described ─────────────────────────────────────────────────────────────


def test_what_is_declared_is_its_items_teams(shop, ann):
    team = make.team("shopkeepers")
    shop[0].owner = team
    shop[0].save()

    incident = services.declare(by=ann, title="No orders", severity=5, root_item=shop[2])

    assert (incident.owner, incident.declared_by, incident.state) == (team, ann, "open")
    assert told(incident)[0] == ("status", "Ann declared it.")


def test_mitigated_by_hand_it_stays_so_while_the_old_alert_is_open(
    shop, ann, alertmanager, take_in, clock
):
    alertmanager.notify(firing(fullscore_item="host1"))
    take_in()
    incident = Incident.objects.get()
    services.mitigate(incident, by=ann, note="Traffic goes elsewhere.")
    for _ in range(3):
        clock(20)
        services.settle(now=clock(), by=system())
    incident.refresh_from_db()

    assert (incident.state, bool(incident.acknowledged_at)) == ("mitigated", True)
    assert ("status", "Nobody suffers any more. Traffic goes elsewhere.") in told(incident)

    alertmanager.notify(firing("Worse", fullscore_item="host1"))
    clock(1)
    take_in()
    incident.refresh_from_db()
    assert (incident.state, incident.mitigated_at) == ("open", None)


def test_what_a_person_mitigated_a_person_resolves(ann, clock):
    incident = services.declare(by=ann, title="Slow", severity=4)
    services.mitigate(incident, by=ann)
    clock(7200)
    services.settle(now=clock(), by=system())
    incident.refresh_from_db()
    assert incident.state == "mitigated"

    services.resolve(incident, by=ann, resolution="A cable was loose.")
    assert incident.mitigated_at <= incident.resolved_at


def test_the_severity_of_an_incident_is_that_of_its_alerts(ann):
    alert = make.alert()
    with pytest.raises(Conflict, match="worst alert"):
        services.describe(alert.incident, by=ann, title="Other", severity=1)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"state": "mitigated"}, id="mitigated at no time"),
        pytest.param({"is_priority_set": True}, id="set without a reason"),
        pytest.param({"is_security": True}, id="a security incident of no team"),
        pytest.param({"mitigated_at": make.AT - timedelta(1), "state": "mitigated"},
                     id="mitigated before it was noticed"),
    ],
)  # fmt: skip
def test_the_database_refuses(values):
    with pytest.raises(IntegrityError), transaction.atomic():
        make.incident(**values)


# ── roles and tasks ────────────────────────────────────────────────────────────────────────────


def test_a_role_has_one_holder_and_is_handed_over(ann):
    incident = services.declare(by=ann, title="Slow", severity=4)
    bea, cem = make.person("Bea"), make.person("Cem")
    services.start_role(incident, by=ann, role="commander", person=bea)
    services.start_role(incident, by=ann, role="commander", person=cem)
    incident.refresh_from_db()

    held = incident.roles.filter(role="commander").order_by("pk").values_list("person", "ends_at")
    assert [(who, ends is None) for who, ends in held] == [(bea.pk, False), (cem.pk, True)]
    assert incident.commander == cem
    assert ("role", "Incident commander: Cem, after Bea.") in told(incident)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.incident_role(incident=incident, role="commander", person=bea)


def test_a_commander_may_start_emergency_changes_on_what_is_broken(shop, ann):
    incident = services.declare(by=ann, title="Slow", severity=5, root_item=shop[2])
    make.alert(incident=incident, item=shop[2])
    bea = make.person("Bea", user=make.user("bea", role="engineer"))
    services.start_role(incident, by=ann, role="commander", person=bea)
    jobs.tell_changes([incident.pk])

    assert Trouble.objects.get().commander == bea.user


def test_a_role_that_ends_leaves_nobody(ann):
    incident = services.declare(by=ann, title="Slow", severity=4)
    role = services.start_role(incident, by=ann, role="commander", person=make.person("Bea"))
    services.end_role(role, by=ann)
    incident.refresh_from_db()

    assert incident.commander is None
    with pytest.raises(Conflict, match="no longer"):
        services.end_role(role, by=ann)


@pytest.mark.parametrize(
    ("role", "state", "error"),
    [("cook", "active", "There is no role"), ("scribe", "left", "has left")],
)
def test_a_role_is_refused(ann, role, state, error):
    person = make.person("Bea", state=state)
    with pytest.raises((Invalid, Conflict), match=error):
        services.start_role(make.incident(), by=ann, role=role, person=person)


def test_the_checklist_of_a_priority_and_kind_becomes_tasks_once(shop, ann):
    make.checklist_step(title="Call the board", least_priority=1, role="communications",
                        due_minutes=30)  # fmt: skip
    make.checklist_step(title="Look at the logs", least_priority=4)
    make.checklist_step(title="Save the evidence", kind=ChecklistStep.Kind.SECURITY)
    incident = services.declare(by=ann, title="Slow", severity=3, root_item=shop[2])
    assert [t.title for t in incident.tasks.all()] == ["Look at the logs"]

    services.set_priority(incident, by=ann, priority="P1", reason="The board asks.")
    services.weigh([incident.pk], now=time.now(), by=system())

    tasks = {t.title: t for t in incident.tasks.all()}
    assert set(tasks) == {"Call the board", "Look at the logs"}
    assert tasks["Call the board"].due_at == incident.detected_at + timedelta(minutes=30)

    bea = make.person("Bea")
    services.start_role(incident, by=ann, role="communications", person=bea)
    assert incident.tasks.get(title="Call the board").assignee == bea


def test_a_task_is_done_once_and_can_be_taken_up_again(ann):
    incident = services.declare(by=ann, title="Slow", severity=4)
    task = services.add_task(incident, by=ann, title=" Ask Bea ", due_minutes=15)
    services.finish_task(task, by=ann, note="She knows.")

    assert (task.title, task.done_by) == ("Ask Bea", ann)
    assert ("task", "Done: Ask Bea. She knows.") in told(incident)
    with pytest.raises(Conflict, match="done already"):
        services.finish_task(task, by=ann)
    services.take_up_task(task, by=ann)
    assert IncidentTask.objects.get().done_at is None


# ── what is written ────────────────────────────────────────────────────────────────────────────


def test_an_edit_hides_the_old_and_keeps_it(ann):
    incident = services.declare(by=ann, title="Slow", severity=4)
    entry = services.note(incident, by=ann, text="It is the dsik.")
    new = services.edit(entry, by=ann, text="It is the disk.")

    assert (new.replaces, new.at) == (entry, entry.at)
    assert ("note", "It is the disk.") in told(incident)
    assert ("note", "It is the dsik.") not in told(incident)
    viewer = make.user("vic", role="viewer")
    seen = incident.timeline.visible_to(viewer).values_list("text", flat=True)
    assert "It is the dsik." not in seen
    assert incident.timeline.visible_to(ann).filter(pk=entry.pk).exists()
    with pytest.raises(Conflict, match="hidden"):
        services.edit(entry, by=ann, text="Once more.")


def test_what_no_person_wrote_is_not_edited(ann):
    alert = make.alert()
    entry = make.timeline_entry(incident=alert.incident, kind="alert", alert=alert)
    with pytest.raises(Conflict, match="a person wrote"):
        services.hide(entry, by=ann)


# ── expected by a change ───────────────────────────────────────────────────────────────────────


@pytest.fixture
def calls(monkeypatch):
    """Return the incidents people are called for."""
    asked = []
    from fullscore.domains.response.oncall.services import escalating

    real = escalating.start
    monkeypatch.setattr(
        escalating, "start", lambda s, *, by: asked.append(s.record) or real(s, by=by)
    )
    return asked


def test_what_a_running_change_expects_calls_nobody_unless_it_is_critical(
    shop, alertmanager, take_in, calls
):
    change = make.running_change(shop[2])
    alertmanager.notify(firing(severity="error", fullscore_item="host1"))
    take_in()
    incident = Incident.objects.get()
    services.call_people([incident.pk], by=system())

    assert incident.alerts.get().expected_by == change
    assert calls == []
    said = f"Nobody is called: all of it is expected by change {change.pk}."
    assert ("page", said) in told(incident)

    alertmanager.notify(firing("Gone", severity="critical", fullscore_item="host1"))
    take_in()
    services.call_people([incident.pk], by=system())
    assert calls == [incident.pk]


def test_what_is_left_when_the_change_is_over_calls_people(shop, alertmanager, take_in, calls):
    change = make.running_change(shop[2])
    alertmanager.notify(firing(severity="error", fullscore_item="host1"))
    take_in()
    change.state, change.result, change.ended_at = "done", "good", time.now()
    change.save()
    services.call_after(change.pk, by=system())

    assert calls == [Incident.objects.get().pk]


def test_an_alert_that_no_change_expects_calls_people_for_all(shop, alertmanager, take_in, calls):
    make.running_change(shop[2])
    alertmanager.notify(firing(severity="error", fullscore_item="host1"))
    take_in()
    alertmanager.notify(firing("Base", severity="error", fullscore_item="base"))
    take_in()
    services.call_people([Incident.objects.get().pk], by=system())

    assert calls == [Incident.objects.get().pk]


def test_what_was_acknowledged_is_asked_about_again_by_the_priority_of_its_incident(clock):
    ann = make.user("ann", role="operator")
    incident = make.incident(severity=5, priority=2, priority_reason="P2 because of tests.")
    alert = make.alert(incident=incident, severity=5)

    services.acknowledge(incident, by=ann)
    alert.refresh_from_db()
    assert alert.acknowledged_until is None

    services.set_priority(incident, by=ann, priority="P1", reason="The board is watching.")
    alert.refresh_from_db()
    assert alert.acknowledged_until == clock() + timedelta(minutes=30)

    services.set_priority(incident, by=ann, priority="P3", reason="They went home.")
    alert.refresh_from_db()
    assert alert.acknowledged_until is None

"""A page leaves soon whatever came before it: few jobs, those that call people first."""

import pytest
from django_tasks_db.models import DBTaskResult

from fullscore.domains.response.incidents import jobs, services
from fullscore.domains.response.incidents.models import Alert, Incident, Receipt
from fullscore.domains.response.incidents.services import receipts
from fullscore.domains.response.oncall.models import Run
from fullscore.kit.jobs import Worker
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from tests import make
from tests.domains.response.incidents.conftest import Sender, firing


def waiting():
    """Return the names of the jobs that wait, those that are taken first before the others."""
    ready = DBTaskResult.objects.ready().values_list("task_path", flat=True)
    return [path.rpartition(".")[2] for path in ready]


def test_three_hundred_bodies_wait_for_one_job(alertmanager):
    for number in range(300):
        alertmanager.notify(firing(f"Down{number}", severity="warning"))

    assert waiting() == ["take_in"]
    assert Receipt.objects.filter(state="new").count() == 300


def test_a_storm_leaves_few_jobs_and_the_page_is_taken_first(alertmanager):
    make.escalation_route(policy=make.policy({"kind": "person", "person": make.person()}))
    for number in range(300):
        make.item(f"host-{number}") if number < 100 else None
        host = f"host-{number % 100}"
        alertmanager.notify(firing(f"Down{number}", severity="critical", instance=host))
        if number % 100 == 99:
            jobs.take_in()

    assert Alert.objects.filter(incident__isnull=True).count() == 0
    assert len(waiting()) <= 12
    assert waiting()[0] == "call_people"
    assert sorted(waiting()).count("weigh_incidents") == 1
    assert sorted(waiting()).count("tell_changes") == 1

    Worker(["urgent"]).drain()

    assert Run.objects.count() == Incident.objects.count() == 100
    assert "weigh_incidents" in waiting()


def test_no_incident_is_forgotten_by_the_job_that_stands_for_many(alertmanager):
    for number in range(30):
        alertmanager.notify(firing(f"Down{number}", severity="warning"))
        jobs.take_in()
    incidents = set(Incident.objects.values_list("pk", flat=True))

    (weigh,) = DBTaskResult.objects.filter(task_path__endswith=".weigh_incidents")
    assert set(weigh.args_kwargs["kwargs"]["ids"]) == incidents
    Worker(["default"]).drain()
    assert not Incident.objects.filter(priority_reason="").exists()


def test_reading_stops_after_a_while_so_that_what_was_read_is_called_for(alertmanager, monkeypatch):
    monkeypatch.setattr(receipts, "TOGETHER", 2)
    monkeypatch.setattr(jobs, "READ_SECONDS", 0.0)
    monkeypatch.setattr(receipts, "monotonic", iter(range(10_000)).__next__)
    for number in range(6):
        alertmanager.notify(firing(f"Down{number}"))
    DBTaskResult.objects.all().delete()

    jobs.take_in()

    assert Alert.objects.count() < 6
    assert "take_in" in waiting()
    assert not Alert.objects.filter(incident__isnull=True).exists()
    assert Receipt.objects.filter(state="new").exists()


def test_a_flood_from_one_source_holds_up_no_other(client, alertmanager, monkeypatch):
    monkeypatch.setattr(receipts, "TOGETHER", 3)
    quiet = Sender(client, "alertmanager", name="quiet")
    for number in range(12):
        alertmanager.notify(firing(f"Down{number}"))
    quiet.notify(firing("Fire", severity="critical"))
    read, turns = receipts._read_some, []
    monkeypatch.setattr(receipts, "_read_some", lambda pk, by: turns.append(pk) or read(pk, by))

    services.read_receipts(by=system())

    assert turns[:3] == [alertmanager.source.pk, quiet.source.pk, alertmanager.source.pk]
    assert Alert.objects.count() == 13


def test_bodies_read_together_do_what_each_said_in_its_turn(pagerduty):
    item = make.item("db1")
    for action in ("trigger", "resolve", "trigger", "acknowledge"):
        pagerduty.enqueue(event_action=action, dedup_key="k")
    pagerduty.post(
        "/v2/enqueue", {"routing_key": pagerduty.token, "event_action": "no"}, headers={}
    )

    services.read_receipts(by=system())

    told = Alert.objects.order_by("pk").values_list("state", "item")
    assert list(told) == [("resolved", item.pk), ("acknowledged", item.pk)]
    assert not Receipt.objects.filter(state="new").exists()


def test_alerts_that_only_join_are_one_row_of_the_audit_for_all_their_incidents(alertmanager):
    for name in ("a", "b"):
        make.item(name)
        alertmanager.notify(firing("Down", severity="warning", instance=name))
    jobs.take_in()
    before = set(AuditEntry.objects.filter(verb="group").values_list("pk", flat=True))

    for name in ("a", "b"):
        alertmanager.notify(firing("Slow", severity="warning", instance=name))
    jobs.take_in()

    entries = AuditEntry.objects.filter(verb="group").exclude(pk__in=before)
    assert [entry.after["counts"] for entry in entries] == [{"joined": 2}]
    assert sorted(Incident.objects.values_list("alerts", flat=True)) == sorted(
        Alert.objects.values_list("pk", flat=True)
    )


@pytest.mark.parametrize("name", ["call_people", "leave_people", "take_answered", "grant_step"])
def test_what_calls_people_never_waits_behind_what_finds_out_for_whom(name):
    job = getattr(jobs, name)

    assert job.queue_name == jobs.take_in.queue_name == "urgent"
    assert job.priority > jobs.take_in.priority > jobs.weigh_incidents.priority

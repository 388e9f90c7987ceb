"""What is wrong with alerts and their senders, and that it is read as it is."""

from datetime import timedelta

import pytest

from fullscore.config.checks import CHECKS
from fullscore.domains.response.incidents import jobs, services
from fullscore.domains.response.incidents.models import AlertSource
from fullscore.kit import time
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.models.user import system
from tests import make
from tests.domains.response.incidents.conftest import firing

pytestmark = pytest.mark.django_db
BY_ID = {check.id: check for check in CHECKS}


def verdicts(ident):
    check = BY_ID[f"incidents.{ident}"]
    told = check.verdicts(Scope(time.now()), Limits(check.limits))
    return [(verdict.outcome, verdict.severity) for verdict in told]


def ring(sender, clock, times, *, step=60, **more):
    for _ in range(times):
        sender.enqueue(dedup_key="a")
        for action in more.get("also", ()):
            sender.enqueue(event_action=action, dedup_key="a")
        clock(step)
        sender.enqueue(event_action="resolve", dedup_key="a")
        clock(step)
    jobs.take_in()


@pytest.mark.parametrize(
    ("times", "also", "expected"),
    [
        pytest.param(10, (), [("bad", 2)], id="ten times for nobody"),
        pytest.param(9, (), [("good", 0)], id="nine times"),
        pytest.param(10, ("acknowledge",), [("good", 0)], id="somebody took it"),
    ],
)
def test_alerts_nobody_acts_on(pagerduty, clock, times, also, expected):
    ring(pagerduty, clock, times, also=also)

    assert verdicts("alert_noisy") == expected
    clock(8 * 86_400)
    assert verdicts("alert_noisy") == []


@pytest.mark.parametrize(
    ("times", "step", "expected"),
    [
        pytest.param(3, 60, "bad", id="six changes in six minutes"),
        pytest.param(2, 60, "good", id="four changes"),
        pytest.param(3, 600, "good", id="six changes in an hour"),
    ],
)
def test_alerts_that_come_and_go(pagerduty, clock, times, step, expected):
    ring(pagerduty, clock, times, step=step)

    assert [outcome for outcome, _ in verdicts("alert_flapping")] == [expected]


def test_senders_that_are_silent(client, db, clock):
    services.issue_source(by=system(), name="a", kind="heartbeat", expects_every_seconds=60)
    services.issue_source(by=system(), name="b", kind="prometheus")
    clock(60)
    assert verdicts("source_silent") == [("good", 0)]
    clock(1)
    assert verdicts("source_silent") == [("bad", 4)]


def test_senders_that_are_not_understood(alertmanager, clock):
    assert verdicts("source_garbled") == [("good", 0)]

    alertmanager.post("/ingest/alertmanager-1/alertmanager", b"{}")
    assert verdicts("source_garbled") == [("bad", 3)]
    clock(25 * 3600)
    assert verdicts("source_garbled") == [("good", 0)]

    alertmanager.notify(truncatedAlerts=3)
    jobs.take_in()
    assert AlertSource.objects.get(kind="alertmanager").left_out_at == time.now()
    assert verdicts("source_garbled")[0] == ("bad", 3)


def test_alerts_that_wait_to_be_read(db, clock):
    assert verdicts("backlog") == [("good", 0)]

    make.receipt(state="new", received_at=time.now() - timedelta(seconds=31))

    assert verdicts("backlog") == [("bad", 4)]


def told(ident):
    check = BY_ID[f"incidents.{ident}"]
    return list(check.verdicts(Scope(time.now()), Limits(check.limits)))


def test_alerts_of_which_no_item_is_known(alertmanager, clock):
    make.item("known")
    alerts = [firing("Down", key=f"k{n}", instance="db9:9100") for n in range(5)]
    alerts += [firing("Down", key=f"w{n}", instance="web1:9100") for n in range(4)]
    alerts += [firing("Down", key=f"o{n}", instance="known:9100") for n in range(9)]
    alerts += [firing("Down", key=f"n{n}", zone="a") for n in range(6)]
    assert [(v.outcome, v.severity) for v in told("alert_unlinked")] == [("good", 0)]

    alertmanager.notify(*alerts)
    jobs.take_in()

    (verdict,) = told("alert_unlinked")
    assert (verdict.outcome, verdict.severity, verdict.figure) == ("bad", 2, 11)
    assert verdict.title == (
        "11 alerts of alertmanager-1 have no item: no label that names one, instance=db9:9100"
    )
    assert verdict.evidence[-1] == {"labels they have": "alertname, zone"}
    assert "labels name the item" in verdict.advice
    clock(8 * 86400)
    assert [v.outcome for v in told("alert_unlinked")] == ["good"]


def test_silence_of_a_sender_is_no_alert_without_an_item(db, clock):
    services.issue_source(by=system(), name="beat", kind="heartbeat", expects_every_seconds=60)
    for _ in range(6):
        clock(120)
        services.hear_silence(now=time.now(), by=system())
        AlertSource.objects.update(last_seen_at=time.now())
        services.hear_silence(now=time.now(), by=system())

    assert [v.outcome for v in told("alert_unlinked")] == ["good"]


def test_a_mailbox_that_cannot_be_read(db):
    source, _ = services.issue_source(by=system(), name="mail", kind="email")
    AlertSource.objects.filter(pk=source.pk).update(problem="No such host.")

    (verdict,) = told("source_garbled")

    assert (verdict.outcome, verdict.severity) == ("bad", 4)
    assert verdict.evidence == ({"problem": "No such host."},)

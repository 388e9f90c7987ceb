"""What signals do to alerts, as rows: one open alert per key, an event per change."""

import pytest
from django.db import IntegrityError, transaction

from fullscore.domains.response.incidents import jobs, services
from fullscore.domains.response.incidents.models import Alert, AlertEvent
from fullscore.kit.models.user import system
from tests import make
from tests.domains.response.incidents.conftest import Sender, firing

pytestmark = pytest.mark.django_db


def events():
    return list(AlertEvent.objects.order_by("pk").values_list("kind", flat=True))


def states():
    return list(Alert.objects.order_by("pk").values_list("state", flat=True))


TRIGGER, ACK, RESOLVE = "trigger", "acknowledge", "resolve"


@pytest.mark.parametrize(
    ("said", "expected", "happened"),
    [
        pytest.param([TRIGGER], ["open"], ["opened"], id="opened"),
        pytest.param([TRIGGER, TRIGGER], ["open"], ["opened"], id="a repeat is no event"),
        pytest.param([TRIGGER, RESOLVE], ["resolved"], ["opened", "resolved"], id="resolved"),
        pytest.param(
            [TRIGGER, RESOLVE, TRIGGER], ["resolved", "open"], ["opened", "resolved", "opened"],
            id="the same bytes again are a new alert",
        ),
        pytest.param([RESOLVE], [], [], id="a resolution of nothing"),
        pytest.param([ACK], [], [], id="an acknowledgement of nothing"),
        pytest.param([TRIGGER, ACK, TRIGGER], ["acknowledged"], ["opened", "acknowledged"],
                     id="what is acknowledged stays so"),
        pytest.param([TRIGGER, ACK, RESOLVE, RESOLVE], ["resolved"],
                     ["opened", "acknowledged", "resolved"], id="resolved twice"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_together", [True, False], ids=["read together", "read one by one"])
def test_what_is_said_of_one_key(pagerduty, clock, said, expected, happened, is_together):
    for action in said:
        assert pagerduty.enqueue(event_action=action, dedup_key="a").status_code == 202
        clock(1)
        if not is_together:
            jobs.take_in()
    jobs.take_in()

    assert states() == expected
    assert events() == happened


def test_a_resolution_wins_over_a_trigger_with_an_older_time_stamp(pagerduty, clock):
    before = clock().isoformat()
    clock(60)
    pagerduty.enqueue(dedup_key="a")
    clock(1)
    pagerduty.enqueue(event_action="resolve", dedup_key="a")
    pagerduty.enqueue(dedup_key="a", payload={"timestamp": before})
    jobs.take_in()

    assert states() == ["resolved"]


def test_a_time_stamp_ahead_holds_nothing_up(pagerduty, clock):
    ahead = clock(3600).isoformat()
    clock(-3600)
    pagerduty.enqueue(dedup_key="a", payload={"timestamp": ahead})
    clock(1)
    pagerduty.enqueue(event_action="resolve", dedup_key="a")
    jobs.take_in()

    assert states() == ["resolved"]


def test_what_is_acknowledged_asks_again_when_it_is_worse(pagerduty, clock):
    for severity, action in [("warning", "trigger"), ("", "acknowledge"), ("critical", "trigger")]:
        more = {"payload": {"severity": severity}} if severity else {}
        pagerduty.enqueue(event_action=action, dedup_key="a", **more)
        clock(1)
    jobs.take_in()

    assert states() == ["open"]
    assert Alert.objects.get().severity == 5
    assert events() == ["opened", "acknowledged", "raised"]


def test_a_critical_acknowledgement_lasts_half_an_hour(pagerduty, clock):
    pagerduty.enqueue(dedup_key="a", payload={"severity": "critical"})
    pagerduty.enqueue(event_action="acknowledge", dedup_key="a")
    jobs.keep_up()
    clock(29 * 60)
    jobs.keep_up()
    assert states() == ["acknowledged"]
    clock(61)

    jobs.keep_up()

    assert states() == ["open"]
    assert events()[-1] == "asked again"


def test_another_text_is_an_event_and_a_repetition_only_counts(pagerduty, clock):
    for text in ("90 % full", "90 % full", "95 % full"):
        pagerduty.enqueue(dedup_key="a", payload={"summary": text})
        clock(10)
    jobs.take_in()

    alert = Alert.objects.get()
    assert (alert.title, alert.count) == ("95 % full", 3)
    assert events() == ["opened", "changed"]


def test_one_key_has_one_open_alert_whoever_writes(db):
    known = make.alert()

    with pytest.raises(IntegrityError), transaction.atomic():
        make.alert(source=known.source, key=known.key)

    Alert.objects.update(state="resolved", ends_at=known.starts_at)
    make.alert(source=known.source, key=known.key)


def test_an_unknown_severity_is_the_sources_own_and_noted(alertmanager):
    services.configure(alertmanager.source, by=system(), default_severity=2)
    alertmanager.notify(firing(severity="mauve"))
    jobs.take_in()

    assert Alert.objects.get().severity == 2
    assert "mauve" in AlertEvent.objects.get().note


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param({"instance": "db1.example.org:9100"}, "db1", id="a host name"),
        pytest.param({"instance": "192.0.2.7:9100"}, "db1", id="an address"),
        pytest.param({"instance": "DB1"}, "db1", id="its name, whatever the case"),
        pytest.param({"fullscore_item": "shop", "instance": "db1"}, "shop", id="explicit first"),
        pytest.param({"rack": "shop", "instance": "db1"}, "shop", id="the source's own label"),
        pytest.param({"instance": "nobody:1", "service": "shop"}, "shop", id="the service"),
        pytest.param({"instance": "twin"}, None, id="ambiguous"),
        pytest.param({"instance": "localhost:9100"}, None, id="everybody's own name"),
        pytest.param({"instance": "old"}, None, id="retired"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_the_item_of_an_alert(alertmanager, labels, expected):
    db1 = make.item("db1")
    make.identifier(item=db1, kind="fqdn", value="db1.example.org")
    make.identifier(item=db1, kind="address", value="192.0.2.7")
    make.item("shop", kind="service"), make.item("localhost"), make.item("old", state="retired")
    make.item("twin"), make.item("twin", kind="vm")
    services.configure(alertmanager.source, by=system(), item_labels=["rack"])

    alertmanager.notify(firing(**labels))
    jobs.take_in()

    assert str(Alert.objects.get().item or "") == (expected or "")


def test_a_hundred_alerts_in_one_body_cost_few_statements(
    alertmanager, django_assert_max_num_queries
):
    alertmanager.notify(*(firing(key=f"k{n}", instance=f"h{n}") for n in range(100)))

    with django_assert_max_num_queries(60):
        services.read_receipts(by=system())

    assert Alert.objects.count() == 100


def test_urgent_findings_of_our_own_are_alerts_until_they_are_closed(db, monkeypatch):
    finding = make.finding(severity=5, check_of=make.check(ident="servers.disk_filling"))
    other = make.finding(check_of=make.check(ident="tests.calm"))
    about_ann = make.finding(check_of=finding.check_of, person=make.person(), key="ann")

    jobs.alert_findings([finding.pk, other.pk, about_ann.pk])

    alert = Alert.objects.get()
    assert (alert.key, alert.item, alert.severity) == (finding.fingerprint, finding.item, 5)
    assert alert.incident.root_item == finding.item
    finding.state, finding.closed_at = "closed", alert.starts_at
    finding.save()
    jobs.alert_findings([finding.pk])
    assert states() == ["resolved"]


def test_sources_do_not_share_keys(client, db):
    for name in ("one", "two"):
        Sender(client, "alertmanager", name=name).notify(firing(key="same"))
    jobs.take_in()

    assert states() == ["open", "open"]

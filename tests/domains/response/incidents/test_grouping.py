"""One cause, one incident: what belongs together, why, and that people have the last word."""

from datetime import timedelta
from itertools import permutations

import pytest

from fullscore.domains.response.incidents import jobs, services
from fullscore.domains.response.incidents.models import Alert, Incident, TimelineEntry
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models.user import system
from tests import make
from tests.domains.response.incidents.conftest import firing

pytestmark = pytest.mark.django_db


@pytest.fixture
def estate(db):
    """Return a switch, the hosts that need it, a database and a service; and one host apart."""
    names = ("switch", "web1", "web2", "db", "shop", "apart")
    items = {name: make.item(name) for name in names}
    for upper, lower in [("web1", "switch"), ("web2", "switch"), ("db", "web1"), ("shop", "db")]:
        make.link(from_item=items[upper], to_item=items[lower])
    return items


def groups():
    """Return the items of each incident that is not over."""
    return [
        sorted(str(alert.item) for alert in incident.alerts.all())
        for incident in Incident.objects.live().order_by("pk")
    ]


def fail(sender, clock, *names, step=8):
    for name in names:
        sender.notify(firing(f"{name} down", instance=name))
        jobs.take_in()
        clock(step)


@pytest.mark.parametrize("is_at_once", [True, False], ids=["in one body", "one by one"])
def test_what_follows_from_one_cause_is_one_incident(alertmanager, estate, clock, is_at_once):
    if is_at_once:
        at = [clock(8) for _ in range(4)]
        names = ("switch", "web1", "web2", "db")
        told = [firing(f"{n} down", instance=n, at=t) for n, t in zip(names, at, strict=True)]
        alertmanager.notify(*told)
        jobs.take_in()
    else:
        fail(alertmanager, clock, "switch", "web1", "web2", "db")
    fail(alertmanager, clock, "apart")

    assert groups() == [["db", "switch", "web1", "web2"], ["apart"]]
    assert Incident.objects.order_by("pk").first().root_item == estate["switch"]


def test_each_placement_says_why(alertmanager, estate, clock):
    fail(alertmanager, clock, "switch", "web1")

    told = list(TimelineEntry.objects.filter(kind="alert").order_by("pk"))
    assert len(told) == 2
    assert all(entry.alert and entry.text for entry in told)
    assert f"item {estate['switch'].pk}" in told[1].text
    assert "switch failed" not in told[1].text.replace("switch down", "")


def test_a_cause_that_is_told_late_becomes_what_the_incident_is_about(alertmanager, estate, clock):
    fail(alertmanager, clock, "web1", "switch", step=3)

    incident = Incident.objects.live().get()
    assert (incident.root_item, incident.title) == (estate["switch"], "switch down")


@pytest.mark.parametrize("order", list(permutations(("switch", "web1", "web2"))))
def test_alerts_of_one_moment_are_grouped_whatever_their_order(alertmanager, estate, clock, order):
    alertmanager.notify(*(firing(f"{name} down", instance=name) for name in order))
    jobs.take_in()

    assert groups() == [["switch", "web1", "web2"]]


def test_what_one_cause_explains_is_merged_and_the_trace_stays(alertmanager, estate, clock):
    fail(alertmanager, clock, "web1", "web2", step=2)
    fail(alertmanager, clock, "switch", step=2)

    assert groups() == [["switch", "web1", "web2"]]
    for merged in Incident.objects.exclude(merged_into=None):
        assert merged.alerts.count() == 0
        assert merged.resolution == f"Merged into incident {merged.merged_into_id}."
        assert merged.timeline.filter(kind="decision").exists()


def test_long_apart_is_not_one_cause(alertmanager, estate, clock):
    fail(alertmanager, clock, "switch")
    clock(600)
    fail(alertmanager, clock, "web1")

    assert groups() == [["switch"], ["web1"]]


def test_without_an_item_the_senders_group_decides(alertmanager, clock, db):
    alertmanager.notify(firing("A", key="1"), groupKey="x")
    jobs.take_in()
    clock(900)
    alertmanager.notify(firing("B", key="2"), groupKey="x")
    alertmanager.notify(firing("C", key="3"), groupKey="y")
    jobs.take_in()

    assert sorted(i.alerts.count() for i in Incident.objects.all()) == [1, 2]


def test_a_key_that_comes_back_soon_opens_its_incident_again(alertmanager, estate, clock):
    def say(status):
        alertmanager.notify(firing("Down", key="k", instance="web1", status=status))
        jobs.keep_up()

    say("firing")
    clock(60)
    say("resolved")
    first = Incident.objects.get()
    assert first.state == "mitigated"
    clock(16 * 60)
    jobs.keep_up()
    first.refresh_from_db()
    assert (first.state, first.resolution[:11]) == ("resolved", "Every alert")
    clock(14 * 60)
    say("firing")
    first.refresh_from_db()
    assert (first.state, first.alerts.count()) == ("open", 2)

    say("resolved")
    clock(16 * 60)
    jobs.keep_up()
    clock(16 * 60)
    say("firing")

    second = Incident.objects.exclude(pk=first.pk).get()
    assert second.again_of == first
    assert first.alerts.count() == 2


def test_the_incident_is_as_severe_as_its_worst_open_alert(alertmanager, estate, clock):
    alertmanager.notify(firing("A", key="a", instance="web1", severity="critical"),
                        firing("B", key="b", instance="web1", severity="info"))  # fmt: skip
    jobs.take_in()
    assert Incident.objects.get().severity == 5
    clock(1)
    alertmanager.notify(firing("A", key="a", instance="web1", status="resolved"))

    jobs.take_in()

    assert (Incident.objects.get().severity, Incident.objects.get().state) == (1, "open")


# ── silences ───────────────────────────────────────────────────────────────────────────────────


def silence(**values):
    return services.add_silence(by=system(), reason="Known.", **values)


def test_what_is_silenced_is_stored_and_resolved_but_opens_no_incident(alertmanager, estate, clock):
    now = clock()
    silence(matching="alertname=Down", starts_at=now, ends_at=now + timedelta(hours=1))
    alertmanager.notify(firing("Down", key="a", instance="web1"), firing("Up", key="b"))
    jobs.keep_up()

    assert Alert.objects.get(key="a").is_silenced
    assert [i.title for i in Incident.objects.all()] == ["Up"]
    alertmanager.notify(firing("Down", key="a", instance="web1", status="resolved"))
    clock(3601)
    jobs.keep_up()
    assert Alert.objects.get(key="a").state == "resolved"
    assert Incident.objects.count() == 1


def test_what_is_still_open_when_a_silence_ends_opens_its_incident(alertmanager, estate, clock):
    now = clock()
    one = silence(item=estate["web1"], starts_at=now, ends_at=now + timedelta(hours=1))
    fail(alertmanager, clock, "web1")
    assert Incident.objects.count() == 0

    services.end(one, by=system())
    jobs.keep_up()

    assert groups() == [["web1"]]
    assert not Alert.objects.get().is_silenced


@pytest.mark.parametrize(
    ("values", "why"),
    [
        pytest.param({"matching": "a=b", "days": 31}, "at most 30 days", id="too long"),
        pytest.param({"matching": 'a=~"("'}, "pattern", id="no pattern"),
        pytest.param({"matching": 'a=~".*"'}, "everything", id="a pattern of everything"),
        pytest.param({"matching": "a!=b"}, "everything", id="nearly everything"),
        pytest.param({"matching": ""}, "silence everything", id="everything"),
        pytest.param({"matching": "a=b", "days": -1}, "must end after", id="backwards"),
    ],
)
def test_a_silence_has_bounds(values, why, clock, db):
    ends_at = clock() + timedelta(days=values.pop("days", 1))

    with pytest.raises(Invalid, match=why):
        silence(starts_at=clock(), ends_at=ends_at, **values)


# ── people ─────────────────────────────────────────────────────────────────────────────────────


def test_a_split_wins_and_is_remembered_for_a_day(alertmanager, estate, clock):
    fail(alertmanager, clock, "switch", "web1")
    incident, ann = Incident.objects.get(), make.user("ann", role="engineer")
    moved = Alert.objects.get(item=estate["web1"])

    new = services.split(incident, by=ann, alerts=str(moved.pk), note="Its own disk.")
    fail(alertmanager, clock, "web2")
    alertmanager.notify(firing("web1 down", instance="web1"))
    jobs.take_in()

    moved.refresh_from_db()
    assert moved.incident == new
    assert Incident.objects.live().count() == 2
    assert "Ann took" in incident.timeline.filter(kind="decision").first().text
    assert Alert.objects.get(item=estate["web2"]).incident == incident


def test_a_merge_wins_over_the_engine(alertmanager, estate, clock):
    fail(alertmanager, clock, "web1", "apart")
    first, second = Incident.objects.order_by("pk")
    ann = make.user("ann", role="engineer")

    kept = services.merge(second, by=ann, other=first.pk)
    alertmanager.notify(firing("apart again", instance="apart"))
    jobs.take_in()

    assert kept == first
    assert groups() == [["apart", "apart", "web1"]]
    with pytest.raises(Conflict, match="was merged"):
        services.merge(first, by=ann, other=second.pk)


@pytest.mark.parametrize(
    ("alerts", "error", "why"),
    [
        pytest.param("", Invalid, "numbers", id="none"),
        pytest.param("x", Invalid, "numbers", id="no number"),
        pytest.param("999999", Invalid, "Not all", id="another's"),
        pytest.param("all", Conflict, "nothing would stay", id="all of them"),
    ],
)
def test_what_cannot_be_split(alerts, error, why, db):
    one = make.alert()
    alerts = str(one.pk) if alerts == "all" else alerts

    with pytest.raises(error, match=why):
        services.split(one.incident, by=system(), alerts=alerts)


def test_an_incident_from_taking_to_resolution_and_back(alertmanager, estate, clock):
    fail(alertmanager, clock, "web1")
    incident = Incident.objects.get()
    user = make.user("ann", role="engineer")
    ann = make.person("Ann", user=user)

    services.acknowledge(incident, by=user)
    assert (incident.assignee, Alert.objects.get().state) == (ann, "acknowledged")
    with pytest.raises(Conflict, match="was taken"):
        services.acknowledge(incident, by=user)
    services.note(incident, by=user, text="Looking at item 12.")
    with pytest.raises(Invalid, match="in a sentence"):
        services.resolve(incident, by=user, resolution=" ")
    services.resolve(incident, by=user, resolution="Fan replaced.")
    assert Alert.objects.get().state == "resolved"
    services.reopen(incident, by=user, reason="Too hot again.")

    assert (incident.state, incident.resolution, incident.resolved_at) == ("open", "", None)
    kinds = set(incident.timeline.values_list("kind", flat=True))
    assert kinds == {"alert", "ack", "note", "status"}


def test_an_incident_is_a_row_of_the_queue_until_it_is_mitigated(alertmanager, estate, clock):
    from fullscore.domains.overview.attention import queries as attention

    make.downtime_cost(service=estate["shop"], low=900, base=1000, high=1100)
    fail(alertmanager, clock, "switch")
    ann = make.user("ann", role="engineer")

    (row,), total, _ = attention.queue(ann)

    assert total == 1
    assert row.told.url == f"/incidents/{Incident.objects.get().pk}/room"
    assert row.entry.cost_per_hour == pytest.approx(1000 * 3 / 5)
    alertmanager.notify(firing("switch down", instance="switch", status="resolved"))
    jobs.take_in()
    assert attention.queue(ann) == ([], 0, 0)


# ── who may see what ───────────────────────────────────────────────────────────────────────────


def test_an_incident_is_seen_by_whom_it_concerns_and_each_sees_their_own_of_it(
    alertmanager, estate, clock
):
    red, blue = make.team("red"), make.team("blue")
    estate["switch"].name = "core7"
    for name, team in [("switch", red), ("web1", blue)]:
        estate[name].owner = team
        estate[name].save()
    fail(alertmanager, clock, "core7", "web1")
    incident = Incident.objects.get()
    reader, writer = make.user(role="viewer", team=blue), make.user(role="engineer", team=blue)

    page = make.client(reader).get(f"/incidents/{incident.pk}").content.decode()

    assert "web1 down" in page
    assert "(restricted)" in page
    # The title is everybody's who is concerned; the item's own name is not.
    assert "core7" not in page.replace("core7 down", "")
    assert [str(a.item) for a in Alert.objects.visible_to(reader)] == ["web1"]
    assert {e.alert.item.name for e in TimelineEntry.objects.visible_to(reader) if e.alert} == {
        "web1"
    }
    stranger = make.user(role="engineer", team=make.team("green"))
    for model in (Alert, Incident, TimelineEntry):
        assert not model.objects.visible_to(stranger).exists()
        assert model.objects.visible_to(make.user(role="viewer")).exists()
        assert not model.objects.visible_to(make.user(role="administrator")).exists()
    hidden = Alert.objects.get(item=estate["switch"])
    assert make.client(writer).get(f"/alerts/{hidden.pk}").status_code == 404
    assert services.acknowledge(incident, by=writer).acknowledged_at


def test_alerts_without_an_item_are_their_sources_teams(alertmanager, clock, db):
    red = make.team("red")
    services.configure(alertmanager.source, by=system(), owner=red)
    alertmanager.notify(firing("A"))
    jobs.take_in()

    assert Alert.objects.visible_to(make.user(role="viewer", team=red)).count() == 1
    assert Alert.objects.visible_to(make.user(role="viewer", team=make.team())).count() == 0
    assert Incident.objects.get().owner == red

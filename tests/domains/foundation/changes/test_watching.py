"""After a change: what the checks see, what half an hour shows, and what others tell."""

from datetime import timedelta

import pytest

from fullscore.domains.foundation.changes import jobs, services
from fullscore.domains.foundation.changes.models import Change, Trouble
from fullscore.domains.foundation.changes.queries import standing
from fullscore.domains.foundation.findings.models import CheckRun
from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.domains.foundation.telemetry.models import Breach
from fullscore.domains.response.incidents import jobs as incident_jobs
from fullscore.kit.errors import Conflict
from fullscore.kit.models import Notification
from fullscore.kit.models.user import system
from tests import make
from tests.domains.foundation.changes.conftest import HOUR, needs


@pytest.fixture
def shop(db):
    """Return an item and a service that depends on it."""
    host, service = make.item("host"), make.item("shop", kind="service", criticality=2)
    needs(service, host)
    return host, service


def test_new_findings_in_the_blast_set_make_the_result_bad(running, crew, shop):
    host, service = shop
    known = make.finding(item=host)
    change = running(host, plan="")
    change.refresh_from_db()
    assert change.findings_before == [known.pk]
    fresh = make.finding(item=service)

    services.verify(change, by=crew.otto)

    assert (change.result, change.findings_after) == ("bad", [fresh.pk])
    with pytest.raises(Conflict, match="not good"):
        services.finish(change, by=crew.otto)


def test_findings_elsewhere_do_not_count(running, crew, shop):
    change = running(shop[0], plan="")
    make.finding(item=make.item("far"))

    assert services.verify(change, by=crew.otto).result == "good"


@pytest.mark.parametrize("kind", ["finding", "trouble"])
def test_what_goes_wrong_while_it_is_watched_proposes_to_roll_back_once(
    running, crew, shop, clock, kind
):
    change = services.verify(running(shop[0], plan=""), by=crew.otto)
    jobs.watch.func()
    assert Change.objects.get(pk=change.pk).rollback_proposed_at is None

    clock.after(minutes=5)
    if kind == "finding":
        make.finding(item=shop[1], title="Slow")
    else:
        make.trouble(item=shop[1], title="Slow", since=clock.now)
    jobs.watch.func()
    jobs.watch.func()

    told = Change.objects.get(pk=change.pk)
    assert told.state == "verifying"  # a person decides
    assert "Slow" in told.rollback_why
    assert told.events.filter(kind="proposal").count() == 1


def test_a_good_second_look_answers_the_proposal(running, crew, shop, clock):
    change = services.verify(running(shop[0], plan=""), by=crew.otto)
    finding = make.finding(item=shop[1])
    jobs.watch.func()
    finding.state, finding.closed_at = "closed", clock.now
    finding.save()

    change = services.verify(Change.objects.get(pk=change.pk), by=crew.otto)

    assert (change.result, change.rollback_proposed_at) == ("good", None)
    assert services.finish(change, by=crew.otto).state == "done"


def test_nothing_is_proposed_after_half_an_hour(running, crew, shop, clock):
    change = services.verify(running(shop[0], plan=""), by=crew.otto)
    clock.after(minutes=31)
    make.finding(item=shop[1])

    jobs.watch.func()

    assert Change.objects.get(pk=change.pk).rollback_proposed_at is None


def test_a_proposal_is_told_to_whom_it_concerns(running, crew, shop):
    change = services.verify(running(shop[0], plan=""), by=crew.otto)

    jobs.notify_proposed.func(change=change.pk)

    told = set(Notification.objects.values_list("user__name", flat=True))
    assert told == {"Otto", "Ann"}


def test_who_may_approve_is_told_and_who_asked_is_not(ask, crew):
    change = services.assess(ask(), by=crew.ann)
    services.submit(change, by=crew.ann)

    jobs.notify_asked.func(change=change.pk)

    told = set(Notification.objects.values_list("user__name", flat=True))
    assert told == {"Ada", "Abe", "Eve"}


def test_the_checks_of_what_it_repairs_run_when_it_is_done(running, crew):
    finding = make.finding()
    change = running(finding.item, plan="", findings=[finding])
    services.verify(change, by=crew.otto)
    services.finish(change, by=crew.otto)
    before = CheckRun.objects.filter(check_of=finding.check_of).count()

    jobs.check_linked.func(change=change.pk)

    assert CheckRun.objects.filter(check_of=finding.check_of).count() == before + 1


# ── telemetry ──────────────────────────────────────────────────────────────────────────────────


def test_breaches_on_items_of_a_running_change_are_expected(running, crew, clock):
    item = make.item()
    old = make.breach(series=make.series(item=item))
    other = make.breach()
    change = running(item)

    jobs.expect_breaches.func(change=change.pk)
    fresh = Breach(
        threshold=make.threshold(), series=make.series(item=item), since=clock.now, severity=4
    )
    telemetry.expecting.mark([fresh])

    assert Breach.objects.get(pk=old.pk).expected == f"change {change.pk}"
    assert Breach.objects.get(pk=other.pk).expected == ""
    assert fresh.expected == f"change {change.pk}"
    assert standing.running_on({item.pk}) == {item.pk: change.pk}


def test_they_are_not_once_it_is_over(running, crew, clock):
    item = make.item()
    change = running(item)
    jobs.expect_breaches.func(change=change.pk)
    services.fail(change, by=crew.otto, outcome="It did not fit.")

    jobs.expect_no_more.func(change=change.pk)
    fresh = Breach(threshold=make.threshold(), series=make.series(item=item), since=clock.now)
    telemetry.expecting.mark([fresh])

    assert fresh.expected == ""
    assert standing.running_on({item.pk}) == {}


# ── from elsewhere ─────────────────────────────────────────────────────────────────────────────


def test_incidents_tell_which_items_are_in_trouble_and_who_commands(db, crew):
    alert = make.alert(incident=make.incident(title="Shop down", assignee=crew.otto.person))

    incident_jobs.tell_changes.func(ids=[alert.incident_id])

    told = Trouble.objects.get()
    assert (told.item, told.title, told.commander) == (alert.item, "Shop down", crew.otto)

    alert.incident.state, alert.incident.resolution = "resolved", "Restarted."
    alert.incident.resolved_at = alert.incident.detected_at
    alert.incident.save()
    incident_jobs.tell_changes.func(ids=[alert.incident_id])

    assert not Trouble.objects.open().exists()


def test_a_trouble_ends_on_what_is_no_longer_in_it(db, clock):
    one, two = make.item(), make.item()
    by = system()
    services.tell_trouble("i 1", by=by, items=[one.pk, two.pk], title="Down", since=clock.now)

    services.tell_trouble("i 1", by=by, items=[two.pk], title="Down", since=clock.now)
    assert list(Trouble.objects.open().values_list("item", flat=True)) == [two.pk]

    services.end_trouble("i 1", by=by)
    assert not Trouble.objects.open().exists()


def test_a_change_from_outside_is_recorded_once(db, clock):
    item = make.item()
    told = {"title": "Deploy 4.2", "items": [item], "reference": "build 17"}

    first = services.record(by=system(), at=clock.now, **told)
    again = services.record(by=system(), at=clock.now + timedelta(minutes=9), **told)
    later = services.record(by=system(), at=clock.now + HOUR, **told)

    assert first.pk == again.pk != later.pk
    assert (first.state, first.is_recorded, list(first.items.all())) == ("done", True, [item])
    assert not first.approvals.exists()

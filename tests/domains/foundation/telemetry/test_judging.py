"""Samples in, findings out: every fifteen seconds, over all series."""

from datetime import timedelta

import pytest

from fullscore.domains.foundation.findings import services as findings
from fullscore.domains.foundation.findings.models import Blind, CheckRun, Finding
from fullscore.domains.foundation.telemetry import services
from fullscore.domains.foundation.telemetry.models import Breach
from fullscore.kit.models.user import system
from tests import make
from tests.domains.foundation.telemetry.worlds import START, world

__all__ = ["world"]
SHORT = {"window_seconds": 15, "function": "last"}


@pytest.fixture
def web(world):
    return make.item("web1")


def test_a_value_beyond_becomes_a_finding_that_says_what_is_wrong(world, web):
    series = world.series(make.metric(title="Load", unit="1"), web)
    threshold = make.threshold(metric=series.metric, runbook="Restart nginx.", **SHORT)

    world.passes(series, 85.0)

    finding = Finding.objects.get()
    assert (finding.item, finding.severity, finding.figure, finding.limit) == (web, 4, 85.0, 80.0)
    assert finding.title == "Load on web1: 85 (newest over 15 s above 80)"
    assert finding.evidence[0]["since"].startswith("2026-03-02 09:00:15")
    assert "Restart nginx." in finding.advice
    assert f"/explore?series={series.pk}" in finding.advice
    assert Breach.objects.get().threshold == threshold


def test_it_closes_itself_with_proof_after_two_good_passes(world, web):
    series = world.series(make.metric(), web)
    make.threshold(metric=series.metric, **SHORT)

    told = world.passes(series, 85.0, 75.0, 60.0, 60.0)

    finding = Finding.objects.get()
    assert told == [1, 1, 0, 0]
    assert (finding.state, finding.closed_as) == ("closed", "verified")
    assert (finding.proofs.get().figure, finding.proofs.get().limit) == (60.0, 70.0)
    assert Breach.objects.get().ended_at == START + timedelta(seconds=45)


def test_it_must_last_for_the_whole_time(world, web):
    series = world.series(make.metric(), web)
    make.threshold(metric=series.metric, for_seconds=45, **SHORT)

    assert world.passes(series, 85.0, 85.0, 60.0, 85.0, 85.0, 85.0) == [0, 0, 0, 0, 0, 1]
    assert Breach.objects.get().since == world.now - timedelta(seconds=45)


def test_severity_follows_and_the_finding_with_it(world, web):
    series = world.series(make.metric(), web)
    make.threshold(metric=series.metric, medium_at=75.0, critical_at=95.0, **SHORT)

    severities = []
    for value in (76.0, 99.0, 85.0):
        world.passes(series, value)
        severities.append((Breach.objects.get().severity, Finding.objects.get().severity))

    assert severities == [(3, 3), (5, 5), (4, 4)]


def test_a_muted_series_is_written_down_and_not_raised(world, web):
    series = world.series(make.metric(), web, is_muted=True)
    make.threshold(metric=series.metric, **SHORT)

    assert world.passes(series, 85.0) == [1]
    assert world.findings() == []


def test_muting_closes_what_is_open_and_unmuting_opens_it_again(world, web):
    series = world.series(make.metric(), web)
    make.threshold(metric=series.metric, **SHORT)
    world.passes(series, 85.0)

    services.mute(series, by=system())
    world.passes(series, 85.0)
    closed = world.findings()
    services.unmute(series, by=system())
    world.passes(series, 85.0)

    assert closed == []
    assert [f.reopened_count for f in world.findings()] == [1]


def test_silence_is_never_good(world, web):
    series = world.series(make.metric(), web)
    make.threshold(metric=series.metric, **SHORT)

    told = world.passes(series, 85.0, *[None] * 13)

    assert told == [1] * 14
    assert [f.state for f in world.findings()] == ["open"]
    assert "three windows" in Blind.objects.get().why


@pytest.mark.parametrize(
    ("no_data", "breaches", "blinds"),
    [
        pytest.param("unknown", 0, 1, id="unknown: a blind spot"),
        pytest.param("bad", 1, 0, id="bad: a breach"),
        pytest.param("ignore", 0, 0, id="ignored: nothing"),
    ],
)
def test_what_was_good_and_falls_silent_is_what_the_threshold_says(
    world, web, no_data, breaches, blinds
):
    series = world.series(make.metric(), web)
    make.threshold(metric=series.metric, no_data=no_data, **SHORT)

    told = world.passes(series, 50.0, *[None] * 13)

    assert told[:11] == [0] * 11  # late after three minutes at least
    assert (told[-1], len(world.findings()), Blind.objects.count()) == (breaches, breaches, blinds)


def test_what_has_not_come_for_a_day_is_gone(world, web):
    series = world.series(make.metric(), web)
    make.threshold(metric=series.metric, **SHORT)
    world.passes(series, 85.0)

    world.now += timedelta(days=1, minutes=1)
    services.judge(now=world.now)

    assert (series.breaches.open().count(), world.findings()) == (0, [])
    assert Finding.objects.get().closed_as == "gone"


def test_a_ratio_is_of_the_same_item_and_labels(world, web):
    used, size = make.metric(unit="By"), make.metric(unit="By")
    for mount, value in (("/", 90.0), ("/home", 10.0)):
        world.measured(world.series(used, web, labels={"mountpoint": mount}), value)
        world.measured(world.series(size, web, labels={"mountpoint": mount}), 100.0)
    world.measured(world.series(used, web, labels={"mountpoint": "/alone"}), 1e9)
    make.threshold(metric=used, per=size, high_at=0.8, clear_at=0.7, **SHORT)

    services.judge(now=world.now)

    assert [(f.figure, f.unit) for f in world.findings()] == [(0.9, "ratio")]
    assert "90 %" in world.findings()[0].title


def test_nothing_begins_or_ends_outside_the_service_hours(world, web):
    series = world.series(make.metric(), web)
    late = world.series(series.metric, make.item("web2"))
    make.threshold(metric=series.metric, hours="Mon-Fri 08:00-18:00", **SHORT)
    world.passes(series, 85.0)

    world.now = START.replace(hour=18)
    world.measured(series, 50.0)
    world.measured(late, 99.0)
    services.judge(now=world.now)

    assert [b.series for b in Breach.objects.open()] == [series]
    assert [f.item for f in world.findings()] == [web]


def test_a_threshold_that_is_removed_takes_its_findings_with_it(world, web):
    series = world.series(make.metric(), web)
    threshold = make.threshold(metric=series.metric, **SHORT)
    world.passes(series, 85.0)

    threshold.delete()
    services.judge(now=world.now)

    assert world.findings() == []


def test_a_finding_is_verified_by_judging_its_item_anew(world, web):
    series, other = world.series(make.metric(), web), world.series(make.metric(), make.item("db"))
    for one in (series, other):
        make.threshold(metric=one.metric, function="last", window_seconds=60)
    world.measured(other, 99.0)
    world.passes(series, 85.0)
    world.now += timedelta(seconds=15)
    world.measured(series, 60.0)

    for _ in range(2):
        findings.run_check(Finding.objects.get(item=web).check_of, by=system(), items=[web.pk])

    assert Finding.objects.get(item=web).state == "closed"
    assert Finding.objects.get(item=other.item).state == "open"


def test_a_pass_over_many_asks_no_more_than_one_over_few(world, django_assert_max_num_queries, web):
    metric = make.metric()
    for n in range(30):
        world.measured(world.series(metric, make.item(f"host{n}")), 85.0 if n % 2 else 10.0)
    make.threshold(metric=metric, **SHORT)
    services.judge(now=world.now)

    with django_assert_max_num_queries(20):
        services.judge(now=world.now)

    assert Breach.objects.open().count() == len(world.findings()) == 15


def test_where_nothing_is_wrong_the_check_speaks_once_a_minute(world, web):
    series = world.series(make.metric(), web)
    make.threshold(metric=series.metric, **SHORT)

    world.passes(series, *[10.0] * 8)

    assert CheckRun.objects.count() == 2

"""What is wrong with what is measured: series that stay away, clocks, labels, units, the volume."""

from datetime import timedelta

import numpy as np
import pytest

from fullscore.connectors.samples import Samples
from fullscore.domains.foundation.findings import services as findings
from fullscore.domains.foundation.findings.models import Check, Finding
from fullscore.domains.foundation.telemetry import checks, queries, services
from fullscore.domains.foundation.telemetry.facts import Churn, Filling, Lead, Unitless
from fullscore.domains.foundation.telemetry.models import Metric, Series
from fullscore.domains.foundation.telemetry.reading import rhythm, senders
from fullscore.domains.foundation.telemetry.services import Batch, Called
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.models.user import system
from tests import make
from tests.domains.foundation.telemetry.worlds import START, world

__all__ = ["world"]

HOUR = timedelta(hours=1)


def run(ident) -> list[Finding]:
    """Run a check as the clock does, and return what it holds against us."""
    check = Check.objects.get(ident=ident)
    findings.run_check(check, by=system())
    return list(check.findings.live().order_by("pk"))


def judged(check, *facts):
    """Return what a rule says of facts, with the limits it ships with."""
    return list(check.judge(facts, now=START, limits=Limits(check.limits)))


# ── how often series come ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("every", "count", "learnt"),
    [
        pytest.param(15, 240, 15, id="as the probe does"),
        pytest.param(60, 60, 60, id="once a minute"),
        pytest.param(300, 12, 300, id="once in five minutes"),
        pytest.param(1800, 2, 1800, id="twice an hour"),
        pytest.param(15, 100, 15, id="silent for the first half of the hour"),
    ],
)
def test_how_often_a_series_comes_is_learnt_from_its_last_hour(world, every, count, learnt):
    one = world.series(make.metric())
    world.measured(one, *range(count), every=every)
    Series.objects.update(first_at=START - 2 * HOUR)

    services.learn_intervals(now=world.now)

    one.refresh_from_db()
    assert one.every_seconds == learnt


def test_a_series_younger_than_an_hour_is_not_known_yet(world):
    one = world.series(make.metric())
    world.measured(one, *range(20))

    assert services.learn_intervals(now=world.now) == 0
    one.refresh_from_db()
    assert one.every_seconds is None


def test_what_is_known_is_not_written_again(world):
    one = world.series(make.metric(), every_seconds=16)
    Series.objects.update(first_at=START - 2 * HOUR)
    world.measured(one, *range(240))

    assert services.learn_intervals(now=world.now) == 0


# ── series that are late ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("every", "silent", "is_late"),
    [
        pytest.param(15, 100, False, id="away for less than three minutes"),
        pytest.param(15, 200, True, id="away for longer"),
        pytest.param(600, 1700, False, id="slow ones may stay away for three of their intervals"),
        pytest.param(600, 1900, True, id="not for more"),
        pytest.param(3600, 10_700, False, id="the slowest too"),
        pytest.param(3600, 10_900, True, id="and no longer"),
    ],
)
def test_a_series_is_late_after_three_of_its_intervals(world, every, silent, is_late):
    web = make.item("web1")
    one = world.series(make.metric(title="Load"), web, every_seconds=every)
    world.measured(one, 1.0, 2.0, 3.0, every=every)
    world.now += timedelta(seconds=silent - 1)

    told = run("telemetry.series_late")

    assert [f.item for f in told] == ([web] if is_late else [])
    if is_late:
        assert (told[0].severity, told[0].figure) == (3, pytest.approx(silent, abs=1))
        assert told[0].limit == max(180, 3 * every)
        assert told[0].title.startswith("None of 1 series of web1 comes any more")


def test_one_finding_speaks_for_all_late_series_of_an_item_and_closes_when_they_come(world):
    web = make.item("web1")
    some = [world.series(make.metric(), web, every_seconds=15) for _ in range(3)]
    world.measured(some[0], 1.0)
    world.now += timedelta(minutes=10)
    world.measured(some[2], 1.0)
    found = run("telemetry.series_late")

    assert [f.title for f in found] == ["2 of 3 series of web1 are late, for 10 min"]

    for one in some:
        world.measured(one, 2.0)
    for _ in range(2):  # two good runs: samples bounce
        world.measured(some[0], 2.0)
        left = run("telemetry.series_late")
    assert left == []


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"is_muted": True}, id="muted"),
        pytest.param({"every_seconds": None}, id="of unknown rhythm"),
        pytest.param({"bound_by": "ours"}, id="our own"),
    ],
)
def test_what_nobody_waits_for_is_not_late(world, given):
    world.series(make.metric(), make.item(), **{"every_seconds": 15, **given})
    world.now += HOUR

    assert run("telemetry.series_late") == []


def test_what_says_that_it_ends_is_not_late(world):
    one = world.series(make.metric(), make.item(), every_seconds=15)
    world.measured(one, 1.0, float("nan"))
    world.now += HOUR

    assert run("telemetry.series_late") == []


def test_what_is_dated_ahead_is_here(world):
    one = world.series(make.metric(), make.item(), every_seconds=15)
    world.now += timedelta(minutes=5)
    world.measured(one, 1.0)
    world.now -= timedelta(minutes=4)

    assert run("telemetry.series_late") == []


def test_what_is_nobodys_is_told_of_its_sender(world):
    key = make.push_key(item=None, name="prometheus-1")
    world.series(make.metric(), key=key, every_seconds=15)
    world.now += HOUR

    told = run("telemetry.series_late")

    assert (told[0].item, told[0].record) == (None, f"telemetry.pushkey:{key.pk}")
    assert "of prometheus-1" in told[0].title


# ── clocks ─────────────────────────────────────────────────────────────────────────────────────


def send(world, key, *, ahead):
    """Send one sample whose stamp is some seconds ahead of our clock."""
    at = queries.milliseconds(world.now) + int(ahead * 1000)
    batch = Batch(
        [b"load"], np.array([0]), np.array([at]), np.array([1.0]), lambda _: Called("load", {})
    )
    services.take(batch, services.of_key(key), now=world.now)


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        pytest.param([0, -4, 0, -2, -1], "", id="right, and sent a little later"),
        pytest.param([4, 3, 4, 4, 4], "4 s ahead", id="ahead"),
        pytest.param([-40, -30, -35, -31, -33], "30 s behind", id="never newer than half a minute"),
        pytest.param([-600, -300, -1, 0, 0], "", id="an hour's backlog, then the present"),
        pytest.param([1000, 1000, 1000, 1000, 1000], "16 min 40 s ahead", id="so far that nothing"
                     " of it is taken"),
    ],
)  # fmt: skip
def test_a_senders_clock_is_known_by_its_newest_stamps(world, ahead, said):
    key = make.push_key(item=None, name="prometheus-1")
    for seconds in ahead:
        send(world, key, ahead=seconds)
        world.now += timedelta(minutes=1)

    told = run("telemetry.clock_skew")

    assert [f.title for f in told] == (
        [f"The clock of “prometheus-1” is {said}"] if said else []
    )  # fmt: skip


def test_of_a_sender_that_hardly_sends_nothing_is_said():
    assert [v.outcome for v in judged(checks.clock_skew, Lead(1, "p", None, None))] == [
        "not_applicable"
    ]


# ── labels, units ──────────────────────────────────────────────────────────────────────────────


def labelled(world, key, count, *, age, label="pod"):
    """Make series that differ by one label."""
    metric = Metric.objects.get_or_create(name="requests_total", unit="1")[0]
    Series.objects.bulk_create(
        Series(
            metric=metric, key=key, labels={"job": "web", label: f"{label}-{age}-{n}"},
            fingerprint=f"{age}{n:>10}".encode()[-16:], first_at=world.now - age,
            last_at=world.now,
        )
        for n in range(count)
    )  # fmt: skip


def test_too_many_new_series_name_the_label_that_makes_them(world):
    key = make.push_key(item=None, name="prometheus-1")
    labelled(world, key, 10, age=3 * HOUR)
    labelled(world, key, 5001, age=HOUR / 2)

    told = run("telemetry.label_churn")

    assert [f.title for f in told] == [
        "5,001 new series in an hour from “prometheus-1” by the label “pod”"
    ]
    assert (told[0].severity, told[0].limit) == (4, 5000)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(10, 5000, id="just as many as may be"),
        pytest.param(0, 5001, id="a source that began within the hour"),
    ],
)
def test_new_series_within_bounds_are_no_finding(world, old, new):
    key = make.push_key(item=None)
    labelled(world, key, old, age=3 * HOUR)
    labelled(world, key, new, age=HOUR / 2)

    assert run("telemetry.label_churn") == []


def test_few_new_series_of_a_scraped_item_are_counted_for_it(world):
    web = make.item("web1")
    world.series(make.metric(), web, bound_by="target")
    Series.objects.update(first_at=START - 2 * HOUR)
    world.series(make.metric(), web, bound_by="target")

    assert senders.churning(Scope(world.now)) == [Churn(None, web.pk, "web1", 1)]


def test_metrics_without_a_unit_are_told_by_family_until_somebody_says_it(world):
    some = [make.metric(name=f"queue_{n}", unit="") for n in ("depth", "age")]
    for metric in (*some, make.metric(name="load", unit="1")):
        world.series(metric)
    make.metric(name="queue_dead", unit="")
    make.threshold(metric=some[0])

    told = run("telemetry.unit_unknown")

    assert [(f.title, f.severity) for f in told] == [
        ("2 metrics of “queue” without a unit, 1 with a threshold", 3)
    ]
    Metric.objects.filter(unit="").update(unit="1")
    assert run("telemetry.unit_unknown") == []


def test_a_metric_no_threshold_judges_is_a_lesser_matter():
    (verdict,) = judged(checks.unit_unknown, Unitless("queue", 1, 0, ("queue_depth",)))

    assert (verdict.severity, verdict.title) == (2, "1 metric of “queue” without a unit")


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        pytest.param("http_requests_total", "1", id="what is counted"),
        pytest.param("http_request_duration_seconds_count", "1", id="how often"),
        pytest.param("http_request_duration_seconds_sum", "s", id="how long together"),
        pytest.param("http_response_bytes_total", "By", id="its unit before the end"),
        pytest.param("queue_depth", "", id="it does not say"),
    ],
)
def test_a_new_metrics_unit_is_what_its_name_says(db, name, unit):
    assert services.metrics_named([name])[name].unit == unit


# ── the volume ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("days", "used", "outcome", "figure"),
    [
        pytest.param([0, 1, 2], [50, 60, 70], "bad", 3.0, id="ten a day, thirty left"),
        pytest.param([0, 1, 2], [10, 11, 12], "good", 88.0, id="months left"),
        pytest.param([0, 1, 2], [90, 90, 90], "good", None, id="full but not filling"),
        pytest.param([0, 0.5], [10, 90], "not_applicable", None, id="half a day is no forecast"),
    ],
)
def test_the_store_is_filling_when_less_than_a_week_is_left(days, used, outcome, figure):
    fact = Filling(100.0, 100.0 - used[-1], tuple(days), tuple(map(float, used)))

    (verdict,) = judged(checks.store_filling, fact)

    assert verdict.outcome == outcome
    assert verdict.figure == (None if figure is None else pytest.approx(figure))


def test_the_volume_is_measured_and_its_growth_is_judged(world, monkeypatch):
    free = iter(range(40, 0, -1))
    monkeypatch.setattr(
        "fullscore.domains.foundation.telemetry.reading.storage.shutil.disk_usage",
        lambda _: type("Usage", (), {"total": 100 * 2**30, "free": next(free) * 2**30}),
    )
    monkeypatch.setattr(
        "fullscore.domains.foundation.telemetry.reading.storage.folder",
        lambda: world.store.folder,
    )
    for _ in range(36):
        services.measure_store(now=world.now)
        world.now += HOUR

    (told,) = run("telemetry.store_filling")

    assert told.title == "The sample store's volume is full in 0.2 days"
    assert told.due_on == (world.now + HOUR * 5).date()


# ── all at once ────────────────────────────────────────────────────────────────────────────────


def test_lateness_asks_the_same_number_of_questions_of_many_series(
    world, django_assert_max_num_queries
):
    metric = make.metric()
    items = [make.item() for _ in range(10)]
    for n in range(200):
        world.series(metric, items[n % 10], labels={"n": str(n)}, every_seconds=15)
    world.now += HOUR

    with django_assert_max_num_queries(5):
        told = rhythm.lateness(Scope(world.now))

    assert [(one.series, one.late) for one in told] == [(20, 20)] * 10


def test_a_value_is_stored_for_every_series_of_a_pass(world):
    """The store is asked by sorted keys: what comes back is put in the right places."""
    metric, web = make.metric(), make.item()
    some = [world.series(metric, web, labels={"n": str(n)}, every_seconds=15) for n in range(5)]
    world.store.append(
        Samples(
            np.array([one.pk for one in some[::2]]),
            np.full(3, queries.milliseconds(world.now)), np.ones(3),
        )
    )  # fmt: skip
    world.now += timedelta(seconds=170)
    some[1].last_at = some[3].last_at = world.now - HOUR
    Series.objects.bulk_update([some[1], some[3]], ["last_at"])

    (told,) = rhythm.lateness(Scope(world.now))

    assert (told.series, told.late) == (5, 2)
    assert told.since == world.now - HOUR

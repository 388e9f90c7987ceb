"""What is unusual: learned from the past, found once, expected when somebody says so."""

from datetime import timedelta

import numpy as np
import pytest

from fullscore.connectors.samples import Samples
from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.response.incidents.models import Alert
from fullscore.domains.response.troubleshooting import jobs, services
from fullscore.domains.response.troubleshooting.models import Anomaly, Watch, Watched
from fullscore.domains.response.troubleshooting.services.watching import is_expected
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models.user import system
from tests import make
from tests.domains.response.troubleshooting.conftest import START

DAY = timedelta(days=1)
NIGHT, BUSY = 20.0, 100.0


def daily(world, series, *, start, end, extra=0.0):
    """Store a value each minute: a plateau from 8 to 18 o'clock, and what is added to it."""
    ts = np.arange(telemetry.milliseconds(start), telemetry.milliseconds(end), 60_000)
    hour = ts / 3_600_000 % 24
    values = np.where((hour >= 8) & (hour < 18), BUSY, NIGHT)
    values = values + np.random.default_rng(3).normal(0, 1, len(ts)) + extra
    world.store.append(Samples(np.full(len(ts), series.pk), ts, values))


@pytest.fixture
def load(world):
    """Return a series with two weeks behind it, that is watched and was looked at."""
    series = world.series(make.item("web1"), "node_load1", unit="1")
    make.watch(series=series)
    daily(world, series, start=START - 14 * DAY, end=START)
    world.now = START
    services.look(now=world.now, by=system())
    return series


def goes_on(world, series, minutes, extra=0.0):
    """Let time go by with samples, and look; return the anomalies there are then."""
    before, world.now = world.now, world.now + timedelta(minutes=minutes)
    daily(world, series, start=before, end=world.now, extra=extra)
    services.look(now=world.now, by=system())
    return list(Anomaly.objects.order_by("at"))


def test_the_past_teaches_and_accuses_nobody(load):
    watched = Watched.objects.get()

    assert (watched.series, watched.fed_until) == (load, START - timedelta(minutes=1))
    assert len(watched.state) < 192 * 1024
    assert not Anomaly.objects.exists()


def test_what_is_usual_for_the_hour_is_no_anomaly(world, load):
    assert goes_on(world, load, 120) == []


def test_eight_times_the_usual_is_said_once_in_words(world, load):
    (anomaly,) = goes_on(world, load, 60, extra=7 * BUSY)

    assert anomaly.words.startswith("8")
    assert "× the usual for Monday 09:00: " in anomaly.words
    assert anomaly.usual == pytest.approx(BUSY, rel=0.05)
    assert START <= anomaly.at < START + timedelta(minutes=20)


def test_what_was_looked_at_is_not_looked_at_again(world, load):
    goes_on(world, load, 10)
    state = bytes(Watched.objects.get().state)

    services.look(now=world.now, by=system())

    assert bytes(Watched.objects.get().state) == state


def test_a_series_that_is_no_longer_watched_is_forgotten(world, load):
    Watch.objects.all().delete()

    services.look(now=world.now, by=system())

    assert not Watched.objects.exists()


def test_a_state_of_another_version_is_learned_anew(world, load):
    Watched.objects.update(state=b"old")

    assert goes_on(world, load, 5) == []
    assert len(Watched.objects.get().state) > 1000


def test_a_watch_of_a_metric_holds_for_the_items_it_selects(world):
    web, db = make.item("web1", tags=["web"]), make.item("db1", tags=["db"])
    series = world.series(web, "node_load1")
    world.series(db, "node_load1")
    world.series(web, "node_load5")
    services.watch(by=system(), metric=series.metric, selector="tag=web")

    services.look(now=world.now, by=system())

    assert [one.series for one in Watched.objects.all()] == [series]


def test_a_watch_names_a_metric_or_a_series(world):
    series = make.series()

    for values in ({}, {"metric": series.metric, "series": series},
                   {"series": series, "selector": "kind=host"}):  # fmt: skip
        with pytest.raises(Invalid, match="Name a metric"):
            services.watch(by=system(), **values)
    with pytest.raises(Invalid, match="not selected by"):
        services.watch(by=system(), metric=series.metric, selector="colour=red")


# ── expected, and paging ───────────────────────────────────────────────────────────────────────


def test_what_is_expected_is_not_said_again_of_that_series_at_that_hour(world, load):
    other = world.series(make.item("web2"), "node_load1")
    make.watch(series=other)
    daily(world, other, start=START - 14 * DAY, end=START)
    services.look(now=world.now, by=system())
    (anomaly,) = goes_on(world, load, 30, extra=7 * BUSY)
    services.expect(anomaly, by=make.user("ann"))
    world.now = START + 7 * DAY
    for series in (load, other):
        daily(world, series, start=START + timedelta(hours=1), end=world.now)
    services.look(now=world.now, by=system())
    Anomaly.objects.all().delete()

    until = world.now + timedelta(minutes=30)
    daily(world, other, start=world.now, end=until, extra=7 * BUSY)
    goes_on(world, load, 30, extra=7 * BUSY)

    assert [one.series for one in Anomaly.objects.all()] == [other]


def test_expected_counts_for_the_hour_or_for_any(world, load):
    (anomaly,) = goes_on(world, load, 30, extra=7 * BUSY)
    at, later = anomaly.at.timestamp(), anomaly.at.timestamp() + 5 * 3600

    services.expect(anomaly, by=make.user())
    at_hour = Watched.objects.get().expected
    Anomaly.objects.update(is_expected=False)
    services.expect(Anomaly.objects.get(), by=make.user(), at_any_hour=True)
    at_any = Watched.objects.get().expected

    assert is_expected(at_hour, at, anomaly.value)
    assert not is_expected(at_hour, later, anomaly.value)
    assert is_expected(at_any, later, anomaly.value)
    assert not is_expected(at_any, later, 3 * anomaly.value)


def test_expected_is_said_once_and_only_of_what_is_watched(world):
    anomaly = make.anomaly()

    with pytest.raises(Conflict, match="watched no longer"):
        services.expect(anomaly, by=make.user())

    make.watched(series=anomaly.series)
    services.expect(anomaly, by=make.user())

    with pytest.raises(Conflict, match="expected already"):
        services.expect(anomaly, by=make.user())


def test_an_anomaly_is_evidence_and_pages_only_where_somebody_wants_it(world, load):
    goes_on(world, load, 30, extra=7 * BUSY)
    assert not Alert.objects.exists()

    Watch.objects.update(is_paging=True)
    Watched.objects.all().delete()
    Anomaly.objects.all().delete()
    world.now = START + DAY
    daily(world, load, start=START + timedelta(hours=1), end=world.now)
    services.look(now=world.now, by=system())
    goes_on(world, load, 30, extra=7 * BUSY)

    alert = Alert.objects.get()
    assert (alert.source.kind, alert.item, alert.severity) == ("own", load.item, 3)
    assert "× the usual for Tuesday 09:00" in alert.title
    assert alert.resolves_at is not None


def test_old_anomalies_and_rankings_are_forgotten(world):
    old, new = make.anomaly(at=START - 500 * DAY), make.anomaly(at=START - DAY)
    over = make.incident(
        state="resolved", starts_at=START - 500 * DAY, detected_at=START - 500 * DAY,
        resolved_at=START - 450 * DAY, resolution="Mended.",
    )  # fmt: skip
    make.ranking(incident=over)
    kept = make.ranking()

    jobs.prune()

    assert list(Anomaly.objects.all()) == [new] != [old]
    assert list(type(kept).objects.all()) == [kept]


# ── who may read it ────────────────────────────────────────────────────────────────────────────


def test_anomalies_are_seen_with_their_item(world):
    red, blue = make.team("red"), make.team("blue")
    mine = make.anomaly(series=make.series(item=make.item("ours", owner=red)))
    make.anomaly(series=make.series(item=make.item("theirs-secret", owner=blue)))
    make.watch(series=Anomaly.objects.exclude(pk=mine.pk).get().series)
    rita = make.user(role="engineer", team=red)
    browser = make.client(rita)

    page = browser.get("/anomalies").content.decode() + browser.get("/watches").content.decode()

    assert list(Anomaly.objects.visible_to(rita)) == [mine]
    assert list(Watch.objects.visible_to(rita)) == []
    assert mine.words in page


def test_a_series_page_offers_to_watch_it(world):
    series = make.series()
    browser = make.client(make.user(role="engineer"))

    page = browser.get(f"/series/{series.pk}").content.decode()
    form = browser.get(f"/watches/add?series={series.pk}").content.decode()
    browser.post("/watches/add", {"series": series.pk})

    assert f"/watches/add?series={series.pk}" in page
    assert f'<option value="{series.pk}" selected' in form
    assert Watch.objects.get().series == series

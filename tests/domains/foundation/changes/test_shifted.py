"""Figures that turn bad after a change propose to roll it back; what comes and goes does not."""

import numpy as np
import pytest

from fullscore.connectors.samples import Samples, open_store
from fullscore.domains.foundation.changes import jobs, services
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.changes.queries.shifted import shifted
from fullscore.domains.foundation.telemetry import queries as telemetry
from tests import make
from tests.domains.foundation.changes.conftest import needs

SLOW = "Answer time of shop: 2 s where 197 ms was usual"


@pytest.fixture
def store(tmp_path, monkeypatch):
    opened = open_store(f"parquet://{tmp_path / 'samples'}")
    monkeypatch.setattr(telemetry, "store", lambda: opened)
    yield opened
    opened.close()


@pytest.fixture
def shop(db):
    host, service = make.item("web1"), make.item("shop", kind="service", criticality=2)
    needs(service, host)
    return host, service


def measure(store, series, values, *, end):
    """Store a value for each minute before a moment."""
    at = telemetry.milliseconds(end) - 60_000 * np.arange(len(values), 0, -1) + 30_000
    store.append(Samples(np.full(len(values), series.pk), at, np.array(values, dtype=np.float64)))


def latency(item, **values):
    metric = make.metric(name="http_request_duration_seconds", title="Answer time", unit="s")
    return make.series(item=item, metric=metric, **values)


def usual(level=0.2, count=180):
    return level + 0.02 * np.random.default_rng(7).standard_normal(count)


@pytest.mark.parametrize(
    ("after", "told"),
    [
        pytest.param([2.0] * 10, [SLOW], id="ten times as slow"),
        pytest.param([0.2, 0.21] * 5, [], id="as before"),
        pytest.param([0.05] * 10, [], id="faster"),
        pytest.param([0.2] * 9 + [5.0], [], id="one slow minute"),
        pytest.param([2.0] * 4, [], id="four minutes are too few"),
    ],
)
def test_what_is_worse_than_it_ever_was_is_told(shop, store, clock, after, told):
    series = latency(shop[1])
    began, settled = clock.now, clock.after(minutes=20)
    measure(store, series, usual(), end=began)
    now = clock.after(minutes=10)
    measure(store, series, after, end=now)

    found = shifted([shop[1].pk], began=began, settled=settled, now=now)

    assert found == told


def test_what_goes_up_and_down_each_hour_anyhow_and_what_has_no_bad_side_is_not_told(
    shop, store, clock
):
    wave = latency(shop[1])
    visits = make.series(item=shop[1], metric=make.metric(name="visits"))
    began, settled = clock.now, clock.after(minutes=20)
    hourly = np.where(np.arange(180) % 60 < 12, 2.0, 0.2)
    measure(store, wave, hourly, end=began)
    measure(store, visits, usual(100), end=began)
    now = clock.after(minutes=10)
    measure(store, wave, [2.0] * 10, end=now)
    measure(store, visits, [1000.0] * 10, end=now)

    assert shifted([shop[1].pk], began=began, settled=settled, now=now) == []


def test_while_it_is_watched_worse_figures_of_what_depends_on_it_propose_to_roll_back(
    running, crew, shop, store, clock
):
    host, service = shop
    series = latency(service)
    measure(store, series, usual(), end=clock.now)
    change = running(host, plan="")
    clock.after(minutes=15)
    change = services.verify(change, by=crew.otto)
    assert change.result == "good"
    measure(store, series, [1.5] * 8, end=clock.after(minutes=8))

    jobs.watch.func()

    told = Change.objects.get(pk=change.pk)
    assert "Answer time of shop: 1.5 s where 197 ms was usual" in told.rollback_why
    assert (told.state, told.result) == ("verifying", "bad")

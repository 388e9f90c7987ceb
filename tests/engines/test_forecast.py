"""When a figure reaches its limit, and how sure that is."""

import csv
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.forecast import Sample, backtest, band, bands, days_until_full
from tests.shared import shared_data

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        pytest.param([10, 20, 30], 7.0, id="10 a day, from 30 to 100"),
        pytest.param([10, 20, 30, 40, 999, 60], 4.0, id="one wild sample does not matter"),
        pytest.param([50, 50, 50], None, id="flat never fills"),
        pytest.param([50, 40, 30], None, id="falling never fills"),
        pytest.param([90, 100], 0.0, id="already full"),
        pytest.param([10], None, id="one day says nothing"),
        pytest.param([], None, id="no samples"),
    ],
)
def test_days_until_full(used, expected):
    samples = [Sample(float(day), float(value)) for day, value in enumerate(used)]

    assert days_until_full(samples, limit=100) == expected


@given(st.floats(0.1, 50), st.integers(2, 1500))
def test_a_straight_line_is_extended_exactly(slope, count):
    days = np.linspace(0, 30, count)
    samples = [Sample(float(d), float(slope * d)) for d in days]

    left = days_until_full(samples, limit=slope * 40)

    assert left == pytest.approx(10, rel=1e-6)


def test_a_band_of_less_than_two_weeks_is_not_given():
    assert band([0, 5, 13], [1, 2, 3], horizon_days=7) is None


def courses(kind, count, days):
    """Return `count` invented figures over some days."""
    dice = np.random.default_rng(7)
    at = np.arange(float(days))
    noise = dice.normal(size=(count, days))
    if kind == "a trend with weekdays":
        return at, 30 + 0.2 * at + np.where(at % 7 < 5, 5.0, 0.0) + 2 * noise
    if kind == "luck that lasts":
        for n in range(1, days):
            noise[:, n] += 0.8 * noise[:, n - 1]
        return at, 40 + 0.1 * at + noise
    if kind == "a random walk":
        return at, 40 + np.cumsum(0.1 + 0.5 * noise, axis=1)
    if kind == "a volume that fills by fits":
        return at, 40 + np.cumsum(np.abs(0.1 + 0.15 * noise), axis=1)
    saw = (at * 1.7 + dice.uniform(0, 30, (count, 1))) % 30
    return at, 30 + saw + 0.3 * noise


KINDS = ("a trend with weekdays", "luck that lasts", "a random walk",
         "a volume that fills by fits", "a saw")  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_four_of_five_later_points_lie_inside_the_band_whatever_the_figure_is(kind):
    at, table = courses(kind, 120, 118)

    inside, tried = backtest(at, table, held_days=28, season_days=7)

    assert tried == 28
    assert 0.72 <= inside.sum() / (tried * 120) <= 0.9


def test_of_public_series_by_day_four_of_five_later_points_lie_inside():
    shares = []
    for path in sorted(shared_data("nab", "series").glob("real*/*.csv")):
        days, values = by_day(path)
        ends = range(49, len(days) + 1, 7)
        told = [backtest(days[:n], values[None, :n], held_days=14, season_days=7) for n in ends]
        if points := sum(tried for _, tried in told):
            shares.append(sum(int(inside[0]) for inside, _ in told) / points)

    assert len(shares) >= 9
    assert 0.75 <= np.mean(shares) <= 0.88


def by_day(path):
    """Return the p95 of each day that is told for at least half as often as most."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    at = np.array([datetime.fromisoformat(row[0]).timestamp() / 86_400 for row in rows])
    values = np.array([float(row[1]) for row in rows])
    days, place, counts = np.unique(np.floor(at), return_inverse=True, return_counts=True)
    told = np.array([np.quantile(values[place == n], 0.95) for n in range(len(days))])
    whole = counts >= np.median(counts) / 2
    return days[whole], told[whole]


def test_many_figures_are_forecast_as_each_alone():
    at, table = courses("luck that lasts", 5, 60)

    many = bands(at, table, horizon_days=30, season_days=7)

    for place, row in enumerate(table):
        alone = band(at, row, horizon_days=30, season_days=7)
        np.testing.assert_allclose(many.of(place).low, alone.low)
        np.testing.assert_allclose(many.of(place).high, alone.high)


def test_a_straight_line_has_a_band_without_width():
    at = np.arange(60.0)

    found = band(at, 3 + 0.5 * at, horizon_days=10)

    np.testing.assert_allclose(found.low, 3 + 0.5 * np.arange(60, 70), atol=1e-6)
    np.testing.assert_allclose(found.high, found.low, atol=1e-5)


def test_after_a_clean_up_the_line_stands_where_the_last_week_stands():
    at = np.arange(90.0)
    values = np.where(at < 70, 80.0, 30.0) + 0.1 * at

    found = band(at, values, horizon_days=5)

    assert found.middle[0] == pytest.approx(39, abs=2)


def test_what_was_held_back_is_not_tried_while_two_weeks_are_not_known_before():
    inside, tried = backtest(np.arange(20.0), np.ones((3, 20)), held_days=14)

    assert (inside.tolist(), tried) == ([0, 0, 0], 0)


def test_the_edges_say_between_which_days_the_limit_is_reached():
    days = np.arange(30.0)
    found = band(days, days + np.tile([0.0, 3.0], 15), horizon_days=60)

    early, late = found.reaches(50)

    assert early is not None
    assert late is not None
    assert early < late


@pytest.mark.parametrize("wrong", [{"horizon_days": 0}, {"horizon_days": 5, "season_days": 0}])
def test_refused(wrong):
    with pytest.raises(ValueError):
        band([0.0, 20.0], [1.0, 2.0], **wrong)


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError):
        band([0.0], [1.0, 2.0], horizon_days=3)

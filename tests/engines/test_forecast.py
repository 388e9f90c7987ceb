"""When a figure reaches its limit, and how sure that is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.forecast import Sample, band, days_until_full

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
    assert band([0, 5, 13], [1, 2, 3], horizon_days=7, seed=1) is None


def test_four_of_five_later_points_lie_inside_the_band():
    dice = np.random.default_rng(7)
    days = np.arange(120.0)
    weekday = np.where(days % 7 < 5, 10.0, 0.0)
    inside = []
    for _ in range(60):
        values = 100 + 2 * days + weekday + dice.normal(0, 5, days.size)
        found = band(days[:90], values[:90], horizon_days=14, season_days=7, seed=3)
        inside.append(np.mean((values[90:104] >= found.low) & (values[90:104] <= found.high)))

    assert 0.70 <= np.mean(inside) <= 0.90


def test_the_edges_say_between_which_days_the_limit_is_reached():
    days = np.arange(30.0)
    found = band(days, days + np.tile([0.0, 3.0], 15), horizon_days=60, seed=1)

    early, late = found.reaches(50)

    assert early is not None
    assert late is not None
    assert early < late


@pytest.mark.parametrize("wrong", [{"horizon_days": 0}, {"horizon_days": 5, "season_days": 0}])
def test_refused(wrong):
    with pytest.raises(ValueError):
        band([0.0, 20.0], [1.0, 2.0], seed=1, **wrong)


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError):
        band([0.0], [1.0, 2.0], horizon_days=3, seed=1)

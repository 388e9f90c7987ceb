"""Whom incidents hurt, how alike they are, and how fast one is."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.aftermath import (
    Handled,
    Made,
    Outage,
    Spread,
    Traits,
    covered,
    delivery,
    likeness,
    seconds_down,
    spread,
    times,
    working_days_after,
)

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        pytest.param(FRIDAY, 0, FRIDAY, id="none"),
        pytest.param(FRIDAY, 1, date(2026, 11, 23), id="over a weekend"),
        pytest.param(FRIDAY, 5, date(2026, 11, 27), id="a working week"),
        pytest.param(date(2026, 11, 21), 5, date(2026, 11, 27), id="from a Saturday"),
    ],
)
def test_working_days(day, count, expected):
    assert working_days_after(day, count) == expected


SHOP, DATABASE, DISK, RACK = 1, 2, 3, 4
EDGES = [(SHOP, DATABASE), (DATABASE, DISK), (DISK, RACK), (RACK, 5)]


@pytest.mark.parametrize(
    ("outages", "expected"),
    [
        pytest.param([], {}, id="nothing"),
        pytest.param([Outage(SHOP, 0, 60)], {SHOP: 60}, id="its own alert"),
        pytest.param([Outage(RACK, 0, 60)], {SHOP: 60}, id="three steps below"),
        pytest.param([Outage(5, 0, 60)], {}, id="four steps below is too far"),
        pytest.param([Outage(SHOP, 0, 60), Outage(DISK, 30, 90)], {SHOP: 90}, id="overlapping"),
        pytest.param([Outage(SHOP, 0, 60), Outage(DISK, 90, 100)], {SHOP: 70}, id="with a gap"),
        pytest.param([Outage(SHOP, 60, 0)], {}, id="ends before it starts"),
    ],
)
def test_how_long_services_were_touched(outages, expected):
    assert seconds_down(outages, EDGES, [SHOP]) == expected


def test_what_depends_in_a_circle_ends():
    assert seconds_down([Outage(2, 0, 9)], [(1, 2), (2, 1)], [1, 2]) == {1: 9, 2: 9}


SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12)


@given(SPANS)
def test_a_union_is_what_counting_each_second_says(spans):
    seconds = {second for starts, ends in spans for second in range(starts, ends)}

    assert covered(spans) == len(seconds)


def traits(root=None, items=(), names=()):
    return Traits(root, frozenset(items), frozenset(names))


@pytest.mark.parametrize(
    ("other", "score", "why"),
    [
        pytest.param(traits(1, [1, 2], ["Slow"]), 1.0,
                     ("the same root", "2 of its items", "the same alert: Slow"), id="the same"),
        pytest.param(traits(9, [1, 3], []), 0.35 / 3, ("1 of its items",), id="one item of three"),
        pytest.param(traits(9, [8], ["Full"]), 0.0, (), id="nothing"),
        pytest.param(traits(), 0.0, (), id="nothing known"),
    ],
)  # fmt: skip
def test_what_incidents_share(other, score, why):
    assert likeness(traits(1, [1, 2], ["Slow"]), other) == (pytest.approx(score), why)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([], Spread(0), id="none"),
        pytest.param([None], Spread(0), id="not yet"),
        pytest.param([7], Spread(1, 7, 7, 7), id="one"),
        pytest.param([10, 20, 30, 40], Spread(4, 25, 25, 37), id="four"),
        pytest.param([1] * 9 + [100], Spread(10, 10.9, 1, pytest.approx(10.9)), id="a long night"),
    ],
)
def test_how_lengths_are_spread(values, expected):
    assert spread(values) == expected


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_percentiles_are_those_of_numpy(values):
    import numpy as np

    told = spread(values)

    assert told.median == pytest.approx(float(np.percentile(values, 50)))
    assert told.p90 == pytest.approx(float(np.percentile(values, 90)))


def test_times_of_incidents():
    told = times([
        Handled(0, 60, acknowledged=120, resolved=660),
        Handled(0, 0, acknowledged=None, resolved=300),
        Handled(0, 30),
    ])  # fmt: skip

    assert told.detect == Spread(3, 30, 30, 54)
    assert told.acknowledge == Spread(1, 60, 60, 60)
    assert told.resolve == Spread(2, 450, 450, 570)


def test_the_five_figures_of_delivery():
    changes = [
        Made(1000, is_done=True, asked=400),
        Made(1000, is_done=True, asked=None),
        Made(1000, is_done=True, asked=800, is_fix=True),
        Made(1000, is_done=False, asked=0, is_cause=True, recovered=900),
    ]

    told = delivery(changes, days=14)

    assert told.carried_out == 4
    assert told.lead == Spread(2, 400, 400, 560)
    assert (told.per_week, told.fail_rate, told.rework_rate) == (2.0, 0.25, 0.25)
    assert told.recovery == Spread(1, 900, 900, 900)


def test_nothing_carried_out_has_no_rates():
    told = delivery([], days=7)

    assert (told.per_week, told.fail_rate, told.rework_rate) == (0, None, None)

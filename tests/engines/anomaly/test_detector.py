"""What a detector calls unusual, and what it bears."""

import math
import pickle
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.anomaly import ALARM, Detector, scores

pytestmark = pytest.mark.once

STEP = 300.0
DAY = 288  # samples


def daily(days, noise=1.0, seed=1):
    """Return times and values with a high plateau from 8 to 18 o'clock."""
    at = np.arange(days * DAY) * STEP
    hour = at / 3600 % 24
    values = np.where((hour >= 8) & (hour < 18), 100.0, 20.0)
    return at, values + np.random.default_rng(seed).normal(0, noise, len(at))


def alarms(at, values):
    return np.flatnonzero(scores(at, values) >= ALARM).tolist()


def told(detector, at, values):
    return [detector.update(*each) for each in zip(at, values, strict=True)]


def test_a_value_usual_at_another_hour_is_unusual_now():
    at, values = daily(21)
    night = 18 * DAY + 24  # two o'clock
    values[night : night + 6] = 100.0

    found = alarms(at, values)

    assert any(night <= place < night + 6 for place in found)
    assert len([place for place in found if place > 7 * DAY]) == 1


def test_what_comes_every_day_is_usual():
    at, values = daily(21)

    assert [place for place in alarms(at, values) if place > 7 * DAY] == []


def test_one_event_alarms_once():
    at, values = daily(14)
    begin = 12 * DAY
    values[begin : begin + 60] += 500.0

    found = [place for place in alarms(at, values) if place >= begin]

    assert len(found) == 1
    assert found[0] < begin + 3


def test_a_wild_value_neither_blinds_nor_becomes_usual():
    at, values = daily(14)
    wild, event = 12 * DAY, 13 * DAY + 150
    values[wild] = 1e300
    values[event : event + 6] += 500.0

    found = [place for place in alarms(at, values) if place >= wild]

    assert len(found) == 2
    assert found[0] - wild < 3
    assert found[1] - event < 3


def test_a_flat_series_alarms_when_it_moves_and_not_before():
    at, values = np.arange(3 * DAY) * STEP, np.full(3 * DAY, 7.0)
    values[2 * DAY :] = 8.0

    assert alarms(at, values)[0] in range(2 * DAY, 2 * DAY + 3)


def test_the_score_grows_with_the_departure():
    def score(value):
        detector = Detector()
        told(detector, *daily(7))
        return detector.update(7 * DAY * STEP, value)

    ordered = [score(value) for value in (20, 25, 40, 1e3, 1e6, 1e12, math.inf)]

    assert ordered == sorted(set(ordered))
    assert ordered[-1] <= 1.0


def test_only_what_came_before_decides():
    at, values = daily(3)
    changed = values.copy()
    changed[2 * DAY :] = 5_000.0

    assert np.array_equal(scores(at, values)[: 2 * DAY], scores(at, changed)[: 2 * DAY])


def test_no_number_scores_nothing_and_changes_nothing():
    at, values = daily(2)
    detector = Detector()
    told(detector, at, values)
    before = pickle.dumps(detector)

    assert detector.update(at[-1] + STEP, math.nan) == 0.0
    assert pickle.dumps(detector) == before


def test_a_detector_goes_on_where_it_was_kept():
    at, values = daily(4)
    whole = Detector()
    told(whole, at[:DAY], values[:DAY])
    kept = pickle.loads(pickle.dumps(whole))

    rest = (at[DAY:], values[DAY:])

    assert told(kept, *rest) == told(whole, *rest)


def test_series_and_single_samples_score_alike():
    at, values = daily(3)

    assert np.allclose(scores(at, values), told(Detector(), at, values), rtol=0, atol=1e-6)
    assert scores(np.array([]), np.array([])).shape == (0,)
    with pytest.raises(ValueError):
        scores(at, values[1:])


def test_the_step_is_learned_from_the_first_gaps():
    at, values = daily(7)
    at[5:] += 4_000.0  # a jump among the first gaps

    assert told(Detector(), at, values)[40:] == pytest.approx(
        told(Detector(step_seconds=STEP), at, values)[40:], abs=0.2
    )
    detector = Detector()
    told(detector, at[:40], values[:40])
    assert detector._step == STEP


def test_what_is_kept_does_not_grow_with_time():
    detector = Detector(step_seconds=60)
    sizes = []
    for week in range(4):
        for hour in range(168):
            for sample in range(3):
                detector.update((week * 168 + hour) * 3600.0 + sample * 60, hour + sample / 7)
        sizes.append(len(pickle.dumps(detector)))

    assert sizes[3] <= sizes[1] + 64
    assert max(sizes) < 16 * 1024


@pytest.mark.parametrize("step", [0.0, -1.0, math.nan, math.inf])
def test_a_step_that_is_none_is_refused(step):
    with pytest.raises(ValueError, match="positive and finite"):
        Detector(step_seconds=step)


extremes = st.sampled_from([0.0, 1e300, -1e300, math.inf, -math.inf, math.nan, 5e-324])
numbers = st.one_of(extremes, st.floats(), st.integers(-5, 5).map(float))
samples = st.lists(st.tuples(numbers, numbers), max_size=80)


@given(samples=samples, step=st.one_of(st.none(), st.floats(5e-324, 1e300)))
def test_any_times_and_values_score_between_none_and_one(samples, step):
    detector = Detector(step_seconds=step)

    found = [detector.update(*sample) for sample in samples]

    assert all(math.isfinite(score) and 0.0 <= score <= 1.0 for score in found)
    assert detector.why().endswith(".")
    pickle.dumps(deepcopy(detector))


@pytest.mark.parametrize(
    ("days", "value", "said"),
    [
        pytest.param(0, None, "Nothing was scored yet.", id="nothing"),
        pytest.param(0, 5.0, "5: nothing was seen at Monday 09:00 before.", id="the first"),
        pytest.param(
            14, 800.0, "800 where 100 is usual for Monday 09:00, 8× that: 10 deviations.", id="more"
        ),
        pytest.param(
            14, -5.0, "-5 where 100 is usual for Monday 09:00: 10 deviations.", id="another sign"
        ),
    ],
)
def test_the_last_sample_is_told_in_words(days, value, said):
    monday = (4 + 7 * 52) * 24 * 3600.0
    detector = Detector()
    for hour in range(24 * days):
        detector.update(monday + hour * 3600.0, 100.0)

    if value is not None:
        detector.update(monday + (24 * days + 9) * 3600.0, value)

    assert detector.why() == said


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60),
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20),
    st.sampled_from([None, 60.0]),
)
def test_a_packed_detector_goes_on_as_if_nothing_had_been(before, after, step):
    one = Detector(step_seconds=step)
    told(one, [n * 700.0 for n in range(len(before))], before)

    other = Detector.unpacked(one.packed())

    at = [n * 700.0 for n in range(len(before), len(before) + len(after))]
    assert told(one, at, after) == told(other, at, after)
    assert one.packed() == other.packed()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(pickle.dumps(Detector()), id="a pickle"),
        pytest.param(bytes(len(Detector().packed())), id="another form"),
        pytest.param(Detector().packed() + b"\0", id="too long"),
    ],
)
def test_what_was_not_packed_here_is_refused(data):
    with pytest.raises(ValueError):
        Detector.unpacked(data)


def test_a_packed_detector_is_small_however_long_it_ran():
    detector = Detector(step_seconds=60)
    told(detector, *daily(40))

    assert len(detector.packed()) < 2048

"""Breaches of many series at once say what one slow loop over each says."""

from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.thresholds import CRITICAL, HIGH, MEDIUM, Rules, Span, grades, judge, spans

UPPER = {"levels": (80.0, nan, 95.0), "clear": 70.0, "is_upper": True, "is_strict": True}


def rules(*, rows=1, hold=1, **rule):
    """Return the same rule for some rows."""
    told = UPPER | rule
    return Rules(
        np.array([told["levels"]] * rows).reshape(rows, 3), np.array([told["clear"]] * rows),
        np.array([told["is_upper"]] * rows, dtype=bool),
        np.array([told["is_strict"]] * rows, dtype=bool),
        np.array([hold] * rows, dtype=np.int64),
    )  # fmt: skip


def stepped(values, hold, **rule):
    """Return the severity after each column, judged one after the other as a job does."""
    padded = [nan] * (hold - 1) + list(values)
    severity, told = np.zeros(1, dtype=np.int8), []
    for end in range(hold, len(padded) + 1):
        seen = np.array([padded[end - hold : end]])
        severity = judge(seen, rules(hold=hold, **rule), severity)
        told.append(int(severity[0]))
    return told


@pytest.mark.parametrize(
    ("values", "hold", "expected"),
    [
        pytest.param([50, 81, 79, 71, 70, 60], 1, [0, 3, 3, 3, 0, 0], id="ends below clear only"),
        pytest.param([80, 81], 1, [0, 3], id="a value on a strict limit is good"),
        pytest.param([81, 96, 81, 60], 1, [3, 5, 3, 0], id="gets graver and milder"),
        pytest.param([81, 81, 60, 81, 81, 81], 3, [0, 0, 0, 0, 0, 3], id="the whole time needed"),
        pytest.param([81, nan, 81, 81], 2, [0, 0, 0, 3], id="a gap does not count as bad"),
        pytest.param([81, nan, nan, 60], 1, [3, 3, 3, 0], id="a gap does not end a breach"),
        pytest.param([96, 81, 81], 2, [0, 3, 3], id="the gravest that all are beyond"),
        pytest.param([96, 96, 81, 81], 2, [0, 5, 5, 3], id="milder after the whole time"),
        pytest.param([96, 75, 75], 1, [5, 3, 3], id="between clear and limit: the mildest"),
        pytest.param([float("inf"), 1], 1, [5, 0], id="infinity is beyond everything"),
    ],
)  # fmt: skip
def test_a_breach_begins_changes_and_ends(values, hold, expected):
    assert stepped(values, hold) == expected


@pytest.mark.parametrize(
    ("is_strict", "expected"), [pytest.param(True, [0, 4], id="below"),
                                pytest.param(False, [4, 4], id="at most")],
)  # fmt: skip
def test_what_is_worse_below_is_judged_in_the_mirror(is_strict, expected):
    rule = {"levels": (nan, 10.0, nan), "clear": 12.0, "is_upper": False, "is_strict": is_strict}

    assert stepped([10.0, 9.0], 1, **rule) == expected
    assert stepped([9.0, 11.0, 12.0], 1, **rule) == [4, 4, 0]


def test_each_row_has_its_own_rule_and_holds_its_own_time():
    two = Rules(
        np.array([(80.0, nan, nan), (nan, nan, 5.0)]), np.array([70.0, 6.0]),
        np.array([True, False]), np.array([True, True]), np.array([1, 3]),
    )  # fmt: skip
    values = np.array([[0.0, 0.0, 90.0], [4.0, 4.0, 4.0]])

    assert judge(values, two, np.zeros(2, dtype=np.int8)).tolist() == [MEDIUM, CRITICAL]
    assert judge(values[::-1], two, np.zeros(2, dtype=np.int8)).tolist() == [0, 0]


def test_grades_name_what_is_missing():
    told = grades(np.array([[nan, 0.0, 81.0, 96.0]]), rules())

    assert told.tolist() == [[-1, 0, MEDIUM, CRITICAL]]


def test_a_history_tells_its_breaches_and_how_bad_they_were():
    values = np.array([[50.0, 85, 96, 60, 50, 99], [0.0] * 6])

    assert spans(values, rules(rows=2)) == [Span(0, 1, 3, CRITICAL), Span(0, 5, 6, CRITICAL)]


def test_a_history_of_nothing_has_no_breach():
    assert spans(np.empty((0, 4)), rules(rows=0)) == []
    assert spans(np.full((2, 3), nan), rules(rows=2)) == []


# ── beside a slow loop that keeps its state in a dict ──────────────────────────────────────────

LEVELS = st.lists(st.integers(-20, 20), min_size=3, max_size=3, unique=True).map(sorted)
VALUES = st.lists(st.integers(-25, 25).map(float) | st.just(nan), min_size=1, max_size=25)


@st.composite
def drawn_rules(draw):
    """Draw a rule of either kind, with one to three limits."""
    told = [float(v) for v in draw(LEVELS)]
    kept = draw(st.sets(st.integers(0, 2), min_size=1))
    is_upper = draw(st.booleans())
    clear = min(told) - 1.0 - draw(st.integers(0, 3))
    levels = tuple(v if n in kept else nan for n, v in enumerate(told))
    if not is_upper:
        levels, clear = tuple(-v for v in levels), -clear
    return {
        "levels": levels,
        "clear": clear,
        "is_upper": is_upper,
        "is_strict": draw(st.booleans()),
    }


def slow(values, hold, levels, clear, is_upper, is_strict):
    """Return the severity after each value, in the plainest words there are."""
    sign = 1 if is_upper else -1

    def grade(value):
        for severity, limit in zip((CRITICAL, HIGH, MEDIUM), reversed(levels), strict=True):
            if isnan(limit) or isnan(value):
                continue
            if sign * value > sign * limit or (not is_strict and value == limit):
                return severity
        return 0

    mildest = next(s for s, v in zip((3, 4, 5), levels, strict=True) if not isnan(v))
    breach, told = {}, []
    for n, value in enumerate(values):
        seen = values[max(0, n - hold + 1) : n + 1]
        least = min(map(grade, seen)) if len(seen) == hold else 0
        gaps = len(seen) < hold or any(map(isnan, seen))
        if breach and not isnan(value) and sign * value <= sign * clear:
            breach.clear()
        elif breach:
            most = CRITICAL if gaps else max(map(grade, seen))
            breach["severity"] = max(least, min(breach["severity"], max(most, mildest)))
        if not breach and least:
            breach["severity"] = least
        told.append(breach.get("severity", 0))
    return told


@given(VALUES, st.integers(1, 5), drawn_rules())
def test_column_by_column_is_what_the_slow_loop_says(values, hold, rule):
    assert stepped(values, hold, **rule) == slow(values, hold, **rule)


@given(VALUES, st.integers(1, 5), drawn_rules())
def test_a_history_is_what_the_slow_loop_says(values, hold, rule):
    told = slow(values, hold, **rule)

    found = spans(np.array([values]), rules(hold=hold, **rule))

    is_open = [any(s.first <= n < s.end for s in found) for n in range(len(values))]
    assert is_open == [severity > 0 for severity in told]
    assert [s.severity for s in found] == [max(told[s.first : s.end]) for s in found]

"""Running totals of increments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.counters import Delta, Fate, Row, Total, accumulated

ADDED, REPEATED, LATE = Fate


@pytest.mark.parametrize(
    ("before", "deltas", "rows", "fates"),
    [
        pytest.param(
            {},
            [Delta(1, 0, 10, 5.0)],
            [Row(1, 10, 5.0)],
            [ADDED],
            id="a new counter begins at nought",
        ),
        pytest.param(
            {},
            [Delta(1, 4, 10, 5.0)],
            [Row(1, 4, 0.0), Row(1, 10, 5.0)],
            [ADDED],
            id="a new counter that says since when",
        ),
        pytest.param(
            {1: Total(10, 5.0)},
            [Delta(1, 10, 20, 2.0)],
            [Row(1, 20, 7.0)],
            [ADDED],
            id="it goes on from the last total",
        ),
        pytest.param(
            {1: Total(10, 5.0)},
            [Delta(1, 90, 99, 2.0)],
            [Row(1, 90, 5.0), Row(1, 99, 7.0)],
            [ADDED],
            id="after a silence",
        ),
        pytest.param(
            {1: Total(10, 5.0)},
            [Delta(1, 4, 10, 5.0)],
            [],
            [REPEATED],
            id="a sender that tries again",
        ),
        pytest.param({1: Total(10, 5.0)}, [Delta(1, 0, 9, 5.0)], [], [LATE], id="too late"),
        pytest.param(
            {},
            [Delta(1, 0, 20, 2.0), Delta(1, 0, 10, 1.0)],
            [Row(1, 10, 1.0), Row(1, 20, 3.0)],
            [ADDED, ADDED],
            id="out of order within one batch",
        ),
        pytest.param(
            {1: Total(10, 5.0)},
            [Delta(2, 0, 5, 1.0)],
            [Row(2, 5, 1.0)],
            [ADDED],
            id="series do not mix",
        ),
        pytest.param({}, [], [], [], id="nothing"),
    ],
)
def test_totals_of_increments(before, deltas, rows, fates):
    assert accumulated(before, deltas) == (rows, fates)


increments = st.lists(
    st.builds(
        Delta,
        st.integers(1, 3),
        st.integers(0, 50),
        st.integers(1, 50),
        st.integers(0, 9).map(float),
    ),
    max_size=12,
)


@given(increments)
def test_the_last_total_is_the_sum_of_what_was_added_and_totals_never_fall(deltas):
    rows, fates = accumulated({}, deltas)

    for series in {one.series for one in deltas}:
        added = sum(
            d.value for d, f in zip(deltas, fates, strict=True) if d.series == series and f is ADDED
        )
        mine = [row for row in rows if row.series == series]
        assert mine[-1].value == added
        assert mine == sorted(mine, key=lambda row: row.ts_ms)
        assert [row.value for row in mine] == sorted(row.value for row in mine)


@given(increments)
def test_to_send_everything_again_changes_nothing(deltas):
    rows, _ = accumulated({}, deltas)
    last = {row.series: Total(row.ts_ms, row.value) for row in rows}

    again, fates = accumulated(last, deltas)

    assert again == []
    assert ADDED not in fates

"""What gets in the way of what, and when there is room."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.domains.foundation.changes.conflicts import Around, Slot, found, next_free

pytestmark = pytest.mark.once

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def slot(change, start, end, *items, executor=None):
    """Return a change from and to some minutes after nine."""
    return Slot(
        change, f"c{change}", NINE + start * MINUTE, NINE + end * MINUTE, frozenset(items), executor
    )


MINE = slot(1, 0, 60, 10, executor=5)
AROUND = Around(hops={20: 1, 21: 2, 22: 3}, partners=frozenset({30}))


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        pytest.param(slot(2, 0, 60, 10), "same item", id="one item in common"),
        pytest.param(slot(2, 0, 60, 20), "1 hop", id="one hop away"),
        pytest.param(slot(2, 0, 60, 21), "2 hops", id="two hops away"),
        pytest.param(slot(2, 0, 60, 22), None, id="three hops are far"),
        pytest.param(slot(2, 0, 60, 30), "redundancy pair", id="the other side of a pair"),
        pytest.param(slot(2, 0, 60, 99, executor=5), "same person", id="one executor"),
        pytest.param(slot(2, 0, 60, 99, executor=6), None, id="somebody else elsewhere"),
        pytest.param(slot(2, 89, 120, 10), "same item", id="29 minutes later"),
        pytest.param(slot(2, 90, 120, 10), None, id="30 minutes later"),
        pytest.param(slot(2, -60, -29, 10), "same item", id="29 minutes before"),
        pytest.param(slot(2, -60, -30, 10), None, id="30 minutes before"),
        pytest.param(slot(1, 0, 60, 10), None, id="itself"),
    ],
)
def test_two_changes_conflict(other, reason):
    told = found(MINE, [other], AROUND)

    assert (told == []) if reason is None else reason in told[0].reason


def test_the_next_free_slot_lies_behind_all_that_is_in_the_way():
    others = [slot(2, 30, 90, 10), slot(3, 150, 200, 20)]

    free = next_free(MINE, others, AROUND, [], until=NINE + 24 * HOUR)

    assert free == NINE + timedelta(minutes=240)  # 09:00 + 200 + 30, at a full quarter


def test_a_freeze_is_passed_over():
    closed = [(NINE - HOUR, NINE + 5 * HOUR)]

    assert next_free(MINE, [], AROUND, closed, until=NINE + 24 * HOUR) == NINE + 5 * HOUR
    assert next_free(MINE, [], AROUND, closed, until=NINE + 4 * HOUR) is None


times = st.integers(0, 2000)


@given(st.lists(st.tuples(times, st.integers(1, 300)), max_size=12))
def test_a_free_slot_is_free_and_no_earlier_one_is(windows):
    others = [slot(n + 2, start, start + length, 10) for n, (start, length) in enumerate(windows)]

    free = next_free(MINE, others, AROUND, [], until=NINE + 200 * HOUR)

    assert free is not None
    assert not found(Slot(1, "", free, free + HOUR, MINE.items), others, AROUND)
    earlier = NINE
    while earlier < free:
        assert found(Slot(1, "", earlier, earlier + HOUR, MINE.items), others, AROUND)
        earlier += timedelta(minutes=15)

"""Where two plans have other people on call, against one minute after the other."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.rota import Difference, Shift, differences

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = 40
END = START + timedelta(minutes=MINUTES)


def at(minute):
    return START + timedelta(minutes=minute)


shifts = st.lists(
    st.builds(
        lambda person, begin, lasts: Shift(person, at(begin), at(begin + lasts)),
        st.sampled_from("abc"), st.integers(-5, MINUTES), st.integers(1, 15),
    ), max_size=6,
)  # fmt: skip


def there(plan, minute):
    return tuple(sorted({s.person for s in plan if s.starts_at <= at(minute) < s.ends_at}))


@given(shifts, shifts)
def test_every_minute_that_differs_is_in_exactly_one_difference(ours, theirs):
    found = differences(ours, theirs, start=START, end=END)

    told = {}
    for one in found:
        first, last = (
            (edge - START) // timedelta(minutes=1) for edge in (one.starts_at, one.ends_at)
        )
        for minute in range(first, last):
            assert minute not in told
            told[minute] = (one.here, one.there)
    wanted = {m: (there(ours, m), there(theirs, m)) for m in range(MINUTES)}
    assert told == {m: pair for m, pair in wanted.items() if pair[0] != pair[1]}


def test_neighbours_that_differ_alike_are_one():
    ours = [Shift("a", at(0), at(5)), Shift("a", at(5), at(10))]

    assert differences(ours, [], start=START, end=END) == [Difference(at(0), at(10), ("a",), ())]

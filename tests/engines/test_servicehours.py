"""Hours of the week, as people write them."""

from datetime import UTC, datetime

import pytest

from fullscore.engines.servicehours import read


def on(day, hour, minute):
    """Return a moment of March 2026, whose second is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "moment", "expected"),
    [
        pytest.param("Mon-Fri 08:00-18:00", on(2, 8, 0), True, id="as it begins"),
        pytest.param("Mon-Fri 08:00-18:00", on(2, 7, 59), False, id="before"),
        pytest.param("Mon-Fri 08:00-18:00", on(2, 18, 0), False, id="as it ends"),
        pytest.param("Mon-Fri 08:00-18:00", on(7, 9, 0), False, id="a Saturday"),
        pytest.param("sat, sun 00:00-24:00", on(8, 23, 59), True, id="a list"),
        pytest.param("Fri-Mon 09:00-10:00", on(8, 9, 0), True, id="over the week"),
        pytest.param("Fri-Mon 09:00-10:00", on(4, 9, 0), False, id="between"),
    ],
)  # fmt: skip
def test_a_moment_lies_inside_or_outside(hours, moment, expected):
    assert (moment in read(hours)) is expected


@pytest.mark.parametrize(
    ("hours", "why"),
    [
        pytest.param("always", "such as", id="no hours"),
        pytest.param("Mon 18:00-08:00", "begin before", id="over midnight"),
        pytest.param("Mon 08:00-25:00", "within one day", id="no such hour"),
        pytest.param("Mon 08:60-09:00", "no time of day", id="no such minute"),
        pytest.param("Mo-Fr 08:00-09:00", "no day", id="days in other words"),
    ],
)
def test_what_is_no_hours_is_refused_with_the_way_to_write_them(hours, why):
    with pytest.raises(ValueError, match=why):
        read(hours)

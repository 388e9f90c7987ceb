"""Who is on call, over clock changes, windows, layers and overrides."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given, settings

from fullscore.engines.rota import Layer, Override, Shift, Window, gaps, on_call, shifts
from tests.engines.rota.oracle import MINUTE, NOBODY, by_minute, rotas, scanned

pytestmark = pytest.mark.once


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def layer(*people: str, starts: str = "2026-01-05T00:00", **given) -> Layer:
    usual = {"zone": "UTC", "unit": "days", "length": 1}
    return Layer(people=people, starts=datetime.fromisoformat(starts), **(usual | given))


def between(layers, start: str, end: str, overrides=()) -> list[tuple[str, str, str]]:
    """Return the shifts as words: who, and the instants without year and zone."""
    found = shifts(layers, overrides, start=utc(start), end=utc(end))
    return [(s.person, f"{s.starts_at:%m-%d %H:%M}", f"{s.ends_at:%m-%d %H:%M}") for s in found]


def test_a_week_lasts_167_hours_when_the_clock_goes_forward():
    weekly = layer("ann", "bob", starts="2026-03-23T09:00", zone="Europe/Berlin", unit="weeks")

    first, *_ = shifts([weekly], [], start=utc("2026-03-01T00:00"), end=utc("2026-04-30T00:00"))

    assert first == Shift("ann", utc("2026-03-23T08:00"), utc("2026-03-30T07:00"))
    assert first.ends_at - first.starts_at == timedelta(hours=167)


@pytest.mark.parametrize(
    ("zone", "starts", "day", "begins"),
    [
        pytest.param(
            "Europe/Berlin", "2026-03-01T02:30", "2026-03-29", "2026-03-29T01:00", id="skipped"
        ),
        pytest.param(
            "Europe/Berlin", "2026-10-01T02:30", "2026-10-25", "2026-10-25T00:30", id="repeated"
        ),
        pytest.param(
            "Africa/Cairo", "2025-04-01T00:00", "2025-04-25", "2025-04-24T22:00", id="midnight"
        ),
        pytest.param(
            "Pacific/Apia", "2011-12-01T09:00", "2011-12-31", "2011-12-30T19:00", id="a lost day"
        ),
    ],
)
def test_a_daily_turn_begins_at_the_first_instant_that_shows_its_time_or_later(
    zone, starts, day, begins
):
    daily = layer("ann", "bob", starts=starts, zone=zone)
    middle = utc(f"{day}T00:00")

    found = shifts([daily], [], start=middle - timedelta(days=2), end=middle + timedelta(days=2))

    assert utc(begins) in [shift.starts_at for shift in found]


@given(rota=rotas())
@settings(max_examples=120, deadline=None)
def test_shifts_are_those_of_every_minute(rota):
    day, layers, overrides, start, end = rota
    who = by_minute(layers, overrides, day)

    found = shifts(layers, overrides, start=start, end=end)

    seen = [NOBODY] * len(who)
    for shift in found:
        begin, until = ((at - scanned(day)) // MINUTE for at in (shift.starts_at, shift.ends_at))
        seen[begin:until] = [shift.person] * (until - begin)
    first, last = ((at - scanned(day)) // MINUTE for at in (start, end))
    assert seen[first:last] == who[first:last].tolist()
    assert not any(seen[:first])
    assert not any(seen[last:])
    assert all(shift.starts_at < shift.ends_at for shift in found)
    for one, other in pairwise(found):
        assert one.ends_at <= other.starts_at
        assert (one.person, one.ends_at) != (other.person, other.starts_at)


@given(rota=rotas())
@settings(max_examples=60, deadline=None)
def test_gaps_and_shifts_share_out_the_time_and_on_call_agrees(rota):
    _, layers, overrides, start, end = rota

    empty = gaps(layers, overrides, start=start, end=end)
    taken = [
        (each.starts_at, each.ends_at) for each in shifts(layers, overrides, start=start, end=end)
    ]

    spans = sorted([*empty, *taken])
    assert [at for span in spans for at in span][:1] == ([start] if start < end else [])
    assert [span[1] for span in spans[:-1]] == [span[0] for span in spans[1:]]
    assert [span[1] for span in spans[-1:]] == ([end] if start < end else [])
    assert all(on_call(layers, overrides, at=begin) is None for begin, _ in empty)
    assert all(on_call(layers, overrides, at=begin) is not None for begin, _ in taken)


def test_a_turn_of_hours_lasts_what_it_says_over_a_clock_change():
    half_days = layer(
        "ann", "bob", starts="2026-03-28T12:00", zone="Europe/Berlin", unit="hours", length=12
    )

    assert between([half_days], "2026-03-28T00:00", "2026-03-29T23:00") == [
        ("ann", "03-28 11:00", "03-28 23:00"),
        ("bob", "03-28 23:00", "03-29 11:00"),
        ("ann", "03-29 11:00", "03-29 23:00"),
    ]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        pytest.param(
            Window(time(9), time(17)),
            [("ann", "01-05 09:00", "01-05 17:00"), ("ann", "01-06 09:00", "01-06 17:00")],
            id="by day",
        ),
        pytest.param(
            Window(time(22), time(6)),
            [
                ("ann", "01-05 00:00", "01-05 06:00"),
                ("ann", "01-05 22:00", "01-06 06:00"),
                ("ann", "01-06 22:00", "01-07 00:00"),
            ],
            id="into the next day",
        ),
        pytest.param(
            Window(time(0), time(0)), [("ann", "01-05 00:00", "01-07 00:00")], id="all day"
        ),
        pytest.param(
            Window(time(18), time(12), 4, 0),
            [("ann", "01-05 00:00", "01-05 12:00")],
            id="from Friday to Monday",
        ),
        pytest.param(
            Window(time(8), time(20), 1),
            [("ann", "01-06 08:00", "01-06 20:00")],
            id="Tuesday, no other day named",
        ),
        pytest.param(
            Window(time(12), time(12), 0, 0),
            [("ann", "01-05 00:00", "01-07 00:00")],
            id="a whole week",
        ),
    ],
)
def test_a_layer_counts_in_its_windows_only(window, expected):
    windowed = layer("ann", starts="2025-12-01T00:00", windows=(window,))

    assert between([windowed], "2026-01-05T00:00", "2026-01-07T00:00") == expected


def test_a_later_layer_wins_where_it_has_somebody_and_the_hidden_one_stays():
    below = layer("ann")
    above = layer("bob", windows=(Window(time(9), time(17)),))

    assert between([below, above], "2026-01-05T00:00", "2026-01-06T00:00") == [
        ("ann", "01-05 00:00", "01-05 09:00"),
        ("bob", "01-05 09:00", "01-05 17:00"),
        ("ann", "01-05 17:00", "01-06 00:00"),
    ]


def test_neighbours_of_one_person_are_one_shift_also_across_layers():
    below = layer("ann", "ann")
    above = layer("ann", windows=(Window(time(9), time(17)),))

    assert between([below, above], "2026-01-05T00:00", "2026-01-08T00:00") == [
        ("ann", "01-05 00:00", "01-08 00:00")
    ]


def test_overrides_win_over_layers_and_the_last_over_the_first():
    by_hand = [
        Override("bob", utc("2026-01-05T06:00"), utc("2026-01-05T18:00")),
        Override("cid", utc("2026-01-05T12:00"), utc("2026-01-05T13:00")),
    ]

    assert between([layer("ann")], "2026-01-05T00:00", "2026-01-06T00:00", by_hand) == [
        ("ann", "01-05 00:00", "01-05 06:00"),
        ("bob", "01-05 06:00", "01-05 12:00"),
        ("cid", "01-05 12:00", "01-05 13:00"),
        ("bob", "01-05 13:00", "01-05 18:00"),
        ("ann", "01-05 18:00", "01-06 00:00"),
    ]


def test_nobody_is_on_call_before_a_layer_starts_or_without_people():
    layers = [layer("ann"), layer()]

    assert on_call(layers, [], at=utc("2026-01-04T23:59")) is None
    assert on_call(layers, [], at=utc("2026-01-05T00:00")) == "ann"
    assert gaps(layers, [], start=utc("2026-01-04T00:00"), end=utc("2026-01-06T00:00")) == [
        (utc("2026-01-04T00:00"), utc("2026-01-05T00:00"))
    ]


def test_instants_of_any_zone_are_answered_in_utc():
    start = datetime.fromisoformat("2026-01-05T01:00+01:00")

    (shift,) = shifts([layer("ann")], [], start=start, end=start + timedelta(hours=1))

    assert shift == Shift("ann", utc("2026-01-05T00:00"), utc("2026-01-05T01:00"))
    assert shift.starts_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({"zone": "Europe/Atlantis"}, "no time zone", id="unknown zone"),
        pytest.param({"zone": "Europe"}, "no time zone", id="half a zone"),
        pytest.param({"length": 0}, "at least one", id="empty turn"),
        pytest.param({"unit": "months"}, "months", id="unknown unit"),
        pytest.param({"starts": "2026-01-05T00:00+00:00"}, "wall clock", id="start with a zone"),
        pytest.param({"windows": (Window(time(0), time(1), 7),)}, "Weekdays", id="no such day"),
        pytest.param({"windows": (Window(time(0), time(1), 0, -1),)}, "Weekdays", id="nor end"),
    ],
)
def test_a_layer_that_cannot_be_read_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        on_call([layer("ann", **given)], [], at=utc("2026-01-05T00:00"))


@pytest.mark.parametrize("function", [shifts, gaps])
def test_an_instant_without_zone_is_refused(function):
    with pytest.raises(ValueError, match="time zone"):
        function([], [], start=datetime.fromisoformat("2026-01-05"), end=utc("2026-01-06T00:00"))


def test_an_override_without_zone_is_refused():
    naive = datetime.fromisoformat("2026-01-05")

    with pytest.raises(ValueError, match="time zone"):
        on_call([], [Override("ann", naive, naive)], at=utc("2026-01-05T00:00"))


def test_a_year_of_three_layers_takes_a_quarter_of_a_second():
    nights = (Window(time(18), time(8)), Window(time(0), time(0), 5, 0))
    layers = [
        layer("ann", "bob", "cid", zone="Europe/Berlin", windows=nights),
        layer("dee", "eve", zone="America/New_York", unit="hours", length=12, windows=nights),
        layer("fay", "gus", zone="Australia/Lord_Howe", unit="weeks"),
    ]

    begin = process_time()
    shifts(layers, [], start=utc("2026-01-05T00:00"), end=utc("2027-01-04T00:00"))

    assert process_time() - begin <= 0.25

"""Calendars as tools export them, read into stretches of time."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.connectors.base import Garbled
from fullscore.connectors.calendars import parse, recurring
from fullscore.connectors.calendars.parse import Event

RECORDINGS = Path(__file__).parent / "recordings"
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
AMSTERDAM = "Europe/Amsterdam"
HOUR = timedelta(hours=1)


def recorded(name):
    return parse.events((RECORDINGS / name).read_bytes(), start=START, end=END, zone=AMSTERDAM)


def calendar(*lines, before=()):
    """Return a calendar of one event."""
    event = ["BEGIN:VEVENT", "UID:a", "SUMMARY:Ann", *lines, "END:VEVENT"]
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", *before, *event, "END:VCALENDAR", ""]
    ).encode()


def read(*lines, before=(), zone=AMSTERDAM, start=START, end=END):
    return parse.events(calendar(*lines, before=before), start=start, end=end, zone=zone)


def at(day, hour, month=3, minute=0):
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_google_calendar_with_guests_and_with_turns_moved_cancelled_and_left_out():
    told = recorded("google.ics")

    assert [(e.starts_at, e.ends_at, e.attendees) for e in told] == [
        (at(16, 8), at(23, 8), ("ann@example.org", "lead@example.org")),
        (at(30, 10), at(6, 7, 4), ("ben@example.org",)),
        (at(24, 22, 4), at(26, 22, 4), ()),
    ]
    assert told[2].summary == "Dee Moor, on call; weekend"


def test_grafana_oncall_with_names_in_the_summary():
    told = recorded("grafana_oncall.ics")

    assert [(e.summary, e.starts_at, e.ends_at - e.starts_at) for e in told] == [
        ("ann", at(16, 8), 24 * HOUR), ("[L2] dee.moor@example.org", at(16, 12), HOUR),
        ("ben", at(17, 8), 24 * HOUR), ("ann", at(18, 8), 24 * HOUR),
        ("ben", at(19, 8), 24 * HOUR), ("ann", at(20, 8), 24 * HOUR),
    ]  # fmt: skip


def test_outlook_with_a_clock_of_its_own_and_a_letter_that_folding_cut():
    first, second = recorded("outlook.ics")

    assert (first.starts_at, first.ends_at) == (at(28, 8), at(30, 7))
    assert "Müller-Lüdenscheidt und seine Vertretung am Wochenende" in first.summary
    assert (second.starts_at, second.ends_at) == (at(31, 7), at(31, 7, minute=30))


def test_lines_are_joined_before_their_letters_are_read():
    whole = calendar("DTSTART:20260316T090000Z", "DURATION:PT1H", "DESCRIPTION:x")
    cut = whole.replace(b"SUMMARY:Ann", b"SUMMARY:J\xc3\r\n \xb6rg")

    (event,) = parse.events(cut, start=START, end=END)

    assert event.summary == "Jörg"


def test_a_weekly_turn_is_handed_over_by_the_wall_clock_when_the_clocks_change():
    told = read(
        f"DTSTART;TZID={AMSTERDAM}:20260316T090000", f"DTEND;TZID={AMSTERDAM}:20260323T090000",
        "RRULE:FREQ=WEEKLY",
        start=at(16, 8), end=datetime(2026, 11, 2, tzinfo=UTC),
    )  # fmt: skip

    lasts = [(e.ends_at - e.starts_at) / HOUR for e in told]
    assert [hours for hours in lasts if hours != 168] == [167, 169]
    assert all(a.ends_at == b.starts_at for a, b in pairwise(told))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["DTSTART:20260316T090000", "DURATION:PT1H"], [(at(16, 8), at(16, 9))],
                     id="a floating time is by the given zone"),
        pytest.param(["DTSTART;VALUE=DATE:20260329"], [(at(28, 23), at(29, 22))],
                     id="a day of the change has 23 hours"),
        pytest.param(["DTSTART;TZID=Europe/Amsterdam:20260329T023000", "DURATION:PT1H"],
                     [(at(29, 1, minute=30), at(29, 2, minute=30))],
                     id="what the clock jumps over keeps its hours"),
        pytest.param(["DTSTART;TZID=Europe/Amsterdam:20260329T020000", "DURATION:PT2H"],
                     [(at(29, 1), at(29, 2))], id="a skipped beginning is the moment of the jump"),
        pytest.param(["DTSTART:20260316T090000Z"], [], id="without a length it is no time"),
        pytest.param(["DTSTART:20260316T090000Z", "DTEND:20260315T090000Z"], [],
                     id="an end before the beginning is no time"),
        pytest.param(["DTSTART:20260316T090000Z", "DURATION:PT1H", "STATUS:CANCELLED"], [],
                     id="cancelled"),
        pytest.param(["DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20260316T090000",
                      "DURATION:PT1H"], [(at(16, 8), at(16, 9))], id="a zone of a longer name"),
        pytest.param(["DTSTART:20260101T090000Z", "DURATION:PT1H", "RDATE:20260316T090000Z",
                      "RDATE;VALUE=PERIOD:20260317T090000Z/PT3H,20260318T090000Z/20260318T100000Z"],
                     [(at(16, 9), at(16, 10)), (at(17, 9), at(17, 12)), (at(18, 9), at(18, 10))],
                     id="dates by themselves, and with a length of their own"),
        pytest.param(["DTSTART:20260316T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4",
                      "EXDATE:20260317T090000Z", "EXDATE;VALUE=DATE:20260318"],
                     [(at(16, 9), at(16, 10)), (at(19, 9), at(19, 10))],
                     id="left out by time, and by day"),
        pytest.param(["DTSTART;TZID=America/New_York:20260316T090000", "DURATION:PT1H",
                      "RRULE:FREQ=DAILY;UNTIL=20260317T130000Z"],
                     [(at(16, 13), at(16, 14)), (at(17, 13), at(17, 14))],
                     id="an end in UTC is that instant, the last turn included"),
        pytest.param(["DTSTART:20260316T090000Z", "DURATION:PT1H",
                      "RRULE:FREQ=DAILY;UNTIL=20260317"],
                     [(at(16, 9), at(16, 10)), (at(17, 9), at(17, 10))],
                     id="an end by day takes the day in"),
    ],
)  # fmt: skip
def test_times_are_what_the_standard_says(lines, expected):
    assert [(e.starts_at, e.ends_at) for e in read(*lines)] == expected


def test_what_began_before_the_span_and_runs_into_it_is_told_uncut():
    told = read("DTSTART:20260220T090000Z", "DTEND:20260302T090000Z")

    assert told[0].starts_at == datetime(2026, 2, 20, 9, tzinfo=UTC)
    assert read("DTSTART:20260220T090000Z", "DTEND:20260301T000000Z") == []


def test_the_clock_that_one_calendar_describes_is_not_the_next_ones():
    def told(hours):
        zone = [
            "BEGIN:VTIMEZONE", "TZID:Office", "BEGIN:STANDARD", "DTSTART:19700101T000000",
            f"TZOFFSETFROM:{hours}", f"TZOFFSETTO:{hours}", "END:STANDARD", "END:VTIMEZONE",
        ]  # fmt: skip
        return read("DTSTART;TZID=Office:20260316T090000", "DURATION:PT1H", before=zone)

    assert told("+0100")[0].starts_at == at(16, 8)
    assert told("+0500")[0].starts_at == at(16, 4)


TURN = ["DTSTART:20260316T090000Z", "DURATION:PT1H"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "does not begin with BEGIN:VCALENDAR", id="nothing"),
        pytest.param(b"<html>sign in</html>", "no iCalendar", id="a page to sign in"),
        pytest.param(b"BEGIN:VCALENDAR\nX:\xff\nEND:VCALENDAR", "byte 18", id="not UTF-8"),
        pytest.param(calendar(*TURN)[:-12], "cut short", id="cut short"),
        pytest.param(b"BEGIN:VCALENDAR\nhello\nEND:VCALENDAR", "cannot be read", id="no lines"),
        pytest.param(calendar(), "“Ann” has no beginning", id="no beginning"),
        pytest.param(calendar("DTSTART:20269901T000000Z"), "DTSTART of the event “Ann”", id="day"),
        pytest.param(calendar("DTSTART;VALUE=TIME:100000"), "DTSTART of", id="another kind"),
        pytest.param(calendar(TURN[0], "DTEND:soon"), "DTEND of the event “Ann”", id="end"),
        pytest.param(calendar(*TURN, "EXDATE:never"), "EXDATE of the event", id="left out"),
        pytest.param(calendar("DTSTART;TZID=Mars/Crater:20260316T090000"),
                     "time zone “Mars/Crater” in it is not known", id="zone"),
        pytest.param(calendar(*TURN, "RRULE:FREQ=SECONDLY"), "comes SECONDLY", id="each second"),
        pytest.param(calendar(*TURN, "RRULE:FREQ=DAILY;BYYEARDAY=1"), "BYYEARDAY does not go",
                     id="parts that do not go together"),
        pytest.param(calendar(*TURN, "RRULE:FREQ=DAILY;BYMONTH=2,4;BYMONTHDAY=31"),
                     "No month has such a day", id="a day that no month has"),
        pytest.param(calendar(*TURN, "RRULE:FREQ=OFTEN"), "no rule", id="no rule"),
        pytest.param(calendar(*TURN, "RRULE:FREQ=DAILY;INTERVAL=0"), "come again", id="no step"),
        pytest.param(calendar(f"DTSTART;TZID={AMSTERDAM}:00010101T000000", "DURATION:P1D"),
                     "too far", id="year 1"),
        pytest.param(calendar(*TURN, "RECURRENCE-ID;RANGE=THISANDFUTURE:20260316T090000Z"),
                     "all later turns", id="moves all later ones"),
        pytest.param(calendar("DTSTART:20260316T090000Z", "DURATION:PT1M",
                              "RRULE:FREQ=HOURLY;BYMINUTE=0,10,20,30,40,50"), "more than 5,000",
                     id="more turns than are kept"),
        pytest.param(calendar("DTSTART:19000101T090000Z", "DURATION:PT1M", "RRULE:FREQ=HOURLY"),
                     "300,000", id="a century of hours"),
        pytest.param(calendar(*TURN) + b" " * parse.MOST_BYTES, "bytes", id="too large"),
        pytest.param(b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\nEND:VEVENT\n" * 5001
                     + b"END:VCALENDAR", "5,000 events", id="too many"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_in_a_sentence(content, words):
    with pytest.raises(Garbled, match=words):
        parse.events(content, start=START, end=END)


def test_every_frequency_has_the_parts_that_go_with_it():
    every = {"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"}

    assert set(recurring.PARTS) == every
    assert not any("BYSECOND" in parts for parts in recurring.PARTS.values())


@given(st.lists(st.sampled_from(calendar(*TURN, "RRULE:FREQ=DAILY;COUNT=3").split(b"\r\n")))
       .map(b"\r\n".join) | st.binary(max_size=80))  # fmt: skip
def test_garbage_is_refused_or_read_and_never_breaks(content):
    wrapped = b"BEGIN:VCALENDAR\r\n" + content + b"\r\nEND:VCALENDAR"
    for told in (content, wrapped):
        with suppress(Garbled):
            assert all(isinstance(e, Event) for e in parse.events(told, start=START, end=END))

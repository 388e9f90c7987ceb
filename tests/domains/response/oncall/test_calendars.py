"""Calendars of other tools: who is in them, what counts, and what stays."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django_tasks_db.models import DBTaskResult
from hypothesis import HealthCheck, given
from hypothesis import settings as checked
from hypothesis import strategies as st

from fullscore.config.resources import RESOURCES
from fullscore.connectors.calendars import parse
from fullscore.connectors.calendars.parse import Event
from fullscore.domains.response.oncall import checks, jobs
from fullscore.domains.response.oncall.calendars import calendar as written
from fullscore.domains.response.oncall.models import CalendarDuty, DutyCalendar, Shift
from fullscore.domains.response.oncall.queries import checking, fairness
from fullscore.domains.response.oncall.queries.calendars import People
from fullscore.domains.response.oncall.queries.rota import Plan, person_on_call
from fullscore.domains.response.oncall.services import bringing, calendars, rota
from fullscore.interfaces.cli.run import run
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.secret import Secret
from fullscore.kit.models.user import system
from tests import make
from tests.connectors.grafana_oncall.serving import RECORDED
from tests.domains.response.oncall.serving import publishing

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PRIVATE = "private-7f3a9c"


@pytest.fixture
def boss(db):
    return make.user("boss", role="operator")


@pytest.fixture
def ann(db):
    return make.person("Ann Able", email="ann@example.org")


@pytest.fixture
def ben(db):
    return make.person("Ben Bold", email="ben@example.org")


@pytest.fixture
def loopback(settings):
    settings.OPTIONS = replace(settings.OPTIONS, allowed_networks="127.0.0.0/8")


def event(summary, start, end, *more):
    told = (f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" for at in (start, end))
    begin, stop = told
    return [
        "BEGIN:VEVENT", f"UID:{summary}{begin}", f"SUMMARY:{summary}", f"DTSTART:{begin}",
        f"DTEND:{stop}", *more, "END:VEVENT",
    ]  # fmt: skip


def ics(*events):
    lines = [line for one in events for line in one]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])


def given_text(boss, schedule, *events, **more):
    return calendars.add_calendar(
        by=boss, schedule=schedule, name="Duty", text=ics(*events), **more
    )


def published(boss, schedule, server):
    made = calendars.add_calendar(by=boss, schedule=schedule, name="Duty")
    calendars.give_address(made, by=boss, address=f"{server.url}/{PRIVATE}.ics")
    return calendars.read(made, by=system())


def names(shifts):
    known = dict(make.Person.objects.values_list("pk", "name"))
    return [known[int(shift.person)].split()[0] for shift in shifts]


# ── who is meant ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("summary", "attendees", "expected"),
    [
        pytest.param("On call", ["ANN@example.org"], "Ann Able", id="an attendee, whatever case"),
        pytest.param("On call", ["x@elsewhere.example", "ben@example.org"], "Ben Bold",
                     id="the attendee who is known"),
        pytest.param("ben bold", ["ann@example.org", "ben@example.org"], "Ben Bold",
                     id="of several attendees the one who is named"),
        pytest.param("Ben Bold's week", ["ann@example.org"], "Ann Able",
                     id="an attendee before a name"),
        pytest.param("ben@example.org (backup: Ann Able)", [], "Ben Bold", id="an address"),
        pytest.param("[L2] ann", [], "Ann Able", id="a login, as Grafana OnCall writes it"),
        pytest.param("On call – ANN ABLE, night", [], "Ann Able", id="a full name in the middle"),
        pytest.param("Ann Able’s week", [], "Ann Able", id="a name that owns something"),
        pytest.param("cy.login: duty", [], "Cy Cole", id="the login of the account"),
        pytest.param("Annabel's birthday", [], None, id="a part of a word is nobody"),
        pytest.param("Able Annie", [], None, id="a part of a name is nobody"),
        pytest.param("Kim Lee on call", [], None, id="a name that two have is nobody's"),
        pytest.param("Lou Left", ["lou@example.org"], None, id="who has left is nobody"),
        pytest.param("Busy", [], None, id="a calendar that hides its words"),
        pytest.param("", [], None, id="nothing"),
    ],
)  # fmt: skip
def test_who_an_event_is_about(ann, ben, summary, attendees, expected):
    make.person("Cy Cole", user=make.user("cy.login"))
    make.person("Kim Lee"), make.person("Kim Lee")
    make.person("Lou Left", email="lou@example.org", state="left")
    now = datetime(2026, 3, 16, tzinfo=UTC)

    found = People().of(Event("u", now, now + HOUR, summary, tuple(attendees)))

    known = dict(make.Person.objects.values_list("pk", "name"))
    assert known.get(found) == expected


# ── what counts ────────────────────────────────────────────────────────────────────────────────


def test_a_calendar_stands_over_the_layers_and_under_the_overrides(boss, ann, ben, clock):
    cy = make.person("Cy Cole")
    layer = make.layer(cy, starts_on=date(2026, 1, 5))
    now = clock()
    given_text(boss, layer.schedule, event("Ann Able", now, now + 10 * HOUR))

    rota.override(layer.schedule, by=boss, person=ben, starts_at=now + HOUR, ends_at=now + 2 * HOUR)

    shifts = Plan(layer.schedule).shifts(now, now + DAY)
    assert names(shifts) == ["Ann", "Ben", "Ann", "Cy"]
    assert person_on_call(layer.schedule, at=now) == ann
    kept = Shift.objects.filter(schedule=layer.schedule).order_by("starts_at")
    assert [s.person.name.split()[0] for s in kept[:4]] == ["Ann", "Ben", "Ann", "Cy"]


def test_a_weekly_turn_in_amsterdam_counts_167_hours_when_the_clocks_change(boss, ann, clock):
    schedule = make.schedule(zone="Europe/Amsterdam")
    monday = clock().date() - timedelta(days=clock().weekday())
    told = [
        "BEGIN:VEVENT", "UID:w", "SUMMARY:ann", f"DTSTART:{monday:%Y%m%d}T090000",
        f"DTEND:{monday + 7 * DAY:%Y%m%d}T090000", "RRULE:FREQ=WEEKLY;INTERVAL=2", "END:VEVENT",
    ]  # fmt: skip

    made = given_text(boss, schedule, told)

    hours = {(d.ends_at - d.starts_at) / HOUR for d in made.duties.all()}
    assert hours <= {167, 168, 169}
    assert hours & {167, 169}


def test_of_calendars_and_events_the_more_urgent_and_the_later_wins(boss, ann, ben, clock):
    schedule, now = make.schedule(), clock()
    given_text(
        boss, schedule, event("[L1] ann", now, now + 4 * HOUR), event("ben", now, now + 4 * HOUR),
        event("ben", now + 5 * HOUR, now + 9 * HOUR), event("ann", now + 6 * HOUR, now + 7 * HOUR),
    )  # fmt: skip
    assert names(Plan(schedule).shifts(now, now + DAY)) == ["Ann", "Ben", "Ann", "Ben"]

    given_text(boss, schedule, event("ben", now, now + HOUR), position=2)

    assert names(Plan(schedule).shifts(now, now + DAY)) == ["Ben", "Ann", "Ben", "Ann", "Ben"]


def test_what_nobody_is_named_in_is_a_gap_that_is_found_and_shown(boss, ann, clock):
    schedule, now = make.schedule("Night"), clock()
    end = now + 60 * DAY
    made = given_text(
        boss, schedule, event("ann", now - HOUR, now + DAY), event("Zoe", now + DAY, now + 2 * DAY),
        event("ann", now + 2 * DAY, end),
    )  # fmt: skip

    scope = Scope(now=now)
    (verdict,) = checks.calendar_unmatched.judge(
        checking.calendars(scope), now=now, limits=Limits({})
    )
    (gap,) = checks.gap.judge(checking.uncovered(scope), now=now, limits=Limits({}))

    assert verdict.title.startswith("Night, Duty: nobody here is “Zoe”, from")
    assert (verdict.figure, verdict.subject.record) == (24, f"oncall.dutycalendar:{made.pk}")
    assert gap.figure == 24
    for path in (f"/duty-calendars/{made.pk}", f"/schedules/{schedule.pk}"):
        page = make.client(boss).get(path).content.decode()
        assert "Zoe" in page
        assert "nobody we know" in page.lower()


def test_somebody_who_came_into_the_directory_is_known_at_the_next_reading(boss, ann, clock):
    schedule, now = make.schedule(), clock()
    made = given_text(boss, schedule, event("Zoe Zander", now, now + DAY))
    zoe = make.person("Zoe Zander")

    calendars.read(made, by=system())

    assert person_on_call(schedule, at=now) == zoe
    assert Shift.objects.get(schedule=schedule).person == zoe


def test_who_stands_in_calendars_alone_bears_a_share(boss, ann, ben, clock):
    schedule, now = make.schedule(), clock()
    given_text(boss, schedule, event("ann", now, now + DAY), event("ben", now + DAY, now + 2 * DAY))

    assert {int(one.person) for one in fairness.accounts_of(schedule, now=now)} == {ann.pk, ben.pk}


# ── reading ────────────────────────────────────────────────────────────────────────────────────


def test_a_calendar_is_read_from_its_address_which_is_told_nowhere(boss, ann, clock, loopback):
    schedule, now = make.schedule(), clock()
    with publishing(ics(event("ann", now, now + DAY)).encode()) as server:
        made = published(boss, schedule, server)

    assert server.asked == [f"/{PRIVATE}.ics"]
    assert (made.state, made.host, made.read_at) == ("read", "127.0.0.1", now)
    assert person_on_call(schedule, at=now) == ann
    told = json.dumps([[e.before, e.after, e.reason] for e in AuditEntry.objects.all()])
    assert PRIVATE not in told
    row = DutyCalendar.objects.values().get()
    assert PRIVATE not in str(row)
    assert PRIVATE not in make.client(boss).get(f"/duty-calendars/{made.pk}").content.decode()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        pytest.param(200, b"<html>Sign in</html>", "no iCalendar", id="a page to sign in"),
        pytest.param(404, b"", "no calendar at this address", id="gone"),
        pytest.param(503, b"", "answers 503", id="away"),
        pytest.param(200, b"x" * (parse.MOST_BYTES + 1), "bytes", id="without end"),
    ],
)
def test_what_it_said_last_counts_on_when_it_cannot_be_read(
    boss, ann, clock, loopback, status, body, words
):
    schedule, now = make.schedule(), clock()
    with publishing(ics(event("ann", now, now + 5 * DAY)).encode()) as server:
        made = published(boss, schedule, server)
        server.status, server.body = status, body
        since = clock(900)
        calendars.read(made, by=system())
        clock(3 * 3600)
        calendars.read(made, by=system())

    assert made.state == "failed"
    assert words in made.problem
    assert PRIVATE not in made.problem
    assert made.failing_since == since
    assert person_on_call(schedule, at=clock()) == ann
    kept = checking.calendars(Scope(now=clock()))
    (verdict,) = checks.calendar_unread.judge(kept, now=clock(), limits=Limits({"hours": 2}))
    assert "not read for" in verdict.title
    assert words in verdict.advice


def test_what_is_past_stays_when_a_new_reading_says_otherwise(boss, ann, ben, clock, loopback):
    schedule, began = make.schedule(), clock()
    with publishing(ics(event("ann", began, began + 5 * DAY)).encode()) as server:
        made = published(boss, schedule, server)
        turned = clock(3600)
        server.body = ics(event("ben", began, began + 5 * DAY)).encode()
        calendars.read(made, by=system())

    told = Shift.objects.filter(schedule=schedule).order_by("starts_at")
    assert list(told.values_list("person", "starts_at", "ends_at")) == [
        (ann.pk, began, turned), (ben.pk, turned, began + 5 * DAY),
    ]  # fmt: skip


def test_a_reading_that_says_the_same_writes_nothing(boss, ann, clock, loopback):
    schedule, now = make.schedule(), clock()
    with publishing(ics(event("ann", now, now + 5 * DAY)).encode()) as server:
        made = published(boss, schedule, server)
        before = AuditEntry.objects.exclude(noun="kit.secret").count()
        clock(900)
        calendars.read(made, by=system())

    assert AuditEntry.objects.exclude(noun="kit.secret").count() == before
    assert made.read_at == clock()


def waiting():
    """Return the calendars whose reading waits for a worker."""
    rows = DBTaskResult.objects.filter(task_path__endswith="oncall.jobs.read_calendar")
    return sorted(row.args_kwargs["kwargs"]["calendar"] for row in rows)


def test_each_calendar_that_counts_is_read_by_the_clock(boss, ann, clock):
    now = clock()
    text = given_text(boss, make.schedule(), event("ann", now, now + DAY))
    address = make.duty_calendar(secret=calendars.keep_address("https://x.example/a", by=boss))
    make.duty_calendar()
    make.duty_calendar(text="x", state="paused")

    jobs.read_calendars()

    assert waiting() == [text.pk, address.pk]


def test_by_command_an_address_comes_from_a_file_and_is_read_at_once(boss, tmp_path, capsys):
    made = make.duty_calendar()
    file = tmp_path / "address.txt"
    file.write_text("https://calendar.example/private.ics\n")
    words = ["duty-calendar", "give-address", str(made.pk), "--address-from", str(file)]

    assert run(words, lambda: RESOURCES, (), lambda email: boss) == 0

    made.refresh_from_db()
    with made.secret.open() as value:
        assert value == "https://calendar.example/private.ics"
    assert "private.ics" not in capsys.readouterr().out
    assert waiting() == [made.pk]


def test_a_paused_calendar_counts_no_longer_and_is_not_read(boss, ann, clock):
    schedule, now = make.schedule(), clock()
    made = given_text(boss, schedule, event("ann", now, now + DAY))

    calendars.pause(made, by=boss)
    assert person_on_call(schedule, at=now) is None
    assert not Shift.objects.filter(schedule=schedule, ends_at__gt=now).exists()
    with pytest.raises(Conflict, match="paused"):
        calendars.read_now(made, by=boss)

    calendars.resume(made, by=boss)
    assert person_on_call(schedule, at=now) == ann


# ── writing ────────────────────────────────────────────────────────────────────────────────────


def test_a_text_that_cannot_be_read_is_refused_and_nothing_is_made(boss):
    with pytest.raises(Invalid, match="no iCalendar"):
        calendars.add_calendar(by=boss, schedule=make.schedule(), name="x", text="hello")

    assert not DutyCalendar.objects.exists()


@pytest.mark.parametrize(
    "address",
    ["http://x.example/a.ics", "ftp://x.example/a", "https://", "x", "https://u:p@x.example/a.ics"],
)
def test_what_is_no_address_of_a_calendar_is_refused(boss, address):
    with pytest.raises(Invalid, match="no address of a calendar"):
        calendars.give_address(make.duty_calendar(), by=boss, address=address)

    assert not Secret.objects.exists()


def test_this_machine_is_not_asked_unless_an_operator_allows_it(boss, clock):
    made = make.duty_calendar(secret=calendars.keep_address("https://127.0.0.1/a.ics", by=boss))

    calendars.read(made, by=system())

    assert made.state == "failed"
    assert "an operator can allow that network" in made.problem


def test_text_and_address_take_each_others_place(boss, ann, clock):
    now = clock()
    made = given_text(boss, make.schedule(), event("ann", now, now + DAY))

    calendars.give_address(made, by=boss, address="webcal://calendar.example/secret.ics")
    assert (made.text, made.host, made.state) == ("", "calendar.example", "new")
    with made.secret.open() as value:
        assert value == "https://calendar.example/secret.ics"
    assert made.duties.count() == 1  # until its address was read

    calendars.change_calendar(made, by=boss, text=ics(event("ann", now, now + 2 * DAY)))
    assert (made.secret, made.host, made.state) == (None, "", "read")
    assert not Secret.objects.exists()


def test_a_calendar_is_changed_by_whoever_may_change_its_schedule(ann, clock):
    red, blue = make.team("red"), make.team("blue")
    lead = make.user(role="operator", team=red)
    theirs = make.schedule(team=blue)

    with pytest.raises(NotAllowed):
        calendars.add_calendar(by=lead, schedule=theirs, name="x")
    mine = calendars.add_calendar(by=lead, schedule=make.schedule(team=red), name="x")
    with pytest.raises(NotAllowed):
        calendars.change_calendar(mine, by=lead, schedule=theirs)
    others = make.duty_calendar(schedule=theirs)
    assert make.client(lead).post(f"/duty-calendars/{others.pk}/pause").status_code == 403


# ── there and back ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@checked(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400), st.sampled_from("abc")),
             max_size=12)
)  # fmt: skip
def test_our_own_calendar_is_read_as_it_was_written(told):
    start = datetime(2026, 3, 1, tzinfo=UTC)
    people = {
        one: make.Person(pk=n, name=name)
        for n, (one, name) in enumerate(
            [("a", "Ann, Able; Sr."), ("b", "Jörg Müller-Lüdenscheidt " * 4), ("c", "李 明")], 1
        )
    }
    schedule = make.Schedule(pk=1, name="Night \\ Day: “so”")
    shifts = [
        Shift(pk=n, person=people[who], schedule=schedule, starts_at=start + begin * HOUR,
              ends_at=start + (begin + lasts) * HOUR)
        for n, (begin, lasts, who) in enumerate(told)
    ]  # fmt: skip

    events = parse.events(
        written("x", shifts, now=start), start=start, end=start + timedelta(days=60)
    )

    def told_by(row):
        return row.starts_at, row.ends_at, row.summary

    assert sorted(map(told_by, events)) == sorted(
        (s.starts_at, s.ends_at, " ".join(f"{s.person} on call: {schedule}".split())[:200])
        for s in shifts
    )


def test_a_schedule_that_another_installation_publishes_is_known_by_full_names(boss, ann, clock):
    now = clock()
    shift = make.shift(person=ann, starts_at=now, ends_at=now + DAY)
    schedule = make.schedule()

    calendars.add_calendar(
        by=boss, schedule=schedule, name="x", text=written("x", [shift], now=now).decode()
    )

    assert person_on_call(schedule, at=now) == ann


# ── brought over ───────────────────────────────────────────────────────────────────────────────


def test_a_calendar_of_grafana_oncall_is_brought_with_its_schedule_and_taken_back(boss, ann):
    make.team("Platform")
    told = RECORDED | {"schedules": [
        {"id": "SICAL", "name": "From a calendar", "type": "ical", "team_id": None,
         "ical_url_primary": f"https://calendar.example/{PRIVATE}.ics",
         "ical_url_overrides": "webcal://calendar.example/overrides.ics"},
    ]}  # fmt: skip
    import_ = bringing.receive(by=boss, kind="grafana-oncall", text=json.dumps(told))

    assert import_.shown["schedules"][0]["calendars"][0]["host"] == "calendar.example"
    assert PRIVATE not in json.dumps(import_.shown)
    page = make.client(boss).get(f"/rota-imports/{import_.pk}").content.decode()
    assert "read from calendar.example" in page

    bringing.apply(import_, by=boss)
    rows = DutyCalendar.objects.order_by("position")
    assert [(c.name, c.schedule.name, c.host) for c in rows] == [
        ("Calendar", "From a calendar", "calendar.example"),
        ("Calendar of overrides", "From a calendar", "calendar.example"),
    ]
    with rows[1].secret.open() as address:
        assert address == "https://calendar.example/overrides.ics"

    bringing.undo(import_, by=boss)
    assert not DutyCalendar.objects.exists()
    assert not Secret.objects.exists()


def test_what_a_calendar_says_is_seen_by_those_who_see_shifts(ann):
    duty = make.calendar_duty(person=ann)

    for user, sees in [(make.user(role="viewer"), True), (make.user(), False)]:
        assert (duty in CalendarDuty.objects.visible_to(user)) is sees

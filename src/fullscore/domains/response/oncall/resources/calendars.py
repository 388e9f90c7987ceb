"""How calendars that other tools keep are seen."""

from fullscore.domains.response.oncall.models import CalendarDuty, DutyCalendar, Schedule
from fullscore.domains.response.oncall.services import calendars as services
from fullscore.kit import time
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

TONES = {"new": "", "read": "ok", "failed": "high", "paused": "warn"}


def _unpaused(calendar: DutyCalendar) -> str:
    return "It is paused." if calendar.state == DutyCalendar.State.PAUSED else ""


def _readable(calendar: DutyCalendar) -> str:
    given = calendar.secret_id is not None or calendar.text
    return _unpaused(calendar) or ("" if given else "Give its address first, or its text.")


def _paused(calendar: DutyCalendar) -> str:
    return "" if calendar.state == DutyCalendar.State.PAUSED else "It is not paused."


DUTY_CALENDAR = Resource(
    DutyCalendar,
    columns=["schedule", "name", "position", "host", "state", "read_at"],
    facts=["problem", "failing_since"],
    fields=["schedule", "name", "position", "text"],
    filters=["schedule", "state"],
    search=["name", "host"],
    order=["schedule", "position"],
    icon="calendar-days",
    badges=lambda c: [(c.get_state_display(), TONES[c.state])],
    subtitle=lambda c: c.problem or f"Over the layers of {c.schedule}, under its overrides",
    add=services.add_calendar,
    change=services.change_calendar,
    takes_files=False,
    panels=[
        Panel("It names nobody we know", leads=True,
              rows=lambda c: CalendarDuty.objects.unmatched().filter(
                  calendar=c, ends_at__gt=time.now()),
              columns=["called", "starts_at", "ends_at"]),
        Panel("What it says", rows=lambda c: c.duties.filter(ends_at__gt=time.now()),
              columns=["person", "called", "starts_at", "ends_at"]),
        Panel("Calendars", on=Schedule, rows=lambda s: s.calendars.all(), adds="schedule",
              columns=["position", "name", "host", "state", "read_at", "problem"]),
    ],
    verbs=[
        Verb(services.give_address, permission="oncall.change_dutycalendar", icon="link",
             tone="primary", in_bulk=False, secrets=frozenset({"address"}),
             hints={"address": "The private address of its .ics file, https:// or webcal://. "
                               "It is not shown again."},
             done="{} is read from there; its address is not shown again."),
        Verb(services.read_now, permission="oncall.change_dutycalendar", icon="refresh-cw",
             done="{} is read now; this page follows.", when=_readable),
        Verb(services.pause, permission="oncall.change_dutycalendar", icon="pause",
             when=_unpaused, undo=lambda c: ("resume", {})),
        Verb(services.resume, permission="oncall.change_dutycalendar", icon="play",
             when=_paused, undo=lambda c: ("pause", {})),
    ],
)  # fmt: skip

CALENDAR_DUTY = Resource(
    CalendarDuty,
    columns=["calendar", "person", "called", "starts_at", "ends_at"],
    facts=["level"],
    filters=["calendar", "person", "starts_at"],
    search=["called", "person__name"],
    order=["starts_at"],
    icon="calendar",
    panels=[
        Panel("Its calendars name nobody we know", on=Schedule, leads=True,
              rows=lambda s: CalendarDuty.objects.unmatched().filter(
                  calendar__schedule=s, ends_at__gt=time.now()),
              columns=["calendar", "called", "starts_at", "ends_at"]),
    ],
)  # fmt: skip

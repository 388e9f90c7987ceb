"""Reading the calendars in which other tools keep who is on call."""

from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from fullscore.connectors.base import ConnectorError
from fullscore.connectors.calendars import client, parse
from fullscore.connectors.calendars.parse import Event
from fullscore.connectors.guard import Guard
from fullscore.domains.response.oncall.announcements import CalendarWanted
from fullscore.domains.response.oncall.models import CalendarDuty, DutyCalendar
from fullscore.domains.response.oncall.queries.calendars import People, level_of
from fullscore.domains.response.oncall.services.rota import refresh
from fullscore.kit import live, secrets, time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import bulk, noun_of, recorded, removed
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User
from fullscore.kit.perform import require

State = DutyCalendar.State
PORTS = frozenset({80, 443, *range(1024, 65536)})
BEHIND, AHEAD = timedelta(days=2), timedelta(weeks=53)  # what pictures and gaps are drawn from


@transaction.atomic
def add_calendar(*, by: User, **values: Any) -> DutyCalendar:
    """Put a calendar over the layers of a schedule: from its text, or give its address next."""
    require("oncall.change_schedule", values["schedule"], by=by)
    calendar = DutyCalendar(**values)
    with recorded(calendar, "add", by=by):
        pass
    if calendar.text.strip():
        _take_text(calendar, by=by)
    return calendar


@transaction.atomic
def change_calendar(calendar: DutyCalendar, *, by: User, **values: Any) -> DutyCalendar:
    """Give a calendar other values; a text takes the place of its address."""
    before, text = calendar.schedule, calendar.text
    require("oncall.change_schedule", values.get("schedule", before), by=by)
    gone = None
    with recorded(calendar, "change", by=by):
        for name, value in values.items():
            setattr(calendar, name, value)
        if calendar.text.strip() and calendar.secret is not None:
            gone, calendar.secret, calendar.host = calendar.secret, None, ""
    if gone is not None:
        with removed(gone, by=by):
            pass
    if calendar.text != text and calendar.text.strip():
        _take_text(calendar, by=by)
    elif calendar.text != text and calendar.secret is None:
        _write(calendar, [], by=by)
    for schedule in {before, calendar.schedule}:
        refresh(schedule, by=by)
    return calendar


@transaction.atomic
def give_address(calendar: DutyCalendar, *, by: User, address: str) -> DutyCalendar:
    """Read the calendar from a private address; it is kept as a secret, and not shown again."""
    address = client.web_address(address)
    host = checked_host(address)
    with recorded(calendar, "give_address", by=by):
        if calendar.secret is None:
            calendar.secret = keep_address(address, by=by)
        else:
            secrets.replace(calendar.secret, address, by=by)
        calendar.host, calendar.text = host, ""
        if calendar.state != State.PAUSED:
            calendar.state = State.NEW
            announce(CalendarWanted(calendar.pk))
    return calendar


def keep_address(address: str, *, by: User) -> Any:
    """Return the secret in which an address stands from now on."""
    host = checked_host(address)
    return secrets.keep(f"duty calendar {uuid4().hex[:12]}", address, by=by, kind="token",
                        scope=host)  # fmt: skip


def checked_host(address: str) -> str:
    """Return the host of an address; raises Invalid for one that cannot be a calendar's."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        parts, host = None, ""
    kinds = ("https", "http") if settings.OPTIONS.allowed_networks else ("https",)
    if parts is None or parts.scheme not in kinds or not host or "@" in parts.netloc:
        told = "It begins with https:// and holds no user name or password."
        raise Invalid(f"This is no address of a calendar. {told}", {"address": [told]})
    return host[:120]


def read_now(calendar: DutyCalendar, *, by: User) -> DutyCalendar:
    """Read the calendar at once, instead of at the next quarter of an hour."""
    _check_kept(calendar)
    announce(CalendarWanted(calendar.pk))
    return calendar


def pause(calendar: DutyCalendar, *, by: User, note: str = "") -> DutyCalendar:
    """Let a calendar count no longer from now on, until it is resumed."""
    if calendar.state == State.PAUSED:
        raise Conflict("This calendar is paused already.")
    with recorded(calendar, "pause", by=by, note=note):
        calendar.state = State.PAUSED
    refresh(calendar.schedule, by=by)
    return calendar


def resume(calendar: DutyCalendar, *, by: User) -> DutyCalendar:
    """Let a paused calendar count again, and read it."""
    if calendar.state != State.PAUSED:
        raise Conflict("This calendar is not paused.")
    with recorded(calendar, "resume", by=by):
        calendar.state = State.NEW
        announce(CalendarWanted(calendar.pk))
    refresh(calendar.schedule, by=by)
    return calendar


def read(calendar: DutyCalendar, *, by: User) -> DutyCalendar:
    """Read a calendar; what it said last counts on when it cannot be read.

    Fetches outside any transaction, so that a slow host holds up no other writer.
    """
    try:
        events = _events(calendar, _content(calendar))
    except ConnectorError as error:
        _unread(calendar, str(error))
    else:
        with transaction.atomic():
            locked = DutyCalendar.objects.select_for_update().filter(pk=calendar.pk).first()
            is_same = locked is not None and locked.secret_id == calendar.secret_id
            if locked is not None and is_same and locked.text == calendar.text:
                _write(locked, events, by=by)
    calendar.refresh_from_db()
    return calendar


def _take_text(calendar: DutyCalendar, *, by: User) -> None:
    try:
        events = _events(calendar, calendar.text.encode())
    except ConnectorError as error:
        raise Invalid(str(error), {"text": [str(error)]}) from error
    _write(calendar, events, by=by)


def _check_kept(calendar: DutyCalendar) -> None:
    if calendar.state == State.PAUSED:
        raise Conflict("It is paused: resume it first.")
    if calendar.secret is None and not calendar.text:
        raise Conflict("Give its address first, or its text.")


def _content(calendar: DutyCalendar) -> bytes:
    if calendar.secret is None:
        return calendar.text.encode()
    allowed = [n for n in settings.OPTIONS.allowed_networks.replace(",", " ").split() if n]
    guard = Guard(allowed=tuple(map(ip_network, allowed)), ports=PORTS)
    with calendar.secret.open() as address:
        return client.fetch(address, guard=guard, is_http_allowed=bool(allowed))


def _events(calendar: DutyCalendar, content: bytes) -> list[Event]:
    now = time.now()
    return parse.events(content, start=now - BEHIND, end=now + AHEAD, zone=calendar.schedule.zone)


def _write(calendar: DutyCalendar, events: list[Event], *, by: User) -> None:
    """Put what the calendar says now in the place of all it said; shifts that are over stay."""
    people = People()
    wanted = [
        (people.of(one), one.summary, one.starts_at, one.ends_at, level_of(one)) for one in events
    ]
    fields = ("person_id", "called", "starts_at", "ends_at", "level")
    known = list(calendar.duties.order_by("pk").values_list(*fields))
    if known != wanted:
        calendar.duties.all().delete()
        CalendarDuty.objects.bulk_create(
            CalendarDuty(calendar=calendar, **dict(zip(fields, one, strict=True))) for one in wanted
        )
        _tell(calendar, known, wanted, by=by)
    state = calendar.state if calendar.state == State.PAUSED else State.READ
    told = {"state": state, "read_at": time.now(), "failing_since": None, "problem": ""}
    DutyCalendar.objects.filter(pk=calendar.pk).update(**told)
    calendar.refresh_from_db()
    live.publish(noun_of(calendar), str(calendar.pk))
    if known != wanted:
        refresh(calendar.schedule, by=by)


def _tell(calendar: DutyCalendar, known: Any, wanted: Any, *, by: User) -> None:
    """Record how much is other than it was, with a digest of what counts now."""
    new, gone = set(wanted) - set(known), set(known) - set(wanted)
    counts = {"new": len(new), "gone": len(gone)}
    rows = ([person, str(start), str(end)] for person, _, start, end, _ in wanted)
    bulk(noun_of(CalendarDuty), "read", by=by, counts=counts, rows=rows,
         facts={"calendar": calendar.pk})  # fmt: skip
    live.publish(noun_of(CalendarDuty))


def _unread(calendar: DutyCalendar, problem: str) -> None:
    now = time.now()
    rows = DutyCalendar.objects.filter(pk=calendar.pk).exclude(state=State.PAUSED)
    rows.filter(failing_since=None).update(failing_since=now)
    rows.update(state=State.FAILED, problem=problem[:300])
    live.publish(noun_of(calendar), str(calendar.pk))

"""The calendar of changes by month and week, freezes shaded, and the same for calendar programs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from datetime import time as clock
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from icalendar import Calendar, Event

from fullscore.domains.foundation.changes import services
from fullscore.domains.foundation.changes.models import Change, Freeze
from fullscore.domains.foundation.changes.queries import overlaps
from fullscore.domains.foundation.estate.models import Item
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import time
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User
from fullscore.kit.perform import find, require

DAY = timedelta(days=1)
BEHIND, AHEAD = timedelta(days=90), timedelta(days=365)  # what a calendar program is told
MOST = 1000
TONES = {
    "waiting": "warn",
    "running": "info",
    "verifying": "info",
    "done": "ok",
    "failed": "high",
    "rolled_back": "high",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A change on one day."""

    change: Change
    starts: str  # the time of day it starts; empty: it began before
    tone: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar."""

    on: date
    entries: Sequence[Entry]
    freezes: Sequence[Freeze]
    is_today: bool
    is_outside: bool  # of the month that is shown


def calendar(request: SignedIn) -> HttpResponse:
    """Show the changes of a month or a week, of everything or of what one item depends on."""
    require("changes.view_change", by=request.user)
    zone = time.zone(request.user.time_zone)
    today = time.now().astimezone(zone).date()
    on, by_week = _asked_day(request, today), request.GET.get("by") == "week"
    first, last = _week(on) if by_week else _month(on)
    item = _asked_item(request)
    rows = _seen(request.user, item, _instant(first, zone), _instant(last, zone))
    freezes = _frozen(_instant(first, zone), _instant(last, zone), item)
    days = [
        _day(first + n * DAY, rows, freezes, zone, today=today, month=0 if by_week else on.month)
        for n in range((last - first).days)
    ]
    context: dict[str, Any] = {
        "title": "Calendar of changes",
        "weeks": [days[n : n + 7] for n in range(0, len(days), 7)],
        "by_week": by_week,
        "on": on,
        "item": item,
        "today": today,
        "days": days,
        "name": f"Week of {first:%-d %B %Y}" if by_week else f"{on:%B %Y}",
        "earlier": first - DAY,
        "later": last,
        "freezes": freezes,
        "services": Item.objects.visible_to(request.user).live().filter(kind="service"),
    }
    return shell.page(request, "changes/calendar.html", **context)


def _asked_day(request: SignedIn, today: date) -> date:
    text = request.GET.get("on", "")
    try:
        on = date.fromisoformat(text) if text else today
    except ValueError as error:
        raise Invalid(f"“{text[:20]}” is no day: write it as 2026-11-17.") from error
    if not 2000 <= on.year <= 2200:
        raise Invalid("The calendar shows the years 2000 to 2200.")
    return on


def _asked_item(request: SignedIn) -> Item | None:
    pk = request.GET.get("item", "")
    found: Item | None = find(Item, pk, by=request.user) if pk else None
    return found


def _week(on: date) -> tuple[date, date]:
    monday = on - on.weekday() * DAY
    return monday, monday + 7 * DAY


def _month(on: date) -> tuple[date, date]:
    """Return the Mondays around a month."""
    first = on.replace(day=1)
    last = (first + 31 * DAY).replace(day=1) - DAY
    return _week(first)[0], _week(last)[1]


def _instant(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock(), tzinfo=zone)


def _seen(user: User, item: Item | None, start: datetime, end: datetime) -> list[Change]:
    rows: QuerySet[Change] = Change.objects.visible_to(user).exclude(state=Change.State.ABANDONED)
    if item is not None:
        rows = overlaps.serving(rows, item.pk)
    return list(overlaps.between(rows, start, end).order_by("starts_at", "pk")[:MOST])


def _frozen(start: datetime, end: datetime, item: Item | None) -> list[Freeze]:
    if item is not None:
        return overlaps.freezes_over([item.pk], start, end)
    return list(Freeze.objects.filter(starts_at__lt=end, ends_at__gt=start).order_by("starts_at"))


def _day(
    day: date,
    rows: Iterable[Change],
    freezes: Iterable[Freeze],
    zone: tzinfo,
    *,
    today: date,
    month: int,
) -> Day:
    start, end = _instant(day, zone), _instant(day + DAY, zone)
    entries = [
        Entry(
            change,
            f"{change.starts_at.astimezone(zone):%H:%M}" if change.starts_at >= start else "",
            TONES.get(change.state, ""),
        )
        for change in rows
        if change.starts_at < end and change.ends_at > start
    ]
    held = [freeze for freeze in freezes if freeze.starts_at < end and freeze.ends_at > start]
    return Day(day, entries, held, day == today, bool(month) and day.month != month)


@require_POST
@never_cache
def subscribe(request: SignedIn) -> HttpResponse:
    """Make a private address for calendar programs, shown this once; the former one ends."""
    require("changes.view_change", by=request.user)
    text = services.issue_address(request.user, by=request.user)
    address = f"{settings.OPTIONS.address}/changes/calendar/{text}.ics"
    return shell.page(
        request,
        "changes/subscribe.html",
        title="Calendar address",
        address=address,
        crumbs=[{"title": "Calendar of changes", "url": "/changes/calendar"}],
    )


@require_safe
@never_cache
def feed(request: HttpRequest, text: str) -> HttpResponse:
    """Tell a calendar program what its owner may see; the address is the secret."""
    user = services.whose_address(text)
    now = time.now()
    told = Calendar()
    told.add("prodid", "-//Fullscore//Changes//EN")
    told.add("version", "2.0")
    told.add("x-wr-calname", "Changes")
    host = settings.OPTIONS.address
    for change in _seen(user, None, now - BEHIND, now + AHEAD):
        told.add_component(_event(change, host, now))
    if Freeze.objects.visible_to(user).exists():
        for freeze in _frozen(now - BEHIND, now + AHEAD, None):
            told.add_component(_closed(freeze, host, now))
    answer = HttpResponse(told.to_ical(), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="changes.ics"'
    return answer


def _event(change: Change, host: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"change-{change.pk}@fullscore")
    event.add("dtstamp", now)
    event.add("dtstart", change.starts_at)
    event.add("dtend", change.ends_at)
    event.add("summary", f"{change.title} ({change.get_state_display().lower()})")
    event.add("url", f"{host}/changes/{change.pk}")
    event.add("status", "CONFIRMED" if change.state not in Change.EDITABLE[:3] else "TENTATIVE")
    return event


def _closed(freeze: Freeze, host: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"freeze-{freeze.pk}@fullscore")
    event.add("dtstamp", now)
    event.add("dtstart", freeze.starts_at)
    event.add("dtend", freeze.ends_at)
    event.add("summary", f"Freeze: {freeze.name}")
    event.add("description", freeze.reason)
    event.add("url", f"{host}/freezes/{freeze.pk}")
    event.add("transp", "TRANSPARENT")
    return event


PATTERNS = [
    path("changes/calendar", login_required(calendar), name="change-calendar"),
    path("changes/calendar/address", login_required(subscribe), name="change-calendar-address"),
    path("changes/calendar/<str:text>.ics", feed, name="change-calendar-feed"),
]

"""Calendars, read by calendar programs at private addresses."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.urls import path
from django.views.decorators.http import require_safe

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.oncall.calendars import calendar
from fullscore.domains.response.oncall.models import Shift
from fullscore.domains.response.oncall.services import rota
from fullscore.kit import limits, time

SHOWN_BACK = timedelta(days=30)


@require_safe
def read(request: HttpRequest, token: str) -> HttpResponse:
    """Answer the shifts of one schedule or one person."""
    address = request.META.get("REMOTE_ADDR", "")
    limits.limit(f"oncall.calendar:{address}", per=timedelta(minutes=1), count=60)
    found = rota.behind_calendar(token)
    if found is None:
        return HttpResponseNotFound("There is no such calendar.", content_type="text/plain")
    now = time.now()
    rows = Shift.objects.filter(ends_at__gt=now - SHOWN_BACK).select_related("person", "schedule")
    own = {"person": found} if isinstance(found, Person) else {"schedule": found}
    body = calendar(str(found), rows.filter(**own).order_by("starts_at"), now=now)
    return HttpResponse(
        body, content_type="text/calendar; charset=utf-8",
        headers={"Cache-Control": "private, max-age=900"},
    )  # fmt: skip


PATTERNS = [path("calendars/<str:token>.ics", read, name="oncall-calendar")]

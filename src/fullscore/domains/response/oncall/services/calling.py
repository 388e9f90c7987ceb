"""Pages: which person is called, and by which deliveries."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db.models import Q

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.oncall.models import (
    Attempt,
    ContactChannel,
    Page,
    Run,
    RunEvent,
    Timer,
)
from fullscore.domains.response.oncall.queries import paging
from fullscore.domains.response.oncall.services import channels
from fullscore.engines.rota.hours import is_night
from fullscore.kit import live, time
from fullscore.kit.audit import noted
from fullscore.kit.models import Notification, User
from fullscore.kit.models.secret import Secret

STILL_TO_COME = (Attempt.State.WAITING, Attempt.State.SENDING)
AGAIN_AFTER = timedelta(minutes=1)  # one incident, one page per person per minute


def call(
    run: Run, people: Iterable[Person], *, urgency: str, why: str, now: datetime, by: User
) -> int:
    """Call people and return how many of them are called.

    Whoever was called a moment ago is called a minute after that, or not once more while that call
    has not left yet. Whoever can be reached by nothing at all does not count.
    """
    reached = 0
    for person in people:
        last = paging.last_call(run, person, since=now - AGAIN_AFTER)
        if last is not None and last.attempts.filter(state__in=STILL_TO_COME).exists():
            reached += 1  # that call is on its way yet
            continue
        ways = _ways(person, urgency, by)
        if not ways and person.user is None:
            _tell(run, now, f"{person} cannot be reached by anything.")
            continue
        _page(run, person, ways, urgency, why, now if last is None else last.at + AGAIN_AFTER)
        noted(run, "call", by=by, person=person.pk, why=why)
        reached += 1
    return reached


def _ways(person: Person, urgency: str, by: User) -> list[tuple[ContactChannel, int]]:
    if ways := paging.ways_to(person, urgency):
        return ways
    known = channels.known_by_mail(person, by=by)
    return [(known, 0)] if known else []


def _page(
    run: Run, person: Person, ways: list[tuple[ContactChannel, int]], urgency: str, why: str,
    at: datetime,
) -> None:  # fmt: skip
    page = Page.objects.create(
        run=run, person=person, at=at, urgency=urgency, why=why[:200],
        is_night=is_night(at, str(time.zone(zone_of(person)))),
    )  # fmt: skip
    Attempt.objects.bulk_create(
        Attempt(page=page, channel=channel, way=channel.kind, key=uuid4().hex,
                due_at=at + timedelta(minutes=delay)) for channel, delay in ways
    )  # fmt: skip
    by_what = ", ".join(channel.get_kind_display() for channel, _ in ways) or "the page only"
    _tell(run, min(at, time.now()), f"{person} is called ({why}): {by_what}.")
    if person.user is not None:
        # Shown at once and not mailed by the kit: the mail is one of the deliveries.
        told = Notification(user=person.user, at=time.now(), title=run.title[:200], severity=5,
                            url=f"/escalations/{run.pk}", mailed_at=time.now())  # fmt: skip
        told.save()
        live.publish("notification", told.pk)


def hook(run: Run, step: dict[str, Any], *, now: datetime) -> bool:
    """Let the webhook of a step be called; False where it has no key to sign with."""
    secret = Secret.objects.filter(pk=step["secret"]).first()
    if secret is None:
        return False
    Attempt.objects.create(
        run=run, kind=Attempt.Kind.HOOK, way=ContactChannel.Kind.WEBHOOK, address=step["address"],
        secret=secret, key=uuid4().hex, due_at=now,
    )  # fmt: skip
    return True


def zone_of(person: Person) -> str:
    """Return the time zone somebody lives by."""
    return person.user.time_zone if person.user else person.time_zone


def cancel_deliveries(run: Run) -> None:
    """Let what was not sent yet not be sent."""
    rows = Attempt.objects.filter(Q(page__run=run) | Q(run=run), state=Attempt.State.WAITING)
    rows.update(state=Attempt.State.CANCELLED)


def hurry(attempt: Attempt, *, now: datetime) -> None:
    """After a delivery that failed for good, let the next one be due; after the last, the step."""
    page = attempt.page
    if page is None:
        return
    others = page.attempts.filter(state=Attempt.State.WAITING).order_by("due_at")
    following = others.first()
    if following is not None:
        Attempt.objects.filter(pk=following.pk, due_at__gt=now).update(due_at=now)
    elif not page.attempts.filter(state__in=["sent", "sending"]).exists():
        waiting = Timer.objects.filter(run=page.run, state=Timer.State.WAITING, due_at__gt=now)
        waiting.update(due_at=now)
        _tell(page.run, now, f"Nothing reached {page.person}: the next step is taken.")


def _tell(run: Run, now: datetime, text: str) -> None:
    RunEvent.objects.create(run=run, at=now, text=text[:300])

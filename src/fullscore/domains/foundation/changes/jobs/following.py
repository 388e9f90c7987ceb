"""What follows from changes, and what the clock does with them."""

from collections.abc import Iterator

from fullscore.domains.foundation.changes import services
from fullscore.domains.foundation.changes.models import Change, RunbookRun
from fullscore.domains.foundation.changes.services.runbooks import altering
from fullscore.domains.foundation.estate.models import Difference
from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.kit import access, notify, time
from fullscore.kit.jobs import every, job
from fullscore.kit.models import User
from fullscore.kit.models.user import system


@every(minutes=1)
def watch() -> None:
    """Look after every change that is being verified."""
    rows = Change.objects.filter(
        state=Change.State.VERIFYING, watched_until__gte=time.now(), rollback_proposed_at=None
    )
    for change in rows:
        services.watch(change, by=system(), now=time.now())


@every(minutes=1)
def finish_watched() -> None:
    """Finish the changes that were steps of runbooks and went well, half an hour later."""
    rows = Change.objects.filter(
        runbook_steps__isnull=False,
        state=Change.State.VERIFYING,
        result="good",
        watched_until__lte=time.now(),
        rollback_proposed_at=None,
    )
    for change in rows.distinct():
        altering.close(change)


@job()
def notify_driver(run: int) -> None:
    """Tell whoever drives a run that it waits for somebody, or how it ended."""
    for one in RunbookRun.objects.filter(pk=run, is_dry=False).select_related(
        "runbook", "item", "driver"
    ):
        waits = f"waits for {one.get_asks_display()}" if one.is_live else one.outcome
        notify.notify(
            one.driver,
            f"{one}: {waits}"[:200],
            body=f"Runbook run {one.pk} {one.reference}".strip(),
            url=f"/runbook-runs/{one.pk}",
            severity=4 if one.asks in (one.Asks.FAILED, one.Asks.UNKNOWN) else 3,
        )


@job()
def bring_back(difference: int, by: int) -> None:
    """Draft a change that brings the world back, when a difference was rejected."""
    found = Difference.objects.select_related("item").filter(pk=difference)
    for one in found:
        services.draft_return(one, by=User.objects.get(pk=by), now=time.now())


@job()
def check_linked(change: int) -> None:
    """Run the checks of what a change was to repair, once it is done."""
    for one in Change.objects.filter(pk=change, state=Change.State.DONE):
        services.check_linked(one, by=system())


@job()
def expect_breaches(change: int) -> None:
    """Mark what thresholds find on the items of a running change as expected by it."""
    for one in Change.objects.filter(pk=change, state__in=Change.UNDER_WAY):
        items = list(one.items.values_list("pk", flat=True))
        telemetry.expect(items, words=f"change {one.pk}", now=time.now())


@job()
def expect_no_more(change: int) -> None:
    """Let breaches be unexpected again once a change is over."""
    telemetry.expect_no_more(f"change {change}", now=time.now())


@job()
def notify_asked(change: int) -> None:
    """Tell those who may approve a change that it waits for them."""
    for one in Change.objects.filter(pk=change, state=Change.State.WAITING):
        title = f"{one.requested_by} asks for approval: {one}"
        body = f"Window {one.starts_at:%-d %b %H:%M} to {one.ends_at:%-d %b %H:%M} UTC, {one.band}"
        for user in _approvers(one):
            notify.notify(user, title, body=f"{body} risk.", url=f"/changes/{one.pk}", severity=3)


def _approvers(change: Change) -> Iterator[User]:
    people = User.objects.filter(is_active=True, kind=User.Kind.PERSON)
    for user in people.exclude(pk=change.requested_by_id):
        reach = access.reach(user, "changes.approve_change")
        held = Change.objects.visible_to(user).in_reach(reach)
        if reach.is_anything and held.filter(pk=change.pk).exists():
            yield user


@job()
def notify_proposed(change: int) -> None:
    """Tell who carries a change out, and who asked for it, that it should be rolled back."""
    for one in Change.objects.filter(pk=change).select_related("executor", "requested_by"):
        people = {user.pk: user for user in (one.executor, one.requested_by) if user}
        for user in people.values():
            notify.notify(
                user,
                f"Roll back “{one}”?"[:200],
                body=one.rollback_why,
                url=f"/changes/{one.pk}",
                severity=5,
            )

"""Where changes stand: what runs, what waits for whom, and what the checks read."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from fullscore.domains.foundation.changes.facts import Ended, Repeated
from fullscore.domains.foundation.changes.models import Approval, Change, StandardChange
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.engines.attention import Concern
from fullscore.kit import access
from fullscore.kit.checks import Scope
from fullscore.kit.models import User

SOURCE = "change"
MOST = 500
APPROVAL_HOURS = 0.25  # our judgement: to read a plan and say yes or no
REVIEW_HOURS = 0.5
FAILED_DAYS = 90


def running_on(items: Collection[int]) -> dict[int, int]:
    """Return, for each of some items, the change under way that touches it.

    Alerts there are expected by that change and page only at the gravest severity.
    """
    through = Change.items.through.objects.filter(change__state__in=Change.UNDER_WAY)
    rows = through.order_by("-change_id").values_list("item_id", "change_id")
    return {item: change for item, change in rows if item in items}


def success_rate(standard: StandardChange) -> float | None:
    """Return which share of a template's closed changes went well; None while there are none."""
    counts = standard.changes.aggregate(
        closed=Count("pk", filter=Q(state__in=Change.CLOSED)),
        done=Count("pk", filter=Q(state=Change.State.DONE)),
    )
    return counts["done"] / counts["closed"] if counts["closed"] else None


def live_approvals(change: Change) -> QuerySet[Approval]:
    """Return the approvals that count."""
    return change.approvals.filter(voided_at__isnull=True, decision=Approval.Decision.APPROVED)


def concerns(user: User, now: datetime) -> tuple[list[Concern], dict[str, Change]]:
    """Return what waits for somebody, priced, as the queue takes it; and the changes by key."""
    made = {f"{SOURCE}:{c.pk}:{c.waits_for}": c for c in _waiting(user, now)}
    rows = Item.objects.filter(changes__in=[c.pk for c in made.values()]).distinct()
    prices = estate.downtime_per_hour(rows)
    through = Change.items.through.objects.filter(change__in=[c.pk for c in made.values()])
    items: dict[int, list[int]] = {}
    for change_id, item_id in through.values_list("change_id", "item_id"):
        items.setdefault(change_id, []).append(item_id)
    told = []
    for key, change in made.items():
        known = [prices[pk] for pk in items.get(change.pk, ()) if pk in prices]
        change.is_default_price = all(price.is_default for price in known)
        told.append(_concern(key, change, max((p.per_hour for p in known), default=0.0)))
    return told, made


def _concern(key: str, change: Change, per_hour: float) -> Concern:
    """Price what waits: a window missed leaves the risk it was to end; so does a late review."""
    due_at = {"review": change.review_due_at, "approval": change.starts_at}.get(change.waits_for)
    hours = {"review": REVIEW_HOURS}.get(change.waits_for, APPROVAL_HOURS)
    stake = per_hour * (change.points or 0) / 100
    return Concern(key=key, source=SOURCE, stake=stake, due_at=due_at, work_hours=hours)


def _waiting(user: User, now: datetime) -> Iterator[Change]:
    seen = Change.objects.visible_to(user).select_related("owner", "executor")
    approves = access.reach(user, "changes.approve_change")
    if approves.is_anything:
        said = Approval.objects.filter(person=user.pk, voided_at__isnull=True).values("change")
        mine = seen.filter(state=Change.State.WAITING).in_reach(approves)
        rows = mine.exclude(requested_by=user.pk).exclude(pk__in=said)
        yield from _marked(rows.order_by("starts_at"), "approval")
    if (reviews := access.reach(user, "changes.close_change")).is_anything:
        late = seen.filter(review_due_at__isnull=False, reviewed_at__isnull=True)
        over = late.filter(state__in=Change.CLOSED).in_reach(reviews)
        yield from _marked(over.order_by("review_due_at"), "review")
    if (executes := access.reach(user, "changes.execute_change")).is_anything:
        missed = Q(state=Change.State.APPROVED) | Q(state=Change.State.RUNNING)
        rows = seen.filter(missed, ends_at__lt=now).in_reach(executes)
        yield from _marked(rows.order_by("ends_at"), "window")


def _marked(rows: Iterable[Change], waits_for: str) -> Iterator[Change]:
    for change in list(rows[:MOST]):  # type: ignore[index]
        change.waits_for = waits_for
        yield change


# ── what the checks read ───────────────────────────────────────────────────────────────────────


def ended(scope: Scope) -> Iterator[Ended]:
    """Return the changes of the last year that are over, recorded ones apart."""
    if scope.items is not None:
        return
    rows = Change.objects.filter(
        state__in=Change.CLOSED, is_recorded=False, ended_at__gte=scope.now - timedelta(days=365)
    )
    for change in rows.prefetch_related("items"):
        if change.reviewed_at is None and change.ended_at is not None:
            item = next(iter(change.items.all()), None)
            yield Ended(
                change.pk,
                change.title,
                item.pk if item else None,
                change.ended_at,
                change.review_due_at,
                change.owner_id,
            )


def repeated(scope: Scope) -> Iterator[Repeated]:
    """Return how often changes of each kind failed on each item within 90 days."""
    since = scope.now - timedelta(days=FAILED_DAYS)
    through = Change.items.through.objects.filter(
        change__state__in=Change.CLOSED, change__ended_at__gte=since
    )
    if scope.items is not None:
        through = through.filter(item__in=scope.items)
    told: dict[tuple[int, str, str], list[int]] = {}
    for item, name, kind, state, change in through.values_list(
        "item_id", "item__name", "change__kind", "change__state", "change_id"
    ):
        failed = told.setdefault((item, name, kind), [])
        if state in Change.WENT_WRONG:
            failed.append(change)
    for (item, name, kind), failed in sorted(told.items()):
        yield Repeated(item, name, kind, len(failed), tuple(sorted(failed)))


def work_on(items: Collection[int], since: datetime) -> dict[int, list[Change]]:
    """Return, by item, the changes that were carried out or recorded on it since a moment."""
    over = Q(change__ended_at__isnull=True) | Q(change__ended_at__gte=since)
    done = Q(change__started_at__isnull=False) | Q(change__is_recorded=True)
    through = Change.items.through.objects.filter(over & done)
    told: dict[int, list[Change]] = {}
    for row in through.select_related("change"):
        if row.item_id in items:
            told.setdefault(row.item_id, []).append(row.change)
    return told

"""What the checks of alerts and their senders read."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Max, Min, Q, QuerySet

from fullscore.domains.response.incidents.facts import Heard, Rang, Swung, Waiting
from fullscore.domains.response.incidents.models import Alert, AlertSource, Receipt
from fullscore.kit.checks import Scope


def rang(scope: Scope) -> Iterator[Rang]:
    """Return how often each key rang in the last seven days, and how often somebody took it."""
    rows = _of_scope(scope).filter(starts_at__gte=scope.now - timedelta(days=7))
    taken = Count("events", filter=Q(events__kind="acknowledged"))
    told = rows.values("source", "key", "item").order_by("source", "key", "item")
    counted = told.annotate(title=Max("title"), count=Count("pk", distinct=True), taken=taken)
    for one in counted.values_list("source", "key", "title", "item", "count", "taken"):
        yield Rang(*one)


def swung(scope: Scope) -> Iterator[Swung]:
    """Return how often the alerts of each key were opened and resolved in the last half hour."""
    since = scope.now - timedelta(minutes=30)
    moved = Q(events__at__gte=since, events__kind__in=("opened", "resolved"))
    rows = _of_scope(scope).filter(Q(last_seen_at__gte=since) | Q(changed_at__gte=since))
    told = rows.values("source", "key", "item").order_by("source", "key", "item")
    counted = told.annotate(title=Max("title"), changes=Count("events", filter=moved))
    for one in counted.values_list("source", "key", "title", "item", "changes"):
        yield Swung(*one)


def heard(scope: Scope) -> Iterator[Heard]:
    """Return when each source that may send was heard last, and what of it was not understood."""
    if scope.items is not None:
        return
    since = scope.now - timedelta(hours=24)
    bad = Q(receipts__state="rejected", receipts__received_at__gte=since)
    rows = AlertSource.objects.filter(revoked_at__isnull=True)
    for one in rows.annotate(rejected=Count("receipts", filter=bad)):
        yield Heard(
            one.pk, one.name, one.last_seen_at or one.created_at, one.expects_every_seconds,
            one.left_out_at, one.rejected, one.problem,
        )  # fmt: skip


def waiting(scope: Scope) -> Iterator[Waiting]:
    """Return how many receipts wait to be read, and since when."""
    if scope.items is None:
        new = Receipt.objects.filter(state=Receipt.State.NEW)
        yield Waiting(*new.aggregate(n=Count("pk"), oldest=Min("received_at")).values())


def _of_scope(scope: Scope) -> QuerySet[Alert]:
    rows: QuerySet[Alert] = Alert.objects.all()
    return rows if scope.items is None else rows.filter(item__in=scope.items)

"""What the checks of alerts and their senders read."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Max, Min, Q, QuerySet

from fullscore.domains.response.incidents.facts import Heard, Rang, Swung, Unlinked, Waiting
from fullscore.domains.response.incidents.models import Alert, AlertSource, Receipt
from fullscore.domains.response.incidents.queries.naming import ITEM_LABEL
from fullscore.kit.checks import Scope

SILENT = "fullscore:silent"  # the key of the alert that a sender itself is not heard
UNLINKED_DAYS = 7
MOST_UNLINKED = 20_000
NAME_LETTERS, MOST_LABELS = 60, 12
# Labels by which senders name what an alert is about, the surest first.
NAMING = (
    ITEM_LABEL, "instance", "host", "hostname", "node", "server", "address", "ip", "service", "app",
    "job", "from",
)  # fmt: skip


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


def unlinked(scope: Scope) -> Iterator[Unlinked]:
    """Return by which names alerts of the last seven days came whose item is not known."""
    if scope.items is not None:
        return
    sources = AlertSource.objects.filter(revoked_at=None).exclude(kind=AlertSource.Kind.OWN)
    known = {source.pk: source for source in sources}
    called: dict[int, Counter[tuple[str, str]]] = {pk: Counter() for pk in known}
    others: dict[int, set[str]] = {pk: set() for pk in known}
    since = scope.now - timedelta(days=UNLINKED_DAYS)
    rows = Alert.objects.filter(item=None, source__in=known, starts_at__gte=since)
    told = rows.exclude(key=SILENT).order_by("-starts_at").values_list("source", "labels")
    for source, labels in told[:MOST_UNLINKED]:
        names = (*known[source].item_labels, *NAMING)
        label = next((name for name in names if labels.get(name)), "")
        called[source][label, str(labels.get(label, ""))[:NAME_LETTERS]] += 1
        if not label:
            others[source] |= set(labels)
    for pk, one in known.items():
        yield Unlinked(pk, one.name, called[pk], tuple(sorted(others[pk])[:MOST_LABELS]))


def waiting(scope: Scope) -> Iterator[Waiting]:
    """Return how many receipts wait to be read, and since when."""
    if scope.items is None:
        new = Receipt.objects.filter(state=Receipt.State.NEW)
        yield Waiting(*new.aggregate(n=Count("pk"), oldest=Min("received_at")).values())


def _of_scope(scope: Scope) -> QuerySet[Alert]:
    rows: QuerySet[Alert] = Alert.objects.all()
    return rows if scope.items is None else rows.filter(item__in=scope.items)

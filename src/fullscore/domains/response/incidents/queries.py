"""Questions about alerts and incidents that more than one place asks."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from fullscore.connectors.alerts import Signal, without_port
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.kinds import HARD_LINKS
from fullscore.domains.foundation.estate.models import Identifier, Item, Link
from fullscore.domains.foundation.findings.models import Finding
from fullscore.domains.response.incidents.facts import Heard, Rang, Swung, Waiting
from fullscore.domains.response.incidents.models import Alert, AlertSource, Incident, Receipt
from fullscore.domains.response.oncall.models import Attempt
from fullscore.engines.attention import Concern
from fullscore.kit.access import Actor
from fullscore.kit.checks import Scope

SOURCE = "incident"
ITEM_LABEL = "fullscore_item"
EVERYBODYS = re.compile(r"(localhost|localhost\..*|127\.[0-9.]+|::1|0\.0\.0\.0|::)?$")
NAMED = 5000  # words in one statement: every SQLite takes as many
MOST = 1000
NEARBY = timedelta(hours=24)
WORK_HOURS = 1.0  # our judgement, until repair times of one's own are known


def names_of(signal: Signal, source: AlertSource) -> tuple[str, ...]:
    """Return the words that may name the item of an alert, the surest first."""
    labels = signal.labels
    own = [labels[name] for name in (ITEM_LABEL, *source.item_labels) if labels.get(name)]
    words = (without_port(word).lower() for word in (*own, *signal.names))
    return tuple(dict.fromkeys(word for word in words if not EVERYBODYS.match(word)))


def items_named(names: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Return the item of each key: that of its first word that is known, if that names just one.

    A word is an address, a host name, another name or an item's own.
    """
    wanted = sorted({word for words in names.values() for word in words})
    known: dict[str, set[int]] = {}
    for start in range(0, len(wanted), NAMED):
        some = wanted[start : start + NAMED]
        for word, pk in _known(some):
            known.setdefault(word, set()).add(pk)
    found = {key: next((known[w] for w in words if w in known), set())
             for key, words in names.items()}  # fmt: skip
    return {key: next(iter(items)) for key, items in found.items() if len(items) == 1}


def _known(words: list[str]) -> Iterator[tuple[str, int]]:
    items = Item.objects.live().annotate(word=Lower("name")).filter(word__in=words)
    yield from items.values_list("word", "pk")
    named = Identifier.objects.filter(kind__in=("fqdn", "address"), is_shared=False)
    named = named.exclude(item__state=Item.State.RETIRED).annotate(word=Lower("value"))
    yield from named.filter(word__in=words).values_list("word", "item_id")


def needs() -> list[tuple[int, int]]:
    """Return what depends on what, as pairs of items."""
    rows = Link.objects.filter(kind__in=HARD_LINKS).order_by("from_item", "to_item")
    return list(rows.values_list("from_item_id", "to_item_id"))


def items_in(incident: Incident) -> QuerySet[Item]:
    """Return the items that alert in an incident."""
    return Item.objects.filter(pk__in=incident.alerts.values("item"))


def findings_near(incident: Incident) -> QuerySet[Finding]:
    """Return what was found in the last day on the items of an incident and what they need."""
    items = items_in(incident).values("pk")
    below = Link.objects.filter(kind__in=HARD_LINKS, from_item__in=items).values("to_item")
    near = Q(item__in=items) | Q(item__in=below)
    return Finding.objects.filter(near, opened_at__gte=incident.starts_at - NEARBY).order_by(
        "-opened_at"
    )


def incidents_of(item: Item) -> QuerySet[Incident]:
    """Return the incidents in which an item alerts now."""
    here = Alert.objects.filter(incident=OuterRef("pk"), item=item)
    return Incident.objects.live().filter(Exists(here))


def where(incident: Incident, user: Actor) -> str:
    """Return the name of what an incident is about, as far as somebody may know of it."""
    seen = Item.objects.visible_to(user).filter(incidents=incident)
    return seen.values_list("name", flat=True).first() or ""


def concerns(user: Actor, now: datetime) -> tuple[list[Concern], dict[str, Incident]]:
    """Return the incidents that press, priced, as the queue takes them; and them by key."""
    rows = Incident.objects.visible_to(user).filter(state=Incident.State.OPEN)
    found = list(rows.select_related("owner", "assignee", "root_item").order_by("-severity")[:MOST])
    alerts = Alert.objects.live().filter(incident__in=[i.pk for i in found], item__isnull=False)
    items: dict[int, set[int]] = {}
    for held_by, item in alerts.order_by().values_list("incident", "item"):
        items.setdefault(held_by, set()).add(item)
    every = Item.objects.filter(pk__in={pk for some in items.values() for pk in some})
    prices = estate.downtime_per_hour(every)
    made = {f"{SOURCE}:{incident.pk}": incident for incident in found}
    told = []
    for key, incident in made.items():
        known = [prices[pk] for pk in items.get(incident.pk, ()) if pk in prices]
        incident.is_default_price = all(price.is_default for price in known)
        loss = _loss(incident, known)
        told.append(Concern(key=key, source=SOURCE, work_hours=WORK_HOURS, loss_per_hour=loss))
    return told, made


def _loss(incident: Incident, prices: Iterable[estate.Downtime]) -> float:
    """Return what an hour of it costs: the dearest of its items, less for what is less severe.

    Items of one incident mostly stand in one chain, so their prices are the same money.
    """
    return max((price.per_hour for price in prices), default=0.0) * incident.severity / 5


# ── what the checks read ───────────────────────────────────────────────────────────────────────


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
            one.left_out_at, one.rejected,
        )  # fmt: skip


def waiting(scope: Scope) -> Iterator[Waiting]:
    """Return how many receipts wait to be read, and since when."""
    if scope.items is None:
        new = Receipt.objects.filter(state=Receipt.State.NEW)
        yield Waiting(*new.aggregate(n=Count("pk"), oldest=Min("received_at")).values())


def _of_scope(scope: Scope) -> QuerySet[Alert]:
    rows: QuerySet[Alert] = Alert.objects.all()
    return rows if scope.items is None else rows.filter(item__in=scope.items)


def called_for(incident: Incident) -> QuerySet[Attempt]:
    """Return the deliveries of pages about an incident."""
    about = {"page__run__subject": "incidents.incident", "page__run__record": incident.pk}
    return Attempt.objects.filter(**about)

"""Where incidents stand: what is in them, what is near them, and what they cost."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.kinds import HARD_LINKS
from fullscore.domains.foundation.estate.models import Item, Link
from fullscore.domains.foundation.findings.models import Finding
from fullscore.domains.response.incidents.models import Alert, Incident
from fullscore.domains.response.oncall.models import Attempt
from fullscore.engines.attention import Concern
from fullscore.kit.access import Actor

SOURCE = "incident"
MOST = 1000
NEARBY = timedelta(hours=24)
WORK_HOURS = 1.0  # our judgement, until repair times of one's own are known


def needs() -> list[tuple[int, int]]:
    """Return what depends on what, as pairs of items."""
    rows = Link.objects.filter(kind__in=HARD_LINKS).order_by("from_item", "to_item")
    return list(rows.values_list("from_item_id", "to_item_id"))


def items_in(incident: Incident) -> QuerySet[Item]:
    """Return the items that alert in an incident, and the one it was declared about."""
    alerting = Q(pk__in=incident.alerts.values("item"))
    return Item.objects.filter(alerting | Q(pk=incident.root_item_id or 0))


def findings_near(incident: Incident) -> QuerySet[Finding]:
    """Return what was found in the last day on the items of an incident and what they need."""
    items = items_in(incident).values("pk")
    below = Link.objects.filter(kind__in=HARD_LINKS, from_item__in=items).values("to_item")
    near = Q(item__in=items) | Q(item__in=below)
    return Finding.objects.filter(near, opened_at__gte=incident.starts_at - NEARBY).order_by(
        "-opened_at"
    )


def incidents_of(item: Item) -> QuerySet[Incident]:
    """Return the incidents in which an item alerts now, and those about it."""
    here = Alert.objects.filter(incident=OuterRef("pk"), item=item)
    return Incident.objects.live().filter(Exists(here) | Q(root_item=item))


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


def called_for(incident: Incident) -> QuerySet[Attempt]:
    """Return the deliveries of pages about an incident."""
    about = {"page__run__subject": "incidents.incident", "page__run__record": incident.pk}
    return Attempt.objects.filter(**about)

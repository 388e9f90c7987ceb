"""What a sender of alerts says was changed: kept as a recorded change, beside what it may break."""

from datetime import datetime

from django.db import transaction

from fullscore.connectors.pagerduty.parse import ChangeEvent
from fullscore.domains.foundation.changes import services as changes
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.models import AlertSource
from fullscore.domains.response.incidents.queries import naming
from fullscore.domains.response.incidents.services.sources import take_turn
from fullscore.kit.models import User


@transaction.atomic
def record_change(source: AlertSource, event: ChangeEvent, *, now: datetime, by: User) -> Change:
    """Take note of a change; an equal body within ten minutes is the same one, sent twice."""
    take_turn([source.pk])
    words = tuple(dict.fromkeys(word.lower() for word in event.names))
    found = naming.items_named({"": words}).values()
    return changes.record(
        by=by, title=event.summary, items=Item.objects.filter(pk__in=list(found)),
        at=min(event.at or now, now), description=event.text,
        reference=f"{source.name} {event.digest[:32]}",
    )  # fmt: skip

"""How often items were the cause of incidents."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Count

from fullscore.domains.response.incidents.models import Incident


def times_failed(items: Sequence[int], since: datetime) -> Mapping[int, int]:
    """Return how many incidents each item was the root of since a moment."""
    rows = Incident.objects.filter(root_item__in=items, detected_at__gte=since).order_by()
    return dict(rows.values_list("root_item").annotate(count=Count("pk")))

"""Suspects are ranked while an incident is young; watched series are looked at every minute."""

from datetime import timedelta

from fullscore.domains.response.incidents.models import Incident
from fullscore.domains.response.troubleshooting import queries, services
from fullscore.kit import time
from fullscore.kit.jobs import every, job
from fullscore.kit.models.user import system

KEPT = timedelta(days=400)


@job()
def rank_opened(ids: list[int]) -> None:
    """Rank the suspects of incidents that are new, or open again."""
    _rank(ids)


@every(minutes=1)
def rank_young() -> None:
    """Rank again after 5 and after 15 minutes, by what was measured since."""
    _rank(queries.due_for_ranking(time.now()))


@every(minutes=1)
def look_at_watched() -> None:
    """Say which watched series are unlike what is usual for the hour."""
    services.look(now=time.now(), by=system())


@every(days=1, at="03:50", queue="slow")
def prune() -> None:
    """Forget anomalies, and who was suspected, after 400 days; the causes that were named stay."""
    before = time.now() - KEPT
    services.forget_anomalies(before=before)
    services.forget_rankings(before=before)


def _rank(ids: list[int]) -> None:
    for incident in Incident.objects.live().filter(pk__in=ids):
        services.rank(incident, now=time.now(), by=system())

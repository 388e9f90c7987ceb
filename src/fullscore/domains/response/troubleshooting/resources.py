"""How suspects, causes and anomalies are seen; most of it on the pages of incidents and items."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.http import urlencode

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.response.incidents.models import Incident
from fullscore.domains.response.troubleshooting import queries, services
from fullscore.domains.response.troubleshooting.models import (
    Anomaly,
    Cause,
    Ranking,
    Suspect,
    Watch,
    Watched,
)
from fullscore.domains.response.troubleshooting.reading import changed
from fullscore.domains.response.troubleshooting.reading.naming import renamed, with_names
from fullscore.kit import access, time
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

SHOWN, LEAST = 6, 0.01  # rows of a panel, and the score from which one is worth its place
AROUND = (timedelta(hours=2), timedelta(minutes=30))  # drawn before and after the first symptom


def draw_causes(incident: Incident, user: Any, at: Any) -> str:
    """Draw who is suspected of an incident, and why; what it was, once somebody said so."""
    ranking = queries.newest_ranking(incident)
    rows = queries.suspects_now(incident).visible_to(user).select_related("item")
    suspects = list(rows[:SHOWN])
    most = max((one.score for one in suspects), default=1.0)
    texts = iter(with_names([text for one in suspects for text in one.reasons], user))
    told = [
        (one, round(100 * one.score / most), [next(texts) for _ in one.reasons],
         _chart(one, incident))
        for one in suspects
    ]  # fmt: skip
    context = {
        "incident": incident, "ranking": ranking, "told": told,
        "unseen": queries.suspects_now(incident).count() - rows.count(),
        "cause": Cause.objects.visible_to(user).filter(incident=incident).first(),
        "may_decide": access.may(user, "troubleshooting.decide_cause"),
        "may_rank": access.may(user, "troubleshooting.run_ranking"),
    }  # fmt: skip
    return render_to_string("troubleshooting/causes.html", context)


def _chart(suspect: Suspect, incident: Incident) -> str:
    """Return the address of a chart of what shifted most, around the first symptom."""
    if not suspect.series:
        return ""
    start, end = (incident.starts_at - AROUND[0], incident.starts_at + AROUND[1])
    span = [("range", "custom"), ("from", _minute(start)), ("to", _minute(min(end, time.now())))]
    return "/explore?" + urlencode([*(("series", pk) for pk in suspect.series), *span])


def _minute(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}Z"


def draw_before(incident: Incident, user: Any, at: Any) -> str:
    """Draw the worst of what changed in the day before an incident."""
    rows = changed.before_incident(incident, by=user)
    return _drawn(rows, user, f"/incidents/{incident.pk}/changed", "it began")


def draw_lately(item: Item, user: Any, at: Any) -> str:
    """Draw the worst of what changed on an item, and on what it needs, in the last day."""
    rows = changed.before([item.pk], time.now(), by=user)
    return _drawn(rows, user, f"/items/{item.pk}/changed", "now")


def _drawn(rows: list[changed.Row], user: Any, url: str, until: str) -> str:
    shown = [row for row in rows if row.score >= LEAST][:SHOWN]
    told = [(row, text, round(100 * row.score)) for row, text in renamed(shown, user)]
    context = {"told": told, "count": len(rows), "url": url, "until": until}
    return render_to_string("troubleshooting/before.html", context)


def draw_watched(series: Series, user: Any, at: Any) -> str:
    """Draw whether a series is watched, and what was unusual of it lately."""
    context = {
        "series": series, "watched": Watched.objects.filter(series=series).first(),
        "anomalies": series.anomalies.all()[:SHOWN],
        "may_watch": access.may(user, "troubleshooting.add_watch"),
    }  # fmt: skip
    return render_to_string("troubleshooting/watched.html", context)


def _suspects(ranking: Ranking) -> QuerySet[Suspect]:
    rows: QuerySet[Suspect] = ranking.suspects.all()
    return rows


RANKING = Resource(
    Ranking,
    columns=["incident", "at", "items", "signals", "note"],
    facts=["happened"],
    filters=["incident", "at"],
    order=["-at"],
    icon="scan-search",
    panels=[
        Panel("Suspects", leads=True, rows=_suspects,
              columns=["place", "item", "score", "reasons"]),
        Panel("Likely causes", on=Incident, leads=True, draw=draw_causes),
        Panel("What changed before", on=Incident, draw=draw_before, is_lazy=True,
              permission="estate.view_item"),
        Panel("What changed in 24 hours", on=Item, draw=draw_lately, is_lazy=True,
              permission="estate.view_item"),
    ],
    verbs=[
        Verb(services.rank_again, permission="troubleshooting.run_ranking", icon="refresh-cw",
             in_bulk=False, done="Ranked again: {}."),
    ],
)  # fmt: skip

SUSPECT = Resource(
    Suspect,
    columns=["place", "item", "score", "ranking", "reasons"],
    filters=["ranking", "item"],
    order=["place", "-score"],
    icon="search",
    verbs=[
        Verb(services.this_was_it, permission="troubleshooting.decide_cause", icon="gavel",
             in_bulk=False, done="The cause is named: {}.",
             hints={"note": "In a sentence: what it was. Empty: what speaks most against it."}),
    ],
)  # fmt: skip

CAUSE = Resource(
    Cause,
    columns=["incident", "text", "item", "kind", "at", "by"],
    filters=["kind", "item", "at"],
    search=["text"],
    order=["-at"],
    icon="gavel",
)

ANOMALY = Resource(
    Anomaly,
    columns=["at", "series", "words", "is_expected"],
    facts=["value", "usual", "score", "by"],
    filters=["series", "is_expected", "at"],
    search=["words", "series__item__name"],
    order=["-at", "-score"],
    icon="trending-up",
    group="Respond",
    under="Incidents",
    panels=[
        Panel("Anomalies", on=Item, columns=["at", "series", "words", "is_expected"],
              rows=queries.anomalies_of),
        Panel("What is unusual", on=Series, draw=draw_watched),
    ],
    verbs=[
        Verb(services.expect, name="expected", permission="troubleshooting.change_anomaly",
             icon="thumbs-up", done="{} is expected: as much is not called unusual again.",
             past="expected", hints={"at_any_hour": "Not only at this hour of the week."},
             when=lambda a: "It is expected." if a.is_expected else ""),
    ],
)  # fmt: skip

WATCH = Resource(
    Watch,
    columns=["metric", "selector", "series", "is_paging"],
    fields=["metric", "selector", "series", "is_paging"],
    filters=["metric", "is_paging"],
    search=["metric__name", "selector"],
    order=["pk"],
    icon="heart-pulse",
    group="Respond",
    under="Incidents",
    add=services.watch,
    change=services.change_watch,
    can_delete=True,
)

WATCHED = Resource(
    Watched,
    columns=["series", "since", "fed_until", "expected"],
    filters=["series"],
    order=["-fed_until"],
    icon="brain-circuit",
)

"""How alerts, what happened to them, and silences are seen."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.models import (
    Alert,
    AlertEvent,
    Silence,
)
from fullscore.domains.response.incidents.resources.shared import CELLS, TONES, over
from fullscore.kit import time
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource, Searched

ALERT_QUICK = {"live": "Live", "open": "Open", "silenced": "Silenced", "resolved": "Resolved"}


class AlertFilters(Searched):
    """What alerts are found by."""

    show = django_filters.ChoiceFilter(
        choices=list(ALERT_QUICK.items()), method="showing", label="Show", empty_label=None
    )

    def showing(self, rows: QuerySet[Alert], name: str, value: str) -> QuerySet[Alert]:
        """Keep what one of the quick filters names."""
        live = ~Q(state="resolved")
        kept = {
            "live": live, "open": Q(state="open"), "resolved": Q(state="resolved"),
            "silenced": live & Q(is_silenced=True),
        }  # fmt: skip
        return rows.filter(kept[value])


def alert_badges(alert: Alert) -> list[tuple[str, str]]:
    """Return severity and state."""
    told = [(alert.get_severity_display(), TONES[alert.severity])]
    told.append((alert.get_state_display(), "ok" if alert.state == "resolved" else ""))
    return [*told, ("silenced", "")] if alert.is_silenced else told


def draw_labels(alert: Alert, user: Any, at: Any) -> str:
    """Draw what the sender said of an alert."""
    told = [*alert.annotations.items(), *alert.labels.items()]
    return render_to_string("incidents/labels.html", {"told": told, "link": alert.link})


ALERT = Resource(
    Alert,
    columns=["severity", "title", "item", "source", "state", "incident", "starts_at", "count"],
    facts=["key", "ends_at", "last_seen_at", "resolves_at", "acknowledged_until", "is_silenced",
           "expected_by", "group"],
    filters=["state", "severity", "source", "item", "incident", "starts_at"],
    filterset=AlertFilters,
    quick={words: f"show={name}" for name, words in ALERT_QUICK.items()},
    default_query="show=live",
    search=["title", "key", "item__name"],
    order=["-severity", "-starts_at"],
    icon="bell",
    group="Respond",
    cells=CELLS,
    badges=alert_badges,
    subtitle=lambda a: f"Alert {a.pk} · {a.source} · {a.item or 'no item'}",
    panels=[
        Panel("What its sender says", draw=draw_labels),
        Panel("What happened", rows=lambda a: a.events.all(),
              columns=["at", "kind", "severity", "note", "by"], is_history=True),
        Panel("Alerts", on=Item, rows=lambda item: item.alerts.live(),
              columns=["severity", "title", "source", "state", "starts_at"]),
    ],
    verbs=[
        Verb(services.acknowledge_alert, name="acknowledge", icon="check", tone="primary",
             permission="incidents.acknowledge_alert",
             when=lambda a: "" if a.state == "open" else f"It is {a.state}."),
        Verb(services.resolve_alert, name="resolve", icon="check-check",
             permission="incidents.acknowledge_alert", when=over),
        Verb(services.take_out, permission="incidents.change_alert", icon="git-branch",
             past="taken out of its incident",
             when=lambda a: "" if a.incident_id else "It is in no incident."),
    ],
)  # fmt: skip

SILENCE = Resource(
    Silence,
    columns=["matching", "item", "reason", "starts_at", "ends_at", "by"],
    fields=["matching", "item", "reason", "starts_at", "ends_at"],
    filters=["item", "ends_at"],
    search=["matching", "reason"],
    order=["-ends_at", "-starts_at"],
    icon="bell-off",
    group="Respond",
    under="Alerts",
    add=services.add_silence,
    change=services.change_silence,
    verbs=[
        Verb(services.end, permission="incidents.change_silence", icon="bell", past="ended",
             when=lambda s: "It is over." if s.ends_at <= time.now() else ""),
    ],
)  # fmt: skip

ALERT_EVENT = Resource(
    AlertEvent,
    columns=["alert", "at", "kind", "severity", "note", "by"],
    filters=["kind", "at"],
    order=["-at"],
    icon="activity",
)

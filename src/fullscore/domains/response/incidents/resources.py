"""How alerts, incidents and their senders are seen."""

import re
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents import queries, services
from fullscore.domains.response.incidents.models import (
    Alert,
    AlertEvent,
    AlertSource,
    Incident,
    Receipt,
    Silence,
    TimelineEntry,
)
from fullscore.interfaces.web.templatetags.ui import severity
from fullscore.kit import time
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource, Searched
from fullscore.kit.tables import stored

TONES = {5: "crit", 4: "high", 3: "warn", 2: "info", 1: "info"}
MOST_TOLD = 200
CELLS = {"severity": lambda value: severity(stored(value))}
QUICK = {
    "live": "Live", "open": "Open", "mine": "Mine", "unowned": "Nobody's", "resolved": "Resolved",
}  # fmt: skip
ALERT_QUICK = {"live": "Live", "open": "Open", "silenced": "Silenced", "resolved": "Resolved"}


class IncidentFilters(Searched):
    """What incidents are found by."""

    show = django_filters.ChoiceFilter(
        choices=list(QUICK.items()), method="showing", label="Show", empty_label=None
    )

    def showing(self, rows: QuerySet[Incident], name: str, value: str) -> QuerySet[Incident]:
        """Keep what one of the quick filters names."""
        live = ~Q(state="resolved")
        kept = {
            "live": live, "open": Q(state="open"), "resolved": Q(state="resolved"),
            "mine": live & Q(assignee__user=self.request.user.pk),
            "unowned": live & Q(owner__isnull=True, assignee__isnull=True),
        }  # fmt: skip
        return rows.filter(kept[value])


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


def incident_badges(incident: Incident) -> list[tuple[str, str]]:
    """Return severity and state, and who has it."""
    told = [(incident.get_severity_display(), TONES[incident.severity])]
    told.append((incident.get_state_display(), "ok" if incident.state == "resolved" else ""))
    if incident.acknowledged_at is not None and incident.state != "resolved":
        told.append(("taken", "info"))
    return told


def alert_badges(alert: Alert) -> list[tuple[str, str]]:
    """Return severity and state."""
    told = [(alert.get_severity_display(), TONES[alert.severity])]
    told.append((alert.get_state_display(), "ok" if alert.state == "resolved" else ""))
    return [*told, ("silenced", "")] if alert.is_silenced else told


def draw_timeline(incident: Incident, user: Any, at: Any) -> str:
    """Draw what happened, newest first, items by name where the reader may know of them."""
    entries = incident.timeline.visible_to(user).select_related("by")[:MOST_TOLD]
    told = list(entries)
    wanted = {int(n) for entry in told for n in ITEM.findall(entry.text)}
    names = dict(Item.objects.visible_to(user).filter(pk__in=wanted).values_list("pk", "name"))
    rows = [(entry, entry.text if entry.kind == "note" else _named(entry.text, names))
            for entry in told]  # fmt: skip
    return render_to_string("incidents/timeline.html", {"told": rows})


ITEM = re.compile(r"\bitem (\d{1,18})\b")


def _named(text: str, names: dict[int, str]) -> str:
    return ITEM.sub(lambda found: names.get(int(found[1]), "(restricted)"), text)


def draw_labels(alert: Alert, user: Any, at: Any) -> str:
    """Draw what the sender said of an alert."""
    told = [*alert.annotations.items(), *alert.labels.items()]
    return render_to_string("incidents/labels.html", {"told": told, "link": alert.link})


def _over(record: Any) -> str:
    return f"It is {record.state}." if record.state == "resolved" else ""


INCIDENT = Resource(
    Incident,
    columns=["severity", "title", "root_item", "owner", "assignee", "state", "detected_at"],
    facts=["starts_at", "acknowledged_at", "mitigated_at", "resolved_at", "resolution",
           "merged_into", "again_of"],
    filters=["state", "severity", "owner", "assignee", "root_item", "detected_at"],
    filterset=IncidentFilters,
    quick={words: f"show={name}" for name, words in QUICK.items()},
    default_query="show=live",
    search=["title"],
    order=["-severity", "-detected_at"],
    icon="siren",
    group="Respond",
    cells=CELLS,
    badges=incident_badges,
    subtitle=lambda i: f"Incident {i.pk}",
    panels=[
        Panel("Alerts", rows=lambda i: i.alerts.all(),
              columns=["severity", "title", "item", "source", "state", "starts_at"]),
        Panel("Timeline", draw=draw_timeline, is_history=True),
        Panel("Who is called", rows=queries.called_for,
              columns=["due_at", "page__person", "way", "state", "answer"]),
        Panel("Items", rows=queries.items_in, columns=["name", "kind", "criticality", "owner"]),
        Panel("Findings nearby", rows=queries.findings_near,
              columns=["severity", "title", "item", "state", "opened_at"]),
        Panel("Merged into this", rows=lambda i: i.merged.all(), columns=["title", "detected_at"]),
        Panel("Open incidents", on=Item, leads=True, rows=queries.incidents_of,
              columns=["severity", "title", "state", "owner", "detected_at"]),
    ],
    verbs=[
        Verb(services.acknowledge, permission="incidents.acknowledge_incident", icon="check",
             tone="primary", done="You took {}.",
             when=lambda i: "It was taken already." if i.acknowledged_at else _over(i)),
        Verb(services.assign, permission="incidents.acknowledge_incident", icon="user-plus",
             when=_over),
        Verb(services.note, permission="incidents.acknowledge_incident", icon="message-square",
             done="Your note is on the timeline of {}."),
        Verb(services.page, permission="incidents.acknowledge_incident", icon="phone-call",
             past="called for", when=_over, done="Somebody is called for {}."),
        Verb(services.resolve, permission="incidents.resolve_incident", icon="check-check",
             when=_over, hints={"resolution": "In a sentence: what it was, and what ended it."}),
        Verb(services.reopen, permission="incidents.resolve_incident", icon="undo-2",
             past="open again",
             when=lambda i: "It is open." if i.state == "open"
             else "It was merged." if i.merged_into_id else ""),
        Verb(services.merge, permission="incidents.change_incident", icon="git-merge",
             past="merged", hints={"other": "The number of the other incident."},
             when=lambda i: "It was merged." if i.merged_into_id else ""),
        Verb(services.split, permission="incidents.change_incident", icon="git-branch",
             in_bulk=False, past="split",
             hints={"alerts": "The numbers of the alerts that belong elsewhere, such as 12, 15."}),
    ],
)  # fmt: skip

ALERT = Resource(
    Alert,
    columns=["severity", "title", "item", "source", "state", "incident", "starts_at", "count"],
    facts=["key", "ends_at", "last_seen_at", "resolves_at", "acknowledged_until", "is_silenced",
           "group"],
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
             permission="incidents.acknowledge_alert", when=_over),
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

ALERT_SOURCE = Resource(
    AlertSource,
    columns=["name", "kind", "owner", "last_seen_at", "expects_every_seconds", "revoked_at"],
    facts=["prefix", "default_severity", "item_labels", "resolve_after_seconds", "per_minute",
           "created_at", "left_out_at"],
    fields=["owner", "default_severity", "item_labels", "resolve_after_seconds",
            "expects_every_seconds", "per_minute"],
    filters=["kind", "owner"],
    search=["name"],
    order=["name"],
    icon="webhook",
    group="Respond",
    under="Alerts",
    adds_by_page=True,
    takes_files=False,
    add=services.refuse_to_add,
    change=services.configure,
    panels=[
        Panel("Not understood", leads=True,
              rows=lambda s: s.receipts.filter(state="rejected"),
              columns=["received_at", "problem"]),
        Panel("Open alerts", rows=lambda s: s.alerts.live(),
              columns=["severity", "title", "item", "state", "starts_at"]),
    ],
    verbs=[
        Verb(services.revoke, permission="incidents.change_alertsource", icon="x", tone="danger",
             when=lambda s: "It is revoked." if s.revoked_at
             else "Our own findings are always heard." if s.kind == "own" else ""),
    ],
)  # fmt: skip


def draw_body(receipt: Receipt, user: Any, at: Any) -> str:
    """Draw the beginning of a body as it came."""
    text = bytes(receipt.body[:MOST_SHOWN]).decode("utf-8", "replace")
    return render_to_string("incidents/body.html", {"text": text})


MOST_SHOWN = 16 * 1024

RECEIPT = Resource(
    Receipt,
    columns=["source", "received_at", "state", "problem"],
    facts=["delivery_id", "sha256"],
    filters=["source", "state", "received_at"],
    order=["-received_at"],
    icon="inbox",
    group="Respond",
    under="Alerts",
    panels=[Panel("As it came", draw=draw_body)],
    verbs=[
        Verb(services.replay, permission="incidents.change_receipt", icon="rotate-ccw",
             past="read again",
             when=lambda r: "" if r.state == "rejected" else "Only what was rejected."),
    ],
)  # fmt: skip

ALERT_EVENT = Resource(
    AlertEvent,
    columns=["alert", "at", "kind", "severity", "note", "by"],
    filters=["kind", "at"],
    order=["-at"],
    icon="activity",
)

TIMELINE_ENTRY = Resource(
    TimelineEntry,
    columns=["incident", "at", "kind", "text", "alert", "by"],
    filters=["incident", "kind", "at"],
    order=["-at"],
    icon="history",
)

"""How incidents are seen."""

import re
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents import queries, services
from fullscore.domains.response.incidents.models import (
    Incident,
    Role,
)
from fullscore.domains.response.incidents.resources.shared import CELLS, TONES, over
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource, Searched

MOST_TOLD = 200
QUICK = {
    "live": "Live", "open": "Open", "mine": "Mine", "unowned": "Nobody's", "resolved": "Resolved",
}  # fmt: skip


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


def incident_badges(incident: Incident) -> list[tuple[str, str]]:
    """Return severity and state, and who has it."""
    told = [(incident.get_severity_display(), TONES[incident.severity])]
    told.append((incident.get_state_display(), "ok" if incident.state == "resolved" else ""))
    if incident.acknowledged_at is not None and incident.state != "resolved":
        told.append(("taken", "info"))
    return told


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


INCIDENT = Resource(
    Incident,
    columns=["severity", "title", "priority", "root_item", "owner", "assignee", "state",
             "detected_at"],
    facts=["priority_reason", "commander", "starts_at", "acknowledged_at", "mitigated_at",
           "resolved_at", "resolution", "next_update_at", "merged_into", "again_of", "is_security",
           "declared_by"],
    filters=["state", "severity", "priority", "owner", "assignee", "commander", "root_item",
             "is_security", "detected_at"],
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
        Panel("Roles", rows=lambda i: i.roles.all(),
              columns=["role", "person", "starts_at", "ends_at"]),
        Panel("Tasks", rows=lambda i: i.tasks.all(),
              columns=["title", "assignee", "due_at", "done_at"]),
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
             when=lambda i: "It was taken already." if i.acknowledged_at else over(i)),
        Verb(services.assign, permission="incidents.acknowledge_incident", icon="user-plus",
             when=over),
        Verb(services.note, permission="incidents.acknowledge_incident", icon="message-square",
             done="Your note is on the timeline of {}."),
        Verb(services.page, permission="incidents.acknowledge_incident", icon="phone-call",
             past="called for", when=over, done="Somebody is called for {}."),
        Verb(services.start_role, permission="incidents.acknowledge_incident", icon="crown",
             in_bulk=False, past="given a new holder of a role", when=over,
             choices={"role": Role.choices}),
        Verb(services.add_task, permission="incidents.acknowledge_incident",
             icon="clipboard-check", in_bulk=False, past="has a new task",
             hints={"due_minutes": "In how many minutes it is due; empty: some time."}),
        Verb(services.let_in, permission="incidents.change_incident", icon="key-round",
             in_bulk=False, done="One more person sees {}.",
             when=lambda i: "" if i.is_security else "It is no security incident."),
        Verb(services.shut_out, permission="incidents.change_incident", icon="lock",
             in_bulk=False, done="One person no longer sees {}.",
             when=lambda i: "" if i.is_security else "It is no security incident."),
        Verb(services.resolve, permission="incidents.resolve_incident", icon="check-check",
             when=over, hints={"resolution": "In a sentence: what it was, and what ended it."}),
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

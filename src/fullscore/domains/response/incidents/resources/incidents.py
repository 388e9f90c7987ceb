"""How incidents are seen."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents import drawing, queries, services
from fullscore.domains.response.incidents.drawing import RUNBOOKS
from fullscore.domains.response.incidents.models import (
    Incident,
    IncidentChange,
    Role,
    StatusNotice,
    StatusUpdate,
)
from fullscore.domains.response.incidents.resources.shared import CELLS, TONES, in_turn, over
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource, Searched

PRIORITY_TONES = {1: "crit", 2: "high", 3: "warn", 4: ""}
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
    if incident.priority < 4:
        told.append((incident.get_priority_display(), PRIORITY_TONES[incident.priority]))
    if incident.is_security:
        told.append(("security", "crit"))
    told.append((incident.get_state_display(), "ok" if incident.state == "resolved" else ""))
    if incident.acknowledged_at is not None and incident.state != "resolved":
        told.append(("taken", "info"))
    return told


def doors(incident: Incident, user: Any) -> list[tuple[str, str, str]]:
    """Return the pages of its own an incident has."""
    return [("Room", "siren", f"/incidents/{incident.pk}/room")]


def draw_similar(incident: Incident, user: Any, at: Any) -> str:
    """Draw the incidents most like one, and what ended them."""
    context = {"told": queries.similar_to(incident, user)}
    return render_to_string("incidents/similar.html", context)


INCIDENT = Resource(
    Incident,
    columns=["severity", "title", "priority", "root_item", "owner", "assignee", "state",
             "detected_at"],
    facts=["commander", "starts_at", "acknowledged_at", "mitigated_at",
           "resolved_at", "resolution", "next_update_at", "merged_into", "again_of", "is_security",
           "declared_by"],
    filters=["state", "severity", "priority", "owner", "assignee", "commander", "root_item",
             "is_security", "detected_at"],
    fields=["title", "severity", "root_item", "owner", "is_security"],
    filterset=IncidentFilters,
    quick={words: f"show={name}" for name, words in QUICK.items()},
    default_query="show=live",
    search=["title"],
    order=["-severity", "-detected_at"],
    icon="siren",
    takes_files=False,
    add=services.declare,
    change=services.describe,
    group="Respond",
    cells=CELLS,
    badges=incident_badges,
    doors=doors,
    subtitle=lambda i: f"Incident {i.pk}",
    panels=[
        Panel("Alerts", rows=lambda i: i.alerts.all(),
              columns=["severity", "title", "item", "source", "state", "starts_at"]),
        Panel("Timeline", draw=drawing.draw_timeline, is_history=True),
        Panel("Roles", rows=lambda i: i.roles.all(),
              columns=["role", "person", "starts_at", "ends_at"]),
        Panel("Tasks", rows=lambda i: i.tasks.all(),
              columns=["title", "assignee", "due_at", "done_at"]),
        Panel("Who is called", rows=queries.called_for,
              columns=["due_at", "page__person", "way", "state", "answer"]),
        Panel("Items", rows=queries.items_in, columns=["name", "kind", "criticality", "owner"]),
        Panel("Findings nearby", rows=queries.findings_near,
              columns=["severity", "title", "item", "state", "opened_at"]),
        Panel("Changes with a part in it", rows=lambda i: i.change_links.all(),
              columns=["kind", "change", "at", "by"]),
        Panel("On the status page", rows=lambda i: i.notices.all(),
              columns=["title", "impact", "published_at", "closed_at"]),
        Panel(RUNBOOKS, draw=drawing.draw_runbooks, is_lazy=True,
              permission="changes.view_runbook"),
        Panel("Similar incidents", draw=draw_similar, is_lazy=True),
        Panel("Merged into this", rows=lambda i: i.merged.all(), columns=["title", "detected_at"]),
        Panel("Open incidents", on=Item, leads=True, rows=queries.incidents_of,
              columns=["severity", "title", "state", "owner", "detected_at"]),
    ],
    verbs=in_turn(services.take_turn_of_incidents, [
        Verb(services.acknowledge, permission="incidents.acknowledge_incident", icon="check",
             tone="primary", done="You took {}.",
             when=lambda i: "It was taken already." if i.acknowledged_at else over(i)),
        Verb(services.assign, permission="incidents.acknowledge_incident", icon="user-plus",
             when=over),
        Verb(services.note, permission="incidents.acknowledge_incident", icon="message-square",
             done="Your note is on the timeline of {}."),
        Verb(services.decide, permission="incidents.acknowledge_incident", icon="milestone",
             in_bulk=False, done="The decision is on the timeline of {}."),
        Verb(services.set_priority, permission="incidents.change_incident", icon="gauge",
             in_bulk=False, past="of another priority", when=over,
             choices={"priority": [(words, words) for words in services.NUMBERS]}),
        Verb(services.let_weigh, permission="incidents.change_incident", icon="scale",
             past="weighed again",
             when=lambda i: over(i) if i.is_priority_set else "Its priority is worked out."),
        Verb(services.mitigate, permission="incidents.resolve_incident", icon="heart-pulse",
             past="mitigated", hints={"note": "In a sentence: what made it bearable."},
             when=lambda i: "" if i.state == "open" else f"It is {i.state}."),
        Verb(services.publish_update, permission="incidents.publish_status", icon="megaphone",
             in_bulk=False, done="The update stands on the timeline of {}.",
             choices={"phase": [("", "not on the status page"),
                                *((p.value, p.label) for p in StatusUpdate.OF_INCIDENT)]},
             hints={"next_minutes": "In how many minutes the next word comes; empty: not said.",
                    "phase": "Said, the same words are an update of the status page.",
                    "public_title": "Where nothing is open there yet: what people outside read."}),
        Verb(services.page, permission="incidents.acknowledge_incident", icon="phone-call",
             past="called for", when=over, done="Somebody is called for {}."),
        Verb(services.start_role, permission="incidents.acknowledge_incident", icon="crown",
             in_bulk=False, past="given a new holder of a role", when=over,
             done=lambda held: f"{held.person}: {held.get_role_display()}.",
             choices={"role": Role.choices}),
        Verb(services.add_task, permission="incidents.acknowledge_incident",
             icon="clipboard-check", in_bulk=False, past="has a new task",
             hints={"due_minutes": "In how many minutes it is due; empty: some time."}),
        Verb(services.let_in, permission="incidents.change_incident", icon="key-round",
             in_bulk=False, done="One more person sees {}.",
             when=lambda i: "" if i.is_security else "It is no security incident."),
        Verb(services.shut_out, permission="incidents.change_incident", icon="lock",
             in_bulk=False, also_gone=frozenset({"person"}),
             done="One person no longer sees {}.",
             when=lambda i: "" if i.is_security else "It is no security incident."),
        Verb(services.resolve, permission="incidents.resolve_incident", icon="check-check",
             when=over, hints={"resolution": "In a sentence: what it was, and what ended it."}),
        Verb(services.begin_notice, permission="incidents.publish_status", icon="megaphone",
             in_bulk=False, done="A notice of {} is written: publish its first update.",
             choices={"impact": StatusNotice.Impact.choices},
             hints={"title": "What people outside read: no names of machines."}),
        Verb(services.open_review, permission="incidents.add_review", icon="notebook-pen",
             past="under review", done="The review of {} is begun, filled from the timeline.",
             when=lambda i: "Resolve it first." if i.state != "resolved" else ""),
        Verb(services.link_change, permission="incidents.change_incident", icon="git-branch",
             in_bulk=False, done="The change is linked to {}.",
             choices={"part": IncidentChange.Kind.choices},
             hints={"part": "What causes incidents counts as a failed change."}),
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
    ]),
)  # fmt: skip

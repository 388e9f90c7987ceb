"""How policies, their steps and the routes to them are seen."""

from typing import Any

from django.template.loader import render_to_string

from fullscore.domains.response.oncall.models import (
    EscalationPolicy,
    EscalationRoute,
    EscalationStep,
)
from fullscore.domains.response.oncall.queries import paging
from fullscore.domains.response.oncall.services.hooks import give_key
from fullscore.kit import time
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource


def draw_would(policy: EscalationPolicy, user: Any, at: Any) -> str:
    """Draw who would be called now, for the worst there is."""
    told = paging.would_call(policy, now=at or time.now(), severity=5)
    return render_to_string("oncall/would.html", {"told": told, "policy": policy})


POLICY = Resource(
    EscalationPolicy,
    columns=["name", "team", "repeats", "when_empty", "catch_all", "ack_minutes"],
    fields=["name", "team", "repeats", "when_empty", "catch_all", "ack_minutes"],
    filters=["team"],
    search=["name"],
    order=["name"],
    icon="milestone",
    group="Respond",
    under="On call",
    panels=[
        Panel("Who would be called now?", draw=draw_would, leads=True),
        Panel("Steps", rows=lambda p: p.steps.all(), adds="policy",
              columns=["position", "kind", "minutes", "person", "schedule", "team", "role",
                       "severity", "hours", "urgency"]),
        Panel("Routes to it", rows=lambda p: p.routes.all(), adds="policy",
              columns=["position", "selector", "team", "min_severity", "important_from"]),
        Panel("Escalations", rows=lambda p: p.runs.all(),
              columns=["severity", "title", "state", "started_at"]),
    ],
)  # fmt: skip

STEP = Resource(
    EscalationStep,
    columns=["policy", "position", "kind", "minutes", "person", "schedule", "team", "urgency"],
    facts=["role", "severity", "hours", "zone", "count", "address"],
    fields=["policy", "position", "kind", "minutes", "person", "schedule", "team", "role",
            "severity", "hours", "zone", "count", "address", "urgency"],
    filters=["policy", "kind"],
    order=["policy", "position"],
    icon="list-ordered",
    can_delete=True,
    verbs=[Verb(give_key, permission="oncall.change_escalationstep", icon="key-round",
                in_bulk=False, secrets=frozenset({"key"}), past="given a key",
                done="{} has a key; it is not shown again.",
                when=lambda s: "" if s.kind == "webhook" else "It calls no webhook.")],
)  # fmt: skip

ROUTE = Resource(
    EscalationRoute,
    columns=["position", "selector", "team", "min_severity", "important_from", "policy"],
    fields=["position", "policy", "selector", "team", "min_severity", "important_from"],
    filters=["policy", "team"],
    order=["position"],
    icon="git-branch",
    can_delete=True,
)

"""How escalations and their deliveries are seen."""

from django.db.models import Q

from fullscore.domains.response.oncall.models import Attempt, Run, RunEvent
from fullscore.domains.response.oncall.services import answering as services
from fullscore.interfaces.web.templatetags.ui import severity
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource
from fullscore.kit.tables import stored

TONES = {"running": "high", "unanswered": "crit", "acknowledged": "info", "snoozed": "warn"}


def _over(run: Run) -> str:
    return "It is over." if run.state == Run.State.OVER else ""


def _taken(run: Run) -> str:
    return "Somebody is on it." if run.state == Run.State.ACKNOWLEDGED else _over(run)


ESCALATION = Resource(
    Run,
    columns=["severity", "title", "state", "policy", "urgency", "answered_by", "started_at"],
    facts=["item", "team", "answered_at", "resumes_at", "over_at", "url"],
    filters=["state", "severity", "policy", "started_at"],
    search=["title"],
    order=["-started_at", "-severity"],
    icon="megaphone",
    group="Respond",
    under="On call",
    cells={"severity": lambda value: severity(stored(value))},
    badges=lambda run: [(run.get_state_display(), TONES.get(run.state, ""))],
    panels=[
        Panel("What happened", rows=lambda run: run.events.all(), columns=["at", "text"],
              is_history=True),
        Panel("Deliveries", rows=lambda run: Attempt.objects.filter(Q(page__run=run) | Q(run=run)),
              columns=["due_at", "page__person", "way", "state", "tries", "answer"]),
    ],
    verbs=[
        Verb(services.acknowledge, permission="oncall.acknowledge_run", icon="check",
             tone="primary", done="You are on {}.", when=_taken),
        Verb(services.snooze, permission="oncall.acknowledge_run", icon="moon", past="quiet",
             when=_over),
        Verb(services.reassign, permission="oncall.acknowledge_run", icon="user-check",
             past="handed on", when=_over),
        Verb(services.add_responder, permission="oncall.acknowledge_run", icon="user-plus",
             past="with one more called", when=_over),
        Verb(services.escalate, permission="oncall.acknowledge_run", icon="arrow-up",
             past="escalated", when=_over),
    ],
)  # fmt: skip

PAGE_DELIVERY = Resource(
    Attempt,
    columns=["due_at", "page__person", "way", "kind", "state", "tries", "answer"],
    facts=["sent_at"],
    filters=["state", "way", "due_at"],
    order=["-due_at"],
    icon="send",
)

ESCALATION_EVENT = Resource(
    RunEvent,
    columns=["at", "run", "text"],
    filters=["at"],
    order=["-at"],
    icon="activity",
)

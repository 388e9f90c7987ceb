"""How roles, tasks and checklists of incidents are seen."""

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.models import ChecklistStep, IncidentRole, IncidentTask
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

INCIDENT_ROLE = Resource(
    IncidentRole,
    columns=["incident", "role", "person", "starts_at", "ends_at"],
    filters=["incident", "role", "person", "starts_at"],
    order=["-starts_at"],
    icon="crown",
    verbs=[
        Verb(services.end_role, name="end", permission="incidents.acknowledge_incident", icon="x",
             past="ended", when=lambda r: "It has ended." if r.ends_at else ""),
    ],
)  # fmt: skip

INCIDENT_TASK = Resource(
    IncidentTask,
    columns=["title", "incident", "assignee", "role", "due_at", "done_at"],
    facts=["created_at", "done_by", "step"],
    filters=["incident", "assignee", "role", "due_at", "done_at"],
    search=["title"],
    order=["due_at", "-due_at"],
    icon="clipboard-check",
    panels=[
        Panel("Tasks of incidents", on=Person,
              rows=lambda p: p.incident_tasks.filter(done_at__isnull=True),
              columns=["title", "incident", "due_at"]),
    ],
    verbs=[
        Verb(services.finish_task, name="finish", permission="incidents.acknowledge_incident",
             icon="check", tone="primary", past="done",
             undo=lambda t: None if t.done_at else ("take_up", {}),
             when=lambda t: "It is done." if t.done_at else ""),
        Verb(services.hand_task, name="hand", permission="incidents.acknowledge_incident",
             icon="user-plus", past="handed on",
             when=lambda t: "It is done." if t.done_at else ""),
        Verb(services.take_up_task, name="take_up", permission="incidents.acknowledge_incident",
             icon="undo-2", past="still to be done",
             when=lambda t: "" if t.done_at else "It is still to be done."),
    ],
)  # fmt: skip

CHECKLIST_STEP = Resource(
    ChecklistStep,
    columns=["position", "title", "kind", "least_priority", "role", "due_minutes"],
    fields=["title", "kind", "least_priority", "role", "due_minutes", "position"],
    filters=["kind", "least_priority", "role"],
    search=["title"],
    order=["position"],
    icon="list-todo",
    group="Respond",
    under="Incidents",
    can_delete=True,
)

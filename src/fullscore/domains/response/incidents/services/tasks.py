"""What is to be done in an incident: by hand, and from the checklist of its kind."""

from datetime import timedelta

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.incidents.models import (
    ChecklistStep,
    Incident,
    IncidentTask,
    TimelineEntry,
)
from fullscore.domains.response.incidents.services.entries import tell
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

Kind = TimelineEntry.Kind
LONGEST = 60 * 24 * 90  # minutes until a task is due


def add_task(
    incident: Incident, *, by: User, title: str, assignee: Person | None = None,
    due_minutes: int | None = None,
) -> IncidentTask:  # fmt: skip
    """Set a task in the incident, due so many minutes from now."""
    if not title.strip():
        raise Invalid("Say what is to be done.", {"title": ["Say what is to be done."]})
    if due_minutes is not None and not 0 <= due_minutes <= LONGEST:
        words = f"Between 0 and {LONGEST:,} minutes from now."
        raise Invalid(words, {"due_minutes": [words]})
    now = time.now()
    due_at = now + timedelta(minutes=due_minutes) if due_minutes is not None else None
    task = IncidentTask(
        incident=incident, title=title.strip(), assignee=assignee, due_at=due_at, created_at=now
    )
    with recorded(task, "add", by=by):
        pass
    for_whom = f", for {assignee}" if assignee else ""
    tell(incident, Kind.TASK, f"To do{for_whom}: {task.title}", by=by)
    return task


def finish_task(task: IncidentTask, *, by: User, note: str = "") -> IncidentTask:
    """Say that a task is done."""
    if task.done_at is not None:
        raise Conflict("This task is done already.")
    with recorded(task, "finish", by=by, note=note):
        task.done_at, task.done_by = max(time.now(), task.created_at), by
    tell(task.incident, Kind.TASK, f"Done: {task.title}. {note}".strip(), by=by)
    return task


def take_up_task(task: IncidentTask, *, by: User) -> IncidentTask:
    """Say that a task is not done after all."""
    if task.done_at is None:
        raise Conflict("This task is still to be done.")
    with recorded(task, "take_up", by=by):
        task.done_at = task.done_by = None
    tell(task.incident, Kind.TASK, f"Still to be done: {task.title}", by=by)
    return task


def hand_task(task: IncidentTask, *, by: User, person: Person) -> IncidentTask:
    """Give a task to somebody."""
    if task.done_at is not None:
        raise Conflict("This task is done.")
    if person.state == Person.State.LEFT:
        raise Conflict(f"{person} has left: choose somebody who is here.")
    with recorded(task, "hand", by=by):
        task.assignee = person
    tell(task.incident, Kind.TASK, f"For {person}: {task.title}", by=by)
    return task


def lay_out(incident: Incident, *, by: User) -> int:
    """Set the tasks of the checklist for an incident of this kind and priority; never twice."""
    wrong = ChecklistStep.Kind.ORDINARY if incident.is_security else ChecklistStep.Kind.SECURITY
    steps = ChecklistStep.objects.filter(least_priority__gte=incident.priority).exclude(kind=wrong)
    holders = dict(incident.roles.filter(ends_at__isnull=True).values_list("role", "person"))
    new = steps.exclude(pk__in=incident.tasks.filter(step__isnull=False).values("step"))
    told = list(new.order_by("position", "pk"))
    now = time.now()
    for step in told:
        minutes = step.due_minutes
        task = IncidentTask(
            incident=incident, title=step.title, role=step.role, step=step, created_at=now,
            assignee_id=holders.get(step.role),
            due_at=incident.detected_at + timedelta(minutes=minutes) if minutes else None,
        )  # fmt: skip
        with recorded(task, "lay_out", by=by):
            pass
    if told:
        count = "1 task" if len(told) == 1 else f"{len(told)} tasks"
        tell(incident, Kind.TASK, f"To do by the checklist: {count}.")
    return len(told)

"""What runbooks did for an incident, on its timeline."""

from fullscore.domains.foundation.changes.models import RunbookStepRun
from fullscore.domains.response.incidents.models import Incident, TimelineEntry
from fullscore.domains.response.incidents.services.entries import tell

Kind = TimelineEntry.Kind
KINDS = {"command": Kind.COMMAND, "query": Kind.METRIC, "decision": Kind.DECISION}
PREFIX = "incident "


def tell_runbook(step: RunbookStepRun) -> TimelineEntry | None:
    """Put what a step of a runbook showed on the timeline of the incident it is run for.

    Only where whoever drives the run may see the incident: a run can name any number.
    """
    run = step.run
    number = run.reference.removeprefix(PREFIX)
    if not run.reference.startswith(PREFIX) or not number.isdecimal() or len(number) > 18:
        return None
    incident = Incident.objects.visible_to(run.driver).filter(pk=int(number)).first()
    if incident is None:
        return None
    return tell(
        incident, KINDS.get(step.kind, Kind.NOTE), told(step), by=step.by or run.driver,
        link=f"/runbook-runs/{run.pk}",
    )  # fmt: skip


def told(step: RunbookStepRun) -> str:
    """Return a step in words: a head line, then the command and what it printed."""
    ended = step.get_state_display()
    result = f", {step.result}" if step.result and step.kind != "command" else ""
    head = f"{step.run.runbook}, step {step.place} “{step.title}”: {ended}{result}."
    ran = f"$ {step.command}" if step.command else ""
    return "\n".join(part for part in (head, step.note, ran, step.output.rstrip()) if part)

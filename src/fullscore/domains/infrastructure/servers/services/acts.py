"""Doing something with a machine: planned as a change, carried out only while that runs."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from fullscore.connectors.base import Refused
from fullscore.connectors.libvirt import plan as plans
from fullscore.connectors.libvirt.plan import Plan
from fullscore.domains.foundation.changes import services as changes
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.changes.models.words import Rollback
from fullscore.domains.infrastructure.servers.announcements import ActOrdered
from fullscore.domains.infrastructure.servers.models import Hypervisor, Machine, MachineAct, SshHost
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

WINDOW = timedelta(hours=2)
Act = MachineAct.Act
NEEDS_OFF = (Machine.State.OFF, Machine.State.CRASHED)


def plan_start(machine: Machine, *, by: User, starts_at: datetime | None = None) -> MachineAct:
    """Plan to start a machine: a change is drafted with the exact steps."""
    if machine.state not in NEEDS_OFF:
        raise Conflict(f"{machine} is {machine.state}: only one that is off is started.")
    return _plan(machine, Act.START, {}, by=by, starts_at=starts_at)


def plan_shutdown(machine: Machine, *, by: User, starts_at: datetime | None = None) -> MachineAct:
    """Plan to shut a machine down, by asking its guest."""
    _need_running(machine)
    return _plan(machine, Act.SHUTDOWN, {}, by=by, starts_at=starts_at)


def plan_snapshot(
    machine: Machine, *, by: User, name: str, starts_at: datetime | None = None
) -> MachineAct:
    """Plan to save a machine's present state under a name."""
    if machine.snapshots.filter(name=name).exists():
        raise Invalid("It has a snapshot of this name.", {"name": ["Choose another name."]})
    return _plan(machine, Act.SNAPSHOT, {"snapshot": name}, by=by, starts_at=starts_at)


def plan_revert(
    machine: Machine, *, by: User, name: str, starts_at: datetime | None = None
) -> MachineAct:
    """Plan to put a machine back to a snapshot; what it wrote since is lost."""
    if not machine.snapshots.filter(name=name).exists():
        known = ", ".join(machine.snapshots.values_list("name", flat=True)[:10]) or "it has none"
        told = f"There is no snapshot “{name}” of {machine}: {known}."
        raise Invalid(told, {"name": [told]})
    return _plan(machine, Act.REVERT, {"snapshot": name}, by=by, starts_at=starts_at)


def plan_migrate(
    machine: Machine, *, by: User, to: Hypervisor, starts_at: datetime | None = None
) -> MachineAct:
    """Plan to move a running machine to another hypervisor, without stopping it."""
    _need_running(machine)
    if to.pk == machine.hypervisor_id:
        raise Invalid(f"{machine} runs there.", {"to": ["Choose another hypervisor."]})
    left = (to.memory_bytes or 0) - to.promised_bytes
    if left < machine.memory_bytes:
        told = f"{to} has no room: {max(0, left) >> 20} MiB left, {machine.memory_bytes >> 20}"
        raise Conflict(f"{told} MiB needed.")
    host = SshHost.objects.filter(item=to.item_id).values_list("address", flat=True).first()
    values = {"host": host or to.item.name, "to": str(to.pk)}
    return _plan(machine, Act.MIGRATE, values, by=by, starts_at=starts_at)


def _need_running(machine: Machine) -> None:
    if machine.state != Machine.State.RUNNING:
        raise Conflict(f"{machine} is {machine.state}: this needs one that runs.")


@transaction.atomic
def _plan(
    machine: Machine, act: str, values: Mapping[str, str], *, by: User, starts_at: datetime | None
) -> MachineAct:
    try:
        made = plans.plan(act, machine.uuid, name=str(machine), values=values)
    except Refused as error:
        raise Invalid(str(error)) from error
    starts_at = starts_at or time.now()
    change = changes.request(
        by=by, items=[machine.item], title=f"{Act(act).label.capitalize()}: {machine}"[:160],
        description=made.loses and f"This loses: {made.loses}", starts_at=starts_at,
        ends_at=starts_at + WINDOW, plan=_written(made), rollback_plan=made.back,
        rollback=Rollback.NONE if act == Act.REVERT else Rollback.WRITTEN,
    )  # fmt: skip
    done = MachineAct(
        machine=machine, act=act, change=change, values=dict(values), loses=made.loses,
        steps=[{"title": s.title, "command": f"virsh {s.command}"} for s in made.steps],
    )  # fmt: skip
    with recorded(done, "plan", by=by):
        pass
    return done


def _written(made: Plan) -> str:
    return "\n".join(f"{step.title} (virsh {step.command})" for step in made.steps)


def apply(act: MachineAct, *, by: User) -> MachineAct:
    """Let a planned act happen now; its change must be running."""
    if act.state not in (MachineAct.State.PLANNED, MachineAct.State.FAILED):
        raise Conflict(f"This is {act.get_state_display()}: only what is planned is applied.")
    if act.change.state != Change.State.RUNNING:
        raise Conflict(
            f"Its change is {act.change.get_state_display().lower()}: have it approved, and start"
            " it."
        )
    with recorded(act, "apply", by=by):
        act.state, act.said, act.ended_at = MachineAct.State.ORDERED, "", None
        announce(ActOrdered(act.pk))
    return act


def plan_of(act: MachineAct) -> Plan:
    """Return the plan that was shown. Raises Conflict when the machine has changed since."""
    made = plans.plan(act.act, act.machine.uuid, name=str(act.machine), values=act.values)
    if [step["command"] for step in act.steps] != [f"virsh {s.command}" for s in made.steps]:
        raise Conflict("What would be done is not what was approved: plan it anew.")
    return made


@transaction.atomic
def end(act: MachineAct, *, by: User, said: str, is_done: bool) -> None:
    """Write down how an act went; a good one ticks the steps of its change off."""
    with recorded(act, "end", by=by, note=said[:300]):
        act.state = MachineAct.State.DONE if is_done else MachineAct.State.FAILED
        act.said, act.ended_at = said or "Done.", time.now()
    if not is_done:
        return
    for step in act.change.steps.filter(is_back=False, done_at__isnull=True):
        changes.finish_step(step, by=by, note="carried out through virsh")

"""How hypervisors, machines and what is done with them are seen."""

from typing import Any

from django.template.loader import render_to_string

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.servers import services
from fullscore.domains.infrastructure.servers.models import (
    Hypervisor,
    Machine,
    MachineAct,
    MachineSnapshot,
    StoragePool,
)
from fullscore.interfaces.web.figures import figure
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

TONES = {
    "ok": "ok", "failing": "crit", "new": "info", "paused": "", "running": "ok", "off": "",
    "crashed": "crit", "gone": "", "stopping": "info", "suspended": "", "unknown": "warn",
    "planned": "info", "ordered": "info", "done": "ok", "failed": "crit",
}  # fmt: skip
ACTS = ["act", "state", "change", "ended_at"]


def draw_room(hypervisor: Hypervisor, user: Any, at: Any) -> str:
    """Draw how much of its memory is promised, and what keeps it from being read."""
    total, promised = hypervisor.memory_bytes or 0, hypervisor.promised_bytes
    context = {
        "hypervisor": hypervisor, "promised": figure(promised, "By"), "total": figure(total, "By"),
        "percent": round(100 * promised / total) if total else 0,
    }  # fmt: skip
    return render_to_string("servers/room.html", context)


def draw_plan(act: MachineAct, user: Any, at: Any) -> str:
    """Draw the steps, what would be lost, and what is still to be done before they happen."""
    is_running = act.change.state == Change.State.RUNNING
    return render_to_string("servers/plan.html", {"act": act, "is_running": is_running})


def _is_paused(h: Hypervisor) -> str:
    return "It is paused." if h.state == "paused" else ""


def _runs(m: Machine) -> str:
    return "" if m.state == "running" else "It does not run."


HYPERVISOR = Resource(
    Hypervisor,
    columns=["item", "state", "cpu_count", "memory_bytes", "promised_bytes", "version", "read_at"],
    fields=["item", "way", "uri"],
    facts=["way", "uri", "last_error"],
    filters=["state", "way", "item"],
    search=["item__name", "version", "last_error"],
    order=["item__name"],
    icon="server-cog",
    group="Estate",
    under="Servers",
    add=services.add_hypervisor,
    change=services.change_hypervisor,
    cells={c: lambda v: figure(v, "By") for c in ("memory_bytes", "promised_bytes")},
    badges=lambda h: [(h.get_state_display(), TONES[h.state])],
    subtitle=lambda h: " · ".join(filter(None, [h.uri, h.version])),
    panels=[
        Panel("Room", draw=draw_room, leads=True),
        Panel("Machines", rows=lambda h: h.machines.exclude(state="gone"),
              columns=["item", "state", "cpu_count", "memory_bytes", "waits_percent"]),
        Panel("Storage pools", rows=lambda h: h.pools.all(),
              columns=["item", "used_percent", "used_bytes", "capacity_bytes"]),
        Panel("Machines that run here", on=Item, permission="servers.view_machine",
              rows=lambda i: Machine.objects.filter(hypervisor__item=i).exclude(state="gone"),
              columns=["item", "state", "cpu_count", "memory_bytes"]),
    ],
    verbs=[
        Verb(services.read_hypervisor, permission="servers.change_hypervisor", icon="refresh-cw",
             name="read", past="is read", done="{} is read now; this page follows.",
             when=_is_paused),
        Verb(services.pause_hypervisor, permission="servers.change_hypervisor", icon="pause",
             name="pause", when=_is_paused, undo=lambda h: ("resume", {})),
        Verb(services.resume_hypervisor, permission="servers.change_hypervisor", icon="play",
             name="resume", undo=lambda h: ("pause", {}),
             when=lambda h: "" if h.state == "paused" else "It is not paused."),
    ],
)  # fmt: skip

MACHINE = Resource(
    Machine,
    columns=["item", "state", "hypervisor", "cpu_count", "memory_bytes", "waits_percent",
             "is_recorded", "seen_at"],
    facts=["uuid", "addresses", "networks", "starts_by_itself"],
    filters=["state", "hypervisor", "is_recorded"],
    quick={"Running": "state=running", "Off the record": "is_recorded=false"},
    search=["item__name", "uuid"],
    order=["item__name"],
    icon="monitor",
    group="Estate",
    under="Servers",
    cells={"memory_bytes": lambda v: figure(v, "By")},
    badges=lambda m: [
        (m.get_state_display(), TONES[m.state]),
        *([] if m.is_recorded else [("off the record", "warn")]),
    ],
    subtitle=lambda m: f"on {m.hypervisor} · {m.uuid}",
    panels=[
        Panel("Done and planned", rows=lambda m: m.acts.all(), columns=ACTS),
        Panel("Snapshots", rows=lambda m: m.snapshots.all(), columns=["name", "taken_at", "state"]),
        Panel("As a virtual machine", on=Item, rows=lambda i: Machine.objects.filter(item=i),
              columns=["hypervisor", "state", "cpu_count", "memory_bytes", "seen_at"]),
    ],
    verbs=[
        Verb(services.keep, permission="servers.change_machine", icon="circle-check",
             done="{} is on the record.",
             when=lambda m: "It is on the record." if m.is_recorded else ""),
        Verb(services.plan_start, permission="servers.change_machine", icon="play", in_bulk=False,
             done="A change is drafted that starts {}.",
             when=lambda m: "" if m.state in ("off", "crashed") else "It is not off."),
        Verb(services.plan_shutdown, permission="servers.change_machine", icon="power",
             in_bulk=False, done="A change is drafted that shuts {} down.", when=_runs),
        Verb(services.plan_snapshot, permission="servers.change_machine", icon="save",
             in_bulk=False, done="A change is drafted that saves {}."),
        Verb(services.plan_revert, permission="servers.change_machine", icon="undo-2",
             in_bulk=False, done="A change is drafted that puts {} back."),
        Verb(services.plan_migrate, permission="servers.change_machine", icon="share-2",
             in_bulk=False, done="A change is drafted that moves {}.", when=_runs),
    ],
)  # fmt: skip

MACHINE_ACT = Resource(
    MachineAct,
    columns=["machine", *ACTS],
    facts=["said", "loses"],
    filters=["state", "act", "machine"],
    order=["-pk"],
    icon="clipboard-list",
    badges=lambda a: [(a.get_state_display(), TONES[a.state])],
    subtitle=lambda a: f"belongs to the change “{a.change}”",
    panels=[
        Panel("Plan", draw=draw_plan, leads=True),
        Panel("Acts on machines", on=Change, rows=lambda c: c.machine_acts.all(),
              columns=["machine", "act", "state", "ended_at"]),
    ],
    verbs=[
        Verb(services.apply, permission="servers.execute_machineact", icon="play", tone="danger",
             done="{}: it is under way; this page follows.", in_bulk=False,
             when=lambda a: "" if a.state in ("planned", "failed") else "It is not planned."),
    ],
)  # fmt: skip

MACHINE_SNAPSHOT = Resource(
    MachineSnapshot,
    columns=["machine", "name", "taken_at", "state"],
    filters=["machine"],
    order=["taken_at"],
    icon="save",
)

STORAGE_POOL = Resource(
    StoragePool,
    columns=["item", "hypervisor", "used_percent", "used_bytes", "capacity_bytes", "type"],
    facts=["path", "uuid"],
    filters=["hypervisor", "type", "used_percent"],
    search=["item__name", "path"],
    order=["-used_percent"],
    icon="warehouse",
    cells={c: lambda v: figure(v, "By") for c in ("used_bytes", "capacity_bytes")},
)

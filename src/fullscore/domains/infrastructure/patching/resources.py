"""How baselines, rings, windows and urgencies are seen."""

from fullscore.domains.infrastructure.patching import drawing, services
from fullscore.domains.infrastructure.patching.models import (
    Baseline,
    Hold,
    PatchWindow,
    Ring,
    Urgency,
)
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.kit import time
from fullscore.kit.resource import Panel, Resource

BASELINE = Resource(
    Baseline,
    columns=["name", "selector", "take", "age_days", "release"],
    fields=["name", "selector", "take", "listed", "age_days", "release"],
    facts=["listed"],
    filters=["take"],
    search=["name"],
    order=["name"],
    icon="flag",
    group="Change",
    under="Changes",
    can_delete=True,
    panels=[
        Panel("Rings", rows=lambda b: b.rings.all(),
              columns=["place", "name", "selector", "offset_days", "soak_hours"]),
        Panel("Holds", rows=lambda b: b.holds.all(),
              columns=["package", "candidates", "until", "reason"]),
        Panel("Pending", on=Server, draw=drawing.draw_pending),
    ],
)  # fmt: skip

HOLD = Resource(
    Hold,
    columns=["package", "candidates", "baseline", "until", "reason"],
    fields=["baseline", "package", "candidates", "reason", "until"],
    filters=["baseline", "until"],
    search=["package", "reason"],
    order=["until"],
    icon="pin",
    group="Change",
    under="Changes",
    add=services.add_hold,
    change=services.change_hold,
    can_delete=True,
    badges=lambda h: [("over", "")] if h.until < time.now().date() else [("holds", "info")],
)

RING = Resource(
    Ring,
    columns=["name", "baseline", "place", "selector", "offset_days", "soak_hours"],
    fields=["baseline", "name", "place", "selector", "offset_days", "soak_hours"],
    filters=["baseline"],
    search=["name"],
    order=["baseline", "place"],
    icon="circle",
    add=services.add_ring,
    change=services.change_ring,
    can_delete=True,
)

PATCH_WINDOW = Resource(
    PatchWindow,
    columns=["name", "selector", "recurrence", "starts_time", "zone", "minutes", "capacity"],
    fields=["name", "selector", "recurrence", "starts_on", "starts_time", "zone", "minutes",
            "capacity", "site_capacity"],
    facts=["starts_on", "site_capacity"],
    filters=["zone"],
    search=["name"],
    order=["name"],
    icon="timer",
    group="Change",
    under="Changes",
    add=services.add_window,
    change=services.change_window,
    can_delete=True,
    panels=[Panel("Opens next", draw=drawing.draw_openings, leads=True)],
)  # fmt: skip

URGENCY = Resource(
    Urgency,
    columns=["package", "version", "probability", "is_exploited", "due_on", "source"],
    filters=["is_exploited", "probability"],
    search=["package", "version"],
    order=["-probability"],
    icon="flame",
)

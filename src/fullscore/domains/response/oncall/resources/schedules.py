"""How schedules and their parts are seen."""

from typing import Any

from django.template.loader import render_to_string

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.oncall import timeline
from fullscore.domains.response.oncall.models import Layer, Override, Schedule, Shift, Turn
from fullscore.domains.response.oncall.services import rota as services
from fullscore.kit import time
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource


def draw_weeks(schedule: Schedule, user: Any, at: Any) -> str:
    """Draw four weeks: each layer, what was arranged by hand, and what comes of it."""
    told = timeline.weeks(schedule, now=at or time.now())
    return render_to_string("oncall/weeks.html", {"told": told, "schedule": schedule})


def _over(record: Any) -> str:
    return "It is over." if record.ends_at and record.ends_at <= time.now() else ""


SCHEDULE = Resource(
    Schedule,
    name="schedule",
    columns=["name", "team", "zone", "region"],
    fields=["name", "team", "zone", "region"],
    filters=["team"],
    search=["name"],
    order=["name"],
    icon="calendar-clock",
    group="Respond",
    under="On call",
    add=services.add_schedule,
    change=services.change_schedule,
    subtitle=lambda s: f"Turns by the clock of {s.zone}",
    panels=[
        Panel("Four weeks", draw=draw_weeks, leads=True),
        Panel("Layers", rows=lambda s: s.layers.all(), adds="schedule",
              columns=["position", "name", "starts_on", "starts_time", "unit", "length", "hours",
                       "ends_at"]),
        Panel("Turns", rows=lambda s: Turn.objects.filter(layer__schedule=s),
              columns=["layer__name", "position", "person"]),
        Panel("Overrides", rows=lambda s: s.overrides.filter(ends_at__gt=time.now()),
              columns=["person", "starts_at", "ends_at", "reason"]),
        Panel("Shifts to come", rows=lambda s: s.shifts.filter(ends_at__gt=time.now()),
              columns=["person", "starts_at", "ends_at"]),
    ],
    verbs=[
        Verb(services.override, permission="oncall.add_override", icon="calendar-range",
             tone="primary", in_bulk=False, done=lambda o: f"{o.person} is on call then."),
        Verb(services.publish, permission="oncall.change_schedule", icon="calendar",
             in_bulk=False, past="published",
             done=lambda path: f"Its calendar, shown this once: {path}"),
    ],
)  # fmt: skip

LAYER = Resource(
    Layer,
    columns=["schedule", "name", "position", "starts_on", "starts_time", "unit", "length", "hours",
             "ends_at"],
    fields=["schedule", "name", "position", "starts_on", "starts_time", "unit", "length", "hours"],
    filters=["schedule"],
    search=["name"],
    order=["schedule", "position"],
    icon="layers",
    add=services.add_layer,
    change=services.change_layer,
    panels=[Panel("Turns", rows=lambda layer: layer.turns.all(), columns=["position", "person"])],
    verbs=[
        Verb(services.add_person, permission="oncall.change_layer", icon="user-plus",
             in_bulk=False, done=lambda t: f"{t.person} takes turns."),
        Verb(services.end_layer, name="end", permission="oncall.change_layer", icon="x",
             past="ended", when=_over),
    ],
)  # fmt: skip

TURN = Resource(
    Turn,
    columns=["layer", "person", "position"],
    fields=["layer", "person", "position"],
    filters=["layer", "person"],
    search=["person__name"],
    order=["layer", "position"],
    icon="list-ordered",
    add=services.add_turn,
    change=services.change_turn,
    verbs=[Verb(services.remove, permission="oncall.change_turn", icon="x", tone="danger",
                past="taken out", in_bulk=False)],
)  # fmt: skip

OVERRIDE = Resource(
    Override,
    columns=["schedule", "person", "starts_at", "ends_at", "reason"],
    facts=["cancelled_at"],
    fields=["schedule", "person", "starts_at", "ends_at", "reason"],
    filters=["schedule", "person", "ends_at"],
    search=["person__name", "reason"],
    order=["-starts_at"],
    icon="calendar-range",
    add=services.add_override,
    change=services.refuse_to_change,
    can_change=False,
    verbs=[Verb(services.cancel, permission="oncall.change_override", icon="x", past="taken back",
                when=lambda o: "It was taken back." if o.cancelled_at else _over(o))],
)  # fmt: skip

SHIFT = Resource(
    Shift,
    name="shift",
    columns=["person", "schedule", "starts_at", "ends_at"],
    filters=["schedule", "person", "starts_at"],
    search=["person__name"],
    order=["starts_at"],
    icon="calendar-days",
    verbs=[Verb(services.ask_swap, permission="oncall.add_swap", icon="repeat", past="offered",
                in_bulk=False, done="Others are asked to take {}.", when=_over)],
    panels=[
        Panel("On call", on=Person, rows=lambda p: p.shifts.filter(ends_at__gt=time.now()),
              columns=["schedule", "starts_at", "ends_at"]),
    ],
)  # fmt: skip

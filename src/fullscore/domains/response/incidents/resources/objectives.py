"""How objectives of services are seen."""

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.models import ServiceObjective
from fullscore.interfaces.web.figures import percent
from fullscore.kit.resource import Panel, Resource


def objective_badges(one: ServiceObjective) -> list[tuple[str, str]]:
    """Return what is left, coloured when little is."""
    if one.left is None:
        return [("not measured yet", "")]
    tone = "crit" if one.left <= 0 else "warn" if one.left < 0.25 else "ok"
    return [(f"{percent(one.left)} of the budget left", tone)]


SERVICE_OBJECTIVE = Resource(
    ServiceObjective,
    columns=["service", "kind", "target", "window_days", "left", "measured_at"],
    fields=["service", "kind", "good", "total", "target", "window_days"],
    facts=["good", "total"],
    filters=["service", "kind"],
    order=["service"],
    icon="award",
    group="Respond",
    under="Incidents",
    cells={"left": lambda value: "" if value is None else percent(value), "target": percent},
    badges=objective_badges,
    can_delete=True,
    panels=[
        Panel("Objectives", on=Item, rows=lambda item: item.objectives.all(),
              columns=["kind", "target", "window_days", "left", "measured_at"]),
    ],
)  # fmt: skip

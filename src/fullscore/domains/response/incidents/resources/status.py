"""How the status page is written: components, notices, updates, subscribers."""

from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.models import (
    StatusComponent,
    StatusNotice,
    StatusSubscriber,
    StatusUpdate,
)
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

PHASES = [
    (value, f"{label} (maintenance)" if value in StatusUpdate.OF_MAINTENANCE else label)
    for value, label in StatusUpdate.Phase.choices
]
TONES = {"outage": "crit", "partial": "high", "degraded": "warn", "maintenance": "info"}


def notice_badges(notice: StatusNotice) -> list[tuple[str, str]]:
    """Return whether the public sees it, and what it says."""
    if notice.published_at is None:
        return [("not published", "")]
    if notice.closed_at is not None:
        return [("closed", "ok")]
    return [("published", "info"), (notice.get_impact_display(), TONES.get(notice.impact, ""))]


STATUS_NOTICE = Resource(
    StatusNotice,
    columns=["title", "kind", "impact", "published_at", "closed_at"],
    fields=["title", "kind", "impact", "components", "starts_at", "ends_at"],
    facts=["starts_at", "ends_at", "created_at"],
    filters=["kind", "impact", "created_at"],
    search=["title"],
    order=["-created_at"],
    icon="newspaper",
    group="Respond",
    under="Incidents",
    badges=notice_badges,
    add=services.write_notice,
    change=services.change_notice,
    panels=[
        Panel("Updates", rows=lambda n: n.updates.all(), columns=["at", "phase", "text", "by"]),
        Panel("Components", rows=lambda n: n.components.all(), columns=["name", "about"]),
    ],
    verbs=[
        Verb(services.publish, permission="incidents.publish_status", icon="megaphone",
             tone="primary", in_bulk=False, done="Published: {}.",
             choices={"phase": PHASES,
                      "impact": StatusNotice.Impact.choices},
             hints={"text": "What people outside read: no names of machines or people.",
                    "impact": "Empty: as before."},
             when=lambda n: "It is closed." if n.closed_at else ""),
    ],
)  # fmt: skip

STATUS_COMPONENT = Resource(
    StatusComponent,
    columns=["position", "name", "about", "is_shown"],
    fields=["name", "about", "position", "is_shown", "services"],
    filters=["is_shown"],
    search=["name"],
    order=["position"],
    icon="grid-3x3",
    group="Respond",
    under="Incidents",
    add=services.add_component,
    change=services.change_component,
    panels=[
        Panel("Services behind it", rows=lambda c: c.services.all(),
              columns=["name", "criticality", "owner"]),
    ],
)  # fmt: skip

STATUS_UPDATE = Resource(
    StatusUpdate,
    columns=["at", "notice", "phase", "text", "by"],
    filters=["notice", "phase", "at"],
    search=["text"],
    order=["-at"],
    icon="rows-3",
)

STATUS_SUBSCRIBER = Resource(
    StatusSubscriber,
    columns=["kind", "address", "created_at", "confirmed_at"],
    filters=["kind", "created_at"],
    order=["-created_at"],
    icon="users-round",
    group="Respond",
    under="Incidents",
    people={"address": "private"},
    can_delete=True,
)

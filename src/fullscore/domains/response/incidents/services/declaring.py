"""Incidents that a person declares, and what a person says of one."""

from django.db import transaction

from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.announcements import IncidentsAltered, IncidentsOpened
from fullscore.domains.response.incidents.models import Incident, TimelineEntry
from fullscore.domains.response.incidents.services import paging
from fullscore.domains.response.incidents.services.entries import tell
from fullscore.domains.response.incidents.services.sources import own, take_turn
from fullscore.domains.response.incidents.services.urgency import weigh
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User

Kind = TimelineEntry.Kind


@transaction.atomic
def declare(
    *, by: User, title: str, severity: int, root_item: Item | None = None,
    owner: Team | None = None, is_security: bool = False,
) -> Incident:  # fmt: skip
    """Open an incident that no alert told of; people are called for it as for any other."""
    take_turn([own().pk])  # before anything is recorded, as grouping does
    now = time.now()
    team = owner.pk if owner else None
    if team is None and root_item is not None:
        team = estate.owners_of([root_item.pk]).get(root_item.pk)
    incident = Incident(
        title=title, severity=severity, root_item=root_item, owner_id=team, declared_by=by,
        is_security=is_security, starts_at=now, detected_at=now,
    )  # fmt: skip
    with recorded(incident, "declare", by=by):
        pass
    tell(incident, Kind.STATUS, f"{by} declared it.", by=by)
    weigh([incident.pk], now=now, by=by)
    incident.refresh_from_db()
    announce(IncidentsOpened([incident.pk]))
    return incident


def describe(
    incident: Incident, *, by: User, title: str, severity: int, root_item: Item | None = None,
    owner: Team | None = None, is_security: bool = False,
) -> Incident:  # fmt: skip
    """Say better what an incident is, whose it is, and for whose eyes."""
    if severity != incident.severity and incident.alerts.exists():
        raise Conflict(
            "Its severity is that of its worst alert: set its priority, or resolve the alert."
        )
    is_veiled = is_security != incident.is_security
    with recorded(incident, "describe", by=by):
        incident.title, incident.severity, incident.root_item = title, severity, root_item
        incident.owner, incident.is_security = owner, is_security
    if is_veiled:
        who = "its team and who is named" if is_security else "everybody who may see incidents"
        tell(incident, Kind.DECISION, f"From now on for {who}.", by=by)
    paging.veil(incident, by=by)
    announce(IncidentsAltered([incident.pk]))
    return incident

"""What the company learnt from an incident that is over, and what it told its customers."""

from datetime import datetime, timedelta

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.overview.demo.services import books
from fullscore.domains.response.incidents import services as incidents
from fullscore.domains.response.incidents.models import (
    Incident,
    ServiceObjective,
    StatusNotice,
    StatusUpdate,
)
from fullscore.kit.audit import recorded
from fullscore.kit.models import User

PORTAL = "Customer portal"
AGO, LASTED = timedelta(days=9), timedelta(minutes=52)
COMPONENTS = (("Customer portal", "Orders, invoices and your account"),
              ("Track and trace", "Where your shipment is"),
              ("Interfaces", "EDI and API"))  # fmt: skip
TOLD = (
    (6, "investigating", "Signing in to the portal fails for many of you. We look into it."),
    (21, "identified", "What checks sign-ins refuses connections. We restart it."),
    (52, "resolved", "Signing in works again. We are sorry for the disturbance."),
)


def learn(*, by: User, now: datetime) -> None:
    """Let an incident of nine days ago be reviewed, and the customers have been told of it."""
    portal = Item.objects.get(kind="service", name=PORTAL)
    incident = _past(now)
    books.helped_in(incident, by=by)
    review = incidents.open_review(incident, by=by)
    incidents.revise_review(
        review, by=by,
        factors="The pool of connections had no limit of its own, and one job used them all.\n"
        "No alert looked at how many were free.",
        went_well="Whoever was on call knew the way back, and the customers were told early.",
    )  # fmt: skip
    owner = Person.objects.filter(user=by).first() or Person.objects.earliest("pk")
    incidents.add_action(
        review, by=by, title="Alert when fewer than a tenth of the connections are free",
        kind="detect", owner=owner, due_on=now.date() + timedelta(days=12),
    )  # fmt: skip
    incidents.close_review(review, by=by)
    objective = ServiceObjective(service=portal, target=0.999)
    with recorded(objective, "add", by=by):
        pass
    _tell(incident, portal, by)


def _past(now: datetime) -> Incident:
    at = now - AGO
    return Incident.objects.create(
        title="Sign-in to the customer portal fails", severity=5, priority=2,
        priority_reason="A critical service was impaired.", state=Incident.State.RESOLVED,
        owner=Team.objects.get(name="Applications"), starts_at=at - timedelta(minutes=3),
        detected_at=at, acknowledged_at=at + timedelta(minutes=4),
        mitigated_at=at + LASTED, resolved_at=at + LASTED,
        resolution="The pool of connections got a limit, and the service was restarted.",
    )  # fmt: skip


def _tell(incident: Incident, portal: Item, by: User) -> None:
    shown = [
        incidents.add_component(by=by, name=name, about=about, position=place)
        for place, (name, about) in enumerate(COMPONENTS)
    ]
    shown[0].services.set([portal])
    began = incident.detected_at
    notice = StatusNotice.objects.create(
        title="Signing in to the portal fails", impact="partial", incident=incident,
        created_at=began, published_at=began + timedelta(minutes=TOLD[0][0]),
        closed_at=began + timedelta(minutes=TOLD[-1][0]),
    )  # fmt: skip
    notice.components.set(shown[:1])
    StatusUpdate.objects.bulk_create(
        [StatusUpdate(notice=notice, phase=phase, text=text, by=by,
                      at=began + timedelta(minutes=minutes)) for minutes, phase, text in TOLD]
    )  # fmt: skip

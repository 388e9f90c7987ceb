"""Who is where, and who answers to whom, on any day."""

from datetime import date

from fullscore.domains.foundation.directory.models import Membership, Person
from fullscore.kit import time
from fullscore.kit.models import User


def person_of(user: User) -> Person | None:
    """Return the person behind an account; services and the system have none."""
    return Person.objects.filter(user=user).first()


def teams_of(person: Person, *, on: date | None = None) -> list[int]:
    """Return the ids of the teams somebody is in on a day; today when none is given."""
    day = on or time.now().date()
    return list(person.memberships.filter(pk__in=Membership.objects.on(day)).values_list(
        "team_id", flat=True
    ))  # fmt: skip


def manager_of(person: Person, *, on: date | None = None) -> Person | None:
    """Return the line manager on a day: that of the primary membership."""
    day = on or time.now().date()
    held = Membership.objects.on(day).filter(person=person, manager__isnull=False)
    first = held.order_by("-is_primary", "pk").select_related("manager").first()
    return first.manager if first else None


def reports_of(person: Person, *, on: date | None = None) -> list[int]:
    """Return the ids of the people who answer to somebody on a day."""
    day = on or time.now().date()
    return list(
        Membership.objects.on(day).filter(manager=person).values_list("person_id", flat=True)
    )

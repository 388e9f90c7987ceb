"""What can be done with people and teams."""

from datetime import date

from fullscore.domains.foundation.directory.models import Membership, Person, Team
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User


def person_for(user: User, *, by: User) -> Person:
    """Return the person behind an account, known from now on if they were not."""
    known = Person.objects.filter(user=user).first()
    if known is None and user.email:
        known = Person.objects.filter(user=None, email__iexact=user.email).first()
    person = known or Person(name=user.name or user.email)
    if person.pk is None or person.user_id is None:
        with recorded(person, "add" if person.pk is None else "change", by=by, note="account"):
            person.email, person.user = person.email or user.email, user
    return person


def join(
    person: Person,
    *,
    by: User,
    team: Team,
    role: str = "",
    manager: Person | None = None,
    starts_on: date | None = None,
) -> Membership:
    """Put somebody into a team from a day on; the first team is the primary one."""
    day = starts_on or time.now().date()
    if person.memberships.filter(team=team, ends_on__isnull=True).exists():
        raise Conflict(f"{person} is in {team} already.")
    is_primary = not person.memberships.filter(is_primary=True, ends_on__isnull=True).exists()
    joined = Membership(
        person=person, team=team, role=role, manager=manager, starts_on=day, is_primary=is_primary
    )
    with recorded(joined, "join", by=by):
        pass
    return joined


def end(membership: Membership, *, by: User, ends_on: date | None = None) -> Membership:
    """Let somebody's time in a team end on a day."""
    if membership.ends_on is not None:
        raise Conflict(f"This membership ended on {membership.ends_on}.")
    with recorded(membership, "end", by=by):
        membership.ends_on = ends_on or time.now().date()
    return membership


def leave(person: Person, *, by: User, ends_on: date | None = None) -> Person:
    """Record that somebody leaves: memberships end, the account can no longer sign in."""
    if person.state == Person.State.LEFT:
        raise Conflict(f"{person} has left already.")
    day = ends_on or time.now().date()
    with recorded(person, "leave", by=by):
        person.state, person.ends_on = Person.State.LEFT, day
        for held in person.memberships.filter(ends_on__isnull=True):
            with recorded(held, "end", by=by, note="left"):
                held.ends_on = max(day, held.starts_on)
        if person.user is not None and person.user.is_active:
            with recorded(person.user, "deactivate", by=by, note="left"):
                person.user.is_active = False
    return person

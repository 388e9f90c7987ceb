"""What can be done with people and teams."""

from datetime import date, timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import Q

from fullscore.domains.foundation.directory.announcements import PersonLeft
from fullscore.domains.foundation.directory.models import Membership, Person, Team
from fullscore.kit import access, time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, NotAllowed, Problem
from fullscore.kit.models import User

MANAGES = "kit.change_user"


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


def add_member(
    team: Team,
    *,
    by: User,
    person: Person,
    role: str = "",
    manager: Person | None = None,
    starts_on: date | None = None,
) -> Membership:
    """Put somebody into the team from a day on."""
    return join(person, by=by, team=team, role=role, manager=manager, starts_on=starts_on)


def end(membership: Membership, *, by: User, ends_on: date | None = None) -> Membership:
    """Let somebody's time in a team end on a day."""
    if membership.ends_on is not None:
        raise Conflict(f"This membership ended on {membership.ends_on}.")
    with recorded(membership, "end", by=by):
        membership.ends_on = ends_on or time.now().date()
    return membership


def change(person: Person, *, by: User, **values: Any) -> Person:
    """Give a person new values; leaving is recorded by its own verb."""
    if values.get("state", person.state) == Person.State.LEFT != person.state:
        raise Conflict(f"Record the last day of {person} instead: `leave`.")
    if any(getattr(person, n) != values[n] for n in ("user", "ends_on") if n in values):
        _check_may_let_go(person, by)
    with recorded(person, "change", by=by):
        for name, value in values.items():
            setattr(person, name, value)
    return person


def leave(person: Person, *, by: User, ends_on: date | None = None) -> Person:
    """Record somebody's last day: from then on they are in no team and cannot sign in.

    Nothing is deleted, and what they own stands on their page. A day to come is kept until it has.
    """
    if person.state == Person.State.LEFT:
        raise Conflict(f"{person} has left already.")
    _check_may_let_go(person, by)
    day = ends_on or time.now().date()
    with recorded(person, "leave", by=by):
        person.ends_on = day
        for held in person.memberships.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day)):
            with recorded(held, "end", by=by, note="leaves"):
                held.ends_on = max(day, held.starts_on + timedelta(days=1))
        if day <= time.now().date():
            _go(person, by)
    return person


def let_go(*, by: User) -> None:
    """Let everybody go whose last day has come.

    Raises the first failure, after all others are gone: one record that is at odds with a rule
    keeps nobody else's account open.
    """
    today = time.now().date()
    leaving = Person.objects.filter(ends_on__lte=today).exclude(state=Person.State.LEFT)
    failures: list[Problem | DatabaseError] = []
    for person in leaving:
        try:
            with recorded(person, "leave", by=by, note=f"the last day was {person.ends_on}"):
                _go(person, by)
        except (Problem, DatabaseError) as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


def _go(person: Person, by: User) -> None:
    """Let somebody be gone; their account is shut in the same moment, and cleared after it."""
    person.state = Person.State.LEFT
    if person.user is not None and person.user.is_active:
        with recorded(person.user, "deactivate", by=by, note="left"):
            person.user.is_active = False
    announce(PersonLeft(person.pk))


def _check_may_let_go(person: Person, by: User) -> None:
    """Refuse to lock oneself out, and to lock out who could undo it."""
    account = person.user
    if account is None or not account.is_active:
        return
    if account.pk == by.pk:
        raise NotAllowed("Nobody records their own leaving; ask somebody else.")
    if access.may(account, MANAGES) and not access.may(by, MANAGES):
        raise NotAllowed(f"{person} administers accounts: an administrator records the leaving.")

"""Founding Brightwater's teams: people, who manages whom, and their accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fullscore.domains.foundation.access.models import RoleGrant
from fullscore.domains.foundation.directory.models import Membership, Person, Team
from fullscore.domains.overview.demo import names
from fullscore.domains.overview.demo.services import keeping
from fullscore.kit.models import User

TIME_ZONE = "Europe/Amsterdam"
LEFT_DAYS, COMES_DAYS = 10, 6


@dataclass(frozen=True)
class People:
    """Teams and people by name."""

    teams: Mapping[str, Team]
    people: Mapping[str, Person]


def found(*, by: User, today: date, began: datetime) -> People:
    """Make the teams with their people, memberships and accounts."""
    told = [Team(name=name, email=f"{name.lower()}@{names.DOMAIN}") for name in names.TEAMS]
    teams = keeping.by_name(keeping.made(told, by=by, began=began))
    users = keeping.by_name(_accounts(by, today, began))
    rows = [_person(one, users.get(one.name), today) for one in names.PEOPLE]
    people = keeping.by_name(keeping.made(rows, by=by, began=began))
    keeping.made(list(_memberships(teams, people, today)), by=by, began=began)
    _leave(people[names.LEAVER], today)
    return People(teams, people)


def address(name: str) -> str:
    """Return somebody's address: the first name is enough in a firm of this size."""
    return f"{name.split()[0].lower()}@{names.DOMAIN}"


def _accounts(by: User, today: date, began: datetime) -> list[User]:
    """Make accounts without passwords, and what they may do."""
    rows = []
    for one in names.PEOPLE:
        if one.roles:
            user = User(email=address(one.name), name=one.name, time_zone=TIME_ZONE)
            user.set_unusable_password()
            rows.append(user)
    users = keeping.made(rows, by=by, began=began)
    known = keeping.by_name(users)
    grants = [
        RoleGrant(
            user=known[one.name], role=role, starts_on=today - timedelta(days=90), granted_by=by
        )
        for one in names.PEOPLE
        for role in one.roles
    ]
    keeping.made(grants, by=by, began=began)
    return users


def _person(one: names.Somebody, user: User | None, today: date) -> Person:
    years = 1 + sum(map(ord, one.name)) % 9
    starts_on = today - timedelta(days=365 * years)
    state = Person.State.ACTIVE
    if one.name == names.COMING:
        starts_on, state = today + timedelta(days=COMES_DAYS), Person.State.COMING
    if one.name == names.LEAVER:
        state = Person.State.LEFT
    return Person(
        name=one.name,
        email=address(one.name),
        user=user,
        time_zone=TIME_ZONE,
        starts_on=starts_on,
        ends_on=today - timedelta(days=LEFT_DAYS) if one.name == names.LEAVER else None,
        state=state,
    )


def _memberships(
    teams: Mapping[str, Team], people: Mapping[str, Person], today: date
) -> list[Membership]:
    """Return who is in which team: members under their lead, leads under Maya."""
    leads = {one.team: one.name for one in names.PEOPLE if one.work == "Lead"}
    rows = []
    for one in names.PEOPLE:
        above = names.OPERATIONS_MANAGER if one.work == "Lead" else leads[one.team]
        is_top = one.name == names.OPERATIONS_MANAGER or one.work.startswith("Director")
        rows.append(
            Membership(
                person=people[one.name], team=teams[one.team], role=one.work,
                manager=None if is_top else people[above],
                starts_on=people[one.name].starts_on or today,
                ends_on=people[one.name].ends_on,
            )
        )  # fmt: skip
    return rows


def _leave(person: Person, today: date) -> None:
    """Let the leaver have been here until ten days ago; the account was forgotten."""
    left_at = datetime.combine(today - timedelta(days=LEFT_DAYS), datetime.min.time())
    keeping.changed(person, at=keeping.utc(left_at), state=Person.State.ACTIVE, ends_on=None)

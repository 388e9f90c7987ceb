"""A small company to look at through every door, and who may do what in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from fullscore.domains.foundation.directory.models import Membership, Person, Team
from fullscore.domains.foundation.directory.resources import MEMBERSHIP, PERSON, TEAM
from fullscore.kit import access
from fullscore.kit.access import EVERYWHERE, NOWHERE
from fullscore.kit.audit import recorded
from fullscore.kit.models import User

RESOURCES = (PERSON, TEAM, MEMBERSHIP)
ALL = frozenset(
    f"directory.{action}_{noun}"
    for action in ("view", "add", "change", "delete")
    for noun in ("person", "team", "membership")
)
SEEING = frozenset(name for name in ALL if ".view_" in name)


@contextmanager
def holding(permissions: dict[str, frozenset[str]]) -> Iterator[None]:
    """Let accounts, by e-mail, hold permissions everywhere; put back who answered before."""
    before = list(access._answer)
    held = permissions.get
    access.answer_with(
        lambda user, name: EVERYWHERE if name in held(user.email, ()) else NOWHERE
    )  # fmt: skip
    try:
        yield
    finally:
        access._answer[:] = before


def account(name: str) -> User:
    """Return a saved account."""
    return User.objects.create_user(f"{name}@example.org", name=name.title())


def team(name: str, *, by: User, **values: Any) -> Team:
    """Return a recorded team."""
    made = Team(name=name, **values)
    with recorded(made, "add", by=by):
        pass
    return made


def person(name: str, *, by: User, **values: Any) -> Person:
    """Return a recorded person."""
    made = Person(name=name, **values)
    with recorded(made, "add", by=by):
        pass
    return made


def membership(person: Person, team: Team, *, by: User, **values: Any) -> Membership:
    """Return a recorded membership."""
    made = Membership(person=person, team=team, starts_on=date(2026, 1, 1), **values)
    with recorded(made, "add", by=by):
        pass
    return made

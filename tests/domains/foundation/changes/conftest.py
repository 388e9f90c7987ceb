"""A clock that stands still, people of two teams, and a small estate in which things depend."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from fullscore.domains.foundation.changes import services
from fullscore.kit import time
from tests import make

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)


@dataclass
class Clock:
    """The present, moved by hand."""

    now: datetime = START

    def after(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock(monkeypatch):
    standing = Clock()
    monkeypatch.setattr(time, "now", lambda: standing.now)
    return standing


@pytest.fixture
def someone(db):
    """Make an account with its person, perhaps in a team, with roles that hold everywhere."""

    def made(name, *roles, team=None):
        user = make.user(name)
        person = make.person(name.title(), user=user)
        if team is not None:
            make.membership(person=person, team=team)
        for role in roles:
            make.grant(user=user, role=role)
        return user

    return made


@dataclass
class Crew:
    """Who asks, who carries out, and who approves: two of one team, one of another."""

    ann: object
    otto: object
    ada: object
    abe: object
    eve: object


@pytest.fixture
def crew(someone):
    red, blue = make.team("red"), make.team("blue")
    return Crew(
        ann=someone("ann", "engineer", team=red),
        otto=someone("otto", "operator", team=red),
        ada=someone("ada", "approver", team=red),
        abe=someone("abe", "approver", team=red),
        eve=someone("eve", "approver", team=blue),
    )


@pytest.fixture
def ask(crew, clock):
    """Ask for a change of an item that nothing depends on, at this hour."""

    def asked(*items, by=None, **values):
        known = {
            "title": "Replace a disk",
            "starts_at": clock.now,
            "ends_at": clock.now + HOUR,
            "plan": "Take it out\nPut one in",
            "rollback": "rehearsed",
        }
        return services.request(by=by or crew.ann, items=items or [make.item()], **known | values)

    return asked


@pytest.fixture
def approved(ask, crew):
    """Bring a change to where it may start."""

    def brought(*items, **values):
        change = ask(*items, **values)
        services.assess(change, by=crew.ann)
        services.submit(change, by=crew.ann)
        for approver in (crew.ada, crew.eve):
            if change.state == "waiting":
                services.approve(change, by=approver)
        assert change.state == "approved"
        return change

    return brought


@pytest.fixture
def running(approved, crew):
    """Bring a change to where it runs."""

    def brought(*items, **values):
        return services.start(approved(*items, **values), by=crew.otto)

    return brought


def needs(dependent, *supports, needed=None, name=""):
    """Let an item need others."""
    requirement = make.requirement(dependent=dependent, needed=needed, name=name)
    for support in supports:
        make.link(from_item=dependent, to_item=support, requirement=requirement)


def risky():
    """Return an item on which many critical ones depend: a change of it is of high risk."""
    core = make.item("core")
    for number in range(12):
        needs(make.item(f"shop{number}", kind="service", criticality=1), core)
    return core

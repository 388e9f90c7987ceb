"""A check that says what a test wants, a clock that stands still, and what was announced."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from fullscore.domains.foundation.access import queries
from fullscore.domains.foundation.access.services import grants
from fullscore.domains.foundation.directory.models import Membership, Person, Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings import announcements as facts
from fullscore.domains.foundation.findings.models import Check, Finding
from fullscore.domains.foundation.findings.services import settle
from fullscore.kit import access, time
from fullscore.kit import announcements as kit
from fullscore.kit.checks import Scope, Subject, bad, good, unknown
from fullscore.kit.models import User
from fullscore.kit.models.user import system

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    """The present, moved by hand."""

    now: datetime = START

    def after(self, **span: float) -> datetime:
        """Let a time pass; return the new present."""
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock(monkeypatch):
    standing = Clock()
    monkeypatch.setattr(time, "now", lambda: standing.now)
    return standing


@dataclass
class Recorder:
    """A reaction that only remembers what it was told."""

    heard: list = field(default_factory=list)

    def enqueue(self, ids):
        self.heard.append(ids)


@pytest.fixture(autouse=True)
def announced():
    """Give what was announced, by fact: a list of lists of ids."""
    before = dict(kit._reactions)
    told = defaultdict(Recorder)
    kinds = [kind for kind in vars(facts).values() if isinstance(kind, type)]
    kit.react_with({kind: [told[kind.__name__]] for kind in kinds})
    yield lambda name: told[name].heard
    kit.react_with(before)


@pytest.fixture(autouse=True)
def _access_answers():
    before = access._answer[:]
    access.answer_with(queries.reach)
    yield
    access._answer[:] = before


@pytest.fixture
def item(db):
    return Item.objects.create(kind="host", name="web1")


@pytest.fixture
def items(db):
    return [Item.objects.create(kind="host", name=f"host{n}") for n in range(30)]


@dataclass
class Voice:
    """One check, and the means to let it speak."""

    clock: Clock
    check: Check

    def says(self, *verdicts, items=None, **how):
        """Settle what the check says now."""
        scope = Scope(self.clock.now, None if items is None else frozenset(items))
        return settle(self.check, verdicts, scope, by=system(), **how)

    def opens(self, item, *, severity=4, key="", **more):
        """Let the check find something wrong; return the finding."""
        self.says(bad(Subject(item=item.pk, key=key), severity=severity, title="Wrong", **more))
        return Finding.objects.latest("pk")

    def closes(self, item, key=""):
        """Let the check find that all is well."""
        self.clock.after(minutes=15)
        return self.says(good(Subject(item=item.pk, key=key)))


@pytest.fixture
def voice(db, clock):
    check = Check.objects.create(ident="tests.sample", title="Sample", every_seconds=900)
    return Voice(clock, check)


@pytest.fixture
def someone(db):
    """Make an account with its person, perhaps in a team, with roles that hold everywhere."""

    def make(name, *roles, team=None, manager=None):
        user = User.objects.create_user(f"{name}@example.org", name=name.title())
        person = Person.objects.create(name=name.title(), user=user)
        if team:
            place, _ = Team.objects.get_or_create(name=team)
            Membership.objects.create(
                person=person, team=place, manager=manager and manager.person,
                starts_on="2026-01-01",
            )  # fmt: skip
        for role in roles:
            grants.grant(user, by=system(), role=role)
        return user

    return make


def blind(item, key="", why="permission: /etc/shadow", remedy="fullscore server grants web1"):
    """Return what a check says of what it cannot see."""
    return unknown(Subject(item=item.pk, key=key), why=why, remedy=remedy)


def wrong(item, key="", severity=4, title="Wrong", **more):
    """Return what a check says of what is wrong."""
    return bad(Subject(item=item.pk, key=key), severity=severity, title=title, **more)


def fine(item, key="", **more):
    """Return what a check says of what is well."""
    return good(Subject(item=item.pk, key=key), **more)

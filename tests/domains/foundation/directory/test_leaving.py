"""Somebody leaves: at once, or on a day to come."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fullscore.config.reactions import REACTIONS
from fullscore.domains.foundation.access import jobs as access_jobs
from fullscore.domains.foundation.access.models import ApiToken, RoleGrant
from fullscore.domains.foundation.directory import jobs, services
from fullscore.domains.foundation.directory.announcements import PersonLeft
from fullscore.domains.foundation.findings import jobs as findings_jobs
from fullscore.domains.foundation.findings.models import Event
from fullscore.kit import time
from fullscore.kit.errors import Conflict, NotAllowed
from tests import make

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Let the present be moved by hand."""
    standing = [datetime(2026, 3, 2, 9, tzinfo=UTC)]
    monkeypatch.setattr(time, "now", lambda: standing[0])
    return standing


@pytest.fixture
def boss():
    return make.user("boss", role="administrator")


@pytest.fixture
def ben():
    user = make.user("ben", role="engineer")
    person = make.person("Ben", user=user)
    make.membership(person=person)
    return person


def told(person):
    """Run what follows from somebody's leaving."""
    for reaction in REACTIONS[PersonLeft]:
        reaction(person=person.pk)


def test_who_leaves_today_is_in_no_team_and_cannot_sign_in(ben, boss):
    services.leave(ben, by=boss)

    ben.user.refresh_from_db()
    assert (ben.state, ben.ends_on) == ("left", TODAY)
    assert not ben.user.is_active
    assert [m.ends_on for m in ben.memberships.all()] == [TODAY]


def test_a_day_to_come_is_kept_until_it_has_come(ben, boss, clock):
    services.leave(ben, by=boss, ends_on=TODAY + timedelta(days=30))
    ben.user.refresh_from_db()
    assert (ben.state, ben.user.is_active) == ("active", True)

    jobs.let_go()
    ben.refresh_from_db()
    assert ben.state == "active"

    clock[0] += timedelta(days=30)
    jobs.let_go()

    ben.refresh_from_db()
    ben.user.refresh_from_db()
    assert (ben.state, ben.user.is_active) == ("left", False)


def test_one_whose_record_is_at_odds_keeps_nobody_else_here(ben, boss, clock, monkeypatch):
    cyd = make.person("Cyd", user=make.user("cyd", role="viewer"))
    for person in (ben, cyd):
        services.leave(person, by=boss, ends_on=TODAY + timedelta(days=1))
    clock[0] += timedelta(days=1)
    goes = services._go
    monkeypatch.setattr(
        services, "_go", lambda p, by: goes(p, by) if p == cyd else _refuse("Ben stays")
    )

    with pytest.raises(Conflict, match="Ben stays"):
        jobs.let_go()

    ben.refresh_from_db()
    cyd.refresh_from_db()
    assert (ben.state, cyd.state) == ("active", "left")


def _refuse(words):
    raise Conflict(words)


def test_what_the_account_held_ends_and_what_was_assigned_returns_to_the_team(ben, boss):
    make.token(user=ben.user)
    team = make.team("unix")
    finding = make.finding(owner=team, assignee=ben, state="acknowledged")
    services.leave(ben, by=boss)

    told(ben)

    finding.refresh_from_db()
    assert (finding.assignee, finding.owner, finding.state) == (None, team, "open")
    assert Event.objects.filter(finding=finding, kind="returned").exists()
    assert not ApiToken.objects.filter(user=ben.user, revoked_at__isnull=True).exists()
    assert not RoleGrant.objects.on(TODAY).filter(user=ben.user).exists()


def test_reactions_may_run_twice(ben, boss):
    services.leave(ben, by=boss)

    told(ben)
    told(ben)

    assert Event.objects.filter(kind="returned").count() == 0


def test_nobody_records_their_own_leaving(boss):
    person = make.person("Boss", user=boss)

    with pytest.raises(NotAllowed, match="somebody else"):
        services.leave(person, by=boss)


def test_who_keeps_people_cannot_lock_out_an_administrator(boss):
    person = make.person("Boss", user=boss)
    clerk = make.user("clerk", role="hr")

    with pytest.raises(NotAllowed, match="administers accounts"):
        services.leave(person, by=clerk)

    boss.refresh_from_db()
    assert boss.is_active


@pytest.mark.parametrize(
    "values", [{"ends_on": TODAY}, {"user": None}], ids=["the last day", "the account"]
)
def test_nor_by_changing_the_record(boss, values):
    person = make.person("Boss", user=boss)

    with pytest.raises(NotAllowed, match="administers accounts"):
        services.change(person, by=make.user("clerk", role="hr"), **values)


def test_leaving_is_recorded_by_its_own_verb(ben, boss):
    with pytest.raises(Conflict, match="leave"):
        services.change(ben, by=boss, state="left")


def test_nobody_leaves_twice(ben, boss):
    services.leave(ben, by=boss)

    with pytest.raises(Conflict, match="left already"):
        services.leave(ben, by=boss)


def test_the_reactions_are_those_of_access_and_findings():
    assert list(REACTIONS[PersonLeft]) == [access_jobs.clear_account, findings_jobs.return_to_teams]

"""Exceptions: four eyes, an end, and nothing forgotten."""

from datetime import timedelta

import pytest

from fullscore.domains.foundation.findings import services
from fullscore.domains.foundation.findings.models import Finding, Waiver
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models.user import system
from tests.domains.foundation.findings.conftest import wrong

GRANTER = "administrator"


@pytest.fixture
def ask(voice, item, clock):
    """Ask for an exception to a new finding."""

    def asked(by, *, severity=4, days=60, reason="A supplier must act"):
        finding = voice.opens(item, severity=severity)
        day = clock.now.date() + timedelta(days=days)
        return services.ask_exception(finding, by=by, reason=reason, expires_on=day)

    return asked


def state_of(waiver):
    """Return how exception and finding stand, from the database."""
    waiver.refresh_from_db()
    finding = Finding.objects.get(pk=waiver.finding_id)
    return waiver.state, finding.state


def test_an_exception_asked_for_changes_nothing_yet(ask, someone, announced):
    waiver = ask(someone("ann"))

    assert state_of(waiver) == ("asked", "open")
    assert announced("ExceptionAsked") == [[waiver.pk]]


def test_another_grants_it(ask, someone):
    waiver = ask(someone("ann", GRANTER))
    bob = someone("bob", GRANTER)

    services.grant(waiver, by=bob)

    assert state_of(waiver) == ("granted", "excepted")
    assert (waiver.granted_by, waiver.is_alone) == (bob, False)


def test_nobody_grants_their_own_while_somebody_else_could(ask, someone):
    ann = someone("ann", GRANTER)
    someone("bob", GRANTER)
    waiver = ask(ann, days=10)

    with pytest.raises(Conflict, match="Someone else"):
        services.grant(waiver, by=ann)
    assert state_of(waiver) == ("asked", "open")


@pytest.mark.parametrize(
    ("days", "is_granted"), [pytest.param(30, True, id="30 days"), pytest.param(31, False, id="31")]
)
def test_the_only_account_that_may_grants_itself_thirty_days(ask, someone, days, is_granted):
    ann = someone("ann", GRANTER)
    someone("vic", "viewer")
    waiver = ask(ann, days=days)

    if not is_granted:
        with pytest.raises(Conflict, match="30 days at most"):
            services.grant(waiver, by=ann)
        return
    services.grant(waiver, by=ann)

    assert state_of(waiver) == ("granted", "excepted")
    assert waiver.is_alone


@pytest.mark.parametrize(
    ("severity", "days", "is_taken"),
    [
        pytest.param(4, 365, True, id="a year"),
        pytest.param(4, 366, False, id="more than a year"),
        pytest.param(5, 90, True, id="critical: 90 days"),
        pytest.param(5, 91, False, id="critical: more"),
        pytest.param(4, 0, False, id="until today"),
        pytest.param(4, -1, False, id="until yesterday"),
    ],
)
def test_an_exception_ends(ask, someone, severity, days, is_taken):
    ann = someone("ann")
    if is_taken:
        assert ask(ann, severity=severity, days=days).state == "asked"
        return
    with pytest.raises(Invalid):
        ask(ann, severity=severity, days=days)


def test_an_exception_needs_a_reason_and_is_asked_once(ask, someone, clock):
    ann = someone("ann")
    with pytest.raises(Invalid, match="why"):
        ask(ann, reason="  ")
    waiver = ask(ann)

    with pytest.raises(Invalid, match="already"):
        services.ask_exception(waiver.finding, by=ann, reason="Again", expires_on=waiver.expires_on)


def test_what_is_critical_needs_two_who_are_in_different_teams(ask, someone):
    waiver = ask(someone("ann", team="Web"), severity=5)
    bob, ben = someone("bob", GRANTER, team="Web"), someone("ben", GRANTER, team="Web")
    cleo = someone("cleo", GRANTER, team="Security")

    services.grant(waiver, by=bob)
    assert state_of(waiver) == ("asked", "open")
    with pytest.raises(Conflict, match="somebody else"):
        services.grant(waiver, by=bob)
    with pytest.raises(Conflict, match="another team"):
        services.grant(waiver, by=ben)
    services.grant(waiver, by=cleo)

    assert state_of(waiver) == ("granted", "excepted")
    assert (waiver.granted_by, waiver.second_by) == (bob, cleo)


def test_who_asked_is_never_the_second_yes(ask, someone):
    ann = someone("ann", GRANTER, team="Web")
    waiver = ask(ann, severity=5, days=10)
    services.grant(waiver, by=someone("bob", GRANTER, team="Security"))

    with pytest.raises(Conflict, match="Someone else"):
        services.grant(waiver, by=ann)
    assert state_of(waiver) == ("asked", "open")


def test_what_became_critical_after_asking_needs_two_as_well(ask, someone, voice, item):
    waiver = ask(someone("ann"), severity=4, days=60)
    voice.says(wrong(item, severity=5))
    waiver.refresh_from_db()

    services.grant(waiver, by=someone("bob", GRANTER))

    assert state_of(waiver) == ("asked", "open")


def test_what_was_asked_under_a_milder_severity_may_be_too_long_now(ask, someone, voice, item):
    waiver = ask(someone("ann"), severity=4, days=200)
    voice.says(wrong(item, severity=5))
    waiver.refresh_from_db()

    with pytest.raises(Invalid, match="90 days"):
        services.grant(waiver, by=someone("bob", GRANTER))


def test_an_exception_to_a_closed_finding_is_not_granted_but_ended(ask, someone, voice, item):
    waiver = ask(someone("ann"))
    voice.closes(item)
    waiver.refresh_from_db()

    with pytest.raises(Conflict, match="closed"):
        services.grant(waiver, by=someone("bob", GRANTER))
    services.end_expired(by=system())

    assert state_of(waiver) == ("ended", "closed")


def test_what_was_asked_too_long_ago_is_asked_anew(ask, someone, clock):
    waiver = ask(someone("ann"), days=10)
    clock.after(days=10)

    with pytest.raises(Conflict, match="ask anew"):
        services.grant(waiver, by=someone("bob", GRANTER))


def test_a_refusal_says_why_and_another_may_be_asked(ask, someone):
    ann = someone("ann")
    waiver = ask(ann)

    services.refuse(waiver, by=someone("bob", GRANTER), note="Patch it")

    assert state_of(waiver) == ("refused", "open")
    assert ask(ann).state == "asked"


@pytest.fixture
def granted(ask, someone):
    """An exception of 60 days to a finding that is due in 7."""
    waiver = ask(someone("ann"))
    return services.grant(waiver, by=someone("bob", GRANTER))


def test_an_exception_that_ends_gives_the_old_due_day_back(granted, voice, item, clock):
    due = Finding.objects.get().due_on

    clock.after(days=59)
    services.end_expired(by=system())
    assert state_of(granted) == ("granted", "excepted")
    clock.after(days=1)
    services.end_expired(by=system())

    assert state_of(granted) == ("ended", "open")
    assert Finding.objects.get().due_on == due


def test_an_exception_is_revoked(granted, someone):
    services.revoke(granted, by=someone("cleo", GRANTER), note="There is a patch")

    assert state_of(granted) == ("ended", "open")
    with pytest.raises(Conflict):
        services.revoke(granted, by=system(), note="Again")


def test_its_end_is_told_thirty_seven_and_zero_days_before_once_each(granted, clock, announced):
    told = []
    for day in range(61):
        for _ in range(3):
            services.end_expired(by=system())
        if len(announced("ExceptionEnding")) > len(told):
            told.append(60 - day)
        clock.after(days=1)

    assert told == [30, 7, 0]
    assert len(announced("ExceptionEnding")) == 3


def test_a_short_exception_is_not_told_on_its_first_day(ask, someone, clock, announced):
    waiver = ask(someone("ann"), days=10)
    services.grant(waiver, by=someone("bob", GRANTER))

    services.end_expired(by=system())
    assert announced("ExceptionEnding") == []
    clock.after(days=3)
    services.end_expired(by=system())
    assert announced("ExceptionEnding") == [[waiver.pk]]


def test_an_excepted_finding_is_still_checked_and_closed(granted, voice, item):
    voice.says(wrong(item, figure=7.0))
    assert Finding.objects.get().figure == 7.0

    voice.closes(item)
    services.end_expired(by=system())

    assert state_of(granted) == ("ended", "closed")
    assert Waiver.objects.count() == 1

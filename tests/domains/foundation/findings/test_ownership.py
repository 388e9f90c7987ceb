"""Who answers for a finding, and by when."""

from datetime import date, timedelta

import pytest

from fullscore.domains.foundation.directory.models import Membership, Person, Team
from fullscore.domains.foundation.estate.models import Item, Link
from fullscore.domains.foundation.findings.models import DueRule, Finding, OwnerRule
from tests.domains.foundation.findings.conftest import START, wrong


@pytest.fixture
def team(db):
    return lambda name: Team.objects.get_or_create(name=name)[0]


def test_the_owner_is_the_first_that_anything_names(voice, item, team):
    """Verdict, rule, item, what depends on it, default: take away one and the next answers."""
    shop = Item.objects.create(kind="service", name="shop", owner=team("shop"))
    middle = Item.objects.create(kind="service", name="middle")
    Link.objects.create(kind="runs_on", from_item=middle, to_item=item)
    Link.objects.create(kind="runs_on", from_item=shop, to_item=middle)
    rule = OwnerRule.objects.create(selector="kind=host", team=team("hosts"))
    default = OwnerRule.objects.create(selector="", team=team("everything"))
    item.owner = team("own")
    item.save()

    assert voice.opens(item, key="1", team=team("verdict").pk).owner.name == "verdict"
    assert voice.opens(item, key="2").owner.name == "hosts"
    rule.delete()
    assert voice.opens(item, key="3").owner.name == "own"
    Item.objects.filter(pk=item.pk).update(owner=None)
    assert voice.opens(item, key="4").owner.name == "shop"
    Link.objects.all().delete()
    assert voice.opens(item, key="5").owner.name == "everything"
    default.delete()
    assert voice.opens(item, key="6").owner is None


@pytest.mark.parametrize(
    ("rules", "owner"),
    [
        pytest.param([("", False), ("kind=host", False)], "kind=host", id="kind before default"),
        pytest.param([("kind=host", False), ("tag=web", False)], "tag=web", id="tag before kind"),
        pytest.param([("tag=web", False), ("name=web1", False)], "name=web1", id="item before tag"),
        pytest.param([("name=web1", False), ("", True)], " of check", id="this check's before any"),
        pytest.param(
            [("kind=vm", True), ("kind=host", False)], "kind=host", id="only what matches"
        ),
    ],
)
def test_the_narrowest_rule_wins(voice, item, team, rules, owner):
    item.tags = ["web"]
    item.save()
    for selector, is_of_check in rules:
        name = selector + (" of check" if is_of_check else "")
        check = voice.check if is_of_check else None
        OwnerRule.objects.create(selector=selector, team=team(name or "-"), check_of=check)

    assert voice.opens(item).owner.name == owner


@pytest.mark.parametrize(
    ("state", "ends_on", "is_assigned"),
    [
        pytest.param("active", None, True, id="active in the team"),
        pytest.param("active", date(2026, 12, 31), True, id="leaves the team later"),
        pytest.param("active", date(2026, 2, 1), False, id="was in the team"),
        pytest.param("left", None, False, id="left"),
        pytest.param("away", None, False, id="away"),
    ],
)
def test_the_contact_is_assigned_when_active_in_that_team(
    voice, item, team, state, ends_on, is_assigned
):
    ann = Person.objects.create(name="Ann", state=state)
    Membership.objects.create(
        person=ann, team=team("web"), starts_on=date(2026, 1, 1), ends_on=ends_on
    )
    item.owner, item.contact = team("web"), ann
    item.save()

    assert voice.opens(item).assignee == (ann if is_assigned else None)


@pytest.mark.parametrize(
    ("severity", "days"),
    [(5, 1), (4, 7), (3, 30), (2, 90), (1, None)],
)
def test_the_shipped_due_days(voice, item, severity, days):
    due = START.date() + timedelta(days=days) if days else None

    assert voice.opens(item, severity=severity).due_on == due


@pytest.mark.parametrize(
    ("rules", "days"),
    [
        pytest.param([{"days": 3}], 3, id="a rule replaces the shipped days"),
        pytest.param(
            [{"days": 3}, {"days": 20, "criticality": 1}], 20, id="criticality is narrower"
        ),
        pytest.param([{"days": 3, "criticality": 4}], 7, id="another criticality says nothing"),
        pytest.param(
            [{"days": 3, "environment": "test"}], 7, id="another environment says nothing"
        ),
        pytest.param(
            [
                {"days": 9, "criticality": 1},
                {"days": 5, "criticality": 1, "environment": "production"},
            ],
            5,
            id="both are narrower than one",
        ),
    ],
)
def test_due_rules_replace_the_days(voice, item, rules, days):
    Item.objects.update(criticality=1, environment="production")
    for rule in rules:
        DueRule.objects.create(severity=4, **rule)

    assert voice.opens(item, severity=4).due_on == START.date() + timedelta(days=days)


@pytest.mark.parametrize(
    ("due_on", "expected"),
    [
        pytest.param(date(2026, 3, 5), date(2026, 3, 5), id="earlier than the rule's"),
        pytest.param(date(2026, 6, 1), date(2026, 3, 9), id="later than the rule's"),
    ],
)
def test_the_checks_own_day_counts_when_earlier(voice, item, due_on, expected):
    assert voice.opens(item, due_on=due_on).due_on == expected


def test_a_forecast_that_draws_nearer_draws_the_due_day_nearer(voice, item, clock):
    voice.opens(item)
    voice.says(wrong(item, due_on=date(2026, 3, 4)))

    assert Finding.objects.get().due_on == date(2026, 3, 4)

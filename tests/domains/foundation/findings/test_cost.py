"""What settling costs.

Statements that do not grow with the estate, and nothing for what is well.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fullscore.domains.foundation.directory.models import Membership, Person, Team
from fullscore.domains.foundation.estate.models import Item, Link
from fullscore.domains.foundation.findings.models import Finding
from tests.domains.foundation.findings.conftest import blind, fine, wrong


def statements(act):
    with CaptureQueriesContext(connection) as caught:
        act()
    told = [q["sql"] for q in caught if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    return len(told)


@pytest.fixture
def owned(items):
    """Let every item have a team and a contact of its own: the dear case of naming owners."""
    for n, item in enumerate(items):
        team, person = Team.objects.create(name=f"t{n}"), Person.objects.create(name=f"p{n}")
        Membership.objects.create(person=person, team=team, starts_on="2026-01-01")
        item.owner, item.contact = team, person
        item.save()
    return items


def test_good_subjects_cost_the_same_one_or_five_hundred(voice, item):
    voice.says(fine(item, "0"))  # the account of the system is asked for once

    one = statements(lambda: voice.says(fine(item, "0")))
    many = statements(lambda: voice.says(*(fine(item, str(n)) for n in range(500))))

    assert many == one <= 8


def test_what_stays_bad_costs_no_more_than_what_is_good(voice, items):
    verdicts = [wrong(one) for one in items]
    voice.says(*verdicts)

    assert statements(lambda: voice.says(*verdicts)) <= 8


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(None, wrong, id="opening"),
        pytest.param(wrong, fine, id="closing"),
        pytest.param("closed", wrong, id="opening again"),
        pytest.param("flapping", fine, id="good while flapping"),
        pytest.param(None, blind, id="going blind"),
    ],
)
def test_changes_cost_the_same_for_two_items_or_thirty(voice, owned, clock, before, after):
    def cost(some):
        if before:
            voice.says(*(wrong(one) for one in some), items=[one.pk for one in some])
            clock.after(hours=1)
        if before == "closed":
            voice.says(*(fine(one) for one in some), may_close_many=True)
            clock.after(hours=1)
        if before == "flapping":
            Finding.objects.update(is_flapping=True)
        clock.after(hours=1)
        ids = [one.pk for one in some]
        return statements(
            lambda: voice.says(*(after(one) for one in some), items=ids, may_close_many=True)
        )

    few, many = cost(owned[:2]), cost(owned[2:])

    # What is not written set at a time is the signal to browsers and full statements of 37 rows.
    assert many <= few + 4


def test_owners_above_cost_the_same_for_two_items_or_thirty(voice, items):
    for item in items:
        service = Item.objects.create(kind="service", name=f"of {item}")
        Link.objects.create(kind="runs_on", from_item=service, to_item=item)

    few = statements(lambda: voice.says(*(wrong(one) for one in items[:2])))
    many = statements(lambda: voice.says(*(wrong(one, "more") for one in items)))

    assert many <= few + 6

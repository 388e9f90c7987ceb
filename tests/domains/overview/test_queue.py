"""What a person's queue says first: what presses stays dear when its day has passed."""

from datetime import timedelta

import pytest

from fullscore.config import tools
from fullscore.domains.overview.attention import queries
from fullscore.kit import time
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return make.user("ann", role="engineer")


def found(title, *, days, severity=4, item="host", **values):
    due_on = time.now().date() + timedelta(days=days)
    item = make.item(name=f"host of {title}", criticality=1) if item else None
    return make.finding(title=title, severity=severity, item=item, due_on=due_on, **values)


def costs(user):
    return {row.told.title: row.entry.cost_per_hour for row in queries.queue(user).rows}


def test_what_is_overdue_costs_what_it_cost_on_its_last_day(ann):
    found("overdue", days=-30)
    found("due in a month", days=30)

    (first, second), _, _ = queries.queue(ann)

    assert (first.told.title, second.told.title) == ("overdue", "due in a month")
    assert first.entry.cost_per_hour == pytest.approx(4 / 5 * 2000 * 4 / 120)
    assert first.why.startswith("6,400 EUR at stake, overdue for 29 d ")


def test_a_critical_finding_of_no_item_stands_before_a_minor_one_of_an_item(ann):
    found("a leaver still gets in", days=1, severity=5, item=None)
    make.finding(title="minor", severity=2, item=make.item(criticality=3),
                 due_on=time.now().date() + timedelta(days=1))  # fmt: skip

    told = costs(ann)

    assert list(told) == ["a leaver still gets in", "minor"]
    assert told["a leaver still gets in"] > 10 * told["minor"] > 0


def test_the_headline_speaks_of_the_whole_queue(ann):
    for number in range(12):
        found(f"urgent {number}", days=3)
    found("not urgent", days=3, severity=2)

    assert queries.headline(queries.queue(ann, limit=3)) == "12 things need you now"
    told = tools.what_needs_me(ann, limit=2)
    assert (told["headline"], told["total"], len(told["rows"])) == ("12 things need you now", 13, 2)


def test_tomorrow_is_tomorrow_where_the_reader_is(client, ann):
    ann.time_zone = "Asia/Tokyo"
    ann.save()
    finding = found("late", days=1)
    client.force_login(ann)

    page = client.get(f"/queue/finding:{finding.pk}/snooze").content.decode()

    there = (time.now() + timedelta(days=1, hours=9)).strftime("%Y-%m-%dT%H:")
    assert there in page

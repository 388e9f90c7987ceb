"""Lists, pages and graphs of the estate as of a past moment."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict

from fullscore.domains.foundation.access import tokens
from fullscore.domains.foundation.estate.models import Item, ItemVersion
from fullscore.domains.foundation.estate.resources import ITEM
from fullscore.kit import past, tables, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid
from fullscore.kit.history import TICK
from fullscore.kit.models.user import system
from fullscore.kit.resource import Resource
from tests import make


@pytest.fixture
def ann(db):
    return make.user("ann", role="administrator")


@pytest.fixture
def browser(ann):
    return make.client(ann)


@pytest.fixture
def call(ann, client):
    """Return what reads an address of the API as Ann."""
    text = tokens.new()
    make.token(text, user=ann)
    return lambda url: client.get(f"/api{url}", headers={"Authorization": f"Bearer {text}"})


def written(record: Any, **values: Any) -> Any:
    """Give a record values as a verb does: with its version."""
    with recorded(record, "change", by=system()):
        for name, value in values.items():
            setattr(record, name, value)
    return record


def item(name: str, **values: Any) -> Item:
    return written(Item(name=name, **{"kind": "host", **values}))


def moment() -> str:
    """Return this moment as addresses have it; what is written from now on comes after it."""
    now = time.now() + TICK
    while time.now() <= now:
        pass
    return now.isoformat().replace("+00:00", "Z")


@pytest.fixture
def moved(db):
    """Return the moment before everything about three hosts changed."""
    site = item("Basel", kind="site")
    team = make.team("Linux")
    items = [
        item("web1", criticality=1, environment="test", tags=["blue"]),
        item("web2", site=site, owner=team),
        item("db1", kind="vm", state="staged"),
    ]
    at = moment()
    written(items[0], criticality=4, environment="production", tags=[], name="shop1")
    written(items[1], site=None, owner=None, state="retired")
    written(items[2], kind="host", state="active")
    item("new1", criticality=1, environment="test", tags=["blue"])
    return at, site, team


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("kind=host", ["web1", "web2"], id="by kind"),
        pytest.param("kind=host&state=active", ["web1", "web2"], id="by what it then was in"),
        pytest.param("environment=test", ["web1"], id="by environment"),
        pytest.param("criticality__lte=2", ["web1"], id="by criticality"),
        pytest.param("site={site}", ["web2"], id="by site"),
        pytest.param("owner={team}", ["web2"], id="by owner, which is in no column"),
        pytest.param("tag=blue", ["web1"], id="by a tag, a filter with a method of its own"),
        pytest.param("q=web", ["web1", "web2"], id="by the name it then had"),
        pytest.param("q=shop", [], id="not by the name it has now"),
        pytest.param("sort=-name", ["web2", "web1", "db1", "Basel"], id="falling"),
        pytest.param("sort=criticality&kind=host", ["web1", "web2"], id="by another column"),
    ],
)
def test_a_list_of_the_past_is_filtered_searched_and_sorted_by_what_was(moved, call, query, names):
    at, site, team = moved

    told = call(f"/items?at={at}&{query.format(site=site.pk, team=team.pk)}").json()

    assert [one["name"] for one in told["items"]] == names
    assert told["count"] == len(names)


def test_a_list_of_the_past_is_read_page_by_page_in_both_directions(moved, ann):
    at = moved[0]
    names, marks, query = [], [], {"sort": "name"}
    with past.shown(datetime.fromisoformat(at)):
        rows = tables.filtered(ITEM, ann, QueryDict(""))
        while True:
            page = tables.page(ITEM, rows, query, by=ann, columns=["name"], size=2)
            names.append([row.values[0] for row in page.rows])
            marks.append(page.previous)
            if not page.next:
                break
            query = {"sort": "name", "after": page.next}
        first = tables.page(
            ITEM, rows, {"sort": "name", "before": marks[-1]}, by=ann, columns=["name"], size=2
        )

    assert names == [["Basel", "db1"], ["web1", "web2"]]
    assert [row.values[0] for row in first.rows] == ["Basel", "db1"]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        pytest.param("/items?sort=seen_at", "There is no sort", id="no sort of the present"),
        pytest.param("/listeners?at={at}", "No past is kept of listeners", id="a pastless noun"),
        pytest.param("/items?at={at}&colour=red", "no filter “colour”", id="no filter at all"),
    ],
)  # fmt: skip
def test_what_no_list_of_the_past_answers_is_refused(moved, call, url, sentence):
    answer = call(url.format(at=moved[0]))

    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        pytest.param("seen_at", "seen_at__gte=2026-01-01", id="a field that versions leave out"),
        pytest.param("listeners__port", "listeners__port=22", id="a noun without a past"),
    ],
)
def test_a_filter_that_reads_what_is_not_kept_says_so_and_the_others_go_on(
    moved, ann, filters, query
):
    noun = Resource(Item, columns=["name"], filters=["kind", filters])

    with past.shown(datetime.fromisoformat(moved[0])):
        kept = tables.filtered(noun, ann, QueryDict("kind=vm")).count()
        with pytest.raises(Invalid, match="cannot be asked of the past: what it reads is not kept"):
            tables.filtered(noun, ann, QueryDict(f"kind=vm&{query}"))

    assert kept == 1
    assert tables.filtered(noun, ann, QueryDict(f"kind=vm&{query}")).count() == 0


def test_the_page_of_a_past_list_has_its_filters_and_a_file(moved, browser):
    at = moved[0]

    page = browser.get(f"/items?kind=host&at={at}").content.decode()
    found = browser.get(f"/items/export.csv?kind=host&at={at}&columns=name,criticality")

    assert "2 items, as it was" in page
    assert ("web1" in page, "shop1" in page, "new1" in page) == (True, False, False)
    assert b"".join(found).decode().splitlines()[1:] == [
        f"{Item.objects.get(name='shop1').pk},web1,1 · stops the company",
        f"{Item.objects.get(name='web2').pk},web2,3 · slows us down",
    ]
    assert "No past is kept of listeners" in browser.get(f"/listeners?at={at}").content.decode()


def test_who_sees_a_part_of_the_estate_sees_the_past_of_that_part(moved, client):
    at, _, team = moved
    mine = Item.objects.get(name="shop1")
    written(mine, owner=team)
    bob = make.user("bob", role="viewer", team=team)

    page = make.client(bob).get(f"/items?at={at}").content.decode()

    assert ("web1" in page, "web2" in page) == (True, False)


def test_versions_repeat_the_columns_by_which_the_past_is_searched(moved):
    then = ItemVersion.objects.filter(name="web2").order_by("starts_at").first()

    assert then is not None
    assert (then.kind, then.item_state, then.environment, then.criticality, then.site_id) == (
        "host", "active", "production", 3, moved[1].pk,
    )  # fmt: skip


def test_instants_days_and_amounts_of_the_past_come_back_as_they_were(db):
    first = item("lamp", monthly_cost="12.50", supported_until=time.now().date())
    at = time.now() + TICK
    key = first.key
    moment()
    written(first, monthly_cost=None, supported_until=None, attributes={"a": [1]})

    with past.shown(at):
        was = Item.objects.get(pk=first.pk)
    with past.shown(time.now() + timedelta(seconds=1)), past.shown(None):
        now = Item.objects.get(pk=first.pk)

    assert (str(was.monthly_cost), was.supported_until) == ("12.50", at.date())
    assert (was.key, was.attributes, was.seen_at) == (key, {}, None)
    assert (now.monthly_cost, now.attributes) == (None, {"a": [1]})

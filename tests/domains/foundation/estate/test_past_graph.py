"""The graph, the map and a page's panels as of a past moment."""

import re
from typing import Any

import pytest

from fullscore.domains.foundation.estate import queries, services
from fullscore.domains.foundation.estate.models import Item, Link, Requirement
from fullscore.domains.foundation.findings.models import Finding
from fullscore.kit import audit, history, time
from fullscore.kit.audit import recorded, removed
from fullscore.kit.history import TICK
from fullscore.kit.models.user import system
from tests import make


def written(record: Any, **values: Any) -> Any:
    with recorded(record, "change", by=system()):
        for name, value in values.items():
            setattr(record, name, value)
    return record


def item(name: str, **values: Any) -> Item:
    return written(Item(name=name, **{"kind": "host", **values}))


def moment() -> Any:
    now = time.now() + TICK
    while time.now() <= now:
        pass
    return now


@pytest.fixture
def ann(db):
    return make.user("ann", role="administrator")


@pytest.fixture
def shop(db):
    """Return the moment at which the shop hung on one database, which it does no longer."""
    shop = item("shop", kind="service", criticality=1)
    db1, db2 = item("db1"), item("db2")
    need = written(Requirement(dependent=shop, kind="needs", name="database"))
    link = written(Link(kind="needs", from_item=shop, to_item=db1, requirement=need))
    check = make.check()
    found = written(make.finding(check_of=check, item=db1, severity=5, title="db1 runs full"))
    at = moment()
    with removed(link, by=system()):
        pass
    written(Link(kind="needs", from_item=shop, to_item=db2, requirement=need))
    written(db1, name="old1")
    written(found, state=Finding.State.CLOSED, closed_at=time.now(), closed_as="verified")
    return at, shop, db1, db2


def test_the_graph_of_then_knows_links_that_are_gone_and_names_as_they_were(shop, ann):
    at, service, db1, db2 = shop

    then = {one.item: one.chain for one in queries.what_if([db1.pk], user=ann, at=at)}
    other = queries.what_if([db2.pk], user=ann, at=at)
    now = queries.what_if([db1.pk], user=ann)

    assert then == {service.pk: ("db1", "shop")}
    assert (other, now) == ([], [])
    assert [one.item for one in queries.what_if([db2.pk], user=ann)] == [service.pk]


def test_what_if_and_the_map_show_a_past_moment_and_say_so(shop, ann):
    at, service, db1, db2 = shop
    browser, then = make.client(ann), {"at": at.isoformat()}

    asked = browser.get("/what-if", {"fails": db1.pk, **then}).content.decode()
    drawn = browser.get("/map", then).content.decode()
    now = browser.get("/map").content.decode()
    failing = browser.get("/map", {"fails": db1.pk, **then}).content.decode()

    assert "1 down, 0 degraded" in asked
    assert all("As it was on" in page and "Back to now" in page for page in (asked, drawn))
    assert f"/items/{service.pk}?at=" in asked
    edges = [re.findall(r'data-a="i(\d+)" data-b="i(\d+)"', page) for page in (drawn, now)]
    assert edges == [[(str(service.pk), str(db1.pk))], [(str(service.pk), str(db2.pk))]]
    assert ("db1" in drawn, "old1" in drawn, "As it was on" in now) == (True, False, False)
    assert 'aria-label="db1, in trouble"' in drawn
    assert "in trouble" not in now
    assert 'aria-label="shop, in trouble"' in failing


def test_the_page_of_an_item_shows_needs_and_findings_of_then(shop, ann):
    at, service, db1, db2 = shop
    browser, then = make.client(ann), {"at": at.isoformat()}

    above = browser.get(f"/items/{service.pk}", then).content.decode()
    below = browser.get(f"/items/{db1.pk}", then).content.decode()
    now = browser.get(f"/items/{db1.pk}").content.decode()

    assert f'href="/items/{db1.pk}?at=' in above
    assert f'href="/items/{db2.pk}' not in above
    assert "Carries criticality 1 through what depends on it" in below
    assert ("db1 runs full" in below, "db1 runs full" in now) == (True, False)
    assert "Add finding" not in below


def test_who_sees_a_part_sees_no_names_of_the_rest_in_the_past_either(shop):
    at, service, db1, _ = shop
    team = make.team("Shop")
    written(Item.objects.get(pk=service.pk), owner=team)
    bob = make.user("bob", role="viewer", team=team)

    page = make.client(bob).get(f"/items/{service.pk}", {"at": at.isoformat()}).content.decode()

    assert "db1" not in page
    assert queries.what_if([db1.pk], user=bob, at=at) == []


def test_what_stands_in_a_rack_is_what_stood_there(db, ann):
    rack, host = item("rack1", kind="rack"), item("host1")
    link = written(Link(kind="located_in", from_item=host, to_item=rack))
    at = moment()
    services.unlink(link, by=ann)

    asked = make.client(ann).get("/what-if", {"within": rack.pk, "at": at.isoformat()})

    assert {one.name for one in asked.context["failed"]} == {"rack1", "host1"}


def test_the_charts_of_a_past_page_end_at_its_moment(db, ann):
    server = make.server()
    history.keep(server.item, audit.snapshot(server.item))
    at = moment()
    browser = make.client(ann)

    page = browser.get(f"/items/{server.item_id}", {"at": at.isoformat()}).content.decode()
    src = re.findall(r'src="(/items/\d+/series/cpu\?at=[^"]+)"', page)
    answer = browser.get(src[0].replace("&amp;", "&"))

    assert answer.status_code == 200

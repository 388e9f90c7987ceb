"""The pages of the estate: what if, single points, differences by sort, discovery."""

import pytest

from fullscore.domains.foundation.estate import services
from fullscore.domains.foundation.estate.models import Difference, Scope
from fullscore.domains.foundation.estate.queries import points
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return make.user("ann", role="administrator")


@pytest.fixture
def browser(ann):
    return make.client(ann)


def shop_on(*names, needed=None):
    shop = make.item("shop", kind="service", criticality=1)
    for name in names:
        services.require(shop, by=system(), to=make.item(name), name="power")
    if needed:
        first = shop.links_out.first().to_item
        services.require(shop, by=system(), to=first, name="power", needed=needed)
    return shop


def test_the_worst_single_point_stands_first(ann):
    shop_on("db1", "sw1")
    switch = make.incident(root_item=points.Item.objects.get(name="sw1")).root_item
    make.incident(root_item=switch)
    make.item("wiki", kind="service", criticality=3)

    (told,) = points.single_points(ann, now=make.AT)

    assert [(p.name, p.failures, p.weight) for p in told.points] == [
        ("sw1", 2, 2.0), ("db1", 0, 1.0),
    ]  # fmt: skip
    assert told.points[0].chain == ("sw1", "shop")


def test_what_has_a_spare_is_no_single_point(ann, browser):
    shop_on("a", "b", "c", needed=2)

    assert points.single_points(ann, now=make.AT) == []
    assert "No service of criticality" in browser.get("/single-points").content.decode()


def test_a_single_point_out_of_sight_is_not_named():
    red = make.team("red")
    shop = shop_on("secret1")
    shop.owner = red
    shop.save()
    viewer = make.user(role="viewer", team=red)

    assert points.single_points(viewer, now=make.AT) == []
    assert "secret1" not in make.client(viewer).get("/single-points").content.decode()


def test_what_loses_its_last_spare_is_said(ann, browser):
    shop = shop_on("a", "b", "c", needed=2)
    gone = points.Item.objects.get(name="a")

    (told,) = points.last_legs([gone.pk], user=ann)
    page = browser.get(f"/what-if?fails={gone.pk}").content.decode()

    assert (told.item, told.need, told.left) == (shop.pk, "power", 2)
    assert "One failure left" in page


def test_everything_in_a_rack_fails_with_it(ann, browser):
    rack, host = make.item("r1", kind="rack"), make.item("web1")
    vm = make.item("vm1", kind="vm")
    services.require(host, by=ann, to=rack, kind="located_in")
    services.require(vm, by=ann, to=host, kind="runs_on")

    assert set(points.within([rack.pk], user=ann)) == {rack.pk, host.pk, vm.pk}
    assert "vm1" in browser.get(f"/what-if?within={rack.pk}").content.decode()


def test_differences_are_decided_by_sort_after_their_number_and_ten_examples(browser):
    for number in range(12):
        make.difference(item=make.item(f"old{number}"), intended=f"old{number}",
                        actual=f"new{number}")  # fmt: skip
    other = make.difference(attribute="firmware")

    page = browser.get("/differences/decide").content.decode()
    assert "Accept all 12" in page
    assert page.count("<td>new") == 10
    browser.post("/differences/decide",
                 {"verb": "accept", "attribute": "name", "source": "probe"})  # fmt: skip

    assert set(Difference.objects.exclude(pk=other.pk).values_list("state", flat=True)) == {
        "accepted"
    }
    assert set(points.Item.objects.filter(name__startswith="new").values_list("name")) == {
        (f"new{number}",) for number in range(12)
    }
    assert Difference.objects.get(pk=other.pk).state == "open"


def test_rejecting_many_needs_a_reason_and_only_who_may_decide_does(browser):
    difference = make.difference()
    sort = {"verb": "reject", "attribute": "name", "source": "probe"}

    browser.post("/differences/decide", sort)
    make.client(make.user(role="viewer")).post("/differences/decide", sort | {"note": "x"})
    assert Difference.objects.get(pk=difference.pk).state == "open"
    browser.post("/differences/decide", sort | {"note": "The record is right"})

    assert Difference.objects.get(pk=difference.pk).state == "rejected"


def test_discovery_says_who_allowed_what_and_stops_it_all(browser, ann):
    assert "Nothing is sent" in browser.get("/discovery").content.decode()
    make.scope("office", approved_by=ann, approved_at=make.AT)

    page = browser.get("/discovery").content.decode()
    browser.post("/discovery/stop")

    assert "Stop all" in page
    assert Scope.objects.get().is_paused


def test_only_who_may_pause_stops_all():
    make.scope("office", approved_by=system(), approved_at=make.AT)

    answer = make.client(make.user(role="viewer")).post("/discovery/stop")

    assert answer.status_code == 403
    assert not Scope.objects.get().is_paused


def test_the_item_says_who_says_so(browser):
    source = make.source("netbox", kind="import")
    item = make.item("web1", attributes={"os": "debian"})
    make.claim(item=item, source=source, attribute="os", value="ubuntu")

    page = browser.get(f"/items/{item.pk}").content.decode()

    assert "Who says so" in page
    assert "ubuntu" in page

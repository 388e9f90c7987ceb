"""What is cut off when something in the network fails, and certificates that have ended."""

from datetime import UTC, datetime, timedelta

import pytest

from fullscore.domains.foundation.estate import checks, queries, services
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.estate.queries import points
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return make.user("ann", role="administrator")


@pytest.fixture
def site():
    return make.item("Ljubljana", kind="site")


def wired(*pairs):
    for one, other in pairs:
        services.link(one, by=system(), to=other, kind="connects")


def rack(site, *, spare=False):
    """Make a rack of two hosts on a switch below the firewall, and a shop that needs either."""
    wall = make.item("fw1", kind="firewall", site=site)
    switches = [make.item(name, kind="device", site=site) for name in
                ("sw1", *(["sw2"] if spare else []))]  # fmt: skip
    hosts = [make.item(f"web{n}", site=site) for n in (1, 2)]
    for switch in switches:
        wired((wall, switch), *((switch, host) for host in hosts))
    shop = make.item("shop", kind="service", criticality=1)
    for host in hosts:
        services.require(shop, by=system(), to=host, name="web")
    services.require(shop, by=system(), to=hosts[0], name="web", needed=1)
    return switches


def fallen(ann, *items):
    told = queries.what_if([item.pk for item in items], user=ann)
    return {one.name: one.chain for one in told if one.is_down}


def test_a_failed_switch_cuts_its_rack_off_and_what_needs_it_falls(ann, site):
    (switch,) = rack(site)

    told = queries.what_if([switch.pk], user=ann)
    page = make.client(ann).get(f"/what-if?fails={switch.pk}").content.decode()

    assert {one.name: one.is_cut_off for one in told} == {
        "web1": True, "web2": True, "shop": False,
    }  # fmt: skip
    assert fallen(ann, switch) == {
        "web1": ("sw1", "web1"), "web2": ("sw1", "web2"), "shop": ("sw1", "web1", "shop"),
    }  # fmt: skip
    assert "cut off" in page


def test_the_other_switch_carries_on_until_both_have_failed(ann, site):
    one, other = rack(site, spare=True)

    assert fallen(ann, one) == {}
    assert set(fallen(ann, one, other)) == {"web1", "web2", "shop"}


def test_a_switch_that_falls_for_want_of_power_cuts_off_too(ann, site):
    (switch,) = rack(site)
    feed = make.item("feed A", kind="power feed", site=site)
    services.require(switch, by=ann, to=feed, kind="powered_by")

    assert fallen(ann, feed)["shop"] == ("feed A", "sw1", "web1", "shop")


def test_interfaces_are_on_their_devices_and_circuits_are_where_a_site_is_reached(ann, site):
    line = make.item("T-1", kind="circuit")
    router, host = make.item("rtr1", kind="device", site=site), make.item("web1", site=site)
    ports = [make.item(name, kind="interface", site=site) for name in ("ge0", "ge1", "eth0")]
    for port, on in zip(ports, (router, router, host), strict=True):
        services.link(port, by=system(), to=on, kind="part_of")
    wired((ports[0], line), (ports[1], ports[2]))

    assert set(fallen(ann, router)) == {"ge1", "eth0", "web1"}
    assert {"rtr1", "web1"} <= set(fallen(ann, line))


def test_what_says_it_is_the_root_is_before_any_circuit(ann, site):
    (switch,) = rack(site)
    services.change(switch, by=ann, tags=["root"])

    assert fallen(ann, Item.objects.get(name="fw1")).get("web1") is None


def test_a_site_from_nowhere_is_cut_off_from_nothing(ann):
    (switch,) = rack(None)

    assert fallen(ann, switch) == {}


def test_a_neck_of_the_network_is_a_single_point_of_failure(ann, site):
    rack(site)

    (told,) = points.single_points(ann, now=make.AT)
    (verdict,) = [v for v in checks.single_point.judge(
        queries.leaning(Scope(make.AT)), now=make.AT, limits=Limits({}))]  # fmt: skip

    assert {p.name: p.chain for p in told.points} == {
        "fw1": ("fw1", "sw1", "web1", "shop"), "sw1": ("sw1", "web1", "shop"),
    }  # fmt: skip
    assert "sw1" in verdict.title


def test_two_switches_on_one_feed_are_no_spare(ann, site):
    feed = make.item("feed A", kind="power feed", site=site)
    for switch in rack(site, spare=True):
        services.require(switch, by=ann, to=feed, kind="powered_by")

    (told,) = points.single_points(ann, now=make.AT)

    assert {p.name for p in told.points} == {"fw1", "feed A"}


# ── certificates ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def clock(monkeypatch):
    at = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    monkeypatch.setattr("fullscore.kit.time.now", lambda: at[0])
    return at


def test_a_certificate_is_needed_from_the_moment_it_ends(ann, clock):
    shop = make.item("shop", kind="service", criticality=1)
    paper = make.item("shop.example.org", kind="certificate")
    make.certificate(item=paper, not_after=clock[0] + timedelta(hours=1))
    services.link(shop, by=ann, to=paper, kind="secured_by")
    assert fallen(ann, paper) == {}

    clock[0] += timedelta(hours=2)
    assert fallen(ann, paper) == {"shop": ("shop.example.org", "shop")}
    assert [p.name for p in points.single_points(ann, now=clock[0])[0].points] == [
        "shop.example.org"
    ]

    paper.certificates.update(not_after=clock[0] + timedelta(days=90))
    assert fallen(ann, paper) == {}


def test_of_a_certificate_nobody_has_seen_the_recorded_day_counts(ann, clock):
    shop = make.item("shop", kind="service")
    paper = make.item("old", kind="certificate", supported_until="2026-02-28")
    services.link(shop, by=ann, to=paper, kind="secured_by")

    assert set(fallen(ann, paper)) == {"shop"}

"""Each check of the estate against a sick twin, a healthy twin, and what cannot be read."""

from datetime import UTC, datetime, timedelta

import pytest

from fullscore.domains.foundation.estate import checks, queries, services
from fullscore.domains.foundation.estate.facts import (
    Aging,
    Astray,
    Held,
    Leaning,
    Shared,
    Socket,
    Worn,
)
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.models.user import system
from tests import make

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def aging(days):
    return Aging(7, "web1", "debian 12", NOW.date() + timedelta(days=days), "its maker")


def worn(days=100.0, kind="rsa", bits=2048, signature="sha256-rsa"):
    ends_at = None if days is None else NOW + timedelta(days=days)
    return Worn(7, "web1", "/etc/web.pem", "web1", ends_at, kind, bits, signature)


def socket(port=5432, address="0.0.0.0", process="postgres", transport="tcp", is_intended=False):
    return Socket(7, "web1", address, transport, port, process, is_intended)


def held(criticality=2, effective=2, owner=None, days=1, lives=1):
    seen_at = None if days is None else NOW - timedelta(days=days)
    expires_at = None if seen_at is None else seen_at + timedelta(days=lives)
    return Held(7, "web1", "host", criticality, effective, owner, seen_at, expires_at)


RACK = (("rack", "R1"),)
CASES = [
    (checks.end_of_life, aging(-1), 4, "ended yesterday"),
    (checks.end_of_life, aging(179), 3, "ends within 180 days"),
    (checks.end_of_life, aging(180), "good", "ends in 180 days"),
    (checks.certificate_ends, worn(2), 5, "2 days"),
    (checks.certificate_ends, worn(-5), 5, "ended"),
    (checks.certificate_ends, worn(13), 4, "13 days"),
    (checks.certificate_ends, worn(29), 3, "29 days"),
    (checks.certificate_ends, worn(31), "good", "31 days"),
    (checks.certificate_ends, worn(None), "unknown", "unread"),
    (checks.certificate_weak, worn(bits=1024), 4, "RSA 1024"),
    (checks.certificate_weak, worn(kind="ec", bits=192), 4, "EC 192"),
    (checks.certificate_weak, worn(kind="dsa", bits=3072), 4, "DSA"),
    (checks.certificate_weak, worn(signature="sha1-rsa"), 4, "SHA-1"),
    (checks.certificate_weak, worn(), "good", "RSA 2048"),
    (
        checks.certificate_weak,
        worn(kind="ed25519", bits=256, signature="ed25519"),
        "good",
        "Ed25519",
    ),
    (checks.certificate_weak, worn(None, "", None, ""), "unknown", "unread"),
    (checks.open_to_world, socket(), 4, "a database on every address"),
    (checks.open_to_world, socket(port=6000), 4, "a database on another port"),
    (checks.open_to_world, socket(address="::"), 4, "on every IPv6 address"),
    (checks.open_to_world, socket(address="127.0.0.1"), "good", "on loopback"),
    (checks.open_to_world, socket(address="::1"), "good", "on IPv6 loopback"),
    (checks.open_to_world, socket(is_intended=True), "good", "declared"),
    (checks.open_to_world, socket(port=443, process="nginx"), "nothing", "a web server"),
    (checks.needs_lesser, Astray(7, "web1", "db-test", "test"), 4, "of test"),
    (checks.needs_lesser, Astray(7, "web1", "db1", ""), "good", "of production"),
    (
        checks.spares_together,
        Shared(7, "shop", "web", ("a", "b"), RACK),
        4,
        "one rack",
    ),
    (checks.spares_together, Shared(7, "shop", "web", ("a", "b"), ()), "good", "nothing shared"),
    (checks.unowned, held(), 3, "critical and nobody's"),
    (checks.unowned, held(criticality=4, effective=1), 3, "critical for what depends on it"),
    (checks.unowned, held(owner=1), "good", "owned"),
    (checks.unowned, held(criticality=3, effective=3), "good", "nobody needs it much"),
    (checks.understated, held(criticality=4, effective=2), 3, "two classes more"),
    (checks.understated, held(criticality=3, effective=2), "good", "one class more"),
    (checks.unseen, held(days=8), 3, "8 days"),
    (checks.unseen, held(days=7), "good", "7 days"),
    (checks.unseen, held(days=None), "nothing", "never seen by any source"),
    (checks.unseen, held(days=30, lives=90), "good", "of a source that tells once a month"),
    (checks.single_point, Leaning(7, "shop", ("switch1",)), 4, "one point"),
    (checks.single_point, Leaning(7, "shop", ()), "good", "none"),
]


@pytest.mark.parametrize(
    ("check", "told", "said"),
    [pytest.param(check, told, said, id=f"{check.id}: {why}") for check, told, said, why in CASES],
)
def test_a_check_says(check, told, said):
    verdicts = list(check.judge([told], now=NOW, limits=Limits(check.limits)))

    assert len(verdicts) == (said != "nothing")
    for verdict in verdicts:
        assert (verdict.severity or verdict.outcome) == said
        assert bool(verdict.remedy) == (said == "unknown")


# ── what the two about needs read ──────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_production_that_hangs_on_a_test_is_told_and_help_from_there_is_not():
    web, trial = make.item(name="web"), make.item(name="trial", environment="test")
    other = make.item(name="other", environment="development")
    for item, to, kind in [
        (web, trial, "needs"),
        (web, other, "influences"),
        (other, trial, "needs"),
    ]:
        services.require(item, by=system(), to=to, kind=kind)

    assert list(queries.astray(Scope(NOW))) == [Astray(web.pk, "web", "trial", "test")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("racks", "needed", "causes"),
    [
        pytest.param((0, 0), 1, (("rack", "rack0"), ("power feed", "feed0")), id="one rack"),
        pytest.param((0, 1), 1, (), id="two racks"),
        pytest.param((0, 2), 1, (("power feed", "feed0"),), id="two racks on one feed"),
        pytest.param((0, 0), 2, None, id="no spare"),
    ],
)
def test_a_need_with_a_spare_is_told_with_what_all_of_it_hangs_on(racks, needed, causes):
    by = system()
    places = [make.item(name=f"rack{n}", kind="rack") for n in range(3)]
    feeds = [make.item(name=f"feed{n}", kind="power feed") for n in range(2)]
    for rack, feed in zip(places, (feeds[0], feeds[1], feeds[0]), strict=True):
        services.require(rack, by=by, to=feed, kind="powered_by")
    shop = make.item(name="shop", kind="service")
    for n, rack in enumerate(racks):
        host = make.item(name=f"host{n}")
        services.require(host, by=by, to=places[rack], kind="located_in")
        services.require(shop, by=by, to=host, name="web", needed=min(needed, n + 1))

    told = list(queries.sharing(Scope(NOW)))

    assert [one.need for one in told] == ([] if causes is None else ["web"])
    for one in told:
        assert (set(one.causes), one.supports) == (set(causes), ("host0", "host1"))

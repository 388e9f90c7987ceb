"""What is out of support, what hangs on it, and the campaign that brings servers further."""

from datetime import date, timedelta

import pytest

from fullscore.domains.foundation.estate import support
from fullscore.domains.infrastructure.patching import services
from fullscore.domains.infrastructure.patching.models import Campaign
from fullscore.domains.infrastructure.patching.queries import ending
from fullscore.domains.infrastructure.patching.rules.products import product
from fullscore.domains.infrastructure.patching.services import planning
from fullscore.kit import time
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models.user import system
from tests import make
from tests.domains.infrastructure.patching.conftest import NOW, needs

ENDED = date(2025, 5, 31)


def runs(os_id="ubuntu", version="20.04", name="Ubuntu 20.04.6 LTS", until=ENDED, **values):
    """Return a server that runs a release of which the end is known."""
    item = make.item(kind="host", supported_until=until, support_source="its maker", **values)
    return make.server(item=item, os_id=os_id, os_version=version, os_name=name, security_updates=0)


def installs(server, name, version):
    return make.installed(server=server, package=make.package(name=name, version=version))


@pytest.fixture
def ann(db):
    return make.user("ann", role="administrator")


def told(user):
    return {one.name: one for one in ending.releases(user)}


def test_servers_are_grouped_by_release_with_the_services_that_need_them(ann):
    web, other, db = runs(), runs(), runs("rocky", "9.6", "Rocky Linux 9.6", date(2032, 5, 31))
    shop, portal = (make.item(kind="service", name=name) for name in ("shop", "portal"))
    between = make.item(kind="application")
    needs(between, web.item)
    needs(shop, between)
    needs(portal, db.item)

    found = told(ann)

    assert list(found) == ["Ubuntu 20.04", "Rocky 9"]  # the first to end first
    ubuntu = found["Ubuntu 20.04"]
    assert {one.url for one in ubuntu.items.values()} == {
        f"/servers/{web.pk}", f"/servers/{other.pk}",
    }  # fmt: skip
    assert [one.name for one in ubuntu.services] == ["shop"]
    assert (ubuntu.to, ubuntu.is_in_place) == ("Ubuntu 22.04", True)
    assert ubuntu.advice.startswith("in place, supported until")
    assert (found["Rocky 9"].to, found["Rocky 9"].is_in_place) == ("Rocky 10", False)


def test_what_has_no_successor_says_so(ann):
    runs("centos", "7", "CentOS Linux 7 (Core)", date(2024, 6, 30))

    (one,) = ending.releases(ann)

    assert one.to == ""
    assert "No successor" in one.advice


def test_runtimes_and_databases_of_their_makers_end_by_their_makers_dates(ann):
    server = runs()
    installs(server, "postgresql-13", "13.22-1.pgdg20.04+1")
    installs(server, "postgresql-14", "14.9-0ubuntu0.20.04.1")  # the distribution's

    found = told(ann)

    assert set(found) == {"Ubuntu 20.04", "PostgreSQL 13"}
    assert (found["PostgreSQL 13"].until, found["PostgreSQL 13"].to) == (
        date(2025, 11, 13), "PostgreSQL 18",
    )  # fmt: skip


def test_hardware_with_an_end_is_there_and_what_one_may_not_see_is_not(ann):
    team = make.team()
    runs(owner=team)
    make.item(kind="device", supported_until=ENDED, attributes={"model": "Meander 9500"})
    theirs = make.user("bob", role="viewer", team=team)

    assert set(told(ann)) == {"Ubuntu 20.04", "Meander 9500"}
    assert set(told(theirs)) == {"Ubuntu 20.04"}


@pytest.mark.once
@pytest.mark.parametrize(
    ("package", "version", "expected"),
    [
        pytest.param("postgresql-16", "16.4-1.pgdg120+1", ("PostgreSQL", "16"), id="PGDG, deb"),
        pytest.param("postgresql15-server", "15.8-1PGDG.rhel9", ("PostgreSQL", "15"), id="rpm"),
        pytest.param("postgresql-15", "15.8-0+deb12u1", None, id="Debian's PostgreSQL"),
        pytest.param("postgresql-client-16", "16.4-1.pgdg120+1", None, id="a client"),
        pytest.param("nodejs", "20.17.0-1nodesource1", ("Node.js", "20"), id="NodeSource"),
        pytest.param("nodejs", "2:20.17.0-1nodesource", ("Node.js", "20"), id="with an epoch"),
        pytest.param("nodejs", "18.19.0+dfsg-6~deb12u2", None, id="Debian's Node.js"),
        pytest.param("php8.1-fpm", "8.1.29-1+0~20240606.68+debian12~1.gbp", ("PHP", "8.1"),
                     id="Sury"),
        pytest.param("php8.2-fpm", "8.2.20-1~deb12u1", None, id="Debian's PHP"),
        pytest.param("mysql-community-server", "8.0.39-1debian12", ("MySQL", "8.0"), id="MySQL"),
        pytest.param("mariadb-server", "1:10.6.19+maria~deb11", ("MariaDB", "10.6"), id="MariaDB"),
        pytest.param("mariadb-server", "1:10.11.6-0+deb12u1", None, id="Debian's MariaDB"),
    ],
)  # fmt: skip
def test_a_product_is_known_by_its_makers_package(package, version, expected):
    assert product(package, version) == expected


@pytest.mark.once
@pytest.mark.parametrize(
    ("os_id", "version", "release"),
    [("rocky", "9.6", "9"), ("ubuntu", "24.04", "24.04"), ("alpine", "3.20.3", "3.20"),
     ("debian", "12", "12"), ("amzn", "2023", "2023")],
)  # fmt: skip
def test_a_version_belongs_to_a_release(os_id, version, release):
    assert support.release_of(os_id, version) == release


@pytest.mark.once
def test_what_follows_a_release_is_supported_for_longer():
    for (os_id, release), follows in support.FOLLOWS.items():
        if follows:
            before, after = (support.PUBLISHED[os_id, one] for one in (release, follows))
            assert before < after, (os_id, release)


# ── the campaign ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def farm(db, clock):
    """A service that needs one of its two servers, both of Ubuntu 20.04, and a third of 22.04."""
    baseline = make.baseline()
    make.ring(baseline=baseline, name="all")
    make.patch_window()
    first, second = runs(criticality=1), runs(criticality=1)
    runs("ubuntu", "22.04", "Ubuntu 22.04", date(2027, 6, 1))
    needs(make.item(kind="service", criticality=1), first.item, second.item, needed=1)
    return baseline, first, second


def test_an_upgrade_is_drafted_for_the_servers_of_a_release_and_planned_one_after_the_other(farm):
    baseline, first, second = farm
    ann = make.user("ann")

    campaign = services.draft_upgrade("ubuntu", "20.04", by=ann)
    services.revise(campaign, by=ann, begins_at=NOW)
    services.plan(campaign, by=ann)
    campaign.refresh_from_db()
    planning.draw_up(campaign, by=system(), now=NOW, seconds=5)
    campaign.refresh_from_db()

    assert (campaign.baseline, campaign.release_from) == (baseline, "ubuntu 20.04")
    assert campaign.way_back == Campaign.WayBack.NONE
    runs_ = campaign.runs.exclude(wave=None)
    assert {run.server_id for run in runs_} == {first.pk, second.pk}
    assert {run.wave.number for run in runs_} == {1, 2}
    assert [run.packages for run in runs_] == [[["ubuntu", "20.04", "22.04"]]] * 2
    assert campaign.digest


def test_an_upgrade_is_not_started_for_it_is_carried_out_by_hand(farm):
    campaign = services.draft_upgrade("ubuntu", "20.04", by=make.user())
    Campaign.objects.filter(pk=campaign.pk).update(
        state="approved", approved_by=make.user(), digest="a" * 64, approved_digest="a" * 64
    )
    campaign.refresh_from_db()

    with pytest.raises(Conflict, match="carried out by hand"):
        services.start(campaign, by=make.user())


@pytest.mark.parametrize("release", ["rocky 8", "debian 13", "ubuntu", "nonsense"])
def test_only_what_goes_further_in_place_is_drafted(release, db):
    with pytest.raises(Invalid, match="in place"):
        services.draft(
            by=make.user(), title="Up", baseline=make.baseline(), release_from=release,
            cut_off_at=NOW, begins_at=NOW,
        )  # fmt: skip


def test_without_a_baseline_it_says_what_to_add(ann):
    runs()

    with pytest.raises(Conflict, match="No baseline fits"):
        services.draft_upgrade("ubuntu", "20.04", by=ann)


# ── the page ───────────────────────────────────────────────────────────────────────────────────


def test_the_page_says_what_is_over_and_drafts_the_way_on(farm, ann):
    browser = make.client(ann)

    page = browser.get("/end-of-life").content.decode()
    answer = browser.post("/end-of-life/upgrade", {"os": "ubuntu", "release": "20.04"})

    assert "1 release is out of support" in page
    assert "Ubuntu 22.04" in page
    assert "Draft a campaign" in page
    campaign = Campaign.objects.get()
    assert answer.headers["Location"] == f"/patch-campaigns/{campaign.pk}"


def test_who_may_not_plan_sees_no_button_and_is_refused(farm):
    browser = make.client(make.user("eve", role="viewer"))

    assert "Draft a campaign" not in browser.get("/end-of-life").content.decode()
    assert (
        browser.post("/end-of-life/upgrade", {"os": "ubuntu", "release": "20.04"}).status_code
        == 403
    )


def test_what_cannot_be_drafted_leads_back_with_the_reason(ann):
    runs()

    answer = make.client(ann).post(
        "/end-of-life/upgrade", {"os": "ubuntu", "release": "20.04"}, follow=True
    )

    assert answer.redirect_chain[0][0] == "/end-of-life"
    assert "No baseline fits its servers" in answer.content.decode()


def test_what_ends_later_stands_apart(ann):
    runs(until=time.now().date() + timedelta(days=300))

    page = make.client(ann).get("/end-of-life").content.decode()

    assert "Everything whose end is known is supported" in page
    assert "Supported for longer" in page

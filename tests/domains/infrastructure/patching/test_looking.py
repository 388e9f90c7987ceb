"""Hosts are asked what they would do before a plan is approved, and do exactly that: for real."""

import asyncio
import shutil
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync

from fullscore.domains.infrastructure.patching import services
from fullscore.domains.infrastructure.patching.models import Campaign
from fullscore.domains.infrastructure.patching.services import looking, planning
from fullscore.kit import time
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models.user import system
from fullscore.kit.perform import perform
from tests import make
from tests.connectors.dnf import roots
from tests.domains.infrastructure.patching import targets as hosts
from tests.domains.infrastructure.patching.campaigns import agreed, drafted, enrolled, only, states
from tests.domains.infrastructure.patching.conftest import needs

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """An update that brings a new package, one that removes one, and one that is all there is."""
    hosts.needed()
    folder = tmp_path_factory.mktemp("packages")
    one, lib = hosts.deb(folder, "webapp", "1.0"), hosts.deb(folder, "libold", "1.0")
    two = hosts.deb(folder, "webapp", "2.0")
    brings = hosts.deb(
        folder / "brings", "webapp", "2.0", more="Depends: webapp-6.1.0-40\nRecommends: extra"
    )
    new, newer = (hosts.deb(folder, "webapp-6.1.0-40", v) for v in ("6.1.153-1", "6.1.158-1"))
    extra = hosts.deb(folder, "extra", "1.0")
    removes = hosts.deb(folder / "removes", "webapp", "2.0", more="Conflicts: libold")
    found = {
        "brings": (one, lib, brings, new, extra),
        "brings newer": (one, lib, brings, newer, extra),
        "removes": (one, lib, removes),
        "newest": (two, lib),
    }
    template = folder / "template"
    template.mkdir()
    hosts.prepared(template, one, lib)
    return template, {name: hosts.repository(folder / "to" / name.replace(" ", "-"), *debs)
                      for name, debs in found.items()}  # fmt: skip


@pytest.fixture
def clock(ticking):
    """Time goes by itself."""
    return ticking


def looked(campaign, patch):
    """Have the hosts of a planned campaign looked at."""
    services.look(campaign, by=campaign.drafted_by)
    patch(times=1)
    campaign.refresh_from_db()
    assert not campaign.is_looking
    return campaign


@pytest.mark.parametrize("way", ["ssh", "ansible"])
def test_an_update_that_brings_a_new_package_is_seen_approved_and_carried_out(
    shelf, clock, patch, patience, way
):
    template, found = shelf
    if way == "ansible":
        patience[0] = patience[0].__class__(poll=0.1, update=60, reboot=30, settle=1)
    with hosts.targets(template, found["brings"], 2) as made:
        for n, target in enumerate(made, 1):
            enrolled(target, f"web{n}")
        campaign = drafted(way=way, new_dependencies="refused")
        before = campaign.digest

        looked(campaign, patch)

        new = [["webapp-6.1.0-40", "", "6.1.153-1"]]
        for run in campaign.runs.all():
            assert run.transaction["added"] == new
            assert run.transaction["upgraded"] == [["webapp", "1.0", "2.0"]]
            assert (run.lacks, run.unseen, run.holder) == ([], "", "")
        assert campaign.digest != before
        browser = make.client(make.user("vera", role="administrator"))
        page = browser.get(f"/patch-campaigns/{campaign.pk}").content.decode()
        assert "webapp-6.1.0-40 6.1.153-1" in page
        assert "2 of 2 hosts said what they would do" in page

        agreed(campaign, clock)
        patch(times=1)

        assert states(campaign) == {"web1": "done", "web2": "done"}
        assert made[0].version() == "2.0 installed"
        assert made[0].version("webapp-6.1.0-40") == "6.1.153-1 installed"
        assert (
            made[0].version("extra").strip() == "not-installed"
        )  # recommended only: nobody's plan
        services.roll_back(campaign.runs.first(), by=system(), reason="It is slow.")
        patch(times=1)
        assert campaign.runs.first().state == "back"
        assert made[0].version() == "1.0 installed"


def test_a_host_that_would_do_something_else_by_now_is_left_as_it_is(shelf, clock, patch):
    template, found = shelf
    with hosts.targets(template, found["brings"], 1) as [target]:
        server = enrolled(target, "web1")
        service = make.item(kind="service", name="shop", criticality=1)
        needs(service, server.item, make.item(kind="host"), needed=1)
        campaign = agreed(looked(drafted(), patch), clock)
        target.uses(found["brings newer"])

        patch(times=1)

        run = only(campaign)
        assert run.state == "failed"
        assert "also install webapp-6.1.0-40" in run.why
        assert target.version() == "1.0 installed"
        assert not run.is_live  # nothing was touched: others need not wait, nor other campaigns
        assert run.leases.get().released_at


@pytest.mark.parametrize(
    ("setting", "state", "told"),
    [("allowed", "done", ""), ("refused", "failed", "also install webapp-6.1.0-40")],
)
def test_of_a_host_nobody_could_look_at_needed_packages_come_along_where_the_plan_says_so(
    shelf, clock, patch, setting, state, told
):
    template, found = shelf
    with hosts.targets(template, found["brings"], 1) as [target]:
        enrolled(target, "web1")
        target.uses(found["brings"] / "gone")
        campaign = looked(drafted(new_dependencies=setting), patch)
        assert only(campaign).looked_at is None
        assert "A repository does not answer" in only(campaign).unseen
        target.uses(found["brings"])
        agreed(campaign, clock)

        patch(times=1)

        run = only(campaign)
        assert run.state == state
        assert told in run.why
        assert target.version() == ("2.0 installed" if state == "done" else "1.0 installed")


def test_nothing_is_removed_that_was_not_approved(shelf, clock, patch):
    template, found = shelf
    with hosts.targets(template, found["removes"], 1) as [target]:
        enrolled(target, "web1")
        campaign = agreed(drafted(), clock)

        patch(times=1)

        run = only(campaign)
        assert (run.state, target.version("libold")) == ("failed", "1.0 installed")
        assert "It would remove libold" in run.why


def test_an_approved_removal_is_done_and_put_back(shelf, clock, patch):
    template, found = shelf
    with hosts.targets(template, found["removes"], 1) as [target]:
        enrolled(target, "web1")
        campaign = looked(drafted(), patch)
        assert only(campaign).transaction["removed"] == [["libold", "1.0", ""]]
        agreed(campaign, clock)

        patch(times=1)

        run = only(campaign)
        assert (run.state, run.why) == ("done", "")
        assert (target.version(), "installed" in target.version("libold").split()[-1:]) == (
            "2.0 installed", False,
        )  # fmt: skip
        services.roll_back(run, by=system(), reason="It is needed.")
        patch(times=1)
        assert (target.version(), target.version("libold")) == ("1.0 installed", "1.0 installed")


def test_what_cannot_be_put_back_is_named_before_it_is_approved_and_may_be_accepted(
    shelf, clock, patch
):
    template, found = shelf
    with hosts.targets(template, found["newest"], 1) as [target]:
        enrolled(target, "web1")
        campaign = looked(drafted(), patch)
        ann = campaign.drafted_by
        assert only(campaign).lacks == ["webapp"]
        with pytest.raises(Conflict, match=r"web1 would have no way back \(webapp\)"):
            services.propose(campaign, by=ann)
        with pytest.raises(Invalid):
            services.accept_no_way_back(campaign, by=ann, reason=" ")
        before = campaign.digest

        services.accept_no_way_back(campaign, by=ann, reason="It is rebuilt in an hour.")

        assert campaign.digest != before
        agreed(campaign, clock)
        assert "but for 1 on which not all can be kept" in campaign.change.rollback_plan
        patch(times=1)
        run = only(campaign)
        assert (run.state, target.version()) == ("done", "2.0 installed")
        with pytest.raises(Conflict, match="There is no way back: webapp"):
            services.roll_back(run, by=system(), reason="x")
        with pytest.raises(Conflict, match="can be put back"):
            services.roll_back_wave(run.wave, by=campaign.change.executor, reason="x")


@pytest.mark.parametrize("way", ["ssh", "ansible"])
@pytest.mark.parametrize("place", ["cache", "repack"])
def test_a_version_no_archive_has_any_more_is_had_from_the_cache_or_packed_anew(
    shelf, clock, patch, patience, place, way
):
    template, found = shelf
    if way == "ansible":
        patience[0] = patience[0].__class__(poll=0.1, update=60, reboot=30, settle=1)
    old = found["brings"] / "webapp_1.0_all.deb"
    with hosts.targets(template, found["newest"], 1) as [target]:
        enrolled(target, "web1")
        if place == "cache":
            shutil.copy(old, target.root / "var/cache/apt/archives")
        else:
            target.can("dpkg-repack", f'[ "$1" = webapp ] && cp {old} .')
        campaign = looked(drafted(way=way), patch)
        assert only(campaign).lacks == []
        agreed(campaign, clock)

        patch(times=1)
        run = only(campaign)
        assert (run.state, run.why, target.version()) == ("done", "", "2.0 installed")
        services.roll_back(run, by=system(), reason="It is slow.")
        patch(times=1)

        run.refresh_from_db()
        assert (run.state, target.version()) == ("back", "1.0 installed")


def test_what_a_baseline_holds_does_not_come_along(shelf, clock, patch):
    template, found = shelf
    with hosts.targets(template, found["brings"], 1) as [target]:
        enrolled(target, "web1")
        campaign = drafted()
        make.hold(baseline=campaign.baseline, package="webapp-6*", candidates="< 6.1.158",
                  until=time.now().date() + timedelta(days=3))  # fmt: skip
        looked(campaign, patch)
        assert "webapp-6.1.0-40 would come along, which is held" in only(campaign).unseen
        agreed(campaign, clock)

        patch(times=1)

        assert only(campaign).state == "failed"
        assert "which is held" in only(campaign).why


def test_a_look_of_a_process_that_died_is_taken_over_and_an_old_one_is_not_proposed(
    shelf, clock, patcher, patch
):
    template, found = shelf
    with hosts.targets(template, found["brings"], 1) as [target]:
        enrolled(target, "web1")
        campaign = drafted()
        ann = campaign.drafted_by
        services.look(campaign, by=ann)
        one = patcher()

        async def dies():
            await one.turn()
            for task in one._runs.values():
                task.cancel()
            await asyncio.gather(*one._runs.values(), return_exceptions=True)

        async_to_sync(dies)()
        one._database.shutdown()
        with pytest.raises(Conflict, match="being looked at"):
            services.propose(campaign, by=ann)
        patch(times=1)
        assert only(campaign).looked_at is None  # within a minute it may only be slow
        clock(seconds=61)
        patch(times=1)
        campaign.refresh_from_db()
        assert campaign.looked_at

        clock(hours=25)
        with pytest.raises(Conflict, match="look again"):
            services.propose(campaign, by=ann)


def test_red_hats_family_says_too_what_comes_along(tmp_path, clock, patch):
    roots.needed()
    one = roots.rpm(tmp_path, "webapp", "1.0-1")
    two = roots.rpm(tmp_path, "webapp", "2.0-1", more="Requires: dep")
    source = roots.repository(tmp_path / "source", one, two, roots.rpm(tmp_path, "dep", "1.0-1"))
    hosts.prepared_for_rpm(tmp_path / "template", source, "webapp-1.0-1")
    with hosts.targets(tmp_path / "template", source, 1) as [target]:
        roots.use(target.root, source)
        enrolled(target, "el1", version="1.0-1", candidate="2.0-1", manager="rpm")
        campaign = looked(drafted(new_dependencies="refused"), patch)
        run = only(campaign)
        assert run.transaction == {
            "upgraded": [["webapp", "1.0-1", "2.0-1"]], "added": [["dep", "", "1.0-1"]],
            "removed": [],
        }  # fmt: skip
        assert run.lacks == []
        agreed(campaign, clock)

        patch(times=1)

        run = only(campaign)
        assert (run.state, run.why) == ("done", "")
        assert roots.installed(target.root, "dep") == "dep-1.0-1.noarch"


# ── who may, and when ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def plan(db, clock):
    """A planned campaign over one server that nobody can reach."""
    server = make.server(item=make.item(kind="host", name="web1"), security_updates=1)
    from tests.domains.infrastructure.patching.conftest import waits

    waits(server, "webapp", "1.0", "2.0")
    return drafted()


def test_a_look_is_asked_for_by_who_may_alter_campaigns_and_voids_what_was_approved(plan):
    from fullscore.domains.infrastructure.patching.resources import CAMPAIGN

    verb = next(v for v in CAMPAIGN.verbs if v.name == "look")
    with pytest.raises(NotAllowed):
        perform(verb, Campaign, plan.pk, by=make.user("ron", role="auditor"), values={})
    services.propose(plan, by=plan.drafted_by)
    change = plan.change

    perform(verb, Campaign, plan.pk, by=plan.drafted_by, values={})

    plan.refresh_from_db()
    change.refresh_from_db()
    assert (plan.state, plan.is_looking, plan.change) == ("draft", True, None)
    assert change.state == "abandoned"
    page = make.client(make.user("vera", role="administrator")).get(f"/patch-campaigns/{plan.pk}")
    assert "0 of 1 host answered" in page.content.decode()


def test_a_host_without_a_way_in_is_told_and_the_page_says_what_is_not_known(plan, patch):
    looked(plan, patch)

    run = only(plan)
    assert "add a patch access" in run.unseen
    page = make.client(make.user("vera", role="administrator")).get(f"/patch-campaigns/{plan.pk}")
    text = page.content.decode()
    assert "Of 1 server it is not known what else comes along" in text
    assert "add a patch access" in text


def test_an_answer_that_comes_after_another_plan_counts_nothing(plan):
    services.look(plan, by=plan.drafted_by)
    [run] = looking.claim(holder="x", most=5, now=time.now())
    services.plan(plan, by=plan.drafted_by)
    planning.draw_up(plan, by=system(), now=time.now(), seconds=2)

    looking.answer(run, by=system(), now=time.now(), lacks=[],
                   rows={"upgraded": [], "added": [], "removed": []})  # fmt: skip

    plan.refresh_from_db()
    assert (plan.looked_at, only(plan).looked_at) == (None, None)

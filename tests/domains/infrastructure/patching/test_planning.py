"""From estate to plan: slots, groups, loads, simulation, digest and approval."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullscore.domains.infrastructure.patching import jobs, services
from fullscore.domains.infrastructure.patching.facts import Candidate, Given, Group, Slot
from fullscore.domains.infrastructure.patching.models import Campaign
from fullscore.domains.infrastructure.patching.queries import campaigns
from fullscore.domains.infrastructure.patching.rules import planning as rules
from fullscore.domains.infrastructure.patching.services import planning
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models.user import system
from fullscore.kit.perform import perform
from tests import make
from tests.domains.infrastructure.patching.conftest import NOW, needs, patchable, waits

HOUR = timedelta(hours=1)


def drafted(**values):
    """Return a campaign of a baseline with one ring, within a window of four hours a night."""
    baseline = values.pop("baseline", None) or make.baseline()
    if not baseline.rings.exists():
        make.ring(baseline=baseline, name="all")
    known = {"cut_off_at": NOW, "begins_at": NOW, "run_minutes": 60}
    return make.campaign(baseline=baseline, **known | values)


def planned(campaign, **values):
    """Have a campaign planned as the worker would."""
    services.plan(campaign, by=campaign.drafted_by)
    campaign.refresh_from_db()
    made = planning.draw_up(campaign, by=system(), now=NOW, seconds=5, **values)
    campaign.refresh_from_db()
    return made


def waves(campaign):
    """Return which servers, by name, are in which wave."""
    rows = campaign.runs.exclude(wave=None).select_related("wave", "server__item")
    told = {}
    for run in rows:
        told.setdefault(run.wave.number, set()).add(run.server.item.name)
    return [told[number] for number in sorted(told)]


def left_out(campaign):
    rows = campaign.runs.filter(state="unplaced").select_related("server__item")
    return {run.server.item.name: run.why for run in rows}


@pytest.fixture
def shop(db, clock):
    """A shop that needs two of its three servers, each with an update waiting."""
    service = make.item(kind="service", name="shop", criticality=1)
    servers = [patchable(f"web{n}", criticality=1) for n in (1, 2, 3)]
    needs(service, *(one.item for one in servers), needed=2, name="servers")
    make.patch_window()
    return service


def test_a_service_never_loses_more_than_it_can_spare(shop):
    campaign = drafted()

    planned(campaign)

    assert waves(campaign) == [{"web1"}, {"web2"}, {"web3"}]
    assert campaign.kept[0]["left"] == [0, 0, 0]
    assert campaign.cost == pytest.approx(campaign.bound)


def test_a_hypervisor_weighs_what_it_carries(shop, db):
    """Two of the shop's servers run on one machine: it fits into no wave."""
    from fullscore.domains.infrastructure.servers.models import Server

    big = patchable("vmhost", criticality=1)
    for name in ("web1", "web2"):
        guest = Server.objects.get(item__name=name).item
        needs(guest, big.item, name="host")
    campaign = drafted()

    planned(campaign)

    assert left_out(campaign) == {
        "vmhost": "shop needs 2 of 3 servers that are up: accept an outage, or add one."
    }


def test_an_accepted_outage_lets_it_in_within_that_time_only(shop, db):
    big = make.item(kind="service", name="mail", criticality=2)
    only = patchable("mx1")
    needs(big, only.item, name="servers")
    campaign = drafted()
    planned(campaign)
    assert "mail needs 1 of 1 servers" in left_out(campaign)["mx1"]
    starts = NOW.replace(hour=2, minute=0) + timedelta(days=2)

    services.accept_outage(
        campaign, by=campaign.drafted_by, service=big, starts_at=starts,
        ends_at=starts + HOUR, reason="Agreed with sales.",
    )  # fmt: skip
    campaign.refresh_from_db()
    planning.draw_up(campaign, by=system(), now=NOW, seconds=5)

    run = campaign.runs.get(server=only)
    assert run.wave.starts_at == starts
    assert left_out(campaign) == {}


def test_two_that_together_break_something_are_kept_apart_by_the_simulation(db, clock):
    """What lies between has no spare of its own in the plan: only the simulation sees it fall."""
    service = make.item(kind="service", name="shop", criticality=1)
    sides = [make.item(kind="vlan", name=f"side{n}", criticality=1) for n in (1, 2)]
    needs(service, *sides, needed=1, name="sides")
    for side, name in zip(sides, ("a", "b"), strict=True):
        needs(side, patchable(name).item)
    make.patch_window()
    campaign = drafted()

    made = planned(campaign)

    assert waves(campaign) == [{"a"}, {"b"}]
    assert made.rounds == 1  # side by side in one group: no objection was needed


def test_what_no_group_describes_is_found_by_simulation(db, clock):
    """Each firewall alone takes nothing down; both take the network, and with it the shop."""
    service = make.item(kind="service", name="shop", criticality=1)
    network = make.item(kind="vlan", name="net", criticality=4)
    needs(service, network, name="network")
    needs(network, patchable("fw1").item, patchable("fw2").item, needed=1)
    make.patch_window()
    campaign = drafted()

    made = planned(campaign)

    assert waves(campaign) == [{"fw1"}, {"fw2"}]
    assert made.rounds == 2


def test_freezes_are_cut_out_and_rings_wait_for_their_day_and_their_soak(db, clock):
    make.patch_window()
    baseline = make.baseline()
    make.ring(baseline=baseline, place=1, name="canary", selector="name=a", soak_hours=60)
    make.ring(baseline=baseline, place=2, name="broad", offset_days=1)
    patchable("a"), patchable("b")
    make.freeze(starts_at=NOW, ends_at=NOW + timedelta(hours=12), selector="name=a")
    campaign = drafted(baseline=baseline)

    planned(campaign)

    starts = {r.server.item.name: r.wave.starts_at for r in campaign.runs.select_related("wave")}
    assert starts["a"] == NOW.replace(hour=1, minute=0) + timedelta(days=1)
    assert starts["b"] == NOW.replace(hour=1, minute=0) + timedelta(days=4)  # 02:00 + 60 h


def test_what_replicates_comes_first(db, clock):
    make.patch_window()
    primary, standby = patchable("a-primary"), patchable("b-standby")
    make.link(kind="replicates", from_item=standby.item, to_item=primary.item)
    campaign = drafted()

    planned(campaign)

    assert waves(campaign) == [{"b-standby"}, {"a-primary"}]


@pytest.mark.parametrize("what", ["silent", "in no window"])
def test_who_comes_after_what_is_left_out_is_left_out_with_its_reason(db, clock, what):
    make.patch_window(selector="" if what == "silent" else "tag=window")
    servers = [
        patchable(name, tags=["window"] if "standby" not in name else [])
        for name in ("primary", "standby", "cascade", "other")
    ]
    for upper, lower in ((1, 0), (0, 2)):  # the cascade comes after the primary
        make.link(kind="replicates", from_item=servers[upper].item, to_item=servers[lower].item)
    if what == "silent":
        servers[1].state = "silent"
        servers[1].save()
    campaign = drafted()

    planned(campaign)

    told = left_out(campaign)
    assert told.keys() == {"standby", "primary", "cascade"}
    reason = "has not told" if what == "silent" else "No window"
    assert told["primary"].startswith("It comes after standby, which is left out: ")
    assert all(reason in one for one in told.values())
    assert waves(campaign) == [{"other"}]


def test_the_limit_of_a_window_holds_for_the_sites_it_covers_alone(db, clock):
    sites = {name: make.item(kind="site", name=name) for name in ("Amsterdam", "Berlin")}
    for name, site in sites.items():
        for n in range(3):
            patchable(f"{name}{n}", site=site)
    make.patch_window(name="A", selector="site=Amsterdam", site_capacity=1)
    make.patch_window(name="B", selector="site=Berlin")
    campaign = drafted()

    planned(campaign)

    first, *others = waves(campaign)
    assert {name for name in first if name.startswith("Berlin")} == {
        "Berlin0",
        "Berlin1",
        "Berlin2",
    }
    assert [len(members) for members in (first, *others)] == [4, 1, 1]


@pytest.mark.parametrize(
    ("kind", "criticality", "above", "is_kept"),
    [
        pytest.param("application", 3, "", True, id="an application nobody put a service above"),
        pytest.param("database", 2, "", True, id="a database alone"),
        pytest.param("database", 4, "", False, id="one that nobody would miss"),
        pytest.param("database", 2, "spared", False, id="one of two that a service needs"),
        pytest.param("database", 2, "standby", False, id="a standby"),
    ],
)
def test_what_matters_stays_up_though_no_service_stands_above_it(
    db, clock, kind, criticality, above, is_kept
):
    make.patch_window()
    server = patchable("db1", criticality=1)
    thing = make.item(kind=kind, name="orders", criticality=criticality)
    needs(thing, server.item)
    other = make.item(kind=kind, name="orders2", criticality=criticality)
    if above == "spared":
        needs(make.item(kind="service", name="shop", criticality=1), thing, other, needed=1)
    if above == "standby":
        make.link(kind="replicates", from_item=thing, to_item=other)
    campaign = drafted()

    planned(campaign)

    assert ("db1" in left_out(campaign)) == is_kept
    if is_kept:
        assert "orders needs 1 of 1" in left_out(campaign)["db1"]


def test_what_is_exploited_comes_first_and_the_cut_off_keeps_younger_updates_out(db, clock):
    make.patch_window(capacity=1)
    patchable("calm")
    patchable("pressing", package="sudo")
    patchable("young", package="jq")
    make.urgency(package="sudo", version="3.0.2", is_exploited=True)
    campaign = drafted(cut_off_at=NOW)
    from fullscore.domains.infrastructure.servers.models import Installed

    Installed.objects.filter(server__item__name="young").update(waiting_since=NOW + HOUR)

    planned(campaign)

    assert waves(campaign) == [{"pressing"}, {"calm"}]


def test_who_cannot_be_planned_says_what_would_help(db, clock):
    baseline = make.baseline()
    make.ring(baseline=baseline, selector="tag=ring")
    make.patch_window(selector="tag=window")
    patchable("nowhere")
    patchable("closed", tags=["ring"])
    silent = patchable("silent", tags=["ring", "window"])
    silent.state = "silent"
    silent.save()
    campaign = drafted(baseline=baseline)

    planned(campaign)

    told = left_out(campaign)
    assert "ring" in told["nowhere"]
    assert "window" in told["closed"]
    assert "answers" in told["silent"]


def test_what_no_tool_of_ours_alters_is_left_out_and_told(db, clock):
    baseline = make.baseline()
    make.ring(baseline=baseline)
    make.patch_window()
    waits(make.server(item=make.item(kind="host", name="alpine"), security_updates=1),
          "busybox", "1.36.1-r0", "1.36.1-r1", manager="apk")  # fmt: skip
    waits(patchable("mixed"), "bash", "5.1-1", "5.1-2", manager="rpm")
    waits(make.server(item=make.item(kind="host", name="rocky"), security_updates=1),
          "bash", "5.1-1", "5.1-2", manager="rpm")  # fmt: skip
    campaign, by_ansible = drafted(baseline=baseline), drafted(baseline=baseline, way="ansible")

    planned(campaign)
    planned(by_ansible)

    told = left_out(campaign)
    assert "apk" in told["alpine"]
    assert "several package managers" in told["mixed"]
    assert "rocky" not in told
    assert campaign.runs.get(server__item__name="rocky").manager == "rpm"
    assert "over SSH" in left_out(by_ansible)["rocky"]


# ── the rules alone ────────────────────────────────────────────────────────────────────────────

SLOTS = tuple(Slot(NOW + n * HOUR, NOW + (n + 1) * HOUR, frozenset({1})) for n in range(6))


@pytest.mark.once
@settings(max_examples=40, deadline=None)
@given(
    st.integers(2, 9),
    st.lists(st.sets(st.integers(0, 8), min_size=1, max_size=4), max_size=4),
)
def test_no_plan_that_is_returned_lets_anything_fall(count, cuts):
    """Whatever sets of servers break a service together, no wave of a plan holds one of them."""
    cuts = [frozenset(n for n in cut if n < count) for cut in cuts]
    cuts = [cut for cut in cuts if cut]

    def falls(items):
        away = set(items)
        return frozenset(n for n, cut in enumerate(cuts) if cut <= away)

    candidates = tuple(
        Candidate(n, f"s{n}", n, 1, (), 1.0 + n, "", tuple(range(6)), ()) for n in range(count)
    )
    group = {"none": Group("none", 0, "", "", 0, 1)}
    told = Given(candidates, SLOTS, group, (count,) * 6, {}, ((1, 1, 0.0),))

    made = rules.arrange(told, falls=falls, seconds=1, rounds=6)

    for members in rules.by_wave(made.wave_of).values():
        assert not falls(members)
    assert made.wave_of.keys() | made.unplaced.keys() == set(range(count))
    assert not made.wave_of.keys() & made.unplaced.keys()
    alone = {n for n in range(count) if falls([n])}
    assert alone <= made.unplaced.keys()


# ── approval ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def crew(db):
    made = {name: make.user(name, role=role) for name, role in
            (("ann", "engineer"), ("ada", "approver"), ("eve", "approver"))}  # fmt: skip
    for name, user in made.items():
        make.membership(person=make.person(name, user=user), team=make.team(f"team {name}"))
    return made


def yes(campaign, user):
    return services.approve(campaign, by=user, digest=campaign.digest[:8])


def agreed(campaign, crew):
    """Bring a planned campaign to where it may start."""
    services.propose(campaign, by=campaign.drafted_by)
    for name in ("ada", "eve"):
        if campaign.state == "proposed":
            yes(campaign, crew[name])
    assert campaign.state == "approved"
    return campaign


def test_the_yes_is_to_the_digest_and_another_plan_needs_another(shop, crew):
    campaign = drafted(drafted_by=crew["ann"])
    planned(campaign)
    services.propose(campaign, by=crew["ann"])

    with pytest.raises(Conflict, match="Someone must approve"):
        services.approve(campaign, by=crew["ann"], digest=campaign.digest[:8])
    with pytest.raises(Invalid, match="begins with"):
        services.approve(campaign, by=crew["ada"], digest="00000000")
    for name in ("ada", "eve"):
        if campaign.state == "proposed":
            yes(campaign, crew[name])
    assert campaign.state == "approved"
    first, change = campaign.digest, campaign.change

    patchable("new")
    planned(campaign)

    change.refresh_from_db()
    assert campaign.digest != first
    assert (campaign.state, campaign.approved_by, campaign.change) == ("draft", None, None)
    assert change.state == "abandoned"


def test_an_approved_campaign_is_an_approved_change_of_its_window(shop, crew):
    campaign = agreed_campaign = drafted(drafted_by=crew["ann"])
    planned(campaign)

    agreed(campaign, crew)

    change = agreed_campaign.change
    assert change.state == "approved"
    assert change.starts_at == campaign.waves.first().starts_at
    assert change.items.count() == 3
    assert change.steps.filter(is_back=False).first().title.startswith("Wave 1,")


def test_a_plan_that_the_estate_has_outgrown_is_not_proposed(shop, crew):
    campaign = drafted(drafted_by=crew["ann"])
    planned(campaign)
    make.trouble(item=campaign.runs.get(wave__number=2).server.item)

    services.simulate(campaign, by=crew["ann"])

    assert campaign.problems == ["Wave 1 would take shop down.", "Wave 3 would take shop down."]
    with pytest.raises(Conflict, match="Plan it anew"):
        services.propose(campaign, by=crew["ann"])


def test_engineers_do_not_approve(shop, crew):
    from fullscore.domains.infrastructure.patching.resources import CAMPAIGN

    campaign = drafted(drafted_by=crew["ada"])
    planned(campaign)
    services.propose(campaign, by=crew["ada"])
    verb = next(v for v in CAMPAIGN.verbs if v.name == "approve")

    with pytest.raises(NotAllowed):
        perform(verb, Campaign, campaign.pk, by=crew["ann"], values={"digest": campaign.digest[:8]})


def test_what_waits_stands_in_the_queue_of_who_can_answer(shop, crew):
    campaign = drafted(drafted_by=crew["ann"])
    planned(campaign)
    services.propose(campaign, by=crew["ann"])

    for name, count in (("ann", 0), ("ada", 1)):
        told, found = campaigns.concerns(crew[name], NOW)
        assert len(told) == len(found) == count


def test_the_page_shows_the_plan_and_its_digest_and_the_queue_opens(shop, crew):
    campaign = drafted(drafted_by=crew["ann"])
    jobs.draw_up(campaign.pk)  # not asked for: nothing is planned
    assert not campaign.waves.exists()
    planned(campaign)
    services.propose(campaign, by=crew["ann"])
    browser = make.client(crew["ada"])

    page = browser.get(f"/patch-campaigns/{campaign.pk}").content.decode()

    assert campaign.digest[:8] in page
    assert "2 of 3 servers" in page
    assert "What is down when" in page
    assert f"Approve the plan: {campaign.title}" in browser.get("/queue").content.decode()
    assert "wave 1, 2 Mar 01:00 UTC (not approved yet)" in browser.get("/patching").content.decode()


def test_who_left_one_out_says_why_and_the_rest_stands(shop, crew):
    campaign = drafted(drafted_by=crew["ann"])
    planned(campaign)
    run = campaign.runs.first()

    with pytest.raises(Invalid):
        services.skip(run, by=crew["ann"], reason=" ")
    services.skip(run, by=crew["ann"], reason="It is being moved.")

    assert (run.state, run.why) == ("skipped", "It is being moved.")
    assert planning.digest(campaign) == campaign.digest

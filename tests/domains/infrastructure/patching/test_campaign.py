"""Campaigns for real: sshd's on loopback, apt and dpkg in private roots, and what goes wrong."""

import asyncio
from datetime import timedelta
from time import monotonic, sleep

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from fullscore.connectors.ssh import keys
from fullscore.domains.infrastructure.patching import services
from fullscore.domains.infrastructure.patching.jobs.hands import Patience
from fullscore.domains.infrastructure.patching.models import ServerRun, SpareLease
from fullscore.domains.infrastructure.patching.services import driving, running
from fullscore.kit import time
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import Notification
from fullscore.kit.models.user import system
from tests import make
from tests.connectors.dnf import roots
from tests.domains.infrastructure.patching import targets as hosts
from tests.domains.infrastructure.patching.campaigns import (
    PRIVATE,
    PUBLIC,
    enrolled,
    only,
    started,
    states,
)
from tests.domains.infrastructure.patching.conftest import needs, waits
from tests.installation import Installation

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Packages in two versions: one that is well, one that breaks, one whose script fails."""
    hosts.needed()
    folder = tmp_path_factory.mktemp("packages")
    (folder / "bad").mkdir(), (folder / "failing").mkdir(), (folder / "slow").mkdir()
    one, two = (hosts.deb(folder, "webapp", version) for version in ("1.0", "2.0"))
    made = {
        "good": (one, two),
        "broken": (one, hosts.deb(folder / "bad", "webapp", "2.0", unit="stopped")),
        "fails": (one, hosts.deb(folder / "failing", "webapp", "2.0", script="exit 3")),
        "cuts": (one, hosts.deb(folder / "cut", "webapp", "2.0", script='"$HOME/bin/cut-off"')),
        "lingers": (one, hosts.deb(folder / "slow", "webapp", "2.0", script="sleep 1.5")),
        "newest": (two,),
    }
    found = {name: hosts.repository(folder / name, *debs) for name, debs in made.items()}
    template = folder / "template"
    template.mkdir()
    hosts.prepared(template, one)
    return template, found


@pytest.fixture
def clock(ticking):
    """Time goes by itself."""
    return ticking


def test_a_whole_campaign_pauses_at_the_bad_one_which_is_put_back_and_nothing_ever_falls(
    shelf, clock, patch
):
    template, found = shelf
    with hosts.targets(template, found["good"], 8) as made:
        servers = [enrolled(target, f"web{n}") for n, target in enumerate(made, 1)]
        made[3].uses(found["broken"])
        groups = [servers[:3], servers[3:6], servers[6:]]
        for n, members in enumerate(groups):
            service = make.item(kind="service", name=f"shop{n}", criticality=1)
            needs(service, *(s.item for s in members), needed=len(members) - 1, name="servers")
        campaign = started(clock, error_limit=0)
        assert campaign.waves.count() == 3

        patch()
        campaign.refresh_from_db()

        assert campaign.state == "paused"
        assert "web4: Verify: webapp.service did not come back" in campaign.why
        assert Notification.objects.count() == 0  # told by the reaction, which a worker runs
        bad = campaign.runs.get(server=servers[3])
        assert bad.leases.filter(released_at=None).exists()
        assert made[3].version() == "2.0 installed"
        clock(minutes=10)
        patch()
        assert list(states(campaign).values()).count("done") == 2  # nothing begins while it stands

        services.roll_back(bad, by=make.user("oscar"), reason="It breaks the shop.")
        patch()
        bad.refresh_from_db()
        assert (bad.state, made[3].version()) == ("back", "1.0 installed")
        assert not bad.leases.filter(released_at=None).exists()

        services.resume(campaign, by=campaign.change.executor, note="Known.")
        patch()
        clock(minutes=10)
        patch()
        campaign.refresh_from_db()

        assert campaign.state == "done"
        assert states(campaign) == {f"web{n}": "back" if n == 4 else "done" for n in range(1, 9)}
        assert {t.version() for n, t in enumerate(made) if n != 3} == {"2.0 installed"}
        assert never_too_many_away()
        campaign.change.refresh_from_db()
        assert campaign.change.state == "verifying"


def never_too_many_away():
    """Say whether no more of any need was away at once than it can spare, by the timeline."""
    leases = list(SpareLease.objects.select_related("requirement"))
    for lease in leases:
        same = [one for one in leases if one.requirement_id == lease.requirement_id]
        away = sum(
            one.units
            for one in same
            if one.at <= lease.at and (one.released_at is None or one.released_at > lease.at)
        )
        if away > 1:  # each group needs all but one
            return False
    return bool(leases)


def lists_locked(target, found):
    import fcntl

    handle = (target.root / "var/lib/dpkg/lock-frontend").open("w")
    fcntl.lockf(handle, fcntl.LOCK_EX)
    return handle


@pytest.mark.parametrize(
    ("source", "prepare", "step", "told"),
    [
        pytest.param("fails", None, "update", "post-installation script", id="a script fails"),
        pytest.param(
            "good", lambda t, found: t.uses(found["good"] / "gone"), "check",
            "A repository does not answer", id="the repository has vanished",
        ),
        pytest.param(
            "good", lambda t, found: t.tell("df", "x 1 1 2048 1 /var"), "check",
            "too little space", id="the disk is full",
        ),
        pytest.param("newest", None, "save", "no way back: webapp", id="no way back"),
        pytest.param(
            "good", lambda t, found: t.uses(found["empty"]), "check", "was not found",
            id="another repository than planned",
        ),
        pytest.param("good", lists_locked, "check", "lock", id="a held lock"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_a_sentence_and_what_was_touched_keeps_its_spare(
    shelf, clock, patch, tmp_path, source, prepare, step, told
):
    template, found = shelf
    with hosts.targets(template, found[source], 1) as [target]:
        server = enrolled(target, "web1")
        service = make.item(kind="service", name="shop", criticality=1)
        other = make.item(kind="host", name="other")
        needs(service, server.item, other, needed=1, name="servers")
        empty = hosts.repository(tmp_path / "empty")
        held = prepare(target, {**found, "empty": empty}) if prepare else None
        campaign = started(clock)

        patch()
        if hasattr(held, "close"):
            held.close()

        run = only(campaign)
        assert run.state == "failed"
        assert run.why.startswith(step.capitalize())
        assert told in run.why
        assert run.steps.last().state == "failed"
        assert run.leases.count() == 1
        assert run.leases.filter(released_at=None).count() == (1 if step == "update" else 0)
        if step != "update":
            assert target.version() == "1.0 installed"
            with pytest.raises(Conflict, match="Nothing was altered"):
                services.roll_back(run, by=system(), reason="x")


def test_a_failing_script_is_put_back_too(shelf, clock, patch):
    template, found = shelf
    with hosts.targets(template, found["fails"], 1) as [target]:
        enrolled(target, "web1")
        campaign = started(clock)
        patch()
        run = only(campaign)

        services.roll_back(run, by=system(), reason="Its script fails.")
        patch()

        run.refresh_from_db()
        assert (run.state, run.why) == ("back", "")
        assert target.version() == "1.0 installed"


@pytest.mark.parametrize(
    ("prepare", "state", "told"),
    [
        pytest.param(lambda t: None, "done", "", id="it comes back"),
        pytest.param(lambda t: t.tell("never", "x"), "failed", "needs a person", id="it does not"),
        pytest.param(
            lambda t: (t.folder / "boot/vmlinuz-6.1.0-10").touch(), "failed",
            "came back with kernel 6.1.0-9, not 6.1.0-10", id="with the old kernel",
        ),
        pytest.param(
            lambda t: ((t.folder / "boot/vmlinuz-6.1.0-10").touch(),
                       t.tell("next_kernel", "6.1.0-10")),
            "done", "", id="with the new kernel",
        ),
    ],
)  # fmt: skip
def test_a_reboot_is_over_when_another_boot_answers(shelf, clock, patch, prepare, state, told):
    template, found = shelf
    with hosts.targets(template, found["good"], 1) as [target]:
        enrolled(target, "web1")
        target.tell("reboot-required", "*** System restart required ***")
        prepare(target)
        campaign = started(clock)

        patch()

        run = only(campaign)
        assert (run.state, target.reboots) == (state, 1)
        assert told in run.why


def test_a_connection_that_breaks_in_mid_update_is_made_again_and_nothing_is_done_twice(
    shelf, clock, patch
):
    template, found = shelf
    with hosts.targets(template, found["cuts"], 1) as [target]:
        enrolled(target, "web1")
        campaign = started(clock)

        patch()

        run = only(campaign)
        assert (run.state, run.why) == ("done", "")
        assert (target.folder / "cuts").read_text().split() == ["cut"]
        assert target.version() == "2.0 installed"


def killed(patcher, *, after):
    """Let a process begin, and end it without another word once something is so."""
    one = patcher()

    async def until():
        await one.turn()
        while not await sync_to_async(after)():
            await asyncio.sleep(0.05)
        for task in one._runs.values():
            task.cancel()
        await asyncio.gather(*one._runs.values(), return_exceptions=True)

    async_to_sync(until)()
    one._database.shutdown()


def test_another_process_goes_on_where_one_died_and_does_nothing_twice(
    shelf, clock, patcher, patch
):
    template, found = shelf
    with hosts.targets(template, found["lingers"], 1) as [target]:
        enrolled(target, "web1")
        campaign = started(clock)

        killed(patcher, after=lambda: any("unpacked webapp:all 2.0" in line for line in target.log))
        patch()
        run = only(campaign)
        assert run.state == "running"  # within a minute it may only be slow
        clock(seconds=61)
        patch()

        run.refresh_from_db()
        assert run.state == "done"
        assert sum("upgrade webapp:all 1.0 2.0" in line for line in target.log) == 1
        assert [step.name for step in run.steps.all()] == [
            "check", "save", "update", "reboot", "verify",
        ]  # fmt: skip


def test_a_reboot_that_was_ordered_is_waited_for_and_never_ordered_again(
    shelf, clock, patcher, patch
):
    template, found = shelf
    with hosts.targets(template, found["good"], 1) as [target]:
        enrolled(target, "web1")
        target.tell("reboot-required", "*** System restart required ***")
        campaign = started(clock)

        killed(patcher, after=lambda: target.reboots > 0)
        clock(seconds=61)
        patch()

        run = only(campaign)
        assert (run.state, target.reboots) == ("done", 1)


def test_a_run_nothing_was_heard_of_for_a_quarter_of_an_hour_is_unknown_and_keeps_its_spare(
    shelf, clock, patcher, patch
):
    template, found = shelf
    with hosts.targets(template, found["lingers"], 1) as [target]:
        server = enrolled(target, "web1")
        service = make.item(kind="service", name="shop", criticality=1)
        needs(service, server.item, make.item(kind="host"), needed=1)
        campaign = started(clock, run_minutes=30)

        killed(patcher, after=lambda: only(campaign).steps.filter(name="update").exists())
        clock(minutes=16)
        patch()

        run = only(campaign)
        assert run.state == "unknown"
        assert run.leases.filter(released_at=None).count() == 1


@pytest.mark.once
@pytest.mark.parametrize("way", ["ssh", "ansible"])
def test_a_process_that_is_killed_outright_is_taken_over_by_another(shelf, tmp_path, way):
    template, found = shelf
    site = Installation(tmp_path)
    site.migrate()
    with hosts.targets(template, found["lingers"], 1) as [target]:
        target.server.authorize(f"restrict {PUBLIC}")
        site.ask(PREPARE.format(port=target.server.port, key=target.server.line(),
                                private=PRIVATE, user=target.server.user, way=way))  # fmt: skip
        first = site.start(PATCHING)
        deadline = monotonic() + 60
        while monotonic() < deadline and not any(
            "unpacked webapp:all 2.0" in t for t in target.log
        ):
            sleep(0.05)
        first.kill()
        first.communicate(timeout=20)

        state, why, steps, campaign = site.ask(PATCHING)

        assert (state, why) == ("done", "")
        assert campaign in ("running", "done")  # whoever took it over may have closed it by now
        assert steps == ["check", "save", "update", "reboot", "verify"]
        assert sum("upgrade webapp:all 1.0 2.0" in line for line in target.log) == 1


PREPARE = """
from datetime import timedelta
from fullscore.kit import secrets, time
from fullscore.kit.models.secret import Secret
from fullscore.kit.models.user import system
from tests import make
now = time.now()
item = make.item(kind="host", name="web1")
server = make.server(item=item)
host = make.ssh_host(item=item, address="127.0.0.1", port={port}, host_key="{key}", state="ok")
kept = secrets.keep("key", '''{private}''', by=system(), kind=Secret.Kind.PRIVATE_KEY)
make.patch_access(host=host, user="{user}", credential=kept)
campaign = make.campaign(state="running", way="{way}", digest="d", approved_digest="d",
                         started_at=now, approved_by=make.user())
wave = make.wave(campaign=campaign, state="running", starts_at=now - timedelta(minutes=1),
                 ends_at=now + timedelta(hours=1))
make.server_run(wave=wave, server=server, is_live=True, packages=[["webapp", "1.0", "2.0"]])
answer = 0
"""
PATCHING = """
from dataclasses import replace
from datetime import timedelta
import sys, threading, time
from django.conf import settings
settings.OPTIONS = replace(settings.OPTIONS, allowed_networks="127.0.0.0/8")
from fullscore.domains.infrastructure.patching.jobs import Patcher, executing
from fullscore.domains.infrastructure.patching.jobs.hands import Patience
from fullscore.domains.infrastructure.patching.models import ServerRun
from fullscore.domains.infrastructure.patching.services import driving
driving.TAKEN_OVER = timedelta(seconds=1)
executing.TURN_SECONDS = 0.2
one = Patcher(Patience(poll=0.1, update=30, reboot=5, settle=1))
working = threading.Thread(target=one.run)
working.start()
deadline = time.monotonic() + 80
while time.monotonic() < deadline and ServerRun.objects.get().state in ("planned", "running"):
    time.sleep(0.2)
one.stop()
working.join()
run = ServerRun.objects.get()
answer = [run.state, run.why, [step.name for step in run.steps.all()], run.campaign.state]
"""


# ── by Ansible ─────────────────────────────────────────────────────────────────────────────────


PLAYED = Patience(poll=0.1, update=60, reboot=30, settle=1)  # a play takes seconds


@pytest.fixture
def played(patch, patience):
    """Return a function that lets one process take a turn, with the time that plays need."""
    patience[0] = PLAYED
    return patch


def test_a_whole_campaign_by_ansible_pauses_at_the_bad_one_which_is_put_back(shelf, clock, played):
    template, found = shelf
    with hosts.targets(template, found["good"], 4) as made:
        servers = [enrolled(target, f"web{n}") for n, target in enumerate(made, 1)]
        made[0].uses(found["broken"])
        for n, members in enumerate((servers[:2], servers[2:])):
            service = make.item(kind="service", name=f"shop{n}", criticality=1)
            needs(service, *(s.item for s in members), needed=1, name="servers")
        campaign = started(clock, error_limit=0, way="ansible")
        assert campaign.waves.count() == 2
        assert campaign.runs.get(server=servers[0]).wave.number == 1

        played()
        campaign.refresh_from_db()

        assert campaign.state == "paused"
        assert "web1: Verify: webapp.service did not come back" in campaign.why
        bad = campaign.runs.get(server=servers[0])
        assert made[0].version() == "2.0 installed"
        assert sorted(states(campaign).values()) == ["done", "failed", "planned", "planned"]

        services.roll_back(bad, by=make.user("oscar"), reason="It breaks the shop.")
        played(times=1)
        bad.refresh_from_db()
        assert (bad.state, bad.why, made[0].version()) == ("back", "", "1.0 installed")

        services.resume(campaign, by=campaign.change.executor, note="Known.")
        clock(minutes=10)
        played()
        campaign.refresh_from_db()

        assert campaign.state == "done"
        assert states(campaign) == {f"web{n}": "back" if n == 1 else "done" for n in range(1, 5)}
        assert {t.version() for t in made[1:]} == {"2.0 installed"}
        assert never_too_many_away()
        step = bad.steps.get(name="update")
        assert "Setting up webapp (2.0)" in step.evidence


@pytest.mark.once
def test_by_ansible_another_goes_on_where_one_died_and_nothing_is_done_twice(
    shelf, clock, patcher, played
):
    template, found = shelf
    with hosts.targets(template, found["lingers"], 1) as [target]:
        enrolled(target, "web1")
        target.tell("reboot-required", "*** System restart required ***")
        campaign = started(clock, run_minutes=30, way="ansible")

        killed(patcher, after=lambda: any("unpacked webapp:all 2.0" in line for line in target.log))
        clock(seconds=61)
        killed(patcher, after=lambda: target.reboots > 0)
        clock(seconds=61)
        played(times=1)

        run = only(campaign)
        assert (run.state, run.why, target.reboots) == ("done", "", 1)
        assert sum("upgrade webapp:all 1.0 2.0" in line for line in target.log) == 1
        assert [step.name for step in run.steps.all()] == [
            "check", "save", "update", "reboot", "verify",
        ]  # fmt: skip


@pytest.mark.once
def test_by_ansible_too_what_goes_wrong_is_a_sentence(shelf, clock, played, tmp_path):
    template, found = shelf
    with hosts.targets(template, found["good"], 7) as made:
        fails, gone, full, newest, empty, locked, strange = made
        servers = [enrolled(target, f"web{n}") for n, target in enumerate(made)]
        fails.uses(found["fails"])
        gone.uses(found["good"] / "gone")
        full.tell("df", "x 1 1 2048 1 /var")
        newest.uses(found["newest"])
        empty.uses(hosts.repository(tmp_path / "empty"))
        held = lists_locked(locked, found)
        strange.server.authorize("restrict " + keys.new_pair("another")[1])
        campaign = started(clock, way="ansible", error_limit=50)

        played(times=1)
        held.close()

        told = {run.server_id: run.why for run in campaign.runs.all()}
        expected = {
            fails: ("Update: ", "post-installation script"),
            gone: ("Check: ", "A repository does not answer"),
            full: ("Check: ", "too little space"),
            newest: ("Save: ", "no way back: webapp"),
            empty: ("Check: ", "was not found"),
            locked: ("Check: ", "lock"),
            strange: ("Check: ", "does not let this account in"),
        }
        for (target, (step, words)), server in zip(expected.items(), servers, strict=True):
            assert told[server.pk].startswith(step)
            assert words in told[server.pk]
            assert target is fails or target.version() == "1.0 installed"


# ── what keeps a run from beginning ────────────────────────────────────────────────────────────


@pytest.fixture
def ready(shelf, clock):
    """A campaign over one server of two, whose wave has come; nothing of it is reached."""
    item = make.item(kind="host", name="web1", criticality=1)
    server = make.server(item=item, security_updates=1)
    waits(server, "webapp", "1.0", "2.0")
    service = make.item(kind="service", name="shop", criticality=1)
    other = make.server(item=make.item(kind="host", name="other"))
    requirement = needs(service, item, other.item, needed=1, name="servers")
    return started(clock), requirement, other


def test_two_campaigns_cannot_spend_the_same_spare(ready):
    campaign, requirement, other = ready
    make.spare_lease(requirement=requirement, run=make.server_run(server=other))

    driving.turn(by=system(), now=time.now())
    assert driving.claim(by=system(), holder="x", most=5, now=time.now()) == []

    assert only(campaign).why == "Waits: shop can spare 0 of its servers."


def test_what_is_in_trouble_is_not_touched_and_ends_its_slot_untouched(ready, clock):
    campaign, _, other = ready
    driving.turn(by=system(), now=time.now())
    trouble = make.trouble(item=other.item, since=time.now() - timedelta(days=1))

    assert driving.claim(by=system(), holder="x", most=5, now=time.now()) == []
    assert trouble.reference in only(campaign).why or "spare" in only(campaign).why
    clock(minutes=11)
    driving.turn(by=system(), now=time.now())
    driving.turn(by=system(), now=time.now())

    run = only(campaign)
    assert run.state == "skipped"
    assert run.why.startswith("Its slot passed.")


def test_a_trouble_that_begins_meanwhile_pauses_and_so_does_a_freeze(ready, clock):
    campaign, _, _ = ready
    make.freeze(name="Sale", starts_at=time.now(), ends_at=time.now() + timedelta(hours=1))

    driving.turn(by=system(), now=time.now())

    campaign.refresh_from_db()
    assert (campaign.state, campaign.why) == ("paused", "Wave 1 lies in the freeze “Sale”.")


def test_without_an_account_to_alter_it_the_run_says_what_to_do(ready, patch):
    campaign, _, _ = ready

    patch()

    run = only(campaign)
    assert run.state == "failed"
    assert "add a patch access" in run.why


def test_a_server_is_in_one_running_campaign_only(ready, clock):
    campaign, _, _ = ready
    run = only(campaign)
    assert run.is_live

    services.stop(campaign, by=campaign.change.executor, reason="Not today.")

    run.refresh_from_db()
    campaign.change.refresh_from_db()
    assert (run.state, run.is_live) == ("skipped", False)
    assert campaign.change.state == "failed"


@pytest.mark.parametrize(
    ("placed", "said", "expected"),
    [(8, None, 1), (20, None, 1), (41, None, 3), (8, 0, 0)],
    ids=["a few", "twenty", "a twentieth, rounded up", "as said"],
)
def test_failures_that_are_borne(db, placed, said, expected):
    campaign = make.campaign(error_limit=said)
    wave = make.wave(campaign=campaign)
    for _ in range(placed):
        make.server_run(wave=wave)

    assert driving.limit(campaign) == expected


def test_the_account_that_reads_a_host_never_alters_it(db):
    host = make.ssh_host(user="fullscore")

    with pytest.raises(Invalid, match="must not alter"):
        services.add_access(by=system(), host=host, user="fullscore")
    way = services.add_access(by=system(), host=host, user="fullscore-patch")
    services.make_access_key(way, by=system())

    page = make.client(make.user("ann", role="administrator")).get(f"/patch-accesses/{way.pk}")
    assert way.public_key.split()[1] in page.content.decode()
    assert running.finished(make.server_run()) == {}
    assert ServerRun.objects.count() == 1


# ── Red Hat's family ─────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def rpms(tmp_path_factory):
    """Packages of rpm in two versions, one of which breaks its service."""
    roots.needed()
    folder = tmp_path_factory.mktemp("rpms")
    one, two = (roots.rpm(folder, "webapp", version) for version in ("1.0-1", "2.0-1"))
    good = roots.repository(folder / "good", one, two)
    two = roots.rpm(folder, "webapp", "2.0-1", unit="stopped")
    bad = roots.repository(folder / "bad", one, two)
    template = folder / "template"
    hosts.prepared_for_rpm(template, good, "webapp-1.0-1")
    return template, good, bad


def rpm_version(target):
    return roots.installed(target.root, "webapp")


def test_servers_of_red_hats_family_are_brought_forth_and_back(rpms, clock, patch):
    template, good, bad = rpms
    with hosts.targets(template, good, 2) as made:
        for target, source in zip(made, (good, bad), strict=True):
            roots.use(target.root, source)
        servers = [
            enrolled(t, f"el{n}", version="1.0-1", candidate="2.0-1", manager="rpm")
            for n, t in enumerate(made, 1)
        ]
        campaign = started(clock, error_limit=1)

        patch()

        assert states(campaign) == {"el1": "done", "el2": "failed"}
        broken = campaign.runs.get(server=servers[1])
        assert "webapp.service did not come back" in broken.why
        assert [rpm_version(t) for t in made] == ["webapp-2.0-1.noarch"] * 2

        services.roll_back(broken, by=system(), reason="It breaks the shop.")
        patch()

        assert states(campaign) == {"el1": "done", "el2": "back"}
        assert rpm_version(made[1]) == "webapp-1.0-1.noarch"


def test_a_server_of_red_hats_family_is_rebooted_once_where_its_newest_kernel_does_not_run(
    rpms, clock, patch
):
    template, good, _ = rpms
    with hosts.targets(template, good, 1) as [target]:
        roots.use(target.root, good)
        enrolled(target, "el1", version="1.0-1", candidate="2.0-1", manager="rpm")
        (target.folder / "boot/vmlinuz-6.1.0-10").touch()
        target.tell("next_kernel", "6.1.0-10")
        campaign = started(clock)

        patch()

        run = only(campaign)
        assert (run.state, run.why, target.reboots) == ("done", "", 1)

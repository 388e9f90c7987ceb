"""Who may begin, carry on and end a run: one at a time, in its slot, while its campaign goes on."""

from datetime import UTC, datetime, timedelta

import pytest

from fullscore.domains.infrastructure.patching import services
from fullscore.domains.infrastructure.patching.models import Campaign, ServerRun
from fullscore.domains.infrastructure.patching.services import driving, planning, running
from fullscore.kit import time
from fullscore.kit.errors import Conflict
from fullscore.kit.models.user import system
from tests import make
from tests.domains.infrastructure.patching.conftest import NOW as MONDAY
from tests.domains.infrastructure.patching.conftest import needs, patchable

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def claim(holder="x", now=NOW, **more):
    return driving.claim(by=system(), holder=holder, most=50, now=now, **more)


@pytest.fixture
def ready():
    """Return a function that makes planned runs in a wave that lasts for two hours."""

    def made(*names):
        campaign = make.campaign(
            state="running", started_at=NOW, digest="a" * 64, approved_digest="a" * 64,
            approved_by=make.user(), approved_at=NOW, run_minutes=30,
        )  # fmt: skip
        wave = make.wave(
            campaign=campaign, state="running", starts_at=NOW, ends_at=NOW + timedelta(hours=2)
        )
        servers = [make.server(item=make.item(name, criticality=4)) for name in names]
        return [make.server_run(wave=wave, is_live=True, server=server) for server in servers]

    return made


def test_a_pause_holds_what_was_about_to_begin(ready, monkeypatch):
    runs = ready("a", "b", "c")
    real, begun = running.begin, []

    def begin(run, **more):
        if len(begun) == 1:  # somebody presses pause meanwhile
            paused = Campaign.objects.get(pk=run.campaign_id)
            driving.pause(paused, by=system(), reason="Stop!")
        begun.append(run)
        return real(run, **more)

    monkeypatch.setattr(running, "begin", begin)
    claim()

    assert len(begun) == len(runs)
    assert ServerRun.objects.filter(state="running").count() == 1


@pytest.mark.parametrize(
    ("minutes", "begins"),
    [pytest.param(105, True, id="just in time"), pytest.param(106, False, id="too late to end"),
     pytest.param(300, False, id="after its slot")],
)  # fmt: skip
def test_a_run_begins_while_half_of_it_fits_into_its_slot(ready, minutes, begins):
    ready("a")

    assert bool(claim(now=NOW + timedelta(minutes=minutes))) is begins


def test_a_process_takes_up_what_it_let_fall(ready):
    (run,) = ready("a")
    claim()

    assert claim(now=NOW + timedelta(minutes=5), holding=[run.pk]) == []
    assert claim(now=NOW + timedelta(minutes=5)) == [run]


def test_who_lost_a_run_neither_goes_on_nor_ends_it(ready):
    (run,) = ready("a")
    (mine,) = claim("x")
    step = running.step(mine, "update", now=NOW)
    (theirs,) = claim("y", now=NOW + timedelta(minutes=2))

    with pytest.raises(Conflict, match="Another process"):
        running.note(step, {"ordered": True})
    with pytest.raises(Conflict, match="Another process"):
        running.step(mine, "restart", now=NOW)
    with pytest.raises(Conflict, match="Another process"):
        running.end_step(step, now=NOW, is_good=True, told={}, evidence="")
    running.end(mine, "failed", by=system(), now=NOW + timedelta(minutes=3))
    run.refresh_from_db()
    assert (run.state, run.holder) == ("running", "y")

    running.end(theirs, "done", by=system(), now=NOW + timedelta(minutes=4))
    run.refresh_from_db()
    assert run.state == "done"


def test_a_campaign_that_cannot_go_on_is_paused_and_holds_up_no_other(ready, monkeypatch):
    bad, good = (run.campaign for run in (*ready("a"), *ready("b")))
    turned, real = [], driving._turn

    def turn(campaign, **more):
        turned.append(campaign.pk)
        if campaign.pk == bad.pk:
            raise Conflict("Its step was ticked a moment ago.")
        real(campaign, **more)

    monkeypatch.setattr(driving, "_turn", turn)
    driving.turn(by=system(), now=NOW)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert set(turned) == {bad.pk, good.pk}
    assert (bad.state, bad.why) == ("paused", "Its step was ticked a moment ago.")
    assert good.state == "running"


def test_what_holds_no_spare_is_away_all_the_same(ready):
    one, two = ready("db1", "db2")
    shop = make.item("shop", kind="service", criticality=1)
    app = make.item("app", kind="application", criticality=4)
    needs(shop, app)
    needs(app, one.server.item, two.server.item, needed=1)

    assert len(claim()) == 1
    assert "would fall" in ServerRun.objects.get(state="planned").why


def test_who_altered_or_planned_a_campaign_does_not_approve_it(monkeypatch):
    monkeypatch.setattr(time, "now", lambda: MONDAY)
    patchable("web1", criticality=4)
    make.patch_window(
        starts_on=MONDAY.date() - timedelta(days=1),
        starts_time=(MONDAY + timedelta(minutes=30)).time(), minutes=240,
    )  # fmt: skip
    baseline = make.baseline()
    make.ring(baseline=baseline, soak_hours=0)
    ann, bob = make.user("ann", role="engineer"), make.user("bob", role="approver")
    campaign = make.campaign(baseline=baseline, cut_off_at=MONDAY, begins_at=MONDAY, drafted_by=ann)
    services.revise(campaign, by=bob, error_limit=99)
    services.plan(campaign, by=bob)
    planning.draw_up(campaign, by=system(), now=MONDAY, seconds=2)
    campaign.refresh_from_db()
    services.propose(campaign, by=ann)

    with pytest.raises(Conflict, match="neither wrote nor altered"):
        services.approve(campaign, by=bob, digest=campaign.digest[:8])

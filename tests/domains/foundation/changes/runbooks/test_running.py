"""A run step by step: who may, what waits for whom, what alters, and what nobody knows."""

from datetime import timedelta

import pytest

from fullscore.domains.foundation.changes import jobs, services
from fullscore.domains.foundation.changes.models import Change, RunbookRun
from fullscore.domains.foundation.changes.services.runbooks import driving, starting, stepping
from fullscore.domains.foundation.changes.services.runbooks.stepping import TAKEN_OVER
from fullscore.domains.foundation.findings.models import Check
from fullscore.kit import checks
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from tests import make
from tests.domains.foundation.changes.runbooks.conftest import (
    RESTART,
    WITH_UNIT,
    Hand,
    approve,
    last,
)

READING = "## Uptime\n```command\nuptime\nalters: no\n```\n"
BACK = "\n# Way back\n\n## Undo\nPut it back.\n"


# ── starting ───────────────────────────────────────────────────────────────────────────────────


def test_what_has_no_commands_is_run_by_whoever_may_even_unapproved(crew, begin):
    runbook = make.runbook(text="## Look\nAt it.")
    runbook.editions.update(approved_by=None, approved_at=None)

    run = starting.run(runbook, by=crew.ann, item=make.item())

    assert run.state == "running"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"parameters": "unit=a b"}, "“unit” is a name of letters"),
        ({"parameters": "unit=$(id)"}, "“unit” is a name of letters"),
        ({"parameters": "other=x"}, "no parameter “other”"),
        ({"parameters": "unit"}, "gives no value"),
        ({"reference": "incident 99"}, "no trouble"),
    ],
)
def test_values_that_do_not_fit_are_refused(begin, values, told):
    with pytest.raises(Invalid, match=told.replace("$", r"\$")):
        begin(WITH_UNIT, **values)


def test_an_item_whose_name_is_no_word_is_refused_where_commands_are_run(begin):
    strange = make.item("web; reboot")
    make.command_access(item=strange, host_key="ssh-ed25519 AAAA")

    with pytest.raises(Invalid, match="cannot stand in a command"):
        begin(RESTART.replace("{unit}", "x"), item=strange)


def test_who_may_not_see_the_item_or_run_at_all_is_refused(crew, begin, host):
    viewer = make.user("vic", role="viewer")
    elsewhere = make.user("eli")
    make.grant(user=elsewhere, role="engineer", team=make.team("far"))

    for user in (viewer, elsewhere):
        with pytest.raises(NotAllowed, match="may not run"):
            begin(READING, by=user)


@pytest.mark.parametrize(
    ("values", "told"),
    [({"host_key": ""}, "trusted the key"), ({"credential": None}, "has no key")],
    ids=["not trusted", "no key"],
)
def test_without_a_way_in_it_says_what_to_do(begin, host, values, told):
    type(host.command_access).objects.update(**values)

    with pytest.raises(Conflict, match=told):
        begin(READING)
    assert begin(READING, is_dry=True).is_dry


def test_it_is_run_once_at_a_time_for_an_item(crew, begin, host):
    run = begin("## Look\nAt it.")

    with pytest.raises((Conflict, Invalid), match="already"):
        starting.run(run.runbook, by=crew.ann, item=host)
    assert starting.run(run.runbook, by=crew.ann, item=make.item()).state == "running"


# ── looking, asking, waiting ───────────────────────────────────────────────────────────────────


def test_what_is_to_be_read_waits_until_somebody_reads_on(crew, begin, hand):
    run = begin("## Look\nAt it.\n\n## Then\nRest.")

    hand.on(run)
    assert (run.state, run.asks) == ("waiting", "read")
    driving.go_on(run, by=crew.ann, note="Seen")
    hand.on(run)
    driving.go_on(run, by=crew.ann)
    hand.on(run)

    assert (run.state, run.outcome) == ("done", "Every step is done.")
    assert [(s.title, s.state, s.by, s.note) for s in run.steps.all()] == [
        ("Look", "done", crew.ann, "Seen"),
        ("Then", "done", crew.ann, ""),
    ]


def test_an_answer_leads_where_it_says(crew, begin, hand):
    text = "## Up?\n```decision\nask: Is it up?\nyes: end\nno: Last\n```\n## Never\nx\n## Last\ny"
    run = begin(text)
    hand.on(run)

    with pytest.raises(Invalid, match="Answer yes or no"):
        driving.go_on(run, by=crew.otto, answer="perhaps")
    driving.go_on(run, by=crew.otto, answer="No")
    hand.on(run)

    assert [s.title for s in run.steps.all()] == ["Up?", "Last"]
    assert run.steps.first().result == "no"


def test_decisions_in_a_circle_come_to_an_end(crew, begin, hand, monkeypatch):
    monkeypatch.setattr(stepping, "MOST_STEPS", 6)
    run = begin("## Up?\n```decision\nask: Again?\nyes: Up?\nno: end\n```")

    for _ in range(6):
        hand.on(run)
        driving.go_on(run, by=crew.otto, answer="yes")
    hand.on(run)

    assert run.state == "failed"
    assert "circle" in run.outcome


@pytest.fixture
def disk(monkeypatch, db):
    """A check of the disk that says what the test wants."""
    code = checks.known()["servers.disk_filling"]
    said = {}

    def verdicts(scope, limits):
        for item in scope.items or ():
            subject = checks.Subject(item=item)
            if said["bad"] is None:
                yield checks.unknown(subject, why="No facts.")
            elif said["bad"]:
                yield checks.bad(subject, severity=4, title="/var is nearly full")
            else:
                yield checks.good(subject)

    monkeypatch.setattr(type(code), "verdicts", lambda self, scope, limits: verdicts(scope, limits))
    Check.objects.get_or_create(
        ident="servers.disk_filling", defaults={"title": "Disk filling", "every_seconds": 3600}
    )

    def says(bad):
        said["bad"] = bad

    return says


DECIDED = """## Disk
```check
servers.disk_filling
```
## Then
```decision
by: Disk
good: end
bad: Free some
```
## Free some
Delete what is old.
"""


@pytest.mark.parametrize(
    ("bad", "state", "asks", "result"),
    [
        (False, "done", "", "good"),
        (True, "waiting", "read", "bad"),
        (None, "waiting", "failed", ""),
    ],
    ids=["good", "bad", "not known"],
)
def test_a_check_is_run_on_the_item_and_decides(begin, hand, disk, bad, state, asks, result):
    disk(bad)
    run = begin(DECIDED)

    hand.on(run)

    assert (run.state, run.asks) == (state, asks)
    first = run.steps.first()
    assert first.result == result
    assert {False: "nothing wrong", True: "/var is nearly full", None: "cannot be said"}[
        bad
    ] in first.output


@pytest.mark.parametrize(
    ("value", "result", "asks"),
    [(3.0, "good", ""), (9.0, "bad", ""), (None, "", "failed")],
    ids=["fits", "does not", "nothing measured"],
)
def test_a_figure_is_measured_against_its_condition(begin, hand, host, monkeypatch, value, result,
                                                    asks):  # fmt: skip
    metric = make.metric(name="node_load1")
    series = make.series(metric=metric, item=host)
    told = {} if value is None else {series.pk: value}
    asked = {}

    def means(rows, **values):
        asked.update(values, rows=list(rows))
        return told

    monkeypatch.setattr("fullscore.domains.foundation.telemetry.queries.means", means)
    run = begin("## Load\n```query\nmetric: node_load1\nis: < 4\nover: 10 min\ntake: most\n```")

    hand.on(run)

    step = run.steps.first()
    assert (step.result, run.asks) == (result, asks)
    assert asked["rows"] == [series]
    assert (asked["seconds"], asked["function"]) == (600, "max")
    if value:
        assert f"{value:g}" in step.output


def test_a_wait_passes_by_the_clock(begin, hand, clock):
    run = begin("## Pause\n```wait\n2 min\n```")

    hand.on(run)
    assert (run.state, run.asks) == ("waiting", "time")
    clock.after(seconds=100)
    hand.on(run)
    assert run.state == "waiting"
    clock.after(seconds=21)
    hand.on(run)

    assert run.state == "done"


# ── commands ───────────────────────────────────────────────────────────────────────────────────


def test_what_only_reads_needs_nobody(begin, hand, crew):
    run = begin(READING, by=crew.ann)

    hand.answers(hand.on(run), 0, b"up \x1b[31m3 days\x1b[0m\x00\n")
    hand.on(run)

    assert run.state == "done"
    assert run.steps.get().output == "up 3 days\n"
    assert not Change.objects.exists()


def test_what_alters_is_an_emergency_that_another_approves(begin, hand, crew):
    run = begin(WITH_UNIT, parameters="unit=redis")

    assert hand.on(run) is None
    assert (run.state, run.asks) == ("waiting", "approval")
    change = last(run).change
    assert (change.kind, change.state, change.requested_by) == ("emergency", "waiting", crew.otto)
    assert "systemctl restart redis" in change.description
    assert hand.on(run) is None
    with pytest.raises(Conflict, match="Someone else"):
        approve(run, crew.otto)
    approve(run, crew.ada)
    order = hand.on(run)
    assert order.command == "systemctl restart redis"
    hand.answers(order)
    hand.on(run)

    change.refresh_from_db()
    assert run.state == "done"
    assert (change.state, change.result, change.executor) == ("verifying", "good", crew.otto)


def test_a_change_that_went_well_is_finished_when_its_watch_is_over(begin, hand, crew, clock):
    run = begin(WITH_UNIT)
    hand.on(run)
    approve(run, crew.ada)
    hand.answers(hand.on(run))
    hand.on(run)

    jobs.finish_watched()
    assert last(run).change.state == "verifying"
    clock.after(minutes=31)
    jobs.finish_watched()

    change = last(run).change
    assert change.state == "done"
    assert change.review_due_at is not None


def test_whoever_commands_the_incident_needs_no_approval(begin, hand, crew, host):
    make.trouble(item=host, commander=crew.otto, reference="incident 7")
    run = begin(WITH_UNIT, reference="incident 7")

    order = hand.on(run)

    change = last(run).change
    assert order.command == "systemctl restart nginx"
    assert (change.state, change.commanded_for) == ("running", "incident 7")


def test_what_is_approved_beforehand_goes_by_itself(crew, hand, host):
    standard = services.add_standard(by=crew.ann, title="Restart a service", plan="Restart it",
                                     rollback="written", rollback_plan="Start it")  # fmt: skip
    services.approve_standard(standard, by=crew.ada)
    make.approval_policy(name="Standard", kind="standard", needed=0)
    runbook = make.runbook(
        text=WITH_UNIT, standard=standard, written_by=crew.ann, approved_by=crew.ada
    )
    run = starting.run(runbook, by=crew.otto, item=host)

    order = hand.on(run)

    assert order is not None
    assert (last(run).change.kind, last(run).change.state) == ("standard", "running")
    hand.answers(order)
    hand.on(run)
    assert run.state == "done"
    assert last(run).change.result == "good"


def test_who_may_not_alter_hosts_gets_as_far_as_the_altering_step(begin, hand, crew):
    run = begin(READING + RESTART.replace("{unit}", "nginx"), by=crew.ann)

    hand.answers(hand.on(run))
    assert hand.on(run) is None

    assert (run.state, run.asks) == ("waiting", "failed")
    assert "may not alter" in last(run).note
    driving.repeat_step(run, by=crew.otto)
    hand.on(run)
    assert run.asks == "approval"
    assert last(run).change.requested_by == crew.otto


def test_what_was_rejected_is_not_sent(begin, hand, crew):
    run = begin(WITH_UNIT)
    hand.on(run)

    services.reject(last(run).change, by=crew.ada, note="Not now")
    assert hand.on(run) is None

    assert (run.asks, last(run).state) == ("failed", "failed")
    assert "Not now" in last(run).note
    assert last(run).change.state == "abandoned"
    assert hand.orders == []


def test_a_freeze_holds_for_runbooks_too(begin, hand, crew, clock):
    run = begin(WITH_UNIT)
    hand.on(run)
    approve(run, crew.ada)
    make.freeze(starts_at=clock.now, ends_at=clock.now + timedelta(hours=1), name="Sale")

    assert hand.on(run) is None

    assert "“Sale” holds" in last(run).note
    assert run.asks == "failed"


def test_a_right_that_was_taken_away_meanwhile_counts(begin, hand, crew):
    run = begin(READING, by=crew.ann)
    crew.ann.is_active = False
    crew.ann.save()

    assert hand.on(run) is None
    assert "may not run" in last(run).note


def test_a_status_that_is_not_zero_fails_the_step_and_its_change(begin, hand, crew):
    run = begin(WITH_UNIT + BACK)
    hand.on(run)
    approve(run, crew.ada)
    hand.answers(hand.on(run), 5, b"Unit not found.\n")

    run.refresh_from_db()
    step = last(run)
    assert (run.asks, step.state, step.status) == ("failed", "failed", 5)
    assert step.output == "Unit not found.\n"
    assert (step.change.state, step.change.outcome) == (
        "failed",
        "Restart: It ended with status 5.",
    )


def test_what_is_wrong_afterwards_holds_the_run_up(begin, hand, crew, monkeypatch, host):
    run = begin(WITH_UNIT + "\n## Then\nRest.")
    hand.on(run)
    approve(run, crew.ada)
    order = hand.on(run)
    hand.answers(order)
    make.finding(item=host, severity=4, title="It does not answer")

    hand.on(run)

    assert run.asks == "failed"
    assert "It does not answer" in last(run).note
    assert last(run).change.result == "bad"
    driving.skip_step(run, by=crew.otto, note="Known since Monday")
    hand.on(run)
    assert last(run).title == "Then"


def test_the_result_of_a_reading_command_may_decide(begin, hand):
    text = READING + "\n## Then\n```decision\nby: Uptime\ngood: end\nbad: Call\n```\n## Call\nHelp."
    run = begin(text)

    hand.answers(hand.on(run), 3)
    hand.on(run)

    assert [s.result for s in run.steps.all()] == ["bad", "bad", ""]
    assert last(run).title == "Call"


def test_output_is_kept_up_to_64_kib(begin, hand):
    run = begin(READING)

    hand.answers(hand.on(run), 0, "ä".encode() * 60_000)

    assert len(run.steps.get().output.encode()) <= 64 * 1024


# ── who dies, and what nobody knows ────────────────────────────────────────────────────────────


def test_what_read_only_is_done_again_by_another_process(begin, hand, clock):
    run = begin(READING)
    order = hand.on(run)
    assert stepping.send(order, holder=hand.name, now=clock.now)
    clock.after(seconds=TAKEN_OVER.total_seconds() + 1)

    again = Hand(clock, "b" * 32).on(run)

    assert (again.step, again.command) == (order.step, "uptime")
    hand.ends(order, 0, b"too late")
    assert run.steps.get().state == "running"


def test_what_alters_and_was_sent_is_never_sent_again(begin, hand, crew, clock):
    run = begin(WITH_UNIT)
    hand.on(run)
    approve(run, crew.ada)
    order = hand.on(run)
    assert stepping.send(order, holder=hand.name, now=clock.now)
    clock.after(seconds=TAKEN_OVER.total_seconds() + 1)
    other = Hand(clock, "b" * 32)

    assert other.on(run) is None
    assert other.on(run) is None

    assert (run.state, run.asks, last(run).state) == ("waiting", "unknown", "unknown")
    assert last(run).change.state == "running"
    assert other.orders == []
    assert not stepping.send(order, holder=hand.name, now=clock.now)
    hand.ends(order, 0, b"done after all")
    assert "ended with status 0" in last(run).note
    assert last(run).state == "unknown"


def test_what_alters_and_was_not_sent_yet_is_sent_by_another_once(begin, hand, crew, clock):
    run = begin(WITH_UNIT)
    hand.on(run)
    approve(run, crew.ada)
    order = hand.on(run)
    clock.after(seconds=TAKEN_OVER.total_seconds() + 1)
    other = Hand(clock, "b" * 32)

    taken = other.on(run)

    assert taken.step == order.step
    assert not stepping.send(order, holder=hand.name, now=clock.now)
    assert stepping.send(taken, holder=other.name, now=clock.now)
    assert not stepping.send(taken, holder=other.name, now=clock.now)


@pytest.fixture
def unknown(begin, hand, crew):
    """Return a run in which nobody knows whether its command was done."""
    run = begin(WITH_UNIT + BACK)
    hand.on(run)
    approve(run, crew.ada)
    hand.answers(hand.on(run), None, b"half", "The connection broke.")
    run.refresh_from_db()
    assert (run.asks, last(run).output) == ("unknown", "half")
    return run


def test_a_person_says_that_it_was_done(unknown, hand, crew):
    with pytest.raises(Invalid, match="what you saw"):
        driving.skip_step(unknown, by=crew.otto, note=" ")
    driving.skip_step(unknown, by=crew.otto, note="It runs since 10:04")
    hand.on(unknown)

    assert unknown.state == "done"
    assert last(unknown).state == "skipped"
    assert last(unknown).change.state == "verifying"


def test_a_person_says_that_it_was_not_done_and_it_is_approved_anew(unknown, hand, crew):
    first = last(unknown).change
    driving.repeat_step(unknown, by=crew.otto, note="It was not restarted")

    assert hand.on(unknown) is None

    first.refresh_from_db()
    assert first.state == "failed"
    assert unknown.asks == "approval"
    assert last(unknown).change != first


# ── stopping and going back ────────────────────────────────────────────────────────────────────


def test_a_stop_while_it_waits_gives_its_change_up(begin, hand, crew):
    run = begin(WITH_UNIT)
    hand.on(run)

    driving.stop_run(run, by=crew.ann, reason="Wrong host")

    assert (run.state, last(run).state) == ("stopped", "stopped")
    assert run.outcome == f"Stopped by {crew.ann}: Wrong host"
    assert last(run).change.state == "abandoned"
    with pytest.raises(Conflict, match="over"):
        driving.stop_run(run, by=crew.ann, reason="Again")


def test_a_stop_while_it_alters_leaves_it_unknown(begin, hand, crew, clock):
    run = begin(WITH_UNIT)
    hand.on(run)
    approve(run, crew.ada)
    order = hand.on(run)
    stepping.send(order, holder=hand.name, now=clock.now)

    driving.stop_run(run, by=crew.otto, reason="It hangs")
    assert stepping.stopping([run.pk]) == [run.pk]
    hand.on(run)

    assert (run.state, last(run).state) == ("stopped", "unknown")
    assert "at work still" in last(run).note


def test_nothing_is_sent_once_a_stop_was_asked_for(begin, hand, crew, clock):
    run = begin(READING)
    order = hand.on(run)
    driving.stop_run(run, by=crew.otto, reason="No")

    assert not stepping.send(order, holder=hand.name, now=clock.now)
    hand.on(run)
    assert (run.state, last(run).state) == ("stopped", "stopped")


def test_the_way_back_is_gone_from_its_first_step(unknown, hand, crew):
    driving.roll_back_run(unknown, by=crew.otto, reason="It is worse now")
    hand.on(unknown)

    assert (unknown.is_back, last(unknown).title, last(unknown).is_back) == (True, "Undo", True)
    driving.go_on(unknown, by=crew.otto)
    hand.on(unknown)
    assert (unknown.state, unknown.outcome) == ("done", "The way back is done.")
    with pytest.raises(Conflict, match="already"):
        driving.roll_back_run(unknown, by=crew.otto, reason="Again")


def test_without_a_way_back_it_says_so(begin, hand, crew):
    run = begin("## Look\nAt it.")
    hand.on(run)

    with pytest.raises(Conflict, match="no way back"):
        driving.roll_back_run(run, by=crew.otto, reason="x")


# ── dry runs, rates, records ───────────────────────────────────────────────────────────────────


def test_a_dry_run_shows_every_command_and_sends_none(begin, hand, crew, host):
    run = begin(READING + RESTART.replace("{unit}", "{item}")
                + "\n## Pause\n```wait\n1 h\n```", by=crew.ann, is_dry=True)  # fmt: skip

    assert hand.on(run) is None

    assert run.state == "done"
    outputs = [step.output for step in run.steps.all()]
    assert "    uptime" in outputs[0]
    assert "    systemctl restart web-1" in outputs[1]
    assert "a change of its own" in outputs[1]
    assert "would wait 3600 s" in outputs[2]
    assert not Change.objects.exists()
    with pytest.raises(Conflict, match="altered nothing"):
        driving.roll_back_run(run, by=crew.ann, reason="x")
    with pytest.raises(Conflict, match="real run"):
        driving.rate_run(run, by=crew.ann, helped="yes")


def test_each_step_is_in_the_audit_under_whoever_did_it(begin, hand, crew):
    run = begin(WITH_UNIT)
    hand.on(run)
    approve(run, crew.ada)
    hand.answers(hand.on(run))
    hand.on(run)

    told = AuditEntry.objects.filter(noun__startswith="changes.").order_by("n")
    verbs = [(entry.noun, entry.verb, entry.by) for entry in told]
    assert ("changes.runbookrun", "run", crew.otto) in verbs
    assert ("changes.change", "start_emergency", crew.otto) in verbs
    assert ("changes.runbooksteprun", "step done", system()) in verbs
    assert ("changes.runbookrun", "done", system()) in verbs


def test_two_processes_share_the_runs(begin, clock, crew):
    run = begin("## Look\nAt it.")

    first = stepping.claim(by=system(), holder="a", most=5, now=clock.now)
    second = stepping.claim(by=system(), holder="b", most=5, now=clock.now)

    assert (first, second) == ([run.pk], [])
    assert RunbookRun.objects.get(pk=run.pk).holder == "a"

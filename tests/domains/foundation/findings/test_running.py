"""Checks that run: leases, failures, settings, holding and letting go."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fullscore.domains.foundation.findings import jobs, services
from fullscore.domains.foundation.findings.checks import check_failing
from fullscore.domains.foundation.findings.models import Blind, Check, CheckRun, Finding
from fullscore.domains.foundation.findings.queries import failing_checks
from fullscore.domains.foundation.findings.services.running import LEASE, due_checks
from fullscore.kit import checks as kit
from fullscore.kit.checks import Limits, Scope, Subject, bad, good, graded, rule
from fullscore.kit.errors import Conflict, Invalid, Problem
from fullscore.kit.models.user import system


@rule(
    "tests.filling", title="Full", why="It stops.", source="Ours.", fix="Clean up.",
    every=timedelta(minutes=5), limits={"medium": 50, "high": 90},
)  # fmt: skip
def filling(figures, *, now, limits):
    for item, figure in figures:
        if figure is None:
            raise RuntimeError("no figure")
        yield graded(Subject(item=item), figure, limits.of(item), title=f"{figure} % full")


@pytest.fixture
def figures():
    """The figures the check reads: item → percent."""
    return {}


@pytest.fixture
def check(db, clock, figures):
    def read(scope):
        return [(i, f) for i, f in figures.items() if scope.items is None or i in scope.items]

    before = list(kit.known().values())
    kit.are([filling.reading(read)])
    services.list_checks(by=system())
    yield Check.objects.get(ident="tests.filling")
    kit.are(before)


def test_the_list_of_checks_follows_the_code(check):
    check.title = "Old words"
    check.save()

    services.list_checks(by=system())

    check.refresh_from_db()
    assert (check.title, check.every_seconds, check.limits) == (
        "Full", 300, {"medium": 50, "high": 90}
    )  # fmt: skip


def test_a_check_that_is_due_is_given_out_once(check, clock):
    first, second = list(due_checks(clock.now)), list(due_checks(clock.now))

    assert (first, second) == ([check], [])


def test_two_workers_that_saw_it_due_at_once_do_not_both_get_it(check, clock):
    one, other = due_checks(clock.now), due_checks(clock.now)

    assert [*one, *other] == [check]


def test_a_run_that_died_is_tried_again_after_its_lease(check, clock):
    list(due_checks(clock.now))

    clock.after(minutes=4)
    assert list(due_checks(clock.now)) == []
    clock.after(minutes=1)
    assert timedelta(minutes=5) == LEASE
    assert list(due_checks(clock.now)) == [check]


def test_a_check_that_ran_is_due_after_its_interval(check, clock, figures, item):
    figures[item.pk] = 95
    jobs.run_due.call() if hasattr(jobs.run_due, "call") else services.run(check, by=system())

    check.refresh_from_db()
    assert check.next_at == clock.now + timedelta(minutes=5)
    assert check.last_state == "done"
    assert Finding.objects.get().severity == 4


def test_what_is_switched_off_or_unknown_to_the_code_is_not_due(check, clock):
    Check.objects.create(ident="tests.forgotten", title="Old", every_seconds=60)
    services.disable(check, by=system(), reason="Too loud")

    assert list(due_checks(clock.now)) == []
    with pytest.raises(Conflict, match="switched off"):
        services.run(check, by=system())


def test_a_check_that_raises_fails_alone_and_closes_nothing(check, clock, figures, item, items):
    figures[item.pk] = 95
    services.run(check, by=system())
    figures[items[0].pk] = None

    with pytest.raises(Problem, match="no figure"):
        services.run(check, by=system())

    assert Finding.objects.get().state == "open"
    assert CheckRun.objects.latest("pk").state == "failed"
    check.refresh_from_db()
    assert check.last_state == "failed"


def test_verdicts_that_cannot_be_stored_fail_the_run_and_nothing_else(check, clock, item):
    nonsense = bad(Subject(item=item.pk), severity=-1, title="Better than well")
    kit.are([replace(kit.known()[check.ident], judge=lambda facts, *, now, limits: [nonsense])])

    run = services.run_check(check, by=system())

    assert run.state == "failed"
    assert not Finding.objects.exists()


def test_a_verdict_on_an_item_that_is_gone_opens_nothing(check, clock, figures):
    figures[10**9] = 95

    run = services.run_check(check, by=system())

    assert run.state == "done"
    assert not Finding.objects.exists()


def test_a_failing_check_is_itself_found(check, clock, figures, item):
    figures[item.pk] = None
    services.run_check(check, by=system())

    (verdict,) = check_failing.judge(
        failing_checks(Scope(clock.now)), now=clock.now, limits=Limits({})
    )

    assert verdict.outcome == "bad"
    assert "no figure" in verdict.evidence[0]["error"]


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        pytest.param([], 3, id="none"),
        pytest.param([("", "medium=80")], None, id="for everything"),
        pytest.param([("", "medium=80"), ("kind=host", "medium=10")], 3, id="the kind wins"),
        pytest.param([("kind=host", "high=60"), ("name=web1", "high=99")], 3, id="the item wins"),
        pytest.param([("kind=vm", "medium=99")], 3, id="another kind says nothing"),
    ],
)
def test_the_narrowest_limit_holds(check, clock, figures, item, settings, outcome):
    for selector, limits in settings:
        services.tune(check, by=system(), reason="Ours", selector=selector, limits=limits)
    figures[item.pk] = 70

    services.run(check, by=system())

    severity = Finding.objects.values_list("severity", flat=True).first()
    assert severity == outcome


def test_another_severity_or_silence_for_some_items(check, clock, figures, item, items):
    services.tune(check, by=system(), reason="Harmless", selector="name=web1", severity=1)
    services.tune(check, by=system(), reason="A test", selector="name=host1", is_enabled=False)
    figures.update({item.pk: 95, items[0].pk: 95, items[1].pk: 95})

    services.run(check, by=system())

    found = dict(Finding.objects.values_list("item__name", "severity"))
    assert found == {"web1": 1, "host0": 4}


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        pytest.param("colour=3", "no limit of this check", id="unknown"),
        pytest.param("high=lots", "name=number", id="no number"),
        pytest.param("high=nan", "name=number", id="not a number at all"),
    ],
)
def test_a_limit_that_is_none_is_refused(check, limits, said):
    with pytest.raises(Invalid, match=said):
        services.tune(check, by=system(), reason="Ours", limits=limits)


def test_a_held_run_closes_when_released(check, clock, figures, items):
    figures.update({one.pk: 95 for one in items})
    services.run(check, by=system())
    figures.update({one.pk: 5 for one in items})
    clock.after(minutes=5)
    held = services.run(check, by=system())
    assert (held.state, Finding.objects.live().count()) == ("held", 30)

    done = services.release(held, by=system(), note="Cleaned up everywhere")

    assert (done.state, Finding.objects.live().count()) == ("done", 0)
    held.refresh_from_db()
    assert held.state == "released"
    with pytest.raises(Conflict, match="held"):
        services.release(done, by=system())


def test_a_figure_that_is_none_is_a_blind_spot(check, clock, figures, item):
    figures[item.pk] = float("nan")

    services.run(check, by=system())

    assert Blind.objects.get().item == item


def test_the_worst_limit_passed_decides():
    subject, limits = Subject(item=1), {"low": 1, "medium": 2, "critical": 4}

    def judged(figure, worse="above"):
        return graded(subject, figure, limits, title="x", worse=worse)

    assert [judged(f).severity for f in (1, 1.5, 3, 5)] == [0, 2, 3, 5]
    assert judged(1) == good(subject, figure=1, limit=1)
    assert judged(0, "below") == bad(subject, severity=5, title="x", figure=0, limit=4)

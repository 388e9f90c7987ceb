"""What is found wrong with how changes are made: pure, a row a case; and what the checks read."""

from datetime import UTC, datetime, timedelta

import pytest

from fullscore.domains.foundation.changes import checks
from fullscore.domains.foundation.changes.facts import Altered, Ended, Repeated
from fullscore.domains.foundation.changes.queries import standing
from fullscore.domains.infrastructure.servers.models import Facts
from fullscore.domains.infrastructure.servers.queries import altered
from fullscore.kit import history
from fullscore.kit.audit import recorded
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.models.user import system
from tests import make

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def ended(due_days):
    due_at = None if due_days is None else NOW + due_days * DAY
    return Ended(1, "New disk", 2, NOW - 9 * DAY, due_at, 3)


@pytest.mark.parametrize(
    ("check", "fact", "outcomes"),
    [
        pytest.param(checks.unreviewed, ended(-1), ["bad"], id="the review is late"),
        pytest.param(checks.unreviewed, ended(1), ["good"], id="the review is not due yet"),
        pytest.param(checks.unreviewed, ended(None), [], id="it needs no review"),
        pytest.param(
            checks.failed_twice, Repeated(1, "db1", "normal", 2, (4, 5)), ["bad"], id="twice"
        ),
        pytest.param(
            checks.failed_twice, Repeated(1, "db1", "normal", 1, (4,)), ["good"], id="once"
        ),
        pytest.param(
            checks.unrecorded,
            Altered(1, "db1", "packages", NOW, "nginx", None),
            ["bad"],
            id="outside any change",
        ),
        pytest.param(
            checks.unrecorded,
            Altered(1, "db1", "packages", NOW, "nginx", 7),
            ["good"],
            id="inside a change",
        ),
    ],
)
def test_what_is_found(check, fact, outcomes):
    told = check.judge([fact], now=NOW, limits=Limits(check.limits))

    assert [verdict.outcome for verdict in told] == outcomes


def test_failures_are_counted_by_item_and_kind(db, clock):
    one, two = make.item("db1"), make.item("db2")
    over = {"ended_at": clock.now - DAY, "points": 1, "band": "low", "outcome": "No."}
    make.change(items=[one], state="failed", **over)
    make.change(items=[one], state="rolled_back", **over)
    make.change(items=[two], state="failed", **over)
    make.change(items=[one], state="failed", **over | {"ended_at": clock.now - 91 * DAY})

    told = {row.name: row.failed for row in standing.repeated(Scope(clock.now))}

    assert told == {"db1": 2, "db2": 1}


@pytest.fixture
def patched(db, clock):
    """Let a host tell one package first and, a day later, two."""
    facts = make.facts(section="packages", content=[])
    for names in (["bash"], ["bash", "nginx"]):
        clock.after(days=1)
        with recorded(facts, "tell", by=system()):
            facts.content = [{"name": n, "architecture": "all", "version": "1"} for n in names]
    return facts


def test_what_was_altered_outside_any_change_is_told(patched, clock):
    assert list(altered(Scope(clock.now))) == []  # nobody controls changes here
    make.change()

    (told,) = altered(Scope(clock.now))

    assert (told.item, told.what, told.change) == (patched.server.item_id, "packages", None)
    assert "nginx" in told.told
    assert history.versions_of(Facts).count() == 2


def test_what_was_altered_in_a_change_is_told_with_it(patched, clock):
    change = make.change(
        items=[patched.server.item],
        state="done",
        is_recorded=True,
        started_at=clock.now - timedelta(hours=1),
        ended_at=clock.now - timedelta(minutes=5),
    )

    (told,) = altered(Scope(clock.now))

    assert told.change == change.pk


@pytest.mark.parametrize(
    ("path", "changed", "told"),
    [
        ("/etc/systemd/system/shop.service", {"path_changed_at": 2.0}, True),
        ("/etc/systemd/system/shop.service", {"enabled": "disabled"}, True),
        ("/etc/systemd/system/shop.service", {"active": "failed", "sub": "failed"}, False),
        ("/usr/lib/systemd/system/shop.service", {"path_changed_at": 2.0}, False),
    ],
    ids=["the file", "enabled", "its state", "a package's"],
)
def test_a_unit_of_ones_own_that_was_altered_is_told_its_state_is_not(
    db, clock, path, changed, told
):
    make.change()
    facts = make.facts(section="units", content=[])
    unit = {"name": "shop.service", "path": path, "path_changed_at": 1.0, "enabled": "enabled",
            "active": "active", "sub": "running", "user": "root"}  # fmt: skip
    for content in ([unit], [{**unit, **changed}]):
        clock.after(days=1)
        with recorded(facts, "tell", by=system()):
            facts.content = content

    assert ["shop.service" in one.told for one in altered(Scope(clock.now))] == [True] * told

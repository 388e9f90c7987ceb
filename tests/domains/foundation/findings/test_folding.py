"""One condition, one row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.domains.foundation.estate import services as estate_services
from fullscore.domains.foundation.estate.queries import needs as estate
from fullscore.domains.foundation.findings import jobs, services
from fullscore.domains.foundation.findings.models import Event, Finding
from fullscore.engines import graph
from fullscore.kit import checks as kit
from fullscore.kit.checks import rule
from fullscore.kit.models import AuditEntry, Notification
from fullscore.kit.models.user import system
from tests import make


def _rule(ident, **more):
    return rule(ident, title="T", why="W", source="S", fix="F", **more)(lambda rows: ())


@pytest.fixture(autouse=True)
def known():
    """Let there be four checks: one of outage, two of units, one that stands by itself."""
    before = dict(kit.known())
    kit.are([
        _rule("tests.silent", is_outage=True), _rule("tests.failed"), _rule("tests.alone"),
        _rule("tests.restarting", follows=["tests.failed"]),
    ])  # fmt: skip
    yield {ident: make.check(ident=ident) for ident in kit.known()}
    kit.are(list(before.values()))


pytestmark = pytest.mark.django_db


def needs(upper, *lower, needed=None):
    for item in lower:
        estate_services.require(upper, by=system(), to=item, name="power", needed=None)
    if needed is not None:
        estate_services.require(upper, by=system(), to=lower[0], name="power", needed=needed)


def causes():
    services.fold(by=system())
    rows = Finding.objects.filter(because_of__isnull=False)
    return {(str(f.item), f.key): str(f.because_of.item) for f in rows}


def test_what_depends_on_a_host_that_is_out_of_reach_is_folded_under_it(known):
    head, guest, leaf = make.item("head"), make.item("guest"), make.item("leaf")
    needs(guest, head)
    needs(leaf, guest)
    for item in (leaf, guest, head):
        make.finding(check_of=known["tests.silent"], item=item)

    assert causes() == {("guest", ""): "head", ("leaf", ""): "head"}
    assert AuditEntry.objects.filter(verb="fold").count() == 2


def test_a_spare_is_not_a_cause(known):
    one, two, service = make.item("one"), make.item("two"), make.item("service")
    needs(service, one, two, needed=1)
    for item in (one, service):
        make.finding(check_of=known["tests.silent"], item=item)

    assert causes() == {}


def test_of_two_that_need_each_other_the_older_is_the_cause(known):
    one, two = make.item("one"), make.item("two")
    needs(one, two)
    needs(two, one)
    for item in (two, one):
        make.finding(check_of=known["tests.silent"], item=item)

    assert causes() == {("two", ""): "one"}


def test_only_what_is_out_of_reach_takes_others_along(known):
    head, guest = make.item("head"), make.item("guest")
    needs(guest, head)
    make.finding(check_of=known["tests.alone"], item=head)
    make.finding(check_of=known["tests.silent"], item=guest)

    assert causes() == {}


def test_a_check_that_follows_from_another_is_folded_where_both_speak_of_the_same(known):
    host, other = make.item("host"), make.item("other")
    make.finding(check_of=known["tests.failed"], item=host, key="a.service")
    make.finding(check_of=known["tests.restarting"], item=host, key="a.service")
    make.finding(check_of=known["tests.restarting"], item=host, key="b.service")
    make.finding(check_of=known["tests.restarting"], item=other, key="a.service")

    assert causes() == {("host", "a.service"): "host"}


def test_a_consequence_stands_by_itself_once_its_cause_is_closed_and_is_told(known, clock):
    team = make.team("unix")
    ann = make.user("ann", role="engineer")
    make.membership(team=team, person=make.person(user=ann))
    host = make.item("host", owner=team)
    cause = make.finding(check_of=known["tests.failed"], item=host, owner=team, severity=4)
    after = make.finding(check_of=known["tests.restarting"], item=host, owner=team, severity=4)

    jobs.notify_opened([cause.pk, after.pk])

    after.refresh_from_db()
    assert after.because_of == cause
    assert [n.title for n in Notification.objects.filter(user=ann)] == [cause.title]

    Finding.objects.filter(pk=cause.pk).update(state="closed", closed_at=clock.now)
    jobs.unfold([cause.pk])

    after.refresh_from_db()
    assert after.because_of is None
    assert [e.kind for e in Event.objects.filter(finding=after).order_by("pk")] == [
        "folded", "unfolded",
    ]  # fmt: skip
    assert Notification.objects.filter(user=ann, title=after.title).exists()


def test_what_is_worse_than_its_cause_is_told_all_the_same(known):
    team = make.team("unix")
    ann = make.user("ann", role="engineer")
    make.membership(team=team, person=make.person(user=ann))
    host = make.item("host", owner=team)
    make.finding(check_of=known["tests.failed"], item=host, owner=team, severity=3)
    after = make.finding(check_of=known["tests.restarting"], item=host, owner=team, severity=5)

    jobs.notify_opened([after.pk])

    assert Notification.objects.filter(user=ann, title=after.title).exists()


def test_folding_again_changes_nothing(known):
    host = make.item("host")
    for ident in ("tests.failed", "tests.restarting"):
        make.finding(check_of=known[ident], item=host)
    services.fold(by=system())
    entries = AuditEntry.objects.count()

    assert services.fold(by=system()) == []
    assert AuditEntry.objects.count() == entries


@given(st.data())
def test_causes_never_run_in_a_circle_and_each_alone_brings_its_consequence_down(data):
    nodes = data.draw(st.integers(2, 7))
    place = st.integers(0, nodes - 1)
    edges = data.draw(st.lists(st.tuples(place, place), max_size=12))
    upper, lower = np.array(edges, dtype=np.int32).reshape(-1, 2).T
    needed = np.ones(len(edges), dtype=np.int32)
    each = np.arange(len(edges), dtype=np.int32)
    built = graph.build(graph.Dependencies(nodes, upper, needed, each, lower))
    names = [f"n{n}" for n in range(nodes)]
    compiled = estate.Estate(built, dict(enumerate(range(nodes))), list(range(nodes)), names)
    failed = data.draw(st.sets(place, min_size=1))

    told = estate.brought_down(failed, estate=compiled)

    assert told.keys() <= failed
    for node, cause in told.items():
        assert node in graph.impact(compiled.graph, [cause]).down
        assert cause not in told

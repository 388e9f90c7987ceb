"""Which runbooks fit: by the names of alerts, by what ended the like, by kind of item."""

import pytest

from fullscore.domains.foundation.changes.models import RunbookRun
from fullscore.domains.foundation.changes.queries.suggesting import Rate, rates, suggested
from tests import make
from tests.make import AT


def ended(runbook, state="done", helped=None, **values):
    return make.runbook_run(runbook=runbook, state=state, ended_at=AT, helped=helped, **values)


def names(found):
    return [one.runbook.title for one in found]


@pytest.fixture
def ann(db):
    return make.user("ann", role="engineer")


def test_an_alert_that_is_named_says_more_than_the_kind_of_item(ann):
    host = make.item("web-1", kind="host")
    make.runbook("hosts", selector="kind=host")
    make.runbook("disks", alerts="Disk*\nVolume full")
    make.runbook("others", alerts="Load*")

    found = suggested(ann, items=[host.pk], names=["disk of web-1 nearly full"])

    assert names(found) == ["disks", "hosts"]
    assert found[0].reasons == ("answers “disk of web-1 nearly full”",)
    assert (found[1].item, found[1].reasons) == (host, ("is for kind=host",))


def test_what_is_for_other_items_is_not_suggested(ann):
    make.runbook("databases", selector="kind=database", alerts="*")

    assert suggested(ann, items=[make.item(kind="host").pk], names=["Disk full"]) == []


def test_what_ended_the_like_is_suggested_with_its_rate(ann):
    runbook = make.runbook("restart")
    ended(runbook, reference="incident 3")
    ended(runbook, reference="incident 4")
    ended(runbook, "failed", reference="incident 4")
    ended(runbook, reference="incident 5", helped=False)

    (one,) = suggested(ann, items=[], references=["incident 3", "incident 4", "incident 5"])

    assert one.reasons == ("ended 2 like it",)
    assert (one.rate, str(one.rate)) == (Rate(2, 4), "2 of 4 runs helped")


def test_of_two_that_fit_alike_the_one_that_helped_stands_first(ann):
    worse, better = (make.runbook(name, alerts="Disk*") for name in ("a", "b"))
    ended(worse, "failed")
    ended(better)

    assert names(suggested(ann, items=[], names=["Disk full"])) == ["b", "a"]


@pytest.mark.parametrize(
    ("state", "helped", "rate"),
    [
        ("done", None, Rate(1, 1)),
        ("done", False, Rate(0, 1)),
        ("failed", None, Rate(0, 1)),
        ("failed", True, Rate(1, 1)),
        ("stopped", None, None),
        ("stopped", False, Rate(0, 1)),
    ],
)
def test_how_a_run_counts(ann, state, helped, rate):
    runbook = make.runbook()
    ended(runbook, state, helped)

    assert rates([runbook.pk]).get(runbook.pk) == rate


def test_dry_runs_and_those_under_way_do_not_count(ann):
    runbook = make.runbook()
    ended(runbook, is_dry=True)
    make.runbook_run(runbook=runbook)

    assert rates([runbook.pk]) == {}
    assert RunbookRun.objects.count() == 2


def test_what_is_not_offered_is_not_suggested(ann):
    make.runbook(alerts="*", is_offered=False)

    assert suggested(ann, items=[], names=["x"]) == []

"""Where the record and the world differ, a person is asked once."""

from datetime import timedelta

import pytest

from fullscore.domains.foundation.estate import authority, queries, services
from fullscore.domains.foundation.estate.checks import difference_old
from fullscore.domains.foundation.estate.models import Difference, Identifier
from fullscore.engines.identity import Word
from fullscore.kit import time
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db


def sees(item, name, now=make.AT):
    source = services.source_of("probe", "probe", by=system())
    services.compare(item, {"name": name, "owner": "x"}, by=system(), source=source, now=now)
    return list(Difference.objects.filter(item=item).order_by("pk"))


@pytest.mark.parametrize(
    ("recorded", "seen", "agrees"),
    [
        pytest.param("web1", "WEB1", True, id="case"),
        pytest.param("web1", "web1.example.org", True, id="full name seen"),
        pytest.param("web1.example.org", "web1", True, id="full name recorded"),
        pytest.param("web1", "web10", False, id="only begins alike"),
        pytest.param("web1", "web2", False, id="another"),
    ],
)
def test_a_name_agrees_with_its_full_form(recorded, seen, agrees):
    assert authority.agrees("name", recorded, seen) is agrees


def test_another_name_opens_one_difference_however_often_it_is_seen():
    item = make.item("web1")

    sees(item, "web2")
    entries = AuditEntry.objects.count()
    told = sees(item, "web2")

    assert [(d.attribute, d.intended, d.actual, d.state) for d in told] == [
        ("name", "web1", "web2", "open")
    ]
    assert AuditEntry.objects.count() == entries


def test_what_agrees_again_is_gone():
    item = make.item("web1")
    sees(item, "web2")

    assert [d.state for d in sees(item, "web1")] == ["gone"]


def test_what_is_accepted_is_written_into_the_record():
    item, ann = make.item("web1"), make.user("ann")
    (difference,) = sees(item, "web2")

    services.accept(difference, by=ann, note="Renamed on Monday")

    item.refresh_from_db()
    assert (item.name, difference.state) == ("web2", "accepted")
    assert AuditEntry.objects.filter(verb="change", noun="estate.item", by=ann).exists()
    assert [d.state for d in sees(item, "web2")] == ["accepted"]


def test_what_is_rejected_stays_so_until_something_else_is_seen():
    item = make.item("web1")
    (difference,) = sees(item, "web2")
    services.reject(difference, by=make.user(), note="The record is right")

    assert [d.state for d in sees(item, "web2")] == ["rejected"]
    assert [(d.state, d.actual) for d in sees(item, "web3")] == [("open", "web3")]


def test_what_is_ignored_is_asked_again_on_its_day():
    item, now = make.item("web1"), time.now()
    (difference,) = sees(item, "web2", now)
    services.ignore(difference, by=make.user(), until=now.date() + timedelta(days=7))

    assert [d.state for d in sees(item, "web2", now + timedelta(days=6))] == ["ignored"]
    assert [d.state for d in sees(item, "web2", now + timedelta(days=7))] == ["open"]


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_difference_is_ignored_for_a_year_at_most(days):
    difference = make.difference()

    with pytest.raises(Invalid, match="coming year"):
        services.ignore(difference, by=make.user(), until=time.now().date() + timedelta(days=days))


def test_what_is_decided_is_decided():
    difference = make.difference(state="accepted")

    for decide in (services.accept, services.reject):
        with pytest.raises(Conflict, match="nothing to decide"):
            decide(difference, by=make.user(), note="x")


def told(item, *words):
    source = services.source_of("probe", "probe", by=system())
    seen = services.Told(f"server {item.pk}", item.name, words=words, item=item)
    services.record_batch(source, [seen], by=system(), now=make.AT)


def test_a_clone_takes_no_identity_from_its_original():
    original, clone = make.item("web1"), make.item("web2")
    make.identifier(item=original, kind="machine_id", value="abc")

    for _ in range(2):
        told(clone, Word("machine_id", "abc"), Word("cloud_id", "u2"))

    difference = Difference.objects.get()
    assert (difference.item, difference.attribute) == (clone, "identity")
    assert difference.actual["because"] == ["machine id abc (web1)"]
    assert list(Identifier.objects.filter(item=clone).values_list("value", flat=True)) == ["u2"]
    with pytest.raises(Conflict, match="systemd-machine-id-setup"):
        services.accept(difference, by=make.user())


def test_a_clone_with_an_identity_of_its_own_is_in_dispute_no_more():
    original, clone = make.item("web1"), make.item("web2")
    make.identifier(item=original, kind="machine_id", value="abc")
    for word in ("abc", "def"):
        told(clone, Word("machine_id", word))

    assert Difference.objects.get().state == "gone"


@pytest.mark.parametrize(
    ("days", "outcome"), [pytest.param(15, "bad", id="old"), pytest.param(13, "good", id="fresh")]
)
def test_what_nobody_decides_becomes_a_finding(days, outcome):
    make.difference(first_seen_at=make.AT - timedelta(days=days))
    make.difference(state="rejected", first_seen_at=make.AT - timedelta(days=90))

    rows = queries.disputed(Scope(make.AT))
    told = list(difference_old.judge(rows, now=make.AT, limits=Limits(difference_old.limits)))

    assert [v.outcome for v in told] == [outcome]

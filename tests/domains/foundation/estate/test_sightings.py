"""What sources see: matched, proposed, disputed or a candidate, and what a person says of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fullscore.domains.foundation.access.services import grants
from fullscore.domains.foundation.estate import checks, queries, services
from fullscore.domains.foundation.estate.models import Claim, Difference, Identifier, Item, Sighting
from fullscore.domains.foundation.estate.resources import ITEM
from fullscore.domains.foundation.estate.services import Told
from fullscore.domains.foundation.estate.services.differences import compare
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.engines.identity import Word
from fullscore.kit import history, time
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.errors import Conflict, NotAllowed
from fullscore.kit.models import AuditEntry, User
from fullscore.kit.models.user import system
from fullscore.kit.perform import perform
from tests import make

pytestmark = pytest.mark.django_db
U1, U2 = "4c4c4544-0043-3510-8053-b7c04f4e3233", "a1b2c3d4-0043-3510-8053-b7c04f4e3233"


def uuid(value=U1):
    return Word("system_uuid", value)


def sees(*told, source=None, now=make.AT):
    return services.record_batch(source or make.source(), told, by=system(), now=now)


def host(item, *words):
    for kind, value, *vendor in words:
        make.identifier(item=item, kind=kind, value=value, vendor="".join(vendor))
    return item


def test_what_has_a_known_uuid_is_that_item_and_teaches_it():
    item = host(make.item("web1"), ("system_uuid", U1))

    batch = sees(Told("h1", "web1", words=[uuid(), Word("fqdn", "web1.example.org")],
                      values={"os": "debian", "owner": "nobody"}))  # fmt: skip

    item.refresh_from_db()
    assert batch.counts == {
        "matched": 1, "disputed": 0, "proposed": 0, "candidate": 0, "dismissed": 0,
        "unchanged": 0,
    }  # fmt: skip
    assert item.attributes == {"os": "debian"}
    assert item.seen_at == make.AT
    assert set(item.identifiers.values_list("kind", flat=True)) == {"system_uuid", "fqdn"}
    assert set(Claim.objects.values_list("attribute", "value")) == {
        ("os", "debian"), ("owner", "nobody"),
    }  # fmt: skip


def test_nothing_known_is_a_candidate_and_no_item():
    sees(Told("h1", "new1", words=[uuid()]))

    assert not Item.objects.exists()
    assert Sighting.objects.get().outcome == "candidate"


def test_a_source_that_takes_in_what_is_new_makes_items_told_apart_by_name():
    source = make.source(accepts_new=True)

    batch = sees(Told("h1", "new1", words=[uuid()], values={"os": "debian"}),
                 Told("h2", "new1", words=[uuid(U2)]), source=source)  # fmt: skip

    assert batch.matched == 2
    assert set(Item.objects.values_list("name", flat=True)) == {"new1", "new1 (h2)"}
    assert Item.objects.get(name="new1").attributes == {"os": "debian"}
    assert AuditEntry.objects.filter(noun="estate.item", verb="add").count() == 2
    assert not Difference.objects.exists()


def test_a_source_that_sees_another_kind_asks():
    host(make.item("web1"), ("system_uuid", U1))

    sees(Told("h1", "web1", kind="vm", words=[uuid()]))

    told = Difference.objects.get()
    assert (told.attribute, told.intended, told.actual) == ("kind", "host", "vm")


def test_what_is_told_unchanged_writes_its_time_and_nothing_else():
    source = make.source()
    for number in range(6):
        host(make.item(f"web{number}"), ("machine_id", f"m{number}a"))
    told = [
        Told(f"h{n}", f"web{n}", words=[Word("machine_id", f"m{n}a")], values={"os": "debian"})
        for n in range(6)
    ]
    sees(*told, source=source)
    entries = AuditEntry.objects.count()
    versions = history.versions_of(Item).count()
    later = make.AT + timedelta(minutes=15)

    with CaptureQueriesContext(connection) as asked:
        batch = sees(*told, source=source, now=later)

    written = [q["sql"] for q in asked if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert batch.unchanged == 6
    assert len(written) == 3, written  # sightings, items, the source's time
    assert (AuditEntry.objects.count(), history.versions_of(Item).count()) == (entries, versions)
    assert set(Sighting.objects.values_list("seen_at", flat=True)) == {later}
    assert set(Item.objects.values_list("seen_at", flat=True)) == {later}


def test_a_record_that_was_altered_is_compared_anew():
    source, item = make.source(), host(make.item("web1"), ("system_uuid", U1))
    told = Told("h1", "web1", words=[uuid()])
    sees(told, source=source)

    services.change(item, by=make.user(), name="db1")
    sees(told, source=source)

    assert list(Difference.objects.values_list("attribute", "intended", "actual")) == [
        ("name", "db1", "web1")
    ]


def test_a_cloned_machine_is_disputed_and_nothing_is_written():
    item = host(make.item("web1"), ("system_uuid", U1), ("machine_id", "m1ab"))

    sees(Told("h2", "web2", words=[uuid(U2), Word("machine_id", "m1ab")], values={"os": "x"}))

    seen, difference = Sighting.objects.get(), Difference.objects.get()
    assert (seen.outcome, seen.item, seen.proposed) == ("disputed", None, item)
    assert (difference.item, difference.attribute, difference.state) == (item, "identity", "open")
    assert any("contradicts" in why for why in difference.actual["because"])
    assert not Claim.objects.exists()
    assert item.identifiers.count() == 2


def test_a_clone_that_a_person_adopts_is_a_thing_of_its_own():
    item = host(make.item("web1"), ("system_uuid", U1), ("machine_id", "m1ab"))
    source = make.source()
    told = Told("h2", "web2", words=[uuid(U2), Word("machine_id", "m1ab")])
    sees(told, source=source)

    services.adopt(Sighting.objects.get(), by=make.user())
    sees(told, source=source)

    clone = Item.objects.get(name="web2")
    assert set(clone.identifiers.values_list("value", flat=True)) == {U2}
    assert set(item.identifiers.values_list("value", flat=True)) == {U1, "m1ab"}
    assert Difference.objects.get(item=item).state == "gone"


def test_two_in_one_batch_with_the_same_identity_are_one_thing():
    host(make.item("web1"), ("system_uuid", U1))

    sees(Told("a", "web1", words=[uuid(), Word("cloud_id", "i-0a1b")]),
         Told("b", "web1", words=[Word("cloud_id", "i-0a1b")]))  # fmt: skip

    assert set(Sighting.objects.values_list("outcome", "item__name")) == {("matched", "web1")}


def test_a_weak_likeness_is_proposed_and_confirmed_by_a_person():
    item = host(make.item("web1"), ("fqdn", "web1.example.org"))
    sees(Told("h1", "web1", words=[Word("fqdn", "web1.example.org"), uuid()]))
    seen = Sighting.objects.get()
    assert (seen.outcome, seen.proposed, seen.item) == ("proposed", item, None)

    services.confirm(seen, by=make.user())

    assert (Sighting.objects.get().outcome, Sighting.objects.get().item) == ("matched", item)
    assert item.identifiers.filter(value=U1).exists()


def test_what_is_dismissed_stays_quiet_however_it_changes():
    source = make.source()
    sees(Told("h1", "printer", words=[uuid()]), source=source)
    services.dismiss(Sighting.objects.get(), by=make.user(), note="A guest's")

    sees(Told("h1", "printer 2", words=[uuid(U2)]), source=source)

    assert (Sighting.objects.get().outcome, Sighting.objects.get().name) == (
        "dismissed", "printer 2",
    )  # fmt: skip


def test_a_key_seen_on_a_third_item_is_shared_by_all():
    key = Word("ssh_key", "sha256:abc")
    items = [make.item(f"web{n}") for n in range(3)]

    sees(*(Told(f"h{n}", item.name, words=[key], item=item) for n, item in enumerate(items)))

    assert list(Identifier.objects.values_list("is_shared", flat=True)) == [True, True, True]


def test_a_word_of_a_retired_item_is_free_for_what_stands_in_its_place():
    old = host(make.item("web1", state="retired"), ("system_uuid", U1))
    new = make.item("web2")

    sees(Told("h1", "web2", words=[uuid()], item=new))

    assert Identifier.objects.get(value=U1).item == new
    assert not old.identifiers.exists()


def test_the_source_nearest_to_the_thing_is_believed():
    item = host(make.item("web1"), ("system_uuid", U1))
    probe, netbox = make.source(kind="probe"), make.source(kind="import")
    sees(Told("h1", "web1", words=[uuid()], values={"os_version": "12"}), source=probe)

    sees(Told("7", "web1", words=[uuid()], values={"os_version": "11", "vendor": "Dell"}),
         source=netbox)  # fmt: skip

    item.refresh_from_db()
    assert item.attributes == {"os_version": "12", "vendor": "Dell"}
    assert item.claims.filter(attribute="os_version").count() == 2


def test_a_policy_that_asks_opens_a_difference_and_accepting_writes_it():
    item = host(make.item("sw1", kind="device", attributes={"firmware": "1.0"}),
                ("serial", "abc1", "cisco"))  # fmt: skip
    sees(Told("1", "sw1", kind="device", words=[Word("serial", "ABC1", "Cisco")],
              values={"firmware": "1.1"}), source=make.source(kind="snmp"))  # fmt: skip

    services.accept(Difference.objects.get(), by=make.user())

    item.refresh_from_db()
    assert item.attributes["firmware"] == "1.1"


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        pytest.param(timedelta(days=6), "good", id="its interval is long past, a week is not"),
        pytest.param(timedelta(days=8), "bad", id="a week"),
    ],
)
def test_an_item_no_source_says_anything_of_is_a_finding(after, outcome):
    item = host(make.item("web1"), ("system_uuid", U1))
    sees(Told("h1", "web1", words=[uuid()]), source=make.source(expected_every_seconds=900))
    now = make.AT + after

    held = [one for one in queries.held(Scope(now)) if one.item == item.pk]
    told = checks.unseen.judge(held, now=now, limits=Limits(checks.unseen.limits))

    assert [verdict.outcome for verdict in told] == [outcome]


def test_a_source_that_tells_once_a_month_may_be_silent_for_three():
    item = host(make.item("web1"), ("system_uuid", U1))
    month = int(timedelta(days=30).total_seconds())
    sees(Told("h1", "web1", words=[uuid()]), source=make.source(expected_every_seconds=month))

    def outcomes(days):
        now = make.AT + timedelta(days=days)
        held = [one for one in queries.held(Scope(now)) if one.item == item.pk]
        told = checks.unseen.judge(held, now=now, limits=Limits(checks.unseen.limits))
        return [verdict.outcome for verdict in told]

    assert (outcomes(89), outcomes(91)) == (["good"], ["bad"])


def test_what_nobody_says_any_more_is_no_claim():
    claim = make.claim()

    assert list(Claim.objects.live(make.AT)) == [claim]
    assert not Claim.objects.live(claim.sighting.expires_at).exists()


def test_an_ignored_difference_is_asked_again_on_its_day():
    due = make.difference(state="ignored", until=make.AT.date())
    later = make.difference(state="ignored", until=make.AT.date() + timedelta(days=1))

    assert services.ask_again(by=system(), now=make.AT) == 1

    states = dict(Difference.objects.values_list("pk", "state"))
    assert states == {due.pk: "open", later.pk: "ignored"}


# ── one thing, or two ──────────────────────────────────────────────────────────────────────────


def test_merging_moves_words_sightings_needs_and_links():
    ann = make.user("ann")
    one = host(make.item("web1.old", attributes={"rack": "a1", "os": "x"}), ("fqdn", "a.example"))
    other = make.item("web1", attributes={"os": "y"})
    base, shop = make.item("base"), make.item("shop", kind="service")
    services.require(one, by=ann, to=base)
    services.require(shop, by=ann, to=one)
    services.require(shop, by=ann, to=other)
    make.sighting(item=one, outcome="matched")

    services.merge(one, by=ann, into=other, note="Seen by both names")

    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.state, one.merged_into) == ("retired", other)
    assert other.attributes == {"rack": "a1", "os": "y"}
    assert set(other.links_out.values_list("to_item__name", flat=True)) == {"base"}
    assert set(other.links_in.values_list("from_item__name", flat=True)) == {"shop"}
    assert other.identifiers.filter(value="a.example").exists()
    assert other.sightings.count() == 1
    assert not one.links_out.exists()


def test_what_hangs_on_a_merged_item_hangs_on_the_other():
    one, other = make.item("web1.old"), make.item("web1")
    finding, server, series = make.finding(item=one), make.server(item=one), make.series(item=one)
    change, alert = make.change(), make.alert(item=one)
    change.items.set([one])
    told = services.merge(one, by=make.user("ann"), into=other).pk

    for row in (finding, server, series, alert):
        row.refresh_from_db()
        assert row.item_id == told
    assert list(change.items.all()) == [other]
    entry = AuditEntry.objects.get(verb="take over")
    assert entry.after["findings.finding"] == entry.after["servers.server"] == 1
    assert one.versions.exists()  # its own past stays its own


def test_what_both_have_and_may_have_once_stays_where_it_is():
    one, other, both = make.item("web1.old"), make.item("web1"), make.change()
    kept, left = make.server(item=other), make.server(item=one)
    both.items.set([one, other])
    boss = make.user("boss", role="administrator")

    services.merge(one, by=boss, into=other)

    assert list(Server.objects.filter(item=other)) == [kept]
    assert list(Server.objects.filter(item=one)) == [left]
    assert set(both.items.all()) == {one, other}


def test_a_merge_needs_the_right_at_both_ends():
    mine, theirs = make.team("mine"), make.team("theirs")
    ours, other = make.item("a", owner=mine), make.item("b", owner=theirs)
    boss = make.user("boss", role="administrator", team=mine)
    make.grant(user=boss, role="viewer")
    verb = next(verb for verb in ITEM.verbs if verb.name == "merge")

    with pytest.raises(NotAllowed):
        perform(verb, Item, ours.pk, by=boss, values={"into": other.pk})

    make.grant(user=boss, role="administrator", team=theirs)
    perform(verb, Item, ours.pk, by=User.objects.get(pk=boss.pk), values={"into": other.pk})
    ours.refresh_from_db()
    assert ours.merged_into == other


def test_what_a_source_sees_undoes_nothing_a_person_wrote_meanwhile():
    item = make.item("web", criticality=4)
    stale = Item.objects.get(pk=item.pk)
    services.change(item, by=make.user("ann"), criticality=1)

    compare(stale, {"os_version": "13"}, by=system(), source=make.source(), now=make.AT)

    item.refresh_from_db()
    assert (item.criticality, item.attributes["os_version"]) == (1, "13")


def test_nobody_gains_a_right_by_a_merge():
    here, there = make.item("here", kind="site"), make.item("there", kind="site")
    ann, there_too = make.user("ann"), make.item(site=there)
    grants.grant(ann, by=system(), role="viewer", site=here)

    services.merge(here, by=make.user("eve"), into=there)

    assert there_too not in Item.objects.visible_to(ann)


@pytest.mark.parametrize(
    ("kind", "state", "why"),
    [
        pytest.param("service", "active", "not one thing", id="a host and a service"),
        pytest.param("host", "retired", "in service", id="a retired one"),
    ],
)
def test_what_cannot_be_one_thing_is_not_merged(kind, state, why):
    with pytest.raises(Conflict, match=why):
        services.merge(make.item(), by=make.user(), into=make.item(kind=kind, state=state))


def test_splitting_gives_the_second_thing_its_words_and_what_was_seen_by_them():
    item = host(make.item("web1"), ("system_uuid", U1), ("system_uuid", U2))
    seen = make.sighting(item=item, outcome="matched", words=[["system_uuid", U2, ""]])
    make.sighting(item=item, outcome="matched", words=[["system_uuid", U1, ""]])

    other = services.split(item, by=make.user(), name="web2", identifiers=U2.upper())

    assert list(other.identifiers.values_list("value", flat=True)) == [U2]
    assert list(other.sightings.all()) == [seen]
    assert item.sightings.count() == 1


def test_a_person_sees_the_sightings_of_the_items_in_reach():
    red = make.team("red")
    mine = make.sighting(item=make.item(owner=red), outcome="matched")
    make.sighting(item=make.item(), outcome="matched")
    make.sighting()

    viewer = make.user(role="viewer", team=red)

    assert list(Sighting.objects.visible_to(viewer)) == [mine]
    assert Sighting.objects.visible_to(make.user(role="viewer")).count() == 3


def test_sources_say_when_they_told_last():
    source = make.source()

    sees(source=source, now=time.now())

    source.refresh_from_db()
    assert source.last_run_at is not None


# ── of a source that knows the item ────────────────────────────────────────────────────────────


def test_a_word_of_another_item_is_disputed_where_the_item_is_known_too():
    one, other = host(make.item("web1"), ("cloud_id", "i-0a1b")), make.item("web2")

    services.identify(other, [("cloud_id", "i-0a1b"), ("cloud_id", "arn:i-9")], by=system(),
                      source="aws", now=make.AT)  # fmt: skip

    assert services.known_as([("cloud_id", "i-0a1b")]) == one
    assert services.known_as([("cloud_id", "arn:i-9")]) == other
    assert Difference.objects.get().actual["because"] == ["cloud id i-0a1b (web1)"]

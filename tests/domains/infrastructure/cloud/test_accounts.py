"""Cloud accounts: what is read becomes items and needs; what is not read stays; the checks."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from fullscore.connectors.aws.shapes import Gap, Reading, Thing
from fullscore.connectors.probe.parse import Report
from fullscore.domains.foundation.estate import services as estate
from fullscore.domains.foundation.estate.models import Difference, Item, Sighting
from fullscore.domains.infrastructure.cloud import jobs, services
from fullscore.domains.infrastructure.cloud.checks import accounts as checks
from fullscore.domains.infrastructure.cloud.models import CloudAccount, CloudResource
from fullscore.domains.infrastructure.cloud.queries import accounts as queries
from fullscore.domains.infrastructure.servers.services import reports as servers
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.errors import Invalid
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from tests import make

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def rule(db):
    """Let what AWS tells of be accepted without a person, but where a test says otherwise."""
    return make.source("aws", kind="cloud", accepts_new=True)


def thing(kind="instance", ident="i-1", **values):
    known = {"name": ident, "region": "eu-central-1", "zone": "eu-central-1a", "state": "running"}
    return Thing(kind, ident, **known | values)


def take(account, *things, gaps=(), now=NOW):
    reading = Reading("123456789012", things, tuple(gaps))
    services.take_reading(account, reading, by=system(), now=now)
    account.refresh_from_db()


def ago(days):
    return (NOW - timedelta(days=days)).isoformat()


def judged(rule, *kinds):
    read = queries.owned(*kinds)(Scope(NOW))
    verdicts = rule.judge(read, now=NOW, limits=Limits(rule.limits))
    return [(v.outcome, v.severity) for v in verdicts]


def test_things_become_items_of_their_account():
    account = make.cloud_account(item=make.item("shop aws", kind="cloud account"))

    take(account, thing(name="web"), thing("subnet", "subnet-1"))

    item = Item.objects.get(kind="vm", name="web")
    assert [link.to_item for link in item.links_out.all()] == [account.item]
    assert item.identifiers.filter(kind="cloud_id", value="i-1").exists()
    assert CloudResource.objects.get(kind="subnet").item is None
    assert (account.state, account.number) == ("ok", "123456789012")


def test_what_nobody_knows_is_a_candidate_until_somebody_accepts_it(rule):
    rule.accepts_new = False
    rule.save()
    account = make.cloud_account()
    ann = make.user("ann", role="administrator")
    take(account, thing(name="web"), thing("volume", "vol-1", joins=("i-1",)))

    assert not Item.objects.filter(kind__in=["vm", "cloud resource"]).exists()
    assert set(Sighting.objects.values_list("name", "outcome")) == {
        ("web", "candidate"), ("vol-1", "candidate"),
    }  # fmt: skip
    assert CloudResource.objects.get(ident="i-1").item is None

    item = estate.adopt(Sighting.objects.get(name="web"), by=ann).item
    take(account, thing(name="web"), now=NOW + timedelta(hours=1))

    assert CloudResource.objects.get(ident="i-1").item == item
    assert [link.to_item for link in item.links_out.all()] == [account.item]


def test_the_rule_takes_in_what_has_waited_for_it(rule):
    rule.accepts_new = False
    rule.save()
    account = make.cloud_account()
    take(account, thing(name="web"))

    estate.change_source(rule, by=system(), accepts_new=True)
    take(account, thing(name="web"), now=NOW + timedelta(hours=1))

    assert Item.objects.get(name="web").state == "active"
    assert Sighting.objects.get().outcome == "matched"


def test_another_name_there_is_a_difference_and_a_second_of_one_name_is_none():
    account = make.cloud_account()
    take(account, thing(name="web"), thing(ident="i-2", name="web"))
    assert not Difference.objects.exists()

    take(account, thing(name="shop"), thing(ident="i-2", name="web"))

    told = Difference.objects.get()
    assert (told.attribute, told.intended, told.actual, told.source) == (
        "name", "web", "shop", "aws",
    )  # fmt: skip


def test_a_machine_that_a_probe_told_of_is_the_instance_and_of_another_kind():
    identity = {
        "hostname": "web", "system_uuid": "ec2a4c45-0043-3510-8053-b7c04f4e3233",
        "cloud": {"provider": "aws", "instance_id": "i-1"},
    }  # fmt: skip
    server = servers.local_server(identity, by=system())
    report = Report(NOW.timestamp(), "1", 5, True, {"identity": identity}, (), ())
    servers.take_facts(server, report, by=system(), now=NOW)

    take(make.cloud_account(), thing(name="web"))

    assert CloudResource.objects.get(ident="i-1").item == server.item
    assert Item.objects.filter(name="web").count() == 1
    told = Difference.objects.get()
    assert (told.attribute, told.intended, told.actual) == ("kind", "host", "vm")
    estate.accept(told, by=make.user(role="administrator"))
    server.item.refresh_from_db()
    assert server.item.kind == "vm"


def test_an_instance_that_aws_told_of_first_is_the_machine_that_is_read():
    take(make.cloud_account(), thing(name="web"))
    identity = {"hostname": "ip-10-0-0-1", "cloud": {"provider": "aws", "instance_id": "i-1"}}

    assert servers.local_server(identity, by=system()).item == Item.objects.get(name="web")


def test_instances_need_their_volumes_and_groups_so_many_of_their_members():
    account = make.cloud_account()
    group = thing("scaling group", "arn:aws:asg", name="web", joins=("i-1", "i-2", "i-3"),
                  facts={"needed": 2})  # fmt: skip

    take(account, thing(joins=("vol-1",)), thing(ident="i-2"), thing(ident="i-3"),
         thing("volume", "vol-1", joins=("i-1",)), group)  # fmt: skip

    instance, members = (CloudResource.objects.get(ident=i).item for i in ("i-1", "arn:aws:asg"))
    assert instance.requirements.get(kind="stored_on").links.get().to_item.name == "vol-1"
    need = members.requirements.get(kind="needs")
    assert (need.needed, need.links.count()) == (2, 3)


def test_targets_that_could_not_be_asked_for_stay_needed():
    account = make.cloud_account()
    group = {"name": "shop", "joins": ("arn:lb",)}
    found = thing("target group", "arn:tg", facts={"health": {"i-1": "healthy"}}, **group)
    take(account, thing(), thing("balancer", "arn:lb"), found)

    gap = Gap("target health", "eu-central-1", "asked too often")
    take(account, thing(), thing("balancer", "arn:lb"), thing("target group", "arn:tg", **group),
         gaps=[gap])  # fmt: skip

    balancer = CloudResource.objects.get(ident="arn:lb").item
    assert balancer.requirements.get(kind="needs").links.count() == 1


def test_what_lies_in_a_region_nobody_looks_at_any_more_stays():
    account = make.cloud_account(regions=["eu-central-1", "eu-west-1"])
    take(account, thing(), thing(ident="i-2", region="eu-west-1"))
    CloudAccount.objects.update(regions=["eu-central-1"])

    take(account, thing())

    assert Item.objects.get(name="i-2").state == "active"
    assert CloudResource.objects.filter(ident="i-2").exists()


def test_a_reading_under_way_undoes_no_pause():
    account = make.cloud_account()
    under_way = CloudAccount.objects.get(pk=account.pk)
    services.pause_account(account, by=make.user("ann"))

    take(under_way, thing())
    assert under_way.state == "paused"

    services.note_unread(under_way, "Nobody there.", by=system())
    account.refresh_from_db()
    assert account.state == "paused"


def test_a_balancer_needs_one_of_its_targets():
    targets = thing("target group", "arn:tg", name="shop", joins=("arn:lb",),
                    facts={"health": {"i-1": "healthy", "i-2": "unhealthy"}})  # fmt: skip

    take(make.cloud_account(), thing(), thing(ident="i-2"), thing("balancer", "arn:lb"), targets)

    need = CloudResource.objects.get(ident="arn:lb").item.requirements.get(kind="needs")
    assert (need.name, need.needed, need.links.count()) == ("shop", 1, 2)


def test_the_same_again_writes_nothing():
    account = make.cloud_account()
    things = [thing(joins=("vol-1",)), thing("volume", "vol-1", joins=("i-1",))]
    take(account, *things)
    before = AuditEntry.objects.count()

    take(account, *things, now=NOW + timedelta(hours=1))

    assert AuditEntry.objects.count() == before


def test_what_is_gone_is_retired_and_what_could_not_be_read_stays():
    account = make.cloud_account()
    take(account, thing(), thing("volume", "vol-1"))

    gap = Gap("volume", "eu-central-1", "The role does not allow it.", "ec2:DescribeVolumes")
    take(account, gaps=[gap])

    assert [r.ident for r in account.resources.all()] == ["vol-1"]
    assert Item.objects.get(name="i-1").state == "retired"
    assert account.state == "partial"
    (verdict,) = checks.unread.judge(queries.accounts(Scope(NOW)), now=NOW, limits=Limits({}))
    assert "ec2:DescribeVolumes" in verdict.title


def test_an_account_gets_an_external_id_of_its_own():
    item = make.item(kind="cloud account")
    values = {"role_arn": "arn:aws:iam::123456789012:role/r", "regions": ["eu-central-1"]}

    account = services.add_account(by=system(), item=item, **values)

    assert len(account.external_id) >= 24
    with pytest.raises(Invalid, match="choose a cloud account"):
        services.add_account(by=system(), item=make.item(kind="vm"), **values)
    for wrong in ({"regions": ["x.evil.example/"]}, {"role_arn": "nonsense"}):
        with pytest.raises(Invalid):
            services.add_account(
                by=system(), item=make.item(kind="cloud account"), **values | wrong
            )


@pytest.mark.real
def test_an_account_is_read_by_the_clock(monkeypatch):
    from fullscore.connectors.aws import client
    from tests.connectors.aws.played import aws, furnish

    account = make.cloud_account()
    services.give_key(account, by=system(), key_id="x", key="y")
    monkeypatch.setattr(client, "PER_SECOND", 1000.0)
    with aws() as played:
        monkeypatch.setenv("AWS_ENDPOINT_URL", played.address)
        furnish(played)
        jobs.read_account(account=account.pk)

    account.refresh_from_db()
    assert (account.state, account.last_error) == ("ok", "")
    assert Item.objects.filter(kind="vm", name="shop").exists()
    jobs.read_account(account=account.pk)
    account.refresh_from_db()
    assert account.state == "failing"
    assert account.resources.filter(kind="instance").exists()


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (thing("security group", "sg", facts={"open": [[0, 65535]]}), ("bad", 5)),
        (thing("security group", "sg", facts={"open": [[443, 443]]}), ("good", 0)),
        (thing("bucket", "b", facts={"is_public": True}), ("bad", 5)),
        (thing("bucket", "b", facts={"is_public": True, "is_blocked": True}), ("good", 0)),
        (thing("database", "d", facts={"is_public": True}), ("bad", 5)),
        (thing("snapshot", "s", facts={"is_public": False}), ("good", 0)),
        (thing("snapshot", "s", facts={}), ("unknown", 0)),
    ],
    ids=[
        "all ports",
        "https",
        "public bucket",
        "blocked bucket",
        "public database",
        "own snapshot",
        "snapshot not told",
    ],
)
def test_what_anybody_can_reach(one, expected):
    take(make.cloud_account(), one)

    assert judged(checks.open_to_world, one.kind) == [expected]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"has_password": True, "has_mfa": False}, ("bad", 4)),
        ({"has_password": True, "has_mfa": True}, ("good", 0)),
        ({"keys": [{"id": "k", "is_active": True, "made": ago(91), "used": ago(1)}]}, ("bad", 4)),
        ({"keys": [{"id": "k", "is_active": True, "made": ago(80), "used": ago(46)}]}, ("bad", 4)),
        ({"keys": [{"id": "k", "is_active": True, "made": ago(50), "used": None}]}, ("bad", 4)),
        ({"keys": [{"id": "k", "is_active": False, "made": ago(400)}]}, ("good", 0)),
    ],
    ids=["password alone", "two factors", "old key", "forgotten key", "never used", "inactive"],
)
def test_keys_and_people(facts, expected):
    take(make.cloud_account(), thing("user", "u", facts=facts))

    assert judged(checks.weak_access, "user") == [expected]


@pytest.mark.parametrize(
    ("hours", "is_encrypted", "expected"),
    [(10, True, ("good", 0)), (49, True, ("bad", 3)), (10, False, ("bad", 3))],
)
def test_volumes_are_sealed_and_saved(hours, is_encrypted, expected):
    facts = {"is_encrypted": is_encrypted}
    saved = thing("snapshot", "snap-1", joins=("vol-1",), facts={"made": ago(hours / 24)})
    take(make.cloud_account(), thing("volume", "vol-1", joins=("i-1",), facts=facts), saved)

    assert judged(checks.unprotected, "volume") == [expected]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (thing("volume", "v"), ("bad", 2)),
        (thing("volume", "v", joins=("i-1",)), ("good", 0)),
        (thing("address", "a", facts={"is_used": False}), ("bad", 2)),
        (thing("snapshot", "s", facts={"made": ago(181)}), ("bad", 2)),
        (thing(state="stopped", facts={"stopped": "User initiated (2026-01-01 00:00:00 UTC)"}),
         ("bad", 2)),
        (thing(state="stopped", facts={"stopped": "User initiated (2026-02-20 00:00:00 GMT)"}),
         ("good", 0)),
        (thing(state="stopped"), ("good", 0)),
    ],
    ids=["loose volume", "used volume", "idle address", "old snapshot", "long stopped",
         "just stopped", "stopped, unknown since"],
)  # fmt: skip
def test_what_is_paid_for_and_not_used(one, expected):
    take(make.cloud_account(), one)

    assert judged(checks.idle, one.kind) == [expected]


def test_what_is_idle_says_what_it_costs():
    take(make.cloud_account(), thing("volume", "vol-1"))
    arn = "arn:aws:ec2:eu-central-1:123456789012:volume/vol-1"
    make.cost_row(resource=arn, billed=Decimal("12.30"), day=date(2026, 2, 20))

    (verdict,) = checks.idle.judge(
        queries.owned("volume")(Scope(NOW)), now=NOW, limits=Limits(checks.idle.limits)
    )

    assert verdict.title == "Volume vol-1: attached to nothing, 12.30 in 30 days"


@pytest.mark.parametrize(
    ("zones", "expected"),
    [("aa", ("bad", 4)), ("ab", ("good", 0)), ("a", ("not_applicable", 0))],
)
def test_groups_stand_in_more_than_one_zone(zones, expected):
    members = [thing(ident=f"i-{n}", zone=zone) for n, zone in enumerate(zones)]
    group = thing("scaling group", "asg", joins=tuple(m.id for m in members))
    take(make.cloud_account(), *members, group)

    verdicts = checks.one_zone.judge(queries.groups(Scope(NOW)), now=NOW, limits=Limits({}))

    assert [(v.outcome, v.severity) for v in verdicts] == [expected]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [({}, ("bad", 2)), ({"Owner": "web"}, ("good", 0)), ({"service": "shop"}, ("good", 0))],
)
def test_things_name_their_owner(tags, expected):
    take(make.cloud_account(), thing(tags=tags))

    assert judged(checks.untagged, "instance") == [expected]

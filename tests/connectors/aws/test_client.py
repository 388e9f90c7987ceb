"""Accounts read through the real boto3 from a server that plays AWS: regions, gaps, throttling."""

import json

import pytest

from fullscore.connectors.aws import calls, client
from fullscore.connectors.aws.client import Login
from fullscore.connectors.base import Unreachable
from tests.connectors.aws.played import OTHER, OWN, REGIONS, aws, furnish, readable_policy

pytestmark = [pytest.mark.real, pytest.mark.once]


@pytest.fixture(scope="module")
def played():
    with aws() as started:
        started.ids = {OWN: furnish(started), OTHER: furnish(started, OTHER, "eu-west-1")}
        started.client("s3", "us-east-1").create_bucket(Bucket="bucket-1")
        iam = started.client("iam", "us-east-1")
        iam.create_user(UserName="eve")
        iam.create_access_key(UserName="eve")
        yield started


@pytest.fixture(autouse=True)
def endpoint(played, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", played.address)
    monkeypatch.setattr(client, "PER_SECOND", 1000.0)
    played.denied.clear()
    played.slowed.clear()
    played.asked.clear()


def login(account=OWN, regions=REGIONS):
    return Login(f"arn:aws:iam::{account}:role/fullscore", "ext-1", regions, "x", "y")


def test_two_accounts_are_read_in_three_regions(played):
    own, other = client.read(login()), client.read(login(OTHER))

    assert (own.account, other.account, own.gaps, other.gaps) == (OWN, OTHER, (), ())
    (shop,) = [t for t in own.things if t.kind == "instance"]
    assert (shop.id, shop.name, shop.region) == (played.ids[OWN]["instance"], "shop", REGIONS[0])
    assert shop.tags["owner"] == "web"
    assert len(shop.joins) == 1
    (there,) = [t for t in other.things if t.kind == "instance"]
    assert (there.id, there.region) == (played.ids[OTHER]["instance"], "eu-west-1")
    assert {t.region for t in own.things if t.kind == "network"} == set(REGIONS)


def test_what_is_open_loose_and_unsealed_is_told():
    things = {(t.kind, t.name): t for t in client.read(login()).things}

    assert things["security group", "open"].facts["open"] == [[22, 22]]
    assert any(t.kind == "volume" and not t.joins for t in things.values())
    assert things["bucket", "bucket-1"].facts["is_public"] is False
    (key,) = things["user", "eve"].facts["keys"]
    assert (key["is_active"], len(key["id"]), "…" in key["id"]) == (True, 8, True)


def test_an_action_the_role_lacks_is_a_gap_that_names_it(played):
    played.denied.add("DescribeVolumes")

    found = client.read(login())

    assert {(g.kind, g.region, g.action) for g in found.gaps} == {
        ("volume", region, "ec2:DescribeVolumes") for region in REGIONS}  # fmt: skip
    assert "add it to its policy" in found.gaps[0].why
    assert any(t.kind == "instance" for t in found.things)


def test_what_may_not_be_asked_is_not_told_to_be_private(played, monkeypatch):
    played.client("ec2", REGIONS[0]).create_snapshot(VolumeId=played.ids[OWN]["volume"])
    ask = client._pages
    is_denied = False

    def refusing(connection, call, pace):
        if call.kind == "public snapshot" and is_denied:
            raise client.Denied("ec2:DescribeSnapshots", "UnauthorizedOperation")
        return ask(connection, call, pace)

    monkeypatch.setattr(client, "_pages", refusing)
    known = [t.facts for t in client.read(login()).things if t.kind == "snapshot"]
    is_denied = True
    unknown = [t.facts for t in client.read(login()).things if t.kind == "snapshot"]

    assert known
    assert {facts["is_public"] for facts in known} <= {True, False}
    assert len(unknown) == len(known)
    assert not any("is_public" in facts for facts in unknown)


def test_throttling_is_waited_for(played):
    played.slowed["DescribeInstances"] = 2

    found = client.read(login(regions=REGIONS[:1]))

    assert found.gaps == ()
    assert played.asked.count("DescribeInstances") == 3


def test_nobody_there_is_a_sentence(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(Unreachable, match="sts:AssumeRole could not be asked"):
        client.read(login())


def test_every_call_that_is_made_is_in_the_policy_and_nothing_that_writes(played):
    client.read(login())

    actions = readable_policy(calls.policy())
    assert all(a.partition(":")[2].startswith(("Describe", "List", "Get")) for a in actions)
    allowed = {a.partition(":")[2] for a in actions} | {"AssumeRole", ""}
    assert set(played.asked) <= allowed


def test_the_trust_asks_for_the_external_id():
    told = json.loads(calls.trust("ext-1", "arn:aws:iam::1:user/f"))

    assert told["Statement"][0]["Condition"] == {"StringEquals": {"sts:ExternalId": "ext-1"}}

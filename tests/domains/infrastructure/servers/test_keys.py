"""The keys, sudo rules and disks a server tells of, as rows; and whose the keys are."""

from datetime import timedelta

import pytest

from fullscore.connectors.probe.parse import Report
from fullscore.domains.foundation.findings.services import run_check
from fullscore.domains.infrastructure.servers import services
from fullscore.domains.infrastructure.servers.models import (
    Account,
    AccountKey,
    PackageVersion,
    SudoRule,
)
from fullscore.domains.infrastructure.servers.rows.logins import way_to_root
from fullscore.domains.infrastructure.servers.rules.logins import Known, Whose
from fullscore.domains.infrastructure.servers.services.rows import write
from fullscore.engines import versions
from fullscore.kit import time
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db
RULE = {"who": ["%sudo"], "hosts": ["ALL"], "run_as": ["ALL"], "tags": [], "commands": ["ALL"],
        "file": "/etc/sudoers", "line": 50}  # fmt: skip


def key(mark, comment="", **values):
    known = {"type": "ssh-ed25519", "bits": 256, "options": None, "file": "/home/x/.ssh/keys"}
    return known | {"fingerprint": f"SHA256:{mark}", "comment": comment} | values


def user(name, *keys, **values):
    known = {"uid": 1000, "shell": "/bin/bash", "groups": [name, "sudo"], "is_locked": True}
    return known | {"name": name, "keys": list(keys)} | values


def told(server, **facts):
    write(server, facts, list(facts))


def test_each_key_of_each_login_is_a_row():
    server = make.server()

    told(server, users=[user("ann", key("a"), key("b")), user("deploy", key("a"))])

    found = AccountKey.objects.values_list("account__name", "fingerprint").order_by("pk")
    assert list(found) == [("ann", "SHA256:a"), ("ann", "SHA256:b"), ("deploy", "SHA256:a")]


def test_a_key_that_is_taken_away_is_gone_and_the_others_keep_their_rows():
    server = make.server()
    told(server, users=[user("ann", key("a"), key("b"))])
    kept = AccountKey.objects.get(fingerprint="SHA256:b").pk

    told(server, users=[user("ann", key("b", options='from="10.0.0.1"'))])

    one = AccountKey.objects.get()
    assert (one.pk, one.options) == (kept, 'from="10.0.0.1"')


def test_a_key_that_stands_twice_or_has_no_fingerprint_is_no_second_row():
    told(make.server(), users=[user("ann", key("a"), key("a"), {"type": "ssh-rsa"})])

    assert AccountKey.objects.count() == 1


@pytest.mark.parametrize(
    ("comment", "whose"),
    [
        pytest.param("eve@example.org", 3, id="the address of somebody"),
        pytest.param("EVE@example.org work laptop", 3, id="an address with words behind it"),
        pytest.param("eve@laptop", 3, id="a login somebody's address begins with"),
        pytest.param("Eve Adams", 3, id="a full name"),
        pytest.param("backup@web-1", 7, id="nobody: whose the login is"),
        pytest.param("", 7, id="no comment: whose the login is"),
    ],
)
def test_a_key_is_whose_its_comment_says(comment, whose):
    known = Known({}, {"eve": 3}, {"eve adams": 3}, {"eve@example.org": 3})

    assert known.of_key(1, comment, owner=7) == whose


def test_what_is_said_of_a_login_counts_for_a_comment_too():
    known = Known({(None, "eadams"): Whose(3)})

    assert known.of_key(1, "eadams@old-laptop") == 3


def test_keys_follow_people_as_they_are_recorded():
    told(make.server(), users=[user("deploy", key("a", "eve@example.org"))])
    assert AccountKey.objects.get().person is None
    eve = make.person("Eve", email="eve@example.org")

    assert services.match_logins() == 1

    assert AccountKey.objects.get().person == eve


def test_explaining_a_login_says_whose_its_unnamed_keys_are():
    told(make.server(), users=[user("bob", key("a"))])
    bob = make.person("Robert")

    services.explain(Account.objects.get(), by=make.user(), person=bob)

    assert AccountKey.objects.get().person == bob


def test_sudo_rules_are_rows_and_two_of_one_line_are_two():
    server = make.server()
    second = {**RULE, "tags": ["NOPASSWD"], "commands": ["/usr/bin/apt", "/usr/bin/less"]}

    told(server, sudo=[RULE, second])

    one, other = SudoRule.objects.order_by("part")
    assert (one.who, one.gives_root, one.file, one.line) == ("%sudo", True, "/etc/sudoers", 50)
    assert (other.tags, other.gives_root) == ("NOPASSWD", False)
    assert other.commands == "/usr/bin/apt, /usr/bin/less"

    told(server, sudo=[second])
    assert SudoRule.objects.get().tags == "NOPASSWD"


def test_who_may_do_everything_as_another_than_root_is_not_root():
    rule = {**RULE, "run_as": ["postgres"]}

    assert way_to_root(user("ann"), [rule]) == ""
    assert way_to_root(user("ann"), [RULE]) == "%sudo by /etc/sudoers:50"


@pytest.mark.parametrize(
    ("who", "way"),
    [
        (["ALL", "!ann"], ""),
        (["!ann", "ALL"], "ALL by /etc/sudoers:50"),
        (["%sudo", "!%ann"], ""),
        (["#1000"], "#1000 by /etc/sudoers:50"),
        (["#1001", "!ann"], ""),
    ],
)
def test_of_the_words_of_a_rule_that_mean_a_login_the_last_decides(who, way):
    assert way_to_root(user("ann"), [{**RULE, "who": who}]) == way


def test_disks_are_rows_and_a_pulled_one_is_gone():
    server = make.server()
    disk = {"name": "sda", "size_bytes": 4_000, "rotational": True, "model": "X", "serial": None}
    told(server, hardware={"disks": [disk, {**disk, "name": "sdb"}]})

    told(server, hardware={"disks": [{**disk, "size_bytes": 5_000}]})

    [one] = server.disks.all()
    assert (one.name, one.size_bytes, one.is_rotational, one.serial) == ("sda", 5_000, True, "")


def test_facts_that_are_as_before_write_no_row(django_assert_max_num_queries):
    server, now = make.server(), time.now()
    facts = {"users": [user("ann", key("a"))], "sudo": [RULE], "hardware": {"disks": []}}

    def report(age):
        at = (now - timedelta(seconds=age)).timestamp()
        return Report(at, "1.0", 1, True, facts, (), ())

    services.take_facts(server, report(60), by=system(), now=now)
    before = AccountKey.objects.get().pk, SudoRule.objects.get().pk
    server.refresh_from_db()
    with django_assert_max_num_queries(60) as statements:
        assert services.take_facts(server, report(30), by=system(), now=now) == []

    written = [s["sql"] for s in statements if "servers_accountkey" in s["sql"]]
    assert written == []
    assert (AccountKey.objects.get().pk, SudoRule.objects.get().pk) == before


def test_package_versions_are_kept_with_what_they_are_compared_by():
    packages = [
        {"manager": "deb", "name": "openssl", "version": "3.0.11-1~deb12u2"},
        {"manager": "pip", "name": "django", "version": "5.2"},
    ]

    told(make.server(), packages=packages)

    keys = dict(PackageVersion.objects.values_list("name", "key"))
    assert bytes(keys["openssl"]) == versions.key("deb", "3.0.11-1~deb12u2")
    assert bytes(keys["django"]) == b""


def test_a_leavers_key_in_a_login_of_many_is_part_of_the_one_finding():
    make.person("Eve", email="eve@example.org", state="left")
    make.known_login(name="deploy", purpose="Deploys the shop")
    make.known_login(name="root", purpose="Is root")
    first, second = make.server(), make.server()
    theirs = key("e", "eve@example.org")
    told(first, users=[user("eve", theirs), user("deploy", theirs, key("o", "ann@x"))])
    told(second, users=[user("root", theirs, uid=0)])
    check = make.check(ident="servers.leaver_login")

    run_check(check, by=system())

    [finding] = check.findings.live()
    assert finding.title == "Eve has left and still gets in on 2 servers"
    assert finding.severity == 5
    ways = [(e["login"], e.get("key"), e["servers"]) for e in finding.evidence]
    assert sorted(ways, key=str) == sorted(
        [
            ("deploy", "SHA256:e", [first.item.name]),
            ("eve", None, [first.item.name]),
            ("root", "SHA256:e", [second.item.name]),
        ],
        key=str,
    )
    assert "remove the key SHA256:e from the authorized_keys of root" in finding.advice

    told(first, users=[user("deploy", key("o"))])
    told(second, users=[user("root", uid=0)])
    run_check(check, by=system())
    assert not check.findings.live().exists()


def test_what_is_not_told_takes_no_login_and_no_root_away():
    server = make.server()
    told(server, users=[user("ann", key("a"))], sudo=[RULE])

    write(server, {"users": [user("ann", key("b"))]}, ["users"])

    assert server.accounts.get().becomes_root == "%sudo by /etc/sudoers:50"

    write(server, {"sudo": []}, ["sudo"])

    assert server.accounts.get().keys.get().fingerprint == "SHA256:b"
    assert server.sudo_rules.count() == 0


def test_a_name_that_is_told_twice_is_one_row():
    server = make.server()
    told(server, users=[user("ann", key("a")), user("ann", key("b"), uid=1001)])
    write(server, {"units": [{"name": "a.service"}, {"name": "a.service", "sub": "dead"}]}, [])

    assert server.accounts.get().uid != 1001
    assert server.units.get().sub == "dead"

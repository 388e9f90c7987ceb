"""Whose the logins of servers are: told by people or by an address, and nobody's."""

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from fullscore.domains.foundation.findings.models import Check
from fullscore.domains.foundation.findings.services import run_check
from fullscore.domains.infrastructure.servers import jobs, services
from fullscore.domains.infrastructure.servers.models import Account, KnownLogin
from fullscore.domains.infrastructure.servers.rows.logins import accounts_of
from fullscore.domains.infrastructure.servers.rules.logins import Known, Whose, by_address
from fullscore.domains.infrastructure.servers.services.rows import write
from fullscore.kit.errors import Invalid
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from tests import make

DB = pytest.mark.django_db


def login(name, server=None, **values):
    known = {"uid": 1000, "can_log_in": True, "server": server or make.server()}
    return make.server_account(name=name, **known | values)


@pytest.fixture
def said(db):
    """Return a function that runs a check and returns what it found."""

    def run(ident):
        check = Check.objects.filter(ident=ident).first() or make.check(ident=ident)
        run_check(check, by=system())
        return list(check.findings.live().order_by("title"))

    return run


def test_what_is_said_of_one_server_goes_before_what_is_said_of_all():
    told = {(None, "deploy"): Whose(None, "ships"), (7, "deploy"): Whose(3)}
    known = Known(told, {"deploy": 9, "ann": 4})

    assert known.of(7, "deploy") == (3, "")
    assert known.of(8, "deploy") == (None, "ships")
    assert known.of(8, "Ann") == (4, "")
    assert known.of(8, "eve") == (None, "")


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["a@x", "A@y", "b@x", "", "c"]))))
def test_a_name_in_two_addresses_is_nobodys(people):
    named = by_address(people)

    for name, pk in named.items():
        own = [p for p, email in people if email.lower().startswith(f"{name}@")]
        assert own == [pk]


@DB
def test_a_login_is_known_by_the_address_of_somebody():
    ann = make.person("Ann", email="ann.smith@example.org")
    one = login("ann.smith")

    jobs.match_logins()

    one.refresh_from_db()
    assert one.person == ann


@DB
def test_a_login_is_known_by_the_full_name_it_goes_by():
    ann = make.person("Ann Smith")
    server = make.server()

    write(server, {"users": [{"name": "asm", "uid": 1000, "full_name": "Ann Smith"}]}, ["users"])

    assert Account.objects.get().person == ann


@DB
def test_explaining_a_login_explains_it_everywhere_and_is_audited():
    here, there = login("deploy"), login("deploy")

    services.explain(here, by=make.user("ann"), purpose="Ships the shop")

    there.refresh_from_db()
    assert there.purpose == "Ships the shop"
    assert AuditEntry.objects.filter(noun="servers.knownlogin", verb="explain").count() == 1


@DB
def test_explaining_a_login_of_one_server_explains_no_other():
    here, there, bob = login("bob"), login("bob"), make.person("Bob")

    services.explain(here, by=make.user("ann"), person=bob, on_every_server=False)
    services.explain(here, by=make.user("eve"), purpose="A mistake", on_every_server=False)

    there.refresh_from_db()
    here.refresh_from_db()
    assert (here.purpose, here.person, there.person) == ("A mistake", None, None)
    assert KnownLogin.objects.count() == 1


@DB
@pytest.mark.parametrize("both", [True, False])
def test_a_login_is_somebodys_or_for_something(both):
    bob = make.person("Bob")
    given = {"person": bob, "purpose": "x"} if both else {}
    with pytest.raises(Invalid, match="one of the two"):
        services.explain(login("bob"), by=make.user(), **given)
    with pytest.raises(IntegrityError), transaction.atomic():
        KnownLogin.objects.create(name="bob", **given)


@DB
def test_a_login_that_is_read_again_stays_explained():
    server = make.server()
    make.known_login(name="deploy", purpose="Ships")
    users = [{"name": "deploy", "uid": 1001, "shell": "/bin/bash", "keys": [{}]}]

    write(server, {"users": users}, ["users"])
    write(server, {"users": [{**users[0], "uid": 1002}]}, ["users"])

    assert Account.objects.get().purpose == "Ships"
    assert Account.objects.get().uid == 1002
    assert accounts_of(server, users, [])[0].can_log_in


@DB
def test_who_is_nobodys_is_one_finding_on_however_many_servers(said):
    for _ in range(3):
        login("jenkins", becomes_root="ALL by /etc/sudoers:9")
    login("root", uid=0)
    login("nobody", can_log_in=False)
    login("known", purpose="Backs up")

    [finding] = said("servers.unexplained_login")

    assert finding.title == "Nobody answers for the login jenkins on 3 servers, and becomes root"
    assert finding.severity == 4

    services.explain(Account.objects.filter(name="jenkins").first(), by=make.user(), purpose="CI")
    assert said("servers.unexplained_login") == []


@DB
def test_who_left_and_still_gets_in_is_one_finding_for_the_person(said):
    eve = make.person("Eve", email="eve@example.org", state="left")
    make.person("Ann", email="ann@example.org")
    for name in ("eve", "eve", "ann"):
        login(name)
    services.match_logins()

    [finding] = said("servers.leaver_login")
    assert (finding.title, finding.severity) == ("Eve has left and still gets in on 2 servers", 4)
    assert finding.record == f"directory.person:{eve.pk}"

    Account.objects.filter(name="eve").update(becomes_root="is root")
    assert said("servers.leaver_login")[0].severity == 5

    Account.objects.filter(name="eve").update(can_log_in=False)
    assert said("servers.leaver_login") == []

"""Hosts over SSH, from adding to reading: trust, credentials, faults, many collectors."""

from dataclasses import replace
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.db import IntegrityError

from fullscore.connectors.ssh import keys
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.infrastructure.servers import queries, services
from fullscore.domains.infrastructure.servers.checks import reaching
from fullscore.domains.infrastructure.servers.jobs import Visitor
from fullscore.domains.infrastructure.servers.models import Server, SshHost
from fullscore.kit import time
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.secret import Secret
from fullscore.kit.models.user import system
from tests import make
from tests.installation import Installation
from tests.servers import free_port, sshd


@pytest.fixture
def visits(monkeypatch, db):
    """Return what lets one collector make all visits that are due.

    The test's transaction belongs to its thread, so that one speaks to the database.
    """

    async def asked(self, ask, *values, **named):
        return await sync_to_async(ask)(*values, **named)

    monkeypatch.setattr(Visitor, "_asked", asked)
    opened = replace(settings.OPTIONS, allowed_networks="127.0.0.0/8")
    monkeypatch.setattr(settings, "OPTIONS", opened)

    def visit(*hosts):
        visitor = Visitor()

        async def turn():
            await visitor.turn()
            await visitor.settled()
            for session in visitor._sessions.values():
                session.close()

        for host in hosts:
            SshHost.objects.filter(pk=host.pk).update(next_at=time.now())
        async_to_sync(turn)()
        visitor._database.shutdown()
        for host in hosts:
            host.refresh_from_db()

    return visit


@pytest.fixture(scope="module")
def server():
    with sshd() as started:
        yield started


def added(server, **values):
    values = {"port": server.port, "user": server.user, "item": make.item(kind="host")} | values
    return services.add_host(by=system(), address="127.0.0.1", **values)


def trusted(server, visits):
    """Add a host, trust its key and let us in."""
    host = added(server)
    visits(host)
    services.trust(host, by=system(), fingerprint=keys.fingerprint(server.line()))
    services.make_key(host, by=system())
    server.authorize(f"restrict {host.public_key}")
    return host


def verdicts(rule):
    found = queries.visited(Scope(time.now()))
    told = rule.judge(found, now=time.now(), limits=Limits({"high": 2}))
    return [(one.outcome, one.severity) for one in told]


@pytest.mark.real
def test_a_host_is_added_trusted_and_read(server, visits):
    host = added(server)
    visits(host)
    assert (host.state, host.offered_key) == ("untrusted", server.line())

    services.trust(host, by=system(), fingerprint=keys.fingerprint(server.line()))
    services.make_key(host, by=system())
    server.authorize(f"restrict {host.public_key}")
    visits(host)

    assert (host.state, host.last_error) == ("ok", "")
    found = Server.objects.get(item=host.item)
    assert (found.way, bool(found.os_id), found.sections.count() > 5) == ("ssh", True, True)
    assert Series.objects.filter(item=host.item, metric__name="node_load1").exists()


@pytest.mark.real
def test_facts_are_asked_for_now_and_then_samples_always(server, visits):
    host = trusted(server, visits)
    visits(host)
    before = Server.objects.get(item=host.item).facts_at

    visits(host)
    assert Server.objects.get(item=host.item).facts_at == before

    services.read_now(host, by=system())
    visits(host)
    assert Server.objects.get(item=host.item).facts_at > before


@pytest.mark.real
def test_what_keeps_us_out_is_told_and_found_after_three_visits(server, visits):
    host = trusted(server, visits)
    server.authorize()

    visits(host)
    assert verdicts(reaching.ssh_failing) == [("good", 0)]
    visits(host)
    visits(host)

    assert (host.state, host.failures) == ("failing", 3)
    assert "check user and credential" in host.last_error
    assert verdicts(reaching.ssh_failing) == [("bad", 4)]
    assert verdicts(reaching.ssh_key_changed) == [("good", 0)]


@pytest.mark.real
def test_another_key_is_not_talked_to_until_somebody_trusts_it(visits):
    port = free_port()
    with sshd(port=port) as first:
        host = trusted(first, visits)
        visits(host)
    with sshd(port=port) as second:
        second.authorize(f"restrict {host.public_key}")
        visits(host)
        assert (host.state, host.offered_key) == ("failing", second.line())
        assert verdicts(reaching.ssh_key_changed) == [("bad", 5)]

        services.trust(host, by=system())
        visits(host)
        assert host.state == "ok"
        assert verdicts(reaching.ssh_key_changed) == [("good", 0)]


def test_a_turn_belongs_to_one_collector(db):
    host = make.ssh_host(next_at=time.now(), state="new")

    assert [h.pk for h in services.claim(most=9, now=time.now())] == [host.pk]
    assert services.claim(most=9, now=time.now()) == []


def test_late_turns_are_skipped_not_queued(db):
    now = time.now()
    host = make.ssh_host(next_at=now - timedelta(hours=5), state="new")

    services.claim(most=9, now=now)
    host.refresh_from_db()
    assert now < host.next_at <= now + services.ssh.ASKED_AGAIN


def test_neither_paused_nor_without_a_credential_is_visited(db):
    make.ssh_host(next_at=time.now(), state="paused")
    make.ssh_host(next_at=time.now(), state="ok", host_key="ssh-ed25519 AAAA")

    assert services.claim(most=9, now=time.now()) == []


def test_a_fingerprint_that_differs_is_not_trusted(db):
    host = make.ssh_host(offered_key=keys.new_pair("x")[1], state="untrusted")

    with pytest.raises(Invalid, match="do not trust it"):
        services.trust(host, by=system(), fingerprint="SHA256:other")
    with pytest.raises(Conflict, match="no key yet"):
        services.trust(make.ssh_host(), by=system())


def test_a_host_is_never_read_without_a_trusted_key(db):
    with pytest.raises(IntegrityError):
        make.ssh_host(state="ok")


def test_at_another_address_the_key_is_looked_for_anew_and_a_password_does_not_move(db):
    host = make.ssh_host(offered_key=keys.new_pair("x")[1], state="untrusted")
    services.trust(host, by=system())
    services.give_credential(host, by=system(), password="hidden word")

    services.change_host(host, by=system(), address="elsewhere.example.org")

    assert (host.state, host.host_key, host.credential) == ("new", "", None)


def test_credentials_are_sealed_and_in_no_audit(db):
    host = make.ssh_host()
    services.give_credential(host, by=system(), password="hidden word")
    services.make_key(host, by=system())

    assert host.credential.kind == Secret.Kind.PRIVATE_KEY
    told = str(list(AuditEntry.objects.values()))
    assert "hidden word" not in told
    assert "PRIVATE KEY" not in told


@pytest.mark.parametrize(
    "values",
    [{}, {"password": "a", "private_key": "b"}, {"private_key": "nonsense"}],
    ids=["nothing", "both", "no key"],
)
def test_a_credential_that_cannot_be_is_refused(db, values):
    with pytest.raises(Invalid):
        services.give_credential(make.ssh_host(), by=system(), **values)


def test_a_second_host_at_one_address_is_refused(db):
    make.ssh_host(address="web1.example.org")

    with pytest.raises(Invalid, match="already"):
        services.add_host(by=system(), address="web1.example.org")


def test_a_private_key_is_pasted_on_its_page(db):
    host, private = make.ssh_host(), keys.new_pair("x")[0]
    browser = make.client(make.user(role="administrator"))
    address = f"/ssh-hosts/{host.pk}/give_credential"

    assert b"<textarea" in browser.get(address).content
    answer = browser.post(address, {"private_key": private.replace("\n", "\r\n")})

    assert answer.status_code == 302
    host.refresh_from_db()
    with host.credential.open() as kept:
        assert kept == private


def test_trusting_needs_an_operator(db):
    host = make.ssh_host(offered_key=keys.new_pair("x")[1], state="untrusted")

    engineer = make.client(make.user(role="engineer"))
    assert engineer.post(f"/ssh-hosts/{host.pk}/trust").status_code == 403
    operator = make.client(make.user(role="operator"))
    assert operator.post(f"/ssh-hosts/{host.pk}/trust").status_code == 302


@pytest.mark.real
@pytest.mark.once
def test_a_collector_visits_by_itself_until_it_is_stopped(server, tmp_path):
    site = Installation(tmp_path)
    site.migrate()
    private, public = keys.new_pair("test")
    server.authorize(public)

    answer = site.ask(
        VISITING.format(port=server.port, user=server.user, key=server.line(), private=private)
    )

    assert answer == {"state": "ok", "error": "", "servers": 1, "alive": False}


VISITING = """
import threading, time
from dataclasses import replace
from django.conf import settings
settings.OPTIONS = replace(settings.OPTIONS, allowed_networks="127.0.0.0/8")
from fullscore.domains.infrastructure.servers import services
from fullscore.domains.infrastructure.servers.jobs import Visitor
from fullscore.domains.infrastructure.servers.models import Server, SshHost
from fullscore.kit.models.user import system
host = services.add_host(by=system(), address="127.0.0.1", port={port}, user="{user}")
SshHost.objects.filter(pk=host.pk).update(offered_key="{key}")
host.refresh_from_db()
services.trust(host, by=system())
services.give_credential(host, by=system(), private_key='''{private}''')
visitor = Visitor()
thread = threading.Thread(target=visitor.run)
thread.start()
ends = time.monotonic() + 60
while not SshHost.objects.filter(pk=host.pk, last_at__isnull=False) and time.monotonic() < ends:
    time.sleep(0.2)
visitor.stop()
thread.join(30)
host.refresh_from_db()
told = Server.objects.filter(facts_at__isnull=False).count()
answer = dict(state=host.state, error=host.last_error, servers=told, alive=thread.is_alive())
"""

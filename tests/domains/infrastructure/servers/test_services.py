"""Taking in what hosts say: rows, versions, nothing when nothing changed, and the push door."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from fullscore.connectors.probe import client as probe
from fullscore.connectors.probe import parse
from fullscore.connectors.probe import probe as program
from fullscore.domains.foundation.estate import services as estate
from fullscore.domains.foundation.estate.models import Certificate, Item
from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.domains.foundation.telemetry.models import PushKey
from fullscore.domains.infrastructure.servers import services
from fullscore.domains.infrastructure.servers.models import Facts, Server
from fullscore.kit import history, time
from fullscore.kit.models import AuditEntry, Version
from fullscore.kit.models.user import system
from fullscore.kit.time import FOREVER
from tests import make
from tests.connectors.probe import roots

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
UNIT = {"name": "nginx.service", "active": "active", "restarts": 0}


def report(errors=(), **facts):
    """Return a report of some sections, as bytes."""
    told = {"format": 1, "probe": "1.0", "at": NOW.timestamp(), "took_ms": 1, "complete": True,
            "facts": facts, "samples": [], "errors": list(errors)}  # fmt: skip
    return json.dumps(told).encode()


@pytest.fixture
def server(db):
    return services.enrol(Item.objects.create(kind="host", name="web1"), by=system())


@pytest.fixture
def takes(server):
    """Let the server tell facts; return the sections that changed."""

    def take(body, *, minutes=0):
        now = NOW + timedelta(minutes=minutes)
        told = replace(parse.read(body), at=now.timestamp())
        server.refresh_from_db()
        return services.take_facts(server, told, by=system(), now=now)

    return take


def counts():
    return AuditEntry.objects.count(), Version.objects.count()


def test_this_machine_tells_what_it_is(takes, server):
    takes(probe.run_local(facts=True, samples=False))

    server.refresh_from_db()
    assert server.kernel
    assert server.cpu_count >= 1
    assert server.facts_at == NOW
    assert server.accounts.filter(name="root", becomes_root="is root").exists()
    assert server.sections.filter(section="identity").exists()


def test_a_debian_root_becomes_rows(takes, server, tmp_path):
    body = json.dumps(
        program.collect(program.Host(str(roots.debian12(tmp_path)), seconds=60), samples=False)
    ).encode()

    takes(body)

    server.refresh_from_db()
    assert (server.os_id, server.os_version, server.needs_reboot) == ("debian", "12", True)
    assert server.security_updates == 1
    assert server.installed.get(package__name="openssl").candidate == "3.0.15-1~deb12u1"
    assert server.accounts.get(name="toor").becomes_root == "is root"
    assert server.item.attributes["os"] == "debian"
    assert server.item.supported_until is not None


def test_unchanged_facts_write_their_time_and_nothing_else(takes, server):
    body = report(units=[UNIT], packages=[{"manager": "deb", "name": "vim", "version": "1"}])
    takes(body)
    before = counts()

    changed = takes(body, minutes=15)

    assert changed == []
    assert counts() == before
    server.refresh_from_db()
    assert server.facts_at == NOW + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("before", "after", "is_change"),
    [
        pytest.param({"active": "active"}, {"active": "failed"}, True, id="a state"),
        pytest.param({"restarts": 1}, {"restarts": 2}, False, id="a counter"),
        pytest.param({"main_pid": 7}, {"main_pid": 9}, False, id="a process number"),
        pytest.param({"path": "/a"}, {"path": "/b"}, True, id="a path"),
    ],
)
def test_only_what_is_stable_makes_a_version(takes, before, after, is_change):
    takes(report(units=[{**UNIT, **before}]))
    versions = Version.objects.filter(noun="servers.facts").count()

    changed = takes(report(units=[{**UNIT, **after}]), minutes=15)

    assert changed == (["units"] if is_change else [])
    assert Version.objects.filter(noun="servers.facts").count() == versions + is_change


def test_rows_in_another_order_are_no_change(takes):
    other = {**UNIT, "name": "sshd.service"}
    takes(report(units=[UNIT, other]))

    assert takes(report(units=[other, UNIT]), minutes=15) == []


def test_two_moments_are_compared(takes, server, monkeypatch):
    moment = [NOW]
    monkeypatch.setattr("fullscore.kit.time.now", lambda: moment[0])
    takes(report(units=[UNIT], packages=[{"manager": "deb", "name": "vim", "version": "1"}]))
    moment[0] += timedelta(hours=1)
    takes(
        report(units=[UNIT], packages=[{"manager": "deb", "name": "vim", "version": "2"}]),
        minutes=60,
    )

    facts = server.sections.get(section="packages")
    states = [history.at(facts, at) for at in (NOW, moment[0])]
    difference = history.Difference(facts.pk, *states)

    ((_, before, after),) = [f for f in difference.fields if f[0] == "content"]
    assert [before[0]["version"], after[0]["version"]] == ["1", "2"]


def test_a_section_that_is_no_longer_told_is_forgotten(takes, server):
    takes(report(units=[UNIT], sudo=[]))
    takes(report(units=[UNIT]), minutes=15)

    assert [f.section for f in server.sections.all()] == ["units"]


def test_a_declared_listener_stays_declared(takes, server):
    socket = {"transport": "tcp", "address": "0.0.0.0", "port": 5432, "command": "postgres"}
    takes(report(listeners=[socket]))
    estate.declare(server.item.listeners.get(), by=system())

    takes(report(listeners=[{**socket, "pid": 9}]), minutes=15)

    assert server.item.listeners.get().is_intended
    takes(report(listeners=[]), minutes=30)
    assert not server.item.listeners.exists()


def test_a_certificate_that_may_not_be_read_is_known_to_be_there(takes):
    path = "/etc/ssl/private/web.pem"
    takes(report([{"section": "certificates", "reason": f"permission: {path}"}], certificates=[]))

    assert Certificate.objects.get().path == path
    assert Certificate.objects.get().not_after is None


def test_a_process_is_blocked_since_the_reading_that_first_saw_it_so(takes, server):
    row = {"pid": 9, "command": "nfsd", "state": "D", "started_at": 5.0, "cpu_seconds": 1.0}

    def since():
        return server.sections.get(section="processes").content["rows"][0].get("blocked_since")

    def told(**changed):
        return report(processes={"total": 1, "states": {"D": 1}, "rows": [{**row, **changed}]})

    takes(told())
    takes(told(), minutes=15)
    assert since() == NOW.timestamp()
    takes(told(cpu_seconds=2.0), minutes=30)
    assert since() == (NOW + timedelta(minutes=30)).timestamp()
    takes(told(state="S", cpu_seconds=2.0), minutes=45)
    assert since() is None


def test_a_hostile_host_breaks_nothing(takes, server):
    evil = "\x1b[31m'; DROP TABLE x; --\x00\u202e<script>" + "x" * 5000
    takes(
        report(
            units=[{"name": evil, "active": evil}], users=[{"name": evil, "uid": 2**62}],
            packages=[{"manager": evil, "name": evil, "version": evil}],
            identity={"hostname": evil, "serial": evil}, os={"id": evil, "kernel": evil},
            filesystems=[{"mount": evil, "size_bytes": 0, "used_bytes": 5}],
            listeners=[{"transport": evil, "address": evil, "port": 1, "command": evil}],
        )
    )  # fmt: skip

    server.refresh_from_db()
    assert "\x1b" not in server.kernel
    assert len(server.units.get().name) <= 200


# ── the push door ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def key(server):
    cache.clear()
    return telemetry.issue_push_key(server.item, by=system())


def push(client, body, text, *, packed=True):
    headers = {"authorization": f"Bearer {text}"}
    if packed:
        headers["content-encoding"] = "gzip"
        body = gzip.compress(body)
    return client.post("/api/push", body, content_type="application/json", headers=headers)


def test_a_host_pushes_its_facts_with_its_own_key(client, key, server):
    answer = push(client, report(units=[UNIT]), key[1])

    assert answer.status_code == 200
    assert server.units.get().name == "nginx.service"
    assert AuditEntry.objects.filter(via="push").exists()


def test_a_spool_of_reports_is_taken_in_turn(client, key, server):
    first, second = json.loads(report(units=[UNIT])), json.loads(report(units=[]))

    answer = push(client, json.dumps([first, second]).encode(), key[1])

    assert answer.status_code == 200
    assert not server.units.exists()


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param("", 401, id="none"),
        pytest.param("fsp_wrong", 401, id="wrong"),
        pytest.param("\u00e9", 401, id="no ASCII"),
    ],
)
def test_without_a_good_key_nothing_is_taken(client, key, text, status):
    assert push(client, report(units=[UNIT]), text).status_code == status
    assert not Facts.objects.exists()


def test_a_revoked_key_opens_nothing(client, key):
    telemetry.revoke(key[0], by=system())

    assert push(client, report(units=[UNIT]), key[1]).status_code == 401


@pytest.mark.parametrize(
    ("body", "packed"),
    [
        pytest.param(b"{", True, id="half JSON"),
        pytest.param(b"[1, 2]", True, id="a list of numbers"),
        pytest.param(b"\xff\xfe", False, id="no text"),
        pytest.param(b"[" * 100_000, True, id="deep"),
        pytest.param(b"\x00" * (9 * 1024 * 1024), True, id="a bomb"),
        pytest.param(b"{}", True, id="an empty object"),
    ],
)
def test_what_is_no_report_is_refused(client, key, body, packed):
    answer = push(client, body, key[1], packed=packed)

    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert not Facts.objects.exists()


def test_a_body_that_says_gzip_and_is_none_is_refused(client, key):
    headers = {"authorization": f"Bearer {key[1]}", "content-encoding": "gzip"}

    answer = client.post("/api/push", b"plain", content_type="application/json", headers=headers)

    assert answer.status_code == 400


def test_a_body_that_is_cut_short_is_refused(client, key):
    headers = {"authorization": f"Bearer {key[1]}", "content-encoding": "gzip"}
    body = gzip.compress(report(units=[UNIT]))[:-9]

    answer = client.post("/api/push", body, content_type="application/json", headers=headers)

    assert answer.status_code == 400


def test_a_host_that_pushes_too_often_is_told_when_to_come_again(client, key):
    PushKey.objects.update(per_minute=2)
    codes = [push(client, report(), key[1]).status_code for _ in range(3)]
    answer = push(client, report(), key[1])

    assert codes == [200, 200, 429]
    assert int(answer.headers["Retry-After"]) > 0


def test_a_host_that_was_never_enrolled_is_enrolled_by_its_first_word(client, db):
    cache.clear()
    item = Item.objects.create(kind="host", name="new")
    _, text = telemetry.issue_push_key(item, by=system())

    assert push(client, report(units=[UNIT]), text).status_code == 200
    assert Server.objects.get().item == item


def test_a_server_and_its_sections_are_shown_as_they_were(takes, server):
    old = {"content": "old"}
    takes(report(os={"id": "debian", "version_id": "11", "name": "Debian 11"}, memory=old))
    at = time.now() + history.TICK
    takes(report(os={"id": "debian", "version_id": "12", "name": "Debian 12"}), minutes=20)
    browser, then = make.client(make.user("ann", role="administrator")), {"at": at.isoformat()}

    page = browser.get(f"/servers/{server.pk}", then).content.decode()
    listed = browser.get("/servers", {"os_version": "11", **then}).content.decode()
    section = server.sections.get(section="os")
    fact = browser.get(f"/facts/{section.pk}", then).content.decode()

    assert ("Debian 11" in page, "Debian 12" in page) == (True, False)
    assert f"/facts/{section.pk}?at=" in page
    assert "1 server, as it was" in listed
    assert ("Debian 11" in fact, "Debian 12" in fact) == (True, False)


def test_a_section_that_is_told_no_longer_is_no_longer_so_in_its_versions(takes, server):
    takes(report(users=[{"name": "root"}], groups=[{"name": "wheel"}]))
    gone = server.sections.get(section="groups")

    takes(report(users=[{"name": "root"}]), minutes=20)

    assert not server.sections.filter(section="groups").exists()
    assert not history.of(gone).filter(ends_at=FOREVER).exists()


def test_a_server_that_falls_silent_was_in_touch_before(takes, server):
    takes(report(os={"id": "debian"}))
    at = time.now() + history.TICK

    assert services.declare_silent(now=NOW + timedelta(days=1)) == 1

    assert history.at(server, at)["state"] == "ok"
    assert history.of(server).get(ends_at=FOREVER).state["state"] == "silent"

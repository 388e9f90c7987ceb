"""The audit: one chain whoever writes at once, and every way of tampering with it found."""

import pytest
from django.db import DatabaseError, connection, transaction

from fullscore.config import commands
from fullscore.config.checks import CHECKS
from fullscore.domains.foundation.findings.models import Check, Finding
from fullscore.domains.foundation.findings.services import list_checks, run_check
from fullscore.domains.foundation.system import jobs
from fullscore.domains.foundation.system.services import anchors
from fullscore.kit import audit, checks
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from tests import make


@pytest.fixture
def heads(monkeypatch, tmp_path):
    monkeypatch.setattr(anchors, "file", lambda: tmp_path / "heads")
    return tmp_path / "heads"


def write(count):
    for n in range(count):
        audit.noted(system(), "see", by=system(), note=str(n), host=f"host{n}")


def unguarded(*statements):
    """Run SQL as somebody who owns the database and takes the guard away, until a roll-back."""
    table = AuditEntry._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else the table is still in use
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER kit_audit_guard")
        else:
            cursor.execute("DROP TRIGGER kit_audit_not_changed")
            cursor.execute("DROP TRIGGER kit_audit_not_removed")
        for statement in statements:
            cursor.execute(statement.format(table=table))


def is_refused(statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return True


@pytest.mark.django_db
def test_the_database_itself_lets_nobody_change_or_remove_an_entry():
    write(2)

    assert is_refused("UPDATE kit_auditentry SET verb = 'other'")
    assert is_refused("DELETE FROM kit_auditentry")
    assert audit.verify()[1] == ""


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["UPDATE {table} SET reason = 'other' WHERE n = {n}"], "Entry {n} was changed"),
        (["UPDATE {table} SET address = '10.0.0.1' WHERE n = {n}"], "Entry {n} was changed"),
        (["DELETE FROM {table} WHERE n = {n}"], "Entry {n} is missing"),
        (
            ["UPDATE {table} SET n = -1 WHERE n = {n}", "UPDATE {table} SET n = {n} WHERE n = {m}",
             "UPDATE {table} SET n = {m} WHERE n = -1"],
            "Entry {n} does not follow",
        ),
        (
            ["INSERT INTO {table} (n, at, by_id, via, token, address, verb, noun, record, reason,"
             " previous_hash, hash) SELECT n + 1, at, by_id, via, token, address, verb, noun,"
             " record, reason, hash, 'x' FROM {table} ORDER BY n DESC LIMIT 1"],
            "was changed after it was written",
        ),
        (["DELETE FROM {table} WHERE n > {n}"], "is gone: the end was cut off"),
        (["DELETE FROM {table}"], "is gone: the end was cut off"),
    ],
    ids=["reason", "address", "delete", "swap", "insert", "cut", "empty"],
)  # fmt: skip
@pytest.mark.django_db
def test_each_way_of_tampering_is_found_and_named(statements, told, heads, capsys):
    write(6)
    jobs.write_audit_head.call()
    first = AuditEntry.objects.earliest("n").n
    n, m = first + 2, first + 3

    unguarded(*(s.replace("{n}", str(n)).replace("{m}", str(m)) for s in statements))

    assert told.format(n=n) in anchors.verify()[1]
    assert commands.audit(["verify"]) == 1
    assert told.format(n=n) in capsys.readouterr().out


@pytest.mark.django_db
def test_a_head_is_written_once_and_a_sound_chain_agrees_with_all_of_them(heads):
    write(2)
    jobs.write_audit_head.call()
    jobs.write_audit_head.call()
    write(2)
    jobs.write_audit_head.call()

    assert [one.n for one in anchors.anchors()] == [audit.head()[0] - 2, audit.head()[0]]
    assert anchors.verify() == (AuditEntry.objects.count(), "")


# ── seen by who may see it ─────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "sees"), [("auditor", 200), ("security", 200), ("engineer", 403)])
def test_the_audit_is_read_by_page_and_api_by_auditors(role, sees):
    write(1)
    entry = AuditEntry.objects.latest("n")
    client = make.client(make.user(role=role))

    listed = client.get("/audit-entries?verb=see")
    shown = client.get(f"/audit-entries/{entry.n}")

    assert listed.status_code == sees
    for words, is_there in (("see 0", True), ("kit.user", True), ("nobody did", False)):
        found = client.get("/audit-entries", {"q": words}).content.decode()
        assert (f"/audit-entries/{entry.n}" in found) == (is_there and sees == 200)
    assert shown.status_code in (sees, 404)
    assert ("host0" in shown.content.decode()) == (sees == 200)


@pytest.fixture
def letter(db):
    return make.dead_letter()


def test_a_job_that_gave_up_is_seen_queued_again_or_discarded(letter):
    checks.are(CHECKS)
    list_checks(by=system())
    client = make.client(make.user(role="administrator"))

    page = client.get(f"/dead-letters/{letter.pk}").content.decode()
    assert "OSError: the disk is full" in page
    assert "1 waiting" in client.get("/dead-letters").content.decode()
    check = Check.objects.get(ident="findings.job_failed")
    run_check(check, by=system())
    (found,) = Finding.objects.live().filter(check_of=check)
    assert found.title == "The job write audit head gave up once"
    client.post(f"/dead-letters/{letter.pk}/retry")

    letter.refresh_from_db()
    assert letter.state == "retried"
    run_check(check, by=system())
    assert not Finding.objects.live().filter(check_of=check).exists()
    assert AuditEntry.objects.filter(noun="kit.deadletter", verb="retry").count() == 1
    assert make.client(make.user(role="engineer")).post(
        f"/dead-letters/{letter.pk}/discard"
    ).status_code in (403, 404)

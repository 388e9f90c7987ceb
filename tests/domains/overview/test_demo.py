"""Brightwater is wrong exactly where it says so."""

import hashlib
import ipaddress
import json
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.test import TestCase

from fullscore.connectors.probe.sections import SECTIONS
from fullscore.connectors.samples import open_store
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item, Link
from fullscore.domains.foundation.findings import services as findings
from fullscore.domains.foundation.findings.models import Check, Finding
from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.foundation.telemetry.services import intake
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.domains.overview.demo import company, names, sections, services, truth
from fullscore.kit import audit, checks, history, search, time
from fullscore.kit.errors import Conflict
from fullscore.kit.models.user import User, system

DAY = timedelta(days=1)
SMALL = 0.1


@dataclass(frozen=True)
class Said:
    """What one finding said when the checks had run for the first time."""

    check: str
    where: str
    severity: int
    title: str


MODELS = [apps.get_model(label) for label in (
    "directory.Team", "directory.Person", "directory.Membership", "access.RoleGrant", "estate.Item",
    "estate.Requirement", "estate.Link", "estate.Identifier", "estate.Claim", "estate.Listener",
    "estate.Certificate", "servers.Server", "servers.Facts", "servers.PackageVersion",
    "servers.Installed",
    "servers.Unit", "servers.Account", "servers.Filesystem",
)]  # fmt: skip


def forget_the_store():
    """Let samples go to the store of whoever comes next, under series of its own."""
    intake._door.cache_clear()
    intake.memory.clear()


@pytest.mark.django_db
def test_the_same_seed_and_day_make_the_same_rows(monkeypatch, tmp_path):
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    apart = open_store(f"parquet://{tmp_path}")
    monkeypatch.setattr(telemetry, "store", lambda: apart)
    monkeypatch.setattr(time, "now", lambda: noon)

    told = [_rows_of_a_new_company(seed, noon.date()) for seed in (3, 3, 4)]
    forget_the_store()

    assert told[0] == told[1]
    assert told[0] != told[2]
    apart.close()


def _rows_of_a_new_company(seed: int, today: date) -> str:
    """Return a digest of the rows a founding makes, and take them back."""
    digest = hashlib.sha256()
    forget_the_store()
    with transaction.atomic():
        services.fill(seed=seed, size=SMALL, today=today)
        for model in MODELS:
            for row in _told(model):
                digest.update(json.dumps(row, sort_keys=True, cls=_Told).encode())
        transaction.set_rollback(True)
    return digest.hexdigest()


class _Told(DjangoJSONEncoder):
    """What is kept as bytes is told in hexadecimal."""

    def default(self, o):
        return bytes(o).hex() if isinstance(o, bytes | memoryview) else super().default(o)


def _told(model):
    """Yield a model's rows without their numbers.

    A reference is told by the order of its target.
    """
    places = {
        field.attname: {
            pk: n
            for n, pk in enumerate(
                field.related_model._base_manager.order_by("pk").values_list("pk", flat=True)
            )
        }
        for field in model._meta.concrete_fields
        if field.is_relation
    }
    for row in model._base_manager.order_by("pk").values():
        del row["id"]
        yield {k: places[k].get(v) if k in places else v for k, v in row.items()}


class BrightwaterTests(TestCase):
    """What is found in a company that was founded once for all of these tests."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="fullscore-samples-")
        cls.addClassCleanup(shutil.rmtree, folder)
        opened = open_store(f"parquet://{folder}")
        cls.addClassCleanup(opened.close)
        cls.enterClassContext(patch.object(telemetry, "store", lambda: opened))
        forget_the_store()
        cls.addClassCleanup(forget_the_store)
        super().setUpClass()

    @classmethod
    def setUpTestData(cls):
        """Found the company, run every check once, and let its people live through it."""
        services.fill(seed=7, size=SMALL)
        for ident in checks.known():
            run = findings.run_check(Check.objects.get(ident=ident), by=system())
            assert run.state == "done", (ident, run.problem)
        rows = Finding.objects.select_related("item", "check_of")
        people = {f"directory.person:{p.pk}": p.name for p in Person.objects.all()}
        cls.said = [
            Said(f.check_of.ident, str(f.item or people.get(f.record, "")), f.severity, f.title)
            for f in rows
        ]
        services.live_through()

    def test_what_is_planted_is_found_in_its_words(self):
        for planted in [p for p in truth.PLANTED if p.check]:
            with self.subTest(planted.id):
                for where in planted.where:
                    titles = [
                        s.title for s in self.said if (s.check, s.where) == (planted.check, where)
                    ]
                    assert any(planted.words in title for title in titles), (where, titles)

    def test_nothing_is_found_that_was_not_planted(self):
        planted = {(p.check, where): p.words for p in truth.PLANTED for where in p.where}

        beside = [s for s in self.said if planted.get((s.check, s.where), "nowhere") not in s.title]

        assert beside == []

    def test_the_findings_of_every_severity_are_enough_to_look_at(self):
        counts = {n: sum(s.severity == n for s in self.said) for n in (5, 4, 3)}

        assert counts[5] == 2
        assert counts[4] >= 25
        assert counts[3] >= 20

    def test_the_leaver_has_left_and_the_account_still_opens(self):
        person = Person.objects.get(name=names.LEAVER)

        assert person.state == "left"
        assert person.user.is_active
        assert history.at(person, time.now() - 30 * DAY)["state"] == "active"

    def test_the_leak_takes_the_memory_within_six_days(self):
        series = telemetry.series_of(
            Item.objects.get(name="app-17"), "node_memory_MemAvailable_bytes"
        )
        end = telemetry.milliseconds(time.now())
        told = telemetry.store().read([series[0].pk], start_ms=end - 13 * 86_400_000, end_ms=end)

        falls = told.values[1:] < told.values[:-1]

        assert 0.9 < falls.mean() < 1
        assert 2 <= (~falls).sum() <= 3  # the restarts

    def test_nobody_but_the_planted_owns_nothing(self):
        without = set(Item.objects.filter(owner=None).values_list("name", flat=True))

        assert without == set(next(p for p in truth.PLANTED if p.id == "unowned").where)

    def test_thirty_days_ago_the_standby_firewall_was_there(self):
        before, standby = time.now() - 30 * DAY, Item.objects.get(name="fw-ams-2")
        links = [
            v.state for v in history.as_of(Link, before) if v.state["to_item_id"] == standby.pk
        ]

        assert history.at(standby, before)["state"] == "active"
        assert standby.state == "retiring"
        assert len(links) == 2
        assert not standby.links_in.exists()

    def test_the_firewall_left_takes_two_services_down(self):
        firewall = Item.objects.get(name="fw-ams-1").pk
        down = {c.name for c in estate.what_if([firewall], user=system()) if c.is_down}

        assert down == {"Customer portal", "Track and trace"}

    def test_people_took_excepted_muted_and_repaired_what_was_found(self):
        states = set(Finding.objects.values_list("state", flat=True))
        closed = Finding.objects.filter(state="closed")

        assert states == {"open", "acknowledged", "excepted", "closed"}
        assert closed.count() == sum(len(p.where) for p in truth.PLANTED if p.is_repaired)
        assert {f.closed_as for f in closed} == {
            "verified",
            "gone",
        }  # the rule is gone, the units run
        assert all(f.proofs.exists() for f in closed)
        assert Finding.objects.filter(muted_until__gt=time.now()).exists()
        assert Finding.objects.filter(waivers__state="asked").exists()

    def test_findings_have_their_ages(self):
        oldest = Finding.objects.order_by("opened_at").first()
        late = Finding.objects.pressing().filter(due_on__lt=time.now().date())

        assert time.now() - oldest.opened_at > 50 * DAY
        assert late.exists()
        assert not Finding.objects.filter(due_on=None).exists()

    def test_the_audit_holds_one_entry_for_each_kind_that_was_founded(self):
        told = list(audit.AuditEntry.objects.filter(verb="found").values_list("noun", flat=True))

        assert audit.verify()[1] == ""
        nouns = ("estate.requirement", "servers.facts", "directory.team")
        assert {n: told.count(n) for n in nouns} == {
            "estate.requirement": 1, "servers.facts": 1, "directory.team": 1,
        }  # fmt: skip

    def test_items_and_people_are_found_by_their_names(self):
        maya = User.objects.get(email="maya@brightwater.example")

        found = search.narrowed(Item.objects.all(), "Customer portal").values_list("pk", flat=True)
        assert Item.objects.get(name="Customer portal").pk in found
        assert "db-04" in [hit.title for hit in search.find("db-04", by=maya)]

    def test_the_company_goes_on_and_only_the_silent_host_is_silent(self):
        later = time.now() + timedelta(hours=1)
        check = Check.objects.get(ident="servers.host_silent")
        memory = Check.objects.get(ident="servers.memory_low")
        services.go_on(now=later - timedelta(seconds=45))
        services.go_on(now=later)

        with patch.object(time, "now", lambda: later):
            findings.run_check(check, by=system())
            run = findings.run_check(memory, by=system())

        silent = Finding.objects.live().filter(check_of=check)
        assert [f.item.name for f in silent] == ["cloud-06"]
        assert run.counts["unknown"] == 1
        assert run.counts["good"] == Server.objects.count() - 1

    def test_a_database_that_holds_something_is_refused(self):
        with pytest.raises(Conflict, match="empty database"):
            services.fill(seed=7, size=SMALL)


@pytest.mark.parametrize(("size", "computers", "devices"), [(1.0, 400, 60), (0.1, 42, 21)])
def test_the_company_has_its_size(size, computers, devices):
    drawn = company.draw(seed=7, size=size)

    assert (len(drawn.computers), len(drawn.devices)) == (computers, devices)


def test_hosts_say_what_a_probe_says():
    drawn, at = company.draw(seed=7, size=SMALL), datetime(2026, 11, 20, 12, tzinfo=UTC)
    for computer in drawn.computers:
        for name, content in sections.facts(computer, seed=7, at=at).items():
            assert SECTIONS[name](content) == _as_sent(name, content), (computer.name, name)


def _as_sent(section: str, content):
    """Return a section without what the server adds to it from memory."""
    told = json.loads(json.dumps(content))
    rows = told["rows"] if section == "updates" else told if section == "units" else []
    for row in rows:
        row.pop("since" if section == "updates" else "restarts_recent")
    return told


@pytest.mark.parametrize("size", [SMALL, 10.0])
def test_addresses_come_from_the_ranges_for_documentation(size):
    ranges = [
        ipaddress.ip_network(n)
        for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    ]
    addresses = [a for c in company.draw(seed=7, size=size).computers for a in c.addresses]

    for address in addresses:
        one = ipaddress.ip_interface(address).ip
        assert any(one in r for r in ranges if r.version == one.version), address
    assert len(set(addresses)) == len(addresses)

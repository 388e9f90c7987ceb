"""Whatever noun the product has: list, detail, form, files and API, for who may and who may not.

The real addresses and middleware, and real roles; only the sign-in itself is skipped.
"""

import csv
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from fullscore.config.resources import RESOURCES
from fullscore.domains.foundation.access import tokens
from fullscore.interfaces.web.files import FORMULA
from fullscore.kit import audit, history, time
from fullscore.kit.models import AuditEntry
from fullscore.kit.resource import Resource
from tests import make

# Of a list: rows, their count, what troubles them, and one for each reference shown.
MOST_QUERIES = 6
WHO_ASKS, AROUND = 3, 3  # session, account, grants; saved views, newest change, unread notes
ROWS, CHOICES = ({"HX-Request": "true", "HX-Target": t} for t in ("rows", "menu-filter"))
ONE: dict[str, Callable[..., Any]] = {
    "finding": make.finding, "exception": make.waiver, "server": make.server, "item": make.item,
    "listener": make.listener, "certificate": make.certificate, "filesystem": make.filesystem,
    "capacity": make.capacity, "audit-entry": make.audit_entry, "dead-letter": make.dead_letter,
    "unit": make.unit, "server-account": make.server_account, "package": make.package,
    "check": make.check, "blind-spot": make.blind, "metric": make.metric, "series": make.series,
    "person": make.person, "team": make.team, "account": make.user, "access-role": make.grant,
    "api-token": make.token, "membership": make.membership, "link": make.link,
    "requirement": make.requirement, "identifier": make.identifier, "claim": make.claim,
    "source": make.source, "sighting": make.sighting,
    "scope": make.scope,
    "installed-package": make.installed, "fact": make.facts, "push-key": make.push_key,
    "refusal": make.refusal,
    "known-login": make.known_login, "account-key": make.account_key,
    "sudo-rule": make.sudo_rule, "disk": make.disk, "ssh-host": make.ssh_host,
    "hypervisor": make.hypervisor,
    "cloud-account": make.cloud_account, "cloud-resource": make.cloud_resource,
    "cost-export": make.cost_export, "cost-period": make.cost_period, "cost-row": make.cost_row,
    "virtual-machine": make.machine, "machine-act": make.machine_act,
    "machine-snapshot": make.machine_snapshot, "storage-pool": make.storage_pool,
    "scrape-target": make.scrape_target,
    "sample-collector": make.collector,
    "check-run": make.check_run, "check-setting": make.check_setting, "due-rule": make.due_rule,
    "owner-rule": make.owner_rule, "import": make.import_, "downtime-cost": make.downtime_cost,
    "difference": make.difference, "sharing": make.sharing, "proposal": make.proposal,
    "alert-source": make.alert_source, "receipt": make.receipt, "incident": make.incident,
    "alert": make.alert, "alert-event": make.alert_event, "silence": make.silence,
    "timeline-entry": make.timeline_entry, "incident-role": make.incident_role,
    "incident-task": make.incident_task, "checklist-step": make.checklist_step,
    "incident-review": make.review, "review-action": make.review_action,
    "change-of-incident": make.incident_change, "service-objective": make.service_objective,
    "status-component": make.status_component,
    "status-notice": make.status_notice, "status-update": make.status_update,
    "status-subscriber": make.status_subscriber,
    "change": make.change, "change-step": make.change_step, "change-event": make.change_event,
    "approval": make.approval, "approval-policy": make.approval_policy, "freeze": make.freeze,
    "standard-change": make.standard_change, "trouble": make.trouble,
    "runbook": make.runbook, "runbook-version": make.runbook_version,
    "runbook-run": make.runbook_run, "runbook-step": make.runbook_step,
    "command-access": make.command_access,
    "finding-event": make.event, "proof": make.proof, "comment": make.comment,
    "threshold": make.threshold, "breach": make.breach, "storage-rule": make.storage_rule,
    "schedule": make.schedule, "rota-layer": make.layer, "rota-turn": make.turn,
    "duty-calendar": make.duty_calendar, "calendar-duty": make.calendar_duty,
    "rota-override": make.override, "shift": make.shift, "shift-swap": make.swap,
    "absence": make.absence, "contact-channel": make.contact_channel,
    "contact-rule": make.contact_rule, "escalation-policy": make.policy,
    "escalation-step": make.escalation_step, "escalation-route": make.escalation_route,
    "rota-import": make.rota_import,
    "escalation": make.run, "page-delivery": make.attempt, "escalation-event": make.run_event,
    "ranking": make.ranking, "suspect": make.suspect, "cause": make.cause, "watch": make.watch,
    "patch-baseline": make.baseline, "package-hold": make.hold, "patch-ring": make.ring,
    "patch-window": make.patch_window, "urgency": make.urgency,
    "patch-campaign": make.campaign, "patch-wave": make.wave, "server-run": make.server_run,
    "accepted-outage": make.accepted_outage, "patch-step": make.run_step,
    "spare-lease": make.spare_lease, "patch-access": make.patch_access,
    "watched-series": make.watched, "anomaly": make.anomaly,
}  # fmt: skip

every_noun = pytest.mark.parametrize(
    "resource", [pytest.param(r, id=r.name) for r in RESOURCES]
)  # fmt: skip
every_file_in = pytest.mark.parametrize(
    "resource", [pytest.param(r, id=r.name) for r in RESOURCES if r.fields and r.takes_files]
)
every_form = pytest.mark.parametrize(
    "resource", [pytest.param(r, id=r.name) for r in RESOURCES if r.fields]
)
every_file = pytest.mark.parametrize(
    "resource", [pytest.param(r, id=r.name) for r in RESOURCES if r.export]
)


def one(resource: Resource) -> Any:
    return ONE[resource.name.lower()]()


@pytest.fixture
def ann(db):
    """Return an administrator who also answers for operations, and so sees every noun."""
    ann = make.user("ann", role="administrator")
    make.grant(user=ann, role="operator")
    return ann


@pytest.fixture
def browser(ann):
    return make.client(ann)


@pytest.fixture
def program(ann):
    """Return the headers of a program that reads as Ann."""
    text = tokens.new()
    make.token(text, user=ann)
    return {"Authorization": f"Bearer {text}"}


# ── pages ──────────────────────────────────────────────────────────────────────────────────────


@every_noun
@pytest.mark.parametrize(
    ("headers", "most"),
    [
        pytest.param({}, WHO_ASKS + AROUND + MOST_QUERIES, id="page"),
        pytest.param(ROWS, WHO_ASKS + MOST_QUERIES, id="rows"),
    ],
)
def test_a_list_costs_the_same_however_many_rows_it_shows(resource, browser, headers, most):
    def cost():
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(resource.url(), headers=headers).status_code == 200
        return [query["sql"][:150] for query in asked]

    one(resource)
    cost()  # what is asked once per process is not the list's
    few = cost()
    for _ in range(3):
        one(resource)
    many = cost()

    assert len(many) == len(few), "\n".join(many)
    assert len(many) <= most, "\n".join(many)


@every_noun
def test_a_list_takes_each_of_its_filters_and_sorts(resource, browser):
    one(resource)
    asked = [resource.default_query, *resource.quick.values()]
    asked += [f"sort={way}{s.removeprefix('-')}" for s in resource.sorts for way in ("", "-")]
    asked += ["q=abc", *(["at=2026-10-02T00:00"] if resource.keeps_history else [])]

    for query in asked:
        answer = browser.get(f"{resource.url()}?{query}")

        assert answer.status_code == 200, query
        assert "cannot be used" not in answer.content.decode(), query
    if not resource.keeps_history:
        assert browser.get(f"{resource.url()}?at=2026-10-02T00:00").status_code == 422


@pytest.mark.parametrize("path", ["findings", "servers", "items", "links", "series"])
def test_a_filter_offers_only_the_records_one_may_see(path, db):
    red, blue = make.team("red"), make.team("blue")
    make.server(item=make.item("ours", owner=red))
    make.finding(item=make.item("theirs", owner=blue))
    make.server(item=make.item("theirs-too", owner=blue))

    client = make.client(make.user(role="viewer", team=red))
    page = client.get(f"/{path}").content.decode()
    menu = client.get(f"/{path}", headers=CHOICES).content.decode()

    assert "<select" in menu
    assert "theirs" not in page + menu


@every_noun
def test_a_record_has_a_page_that_names_it(resource, browser):
    record = one(resource)

    answer = browser.get(resource.url(record.pk))

    assert answer.status_code == 200
    assert browser.get(resource.url(record.pk + 1000)).status_code == 404


@every_form
def test_a_record_can_be_filled_in(resource, browser):
    record = one(resource)

    for url in (resource.url("add"), resource.url(record.pk, "edit")):
        answer = browser.get(url)

        assert answer.status_code == 200, url
        assert b"<form" in answer.content
        assert b"csrfmiddlewaretoken" in answer.content


@every_form
def test_an_empty_form_is_sent_back_or_taken_but_never_breaks(resource, browser):
    answer = browser.post(resource.url("add"), {})

    assert answer.status_code in (200, 302, 422)


@every_noun
def test_a_list_says_what_it_cannot_filter_by(resource, browser):
    page = browser.get(resource.url() + "?colour=red").content.decode()

    assert "have no filter “colour”" in page


# ── files ──────────────────────────────────────────────────────────────────────────────────────


FREE = "=1+1"


def text_column(resource: Resource) -> str:
    """Return a column whose text people or machines choose freely; empty when there is none."""
    for column in resource.columns:
        field = resource.field_of(column)
        is_text = isinstance(field, models.CharField | models.TextField) and not field.choices
        is_free = is_text and field.max_length != 64 and (field.max_length or 9) > len(FREE)
        if "__" not in column and is_free:
            return column
    return ""


def runs(cell: str) -> bool:
    """Say whether a spreadsheet would take a cell for a formula; plain numbers it may."""
    try:
        float(cell)
    except ValueError:
        return cell.startswith(FORMULA)
    return False


@every_file
def test_an_export_holds_the_record_and_no_formula(resource, browser):
    record = one(resource)
    column = text_column(resource)
    if resource.model is AuditEntry:  # nobody changes one: it is written so
        record, column = make.audit_entry(note=FREE), "reason"
    elif column:
        resource.model._default_manager.filter(pk=record.pk).update(**{column: FREE})

    told = b"".join(browser.get(resource.url("export.csv"))).decode("utf-8-sig")
    book = openpyxl.load_workbook(io.BytesIO(browser.get(resource.url("export.xlsx")).content))

    lines = list(csv.reader(io.StringIO(told)))
    rows = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert lines[0] == rows[0]
    assert str(record.pk) in [line[0] for line in lines[1:]]
    assert record.pk in [row[0] for row in rows[1:]]
    assert not any(runs(cell) for line in lines for cell in line)
    assert not any(cell.data_type == "f" for row in book.active.iter_rows() for cell in row)
    assert not column or f"'{FREE}" in told


MALFORMED = [
    pytest.param(b"\xff\xfe\x00broken", id="not text"),
    pytest.param(b"PK\x03\x04 no archive", id="no workbook"),
    pytest.param(b"", id="empty"),
    pytest.param(b"no such column,another\n1,2,3,4\n", id="unknown columns"),
    pytest.param(b'id,"name\n1', id="open quote"),
]


@every_file_in
@pytest.mark.parametrize("content", MALFORMED)
def test_a_malformed_file_is_refused_and_changes_nothing(resource, content, browser):
    rows = resource.model._default_manager.count()

    answer = browser.post(
        resource.url("import"), {"file": SimpleUploadedFile("rows.csv", content)}
    )  # fmt: skip

    assert answer.status_code in (200, 422)
    assert resource.model._default_manager.count() == rows


# ── API ────────────────────────────────────────────────────────────────────────────────────────


@every_noun
def test_programs_read_what_pages_show(resource, client, program):
    record = one(resource)

    listed = client.get(f"/api{resource.url()}", headers=program)
    shown = client.get(f"/api{resource.url(record.pk)}", headers=program)
    unknown = client.get(f"/api{resource.url()}?no_such_filter=1", headers=program)

    assert (listed.status_code, shown.status_code) == (200, 200)
    assert record.pk in [row["id"] for row in listed.json()["items"]]
    assert shown.json()["id"] == record.pk
    assert unknown.status_code == 422


@pytest.mark.parametrize("resource", [pytest.param(r, id=r.name) for r in RESOURCES
                                      if r.keeps_history])  # fmt: skip
def test_the_past_of_a_list_is_asked_as_its_present_is(resource, client, program):
    record = one(resource)
    history.keep(record, audit.snapshot(record))
    at = (time.now() + history.TICK).isoformat().replace("+00:00", "Z")
    queries = ["", *(f"sort={sort}" for sort in resource.sorts)]
    for name in resource.filters:
        value = getattr(record, resource.model._meta.get_field(name).attname, None) \
            if "__" not in name else None  # fmt: skip
        if value not in (None, "", [], {}) and not hasattr(value, "isoformat"):
            queries.append(f"{name}={str(value).lower() if value in (True, False) else value}")

    for query in queries:
        address = f"/api{resource.url()}?{query}"
        now = client.get(address, headers=program)
        if now.status_code == 422:
            continue  # the sample's own value is none that may be chosen
        then = client.get(f"{address}&at={at}", headers=program)
        if then.status_code == 422:
            assert "past" in then.json()["detail"], query
            continue
        assert (now.status_code, then.status_code) == (200, 200), query
        seen = [row["id"] for row in then.json()["items"]]
        assert record.pk in seen, query
        assert set(seen) <= {row["id"] for row in now.json()["items"]}, query


# ── who may not ────────────────────────────────────────────────────────────────────────────────


def addresses(resource: Resource, pk: int) -> list[str]:
    found = [resource.url(), resource.url(pk)]
    if resource.fields:
        found += [resource.url("add"), resource.url(pk, "edit")]
    if resource.fields and resource.takes_files:
        found.append(resource.url("import"))
    if resource.export:
        found += [resource.url("export.csv"), resource.url("export.xlsx")]
    if resource.can_delete:
        found.append(resource.url(pk, "delete"))
    if resource.keeps_history:
        found.append(resource.url(pk, "changes"))
    return found + [resource.url(pk, verb.name) for verb in resource.verbs]


@every_noun
def test_without_a_role_nothing_is_seen_and_nothing_done(resource, db):
    record, nobody = one(resource), make.user("nobody")
    browser, text = make.client(nobody), tokens.new()
    make.token(text, user=nobody, scopes=["read", "act"])
    program = {"Authorization": f"Bearer {text}"}

    told = {url: browser.get(url).status_code for url in addresses(resource, record.pk)}
    told |= {f"POST {url}": browser.post(url).status_code for url in addresses(resource, record.pk)
             if url not in (resource.url(), resource.url(record.pk))}  # fmt: skip
    for url in (f"/api{resource.url()}", f"/api{resource.url(record.pk)}"):
        told[url] = browser.get(url, headers=program).status_code

    assert {url: status for url, status in told.items() if status not in (403, 404, 405)} == {}
    assert resource.model._default_manager.filter(pk=record.pk).exists()


@every_noun
def test_strangers_sign_in_first(resource, client, db):
    record = one(resource)

    for url in addresses(resource, record.pk):
        answer = client.get(url)
        assert (answer.status_code, answer.headers.get("Location", "")[:9]) == (302, "/sign-in/")
    assert client.get(f"/api{resource.url()}").status_code == 401
    assert client.get(f"/api{resource.url(record.pk)}").status_code == 401


def test_every_noun_has_a_builder():
    assert {r.name.lower() for r in RESOURCES} == set(ONE)

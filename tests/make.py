"""One builder per noun: `make.finding(severity=5)` stands with everything it hangs on.

What is not given is invented, and unlike what was invented before. Rows are written as they are:
rules about who and when are the services', and are tested there.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import uuid4

from django.test import Client

from fullscore.domains.foundation.access import roles, sessions, tokens
from fullscore.domains.foundation.access.models import ApiToken, RoleGrant
from fullscore.domains.foundation.changes.models import (
    Approval,
    ApprovalPolicy,
    Change,
    ChangeEvent,
    ChangeStep,
    CommandAccess,
    Freeze,
    Runbook,
    RunbookRun,
    RunbookStepRun,
    RunbookVersion,
    StandardChange,
    Trouble,
)
from fullscore.domains.foundation.directory.models import Membership, Person, Team
from fullscore.domains.foundation.estate.models import (
    Certificate,
    Claim,
    Difference,
    DowntimeCost,
    Identifier,
    Item,
    Link,
    Listener,
    Requirement,
    Scope,
    Sighting,
    Source,
)
from fullscore.domains.foundation.findings.models import (
    Blind,
    Check,
    CheckRun,
    CheckSetting,
    Comment,
    DueRule,
    Event,
    Finding,
    OwnerRule,
    Proof,
    Waiver,
)
from fullscore.domains.foundation.system.models import Import
from fullscore.domains.foundation.telemetry.models import (
    Breach,
    Collector,
    Metric,
    PushKey,
    Refusal,
    ScrapeTarget,
    Series,
    StorageRule,
    Threshold,
)
from fullscore.domains.infrastructure.cloud.models import (
    CloudAccount,
    CloudResource,
    CostExport,
    CostPeriod,
    CostRow,
)
from fullscore.domains.infrastructure.patching.models import (
    AcceptedOutage,
    Baseline,
    Campaign,
    Hold,
    PatchAccess,
    PatchWindow,
    Ring,
    RunStep,
    ServerRun,
    SpareLease,
    Urgency,
    Wave,
)
from fullscore.domains.infrastructure.servers.models import (
    Account,
    AccountKey,
    Capacity,
    Disk,
    Facts,
    Filesystem,
    Hypervisor,
    Installed,
    KnownLogin,
    Machine,
    MachineAct,
    MachineSnapshot,
    PackageVersion,
    Server,
    SshHost,
    StoragePool,
    SudoRule,
    Unit,
)
from fullscore.domains.overview.attention.models import Proposal, Sharing
from fullscore.domains.response.incidents.models import (
    Alert,
    AlertEvent,
    AlertSource,
    ChecklistStep,
    Incident,
    IncidentChange,
    IncidentRole,
    IncidentTask,
    Receipt,
    Review,
    ReviewAction,
    ServiceObjective,
    Silence,
    StatusComponent,
    StatusNotice,
    StatusSubscriber,
    StatusUpdate,
    TimelineEntry,
)
from fullscore.domains.response.oncall.models import (
    Absence,
    Attempt,
    CalendarDuty,
    ContactChannel,
    ContactRule,
    DutyCalendar,
    EscalationPolicy,
    EscalationRoute,
    EscalationStep,
    Layer,
    Override,
    Page,
    RotaImport,
    Run,
    RunEvent,
    Schedule,
    Shift,
    Swap,
    Turn,
)
from fullscore.domains.response.troubleshooting.models import (
    Anomaly,
    Cause,
    Ranking,
    Suspect,
    Watch,
    Watched,
)
from fullscore.engines.anomaly import Detector
from fullscore.kit.audit import noted
from fullscore.kit.checks import Subject
from fullscore.kit.models import AuditEntry, DeadLetter, User
from fullscore.kit.models.user import system

AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
DAY = date(2026, 1, 1)
_number = count(1)


_parts = count(1)


def _one(stem: str) -> str:
    return f"{stem}{next(_number)}"


# ── people ─────────────────────────────────────────────────────────────────────────────────────


def user(name: str = "", *, role: str = "", team: Team | None = None, **values: Any) -> User:
    """Return an account; with a role it holds that everywhere, or for one team's things."""
    name = name or _one("user")
    made = User.objects.create_user(f"{name}@example.org", name=name.title(), **values)
    if role:
        grant(user=made, role=role, team=team)
    return made


def client(user: User | None = None, **given: Any) -> Client:
    """Return a browser in which somebody has just signed in, at the machine itself."""
    browser = Client(**given)
    if user is not None:
        browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = browser.session
        session[sessions.BY_MACHINE] = True
        session.save()
    return browser


def audit_entry(**values: Any) -> AuditEntry:
    """Return an entry in the chain, about an account's own record."""
    by = values.pop("by", None) or system()
    return noted(by, values.pop("verb", "see"), by=by, **values)


def dead_letter(**values: Any) -> DeadLetter:
    """Return a job that gave up and that this version still has."""
    known = {
        "task": "fullscore.domains.foundation.system.jobs.write_audit_head", "queue": "default",
        "arguments": {"args": [], "kwargs": {}}, "attempts": 5, "error": "the disk is full",
        "traceback": "OSError: the disk is full", "failed_at": AT,
    }  # fmt: skip
    return DeadLetter.objects.create(**known | values)


def grant(**values: Any) -> RoleGrant:
    known = {"role": roles.ROLES[0].name, "starts_on": DAY, "granted_by": system()}
    if "user" not in values:
        values["user"] = user()
    return RoleGrant.objects.create(**known | values)


def token(text: str = "", **values: Any) -> ApiToken:
    """Return a token that opens with `text`; an unknown one when it is empty."""
    text = text or tokens.new()
    known = {"name": _one("token"), "prefix": text[: tokens.SHOWN], "digest": tokens.digest(text),
             "scopes": ["read"], "expires_at": datetime.now(UTC) + timedelta(days=30)}  # fmt: skip
    if "user" not in values:
        values["user"] = user()
    return ApiToken.objects.create(**known | values)


def team(name: str = "", **values: Any) -> Team:
    return Team.objects.create(name=name or _one("team"), **values)


def person(name: str = "", **values: Any) -> Person:
    return Person.objects.create(name=name or _one("person"), **values)


def membership(**values: Any) -> Membership:
    values.setdefault("starts_on", DAY)
    return _with(Membership, values, person=person, team=team)


# ── estate ─────────────────────────────────────────────────────────────────────────────────────


def item(name: str = "", *, kind: str = "host", **values: Any) -> Item:
    return Item.objects.create(name=name or _one("item"), kind=kind, **values)


def requirement(**values: Any) -> Requirement:
    return _with(Requirement, values, dependent=item)


def link(**values: Any) -> Link:
    return _with(Link, {"kind": "needs", **values}, from_item=item, to_item=item)


def identifier(**values: Any) -> Identifier:
    return _with(Identifier, {"kind": "fqdn", "value": _one("name"), **values}, item=item)


def source(name: str = "", *, kind: str = "probe", **values: Any) -> Source:
    return Source.objects.create(name=name or _one("source"), kind=kind, **values)


def sighting(**values: Any) -> Sighting:
    known = {"ref": _one("ref"), "name": _one("seen"), "kind": "host", "outcome": "candidate",
             "hash": "0" * 64, "first_seen_at": AT, "seen_at": AT,
             "expires_at": AT + timedelta(days=900)}  # fmt: skip
    return _with(Sighting, known | values, source=source)


def claim(**values: Any) -> Claim:
    if "sighting" not in values:
        bound = {"item": values.get("item") or item(), "outcome": "matched"}
        bound |= {"source": values["source"]} if "source" in values else {}
        values["sighting"] = sighting(**bound)
    seen = values["sighting"]
    known = {"attribute": _one("attribute"), "value": "x", "source": seen.source,
             "item": seen.item, "observed_at": AT}  # fmt: skip
    return Claim.objects.create(**known | values)


def scope(name: str = "", **values: Any) -> Scope:
    known = {"targets": ["10.0.0.0/24"], "methods": ["icmp"], "expires_on": date(2030, 1, 1),
             "addresses": 256, "asked_by": values.pop("asked_by", None) or system()}  # fmt: skip
    return Scope.objects.create(name=name or _one("scope"), **known | values)


def downtime_cost(**values: Any) -> DowntimeCost:
    return _with(DowntimeCost, {"low": 10, "base": 50, "high": 200, **values}, service=item)


def difference(**values: Any) -> Difference:
    known = {"attribute": "name", "intended": "web1", "actual": "web2", "source": "probe",
             "first_seen_at": AT}  # fmt: skip
    return _with(Difference, known | values, item=item)


def listener(**values: Any) -> Listener:
    known = {"address": "0.0.0.0", "transport": "tcp", "port": 5432, "seen_at": AT}
    return _with(Listener, known | values, item=item)


def certificate(**values: Any) -> Certificate:
    known = {"path": _one("/etc/ssl/"), "sha256": "0" * 64, "seen_at": AT,
             "not_after": AT + timedelta(days=90)}  # fmt: skip
    return _with(Certificate, known | values, item=item)


# ── findings ───────────────────────────────────────────────────────────────────────────────────


def check(**values: Any) -> Check:
    known = {"ident": _one("tests.check_"), "title": _one("Check "), "why": "Because.",
             "source": "Our judgement.", "fix": "Mend it.", "every_seconds": 3600}  # fmt: skip
    return Check.objects.create(**known | values)


def check_setting(**values: Any) -> CheckSetting:
    return _with(CheckSetting, {"reason": "Known.", **values}, check_of=check)


def check_run(**values: Any) -> CheckRun:
    return _with(CheckRun, {"started_at": AT, "took_ms": 12, **values}, check_of=check)


def blind(**values: Any) -> Blind:
    known = {"fingerprint": _one("blind"), "why": "No right to read it.", "since": AT}
    return _with(Blind, known | values, check_of=check, item=item)


def finding(**values: Any) -> Finding:
    values = {"severity": 4, "title": _one("Finding "), "opened_at": AT} | values
    values.setdefault("check_of", check())
    values.setdefault("item", item())
    about = Subject(item=values["item"] and values["item"].pk, key=values.get("key", ""))
    values.setdefault("fingerprint", about.fingerprint(values["check_of"].ident))
    return Finding.objects.create(**values)


def event(**values: Any) -> Event:
    return _with(Event, {"at": AT, "kind": "opened", **values}, finding=finding)


def proof(**values: Any) -> Proof:
    known = {"at": AT, "how": "The check found it good.", "sha256": "0" * 64}
    return _with(Proof, known | values, finding=finding)


def comment(**values: Any) -> Comment:
    return _with(Comment, {"at": AT, "text": "Seen.", **values}, finding=finding, by=user)


def waiver(**values: Any) -> Waiver:
    known = {"reason": "Replaced next month.", "asked_at": AT, "severity": 4,
             "expires_on": date(2027, 1, 1)}  # fmt: skip
    return _with(Waiver, known | values, finding=finding, asked_by=user)


def due_rule(**values: Any) -> DueRule:
    number = next(_number)
    place = {"severity": number % 5 + 1, "criticality": number // 5 % 4 + 1}
    environment = list(Item.Environment)[number // 20 % 5]
    return DueRule.objects.create(**place | {"environment": environment, "days": 30} | values)


def owner_rule(**values: Any) -> OwnerRule:
    return _with(OwnerRule, {"selector": "kind=host", **values}, team=team)


# ── telemetry ──────────────────────────────────────────────────────────────────────────────────


def metric(**values: Any) -> Metric:
    return Metric.objects.create(**{"name": _one("tests.metric_")} | values)


def series(**values: Any) -> Series:
    known = {"fingerprint": sha256(_one("series").encode()).digest()[:16], "first_at": AT,
             "last_at": AT}  # fmt: skip
    return _with(Series, known | values, metric=metric, item=item)


def threshold(**values: Any) -> Threshold:
    """Return a threshold; without more said, the mean over 5 minutes above 80."""
    known = {"high_at": 80.0, "clear_at": 70.0, "source": "A test."}
    return _with(Threshold, known | values, metric=metric)


def breach(**values: Any) -> Breach:
    known = {"since": AT, "value": 90.0, "severity": 4}
    return _with(Breach, known | values, threshold=threshold, series=series)


def push_key(**values: Any) -> PushKey:
    name = _one("key")
    known = {"name": name, "prefix": "fp_", "digest": sha256(name.encode()).hexdigest(),
             "created_at": AT}  # fmt: skip
    return _with(PushKey, known | values, item=item)


def refusal(**values: Any) -> Refusal:
    known = {"reason": "future", "count": 3, "first_at": AT, "last_at": AT}
    return _with(Refusal, known | values, key=push_key)


def scrape_target(**values: Any) -> ScrapeTarget:
    return _with(
        ScrapeTarget, {"url": f"https://{_one('exporter')}.example.org/metrics"} | values, item=item
    )


def storage_rule(**values: Any) -> StorageRule:
    known = {"selector": f"tag={_one('kept')}", "raw_days": 60, "five_minute_days": 180,
             "hourly_days": 1825}  # fmt: skip
    return StorageRule.objects.create(**known | values)


def collector(**values: Any) -> Collector:
    return Collector.objects.create(**{"name": _one("collector"), "seen_at": AT} | values)


# ── changes ────────────────────────────────────────────────────────────────────────────────────


def change(*, items: Sequence[Item] = (), **values: Any) -> Change:
    """Return a draft that touches some items, one when none is given."""
    known = {"title": _one("Change "), "starts_at": AT, "ends_at": AT + timedelta(hours=1)}
    made: Change = _with(Change, known | values, requested_by=user)
    made.items.set(items or [item()])
    return made


def running_change(item: Item, **values: Any) -> Change:
    """Return a change under way on an item."""
    known = {"state": "running", "started_at": AT, "points": 10, "band": "low"}
    return change(items=[item], **{"executor": user(), **known, **values})


def change_step(**values: Any) -> ChangeStep:
    known = {"place": next(_number), "title": _one("Step ")}
    return _with(ChangeStep, known | values, change=change)


def change_event(**values: Any) -> ChangeEvent:
    return _with(ChangeEvent, {"at": AT, "kind": "started", **values}, change=change, by=user)


def approval(**values: Any) -> Approval:
    known = {"decision": "approved", "rule": "one person", "at": AT}
    values.setdefault("change", change())
    values.setdefault("requested_by", values["change"].requested_by)
    return _with(Approval, known | values, person=user)


def approval_policy(**values: Any) -> ApprovalPolicy:
    return ApprovalPolicy.objects.create(**{"name": _one("Policy ")} | values)


def freeze(**values: Any) -> Freeze:
    known = {"name": _one("Freeze "), "reason": "The year is closed.", "starts_at": AT,
             "ends_at": AT + timedelta(days=3)}  # fmt: skip
    return Freeze.objects.create(**known | values)


def standard_change(**values: Any) -> StandardChange:
    known = {"title": _one("Standard "), "plan": "Do it\nLook at it"}
    return _with(StandardChange, known | values, written_by=user)


def trouble(**values: Any) -> Trouble:
    known = {"reference": _one("incident "), "title": _one("Down "), "since": AT}
    return _with(Trouble, known | values, item=item)


STEPS = """## Look
Read what it says.

## Restart
```command
systemctl restart nginx
```
"""


def runbook(title: str = "", text: str = STEPS, **values: Any) -> Runbook:
    """Return a runbook with its first version, approved by another than its writer."""
    by = values.pop("written_by", None) or user()
    approved_by = values.pop("approved_by", None) or user()
    made = Runbook.objects.create(title=title or _one("runbook"), text=text, **values)
    RunbookVersion.objects.create(
        runbook=made, number=1, text=text, standard=made.standard, written_by=by, written_at=AT,
        approved_by=approved_by, approved_at=AT,
    )  # fmt: skip
    return made


def runbook_version(**values: Any) -> RunbookVersion:
    return (values.get("runbook") or runbook()).current


def runbook_run(**values: Any) -> RunbookRun:
    of = values.pop("runbook", None) or runbook()
    by = values.pop("started_by", None) or user()
    known = {"item": values.pop("item", None) or item(), "started_at": AT, "driver": by}
    return RunbookRun.objects.create(
        runbook=of, version=of.current, started_by=by, **known | values
    )


def runbook_step(**values: Any) -> RunbookStepRun:
    of = values.pop("run", None) or runbook_run()
    known = {"number": of.steps.count() + 1, "place": 1, "title": "Look", "kind": "read",
             "started_at": AT}  # fmt: skip
    return RunbookStepRun.objects.create(run=of, **known | values)


def command_access(**values: Any) -> CommandAccess:
    known = {"address": f"{_one('host')}.example.org", "port": 22}
    return CommandAccess.objects.create(item=values.pop("item", None) or item(), **known | values)


# ── servers ────────────────────────────────────────────────────────────────────────────────────


def known_login(**values: Any) -> KnownLogin:
    known = {} if values.get("person") else {"purpose": "Deploys the shop"}
    return KnownLogin.objects.create(**{"name": _one("login"), **known, **values})


def server(**values: Any) -> Server:
    return _with(Server, {"os_id": "debian", "os_version": "13", "errors": [], **values}, item=item)


def ssh_host(**values: Any) -> SshHost:
    return _with(SshHost, {"address": _one("host") + ".example.org"} | values, item=item)


def facts(**values: Any) -> Facts:
    known = {"section": "system", "content": {"id": "debian"}, "hash": "0" * 64, "at": AT}
    return _with(Facts, known | values, server=server)


def package(**values: Any) -> PackageVersion:
    known = {"manager": "dpkg", "name": _one("package"), "version": "1.0"}
    return PackageVersion.objects.create(**known | values)


def installed(**values: Any) -> Installed:
    return _with(Installed, values, server=server, package=package)


def unit(**values: Any) -> Unit:
    return _with(Unit, {"name": _one("unit") + ".service", **values}, server=server)


def hypervisor(**values: Any) -> Hypervisor:
    if "item" not in values:
        values["item"] = item(kind="hypervisor")
    return Hypervisor.objects.create(**{"way": "local"} | values)


def machine(**values: Any) -> Machine:
    if "item" not in values:
        values["item"] = item(kind="vm")
    known = {"uuid": str(uuid4()), "state": "running", "memory_bytes": 1 << 30, "cpu_count": 2}
    return _with(Machine, known | values, hypervisor=hypervisor)


def machine_snapshot(**values: Any) -> MachineSnapshot:
    known = {"name": _one("before-"), "taken_at": AT}
    return _with(MachineSnapshot, known | values, machine=machine)


def storage_pool(**values: Any) -> StoragePool:
    if "item" not in values:
        values["item"] = item(kind="storage")
    known = {"uuid": str(uuid4()), "capacity_bytes": 1 << 40}
    return _with(StoragePool, known | values, hypervisor=hypervisor)


def machine_act(**values: Any) -> MachineAct:
    known = {"act": "start", "steps": [{"title": "Start it", "command": "virsh start"}]}
    return _with(MachineAct, known | values, machine=machine, change=change)


def server_account(**values: Any) -> Account:
    return _with(Account, {"name": _one("login"), "uid": 1000, **values}, server=server)


def account_key(**values: Any) -> AccountKey:
    """Return a key that opens a login; its server is the login's."""
    name = _one("key")
    known = {"type": "ssh-ed25519", "bits": 256, "comment": name, "fingerprint": f"SHA256:{name}"}
    account = values.pop("account", None) or server_account()
    return AccountKey.objects.create(**known | {"server": account.server} | values, account=account)


def sudo_rule(**values: Any) -> SudoRule:
    known = {"who": "%sudo", "hosts": "ALL", "run_as": "ALL", "commands": "ALL", "gives_root": True,
             "file": "/etc/sudoers", "line": 50, "part": next(_parts)}  # fmt: skip
    return _with(SudoRule, known | values, server=server)


def disk(**values: Any) -> Disk:
    return _with(Disk, {"name": _one("sd"), "size_bytes": 2**40} | values, server=server)


def capacity(**values: Any) -> Capacity:
    """Return how much of a server is used; without more said it runs out of nothing."""
    known = {"until": DAY, "days": 90, "cpu_p95": 20.0, "cpu_trend": 0.1, "tried": 28, "inside": 23}
    return _with(Capacity, known | values, server=server)


def filesystem(**values: Any) -> Filesystem:
    known = {"mount": _one("/srv/"), "size_bytes": 2**40, "used_bytes": 2**39, "used_percent": 50}
    return _with(Filesystem, known | values, server=server)


# ── incidents ──────────────────────────────────────────────────────────────────────────────────


def alert_source(**values: Any) -> AlertSource:
    name = _one("source")
    known = {"name": name, "kind": "alertmanager", "created_at": AT,
             "digest": sha256(name.encode()).hexdigest()}  # fmt: skip
    return AlertSource.objects.create(**known | values)


def receipt(**values: Any) -> Receipt:
    known = {"key": "0" * 32, "sha256": "0" * 64, "body": b"{}", "received_at": AT,
             "state": "rejected", "problem": "line 1: alerts is missing."}  # fmt: skip
    return _with(Receipt, known | values, source=alert_source)


def incident(**values: Any) -> Incident:
    known = {"title": _one("Incident "), "severity": 4, "starts_at": AT, "detected_at": AT}
    return Incident.objects.create(**known | values)


def alert(**values: Any) -> Alert:
    known = {"key": _one("key"), "title": _one("Alert "), "severity": 4, "starts_at": AT,
             "last_seen_at": AT, "changed_at": AT}  # fmt: skip
    return _with(Alert, known | values, source=alert_source, item=item, incident=incident)


def alert_event(**values: Any) -> AlertEvent:
    known = {"at": AT, "kind": "opened", "severity": 4}
    return _with(AlertEvent, known | values, alert=alert)


def silence(**values: Any) -> Silence:
    known = {"reason": "Known.", "starts_at": AT, "ends_at": AT + timedelta(days=1)}
    return _with(Silence, known | values, item=item, by=user)


def timeline_entry(**values: Any) -> TimelineEntry:
    known = {"at": AT, "kind": "note", "text": _one("Seen ")}
    return _with(TimelineEntry, known | values, incident=incident)


def incident_role(**values: Any) -> IncidentRole:
    known = {"role": "scribe", "starts_at": AT}
    return _with(IncidentRole, known | values, incident=incident, person=person)


def incident_task(**values: Any) -> IncidentTask:
    known = {"title": _one("Task "), "created_at": AT}
    return _with(IncidentTask, known | values, incident=incident)


def checklist_step(**values: Any) -> ChecklistStep:
    return ChecklistStep.objects.create(**{"title": _one("Step ")} | values)


def review(**values: Any) -> Review:
    known = {"due_on": DAY, "opened_at": AT, "summary": _one("It broke ")}
    return _with(Review, known | values, incident=incident)


def review_action(**values: Any) -> ReviewAction:
    known = {"title": _one("Action "), "kind": "prevent", "due_on": DAY, "created_at": AT}
    return _with(ReviewAction, known | values, review=review, owner=person)


def incident_change(**values: Any) -> IncidentChange:
    known = {"kind": "cause", "at": AT}
    return _with(IncidentChange, known | values, incident=incident, change=change, by=user)


def service_objective(**values: Any) -> ServiceObjective:
    return _with(ServiceObjective, values, service=item)


def status_component(**values: Any) -> StatusComponent:
    return StatusComponent.objects.create(**{"name": _one("Component ")} | values)


def status_notice(**values: Any) -> StatusNotice:
    known = {"title": _one("Notice "), "created_at": AT}
    return StatusNotice.objects.create(**known | values)


def status_update(**values: Any) -> StatusUpdate:
    known = {"phase": "investigating", "text": "We look into it.", "at": AT}
    return _with(StatusUpdate, known | values, notice=status_notice, by=user)


def status_subscriber(**values: Any) -> StatusSubscriber:
    known = {"kind": "email", "address": f"{_one('reader')}@example.org", "created_at": AT}
    return StatusSubscriber.objects.create(**known | values)


# ── on call ────────────────────────────────────────────────────────────────────────────────────


def schedule(name: str = "", **values: Any) -> Schedule:
    return Schedule.objects.create(name=name or _one("schedule"), **values)


def layer(*people: Person, **values: Any) -> Layer:
    """Return a layer in which people take weekly turns from Monday, 5 January 2026, 09:00."""
    known = {"name": _one("layer"), "starts_on": date(2026, 1, 5), "starts_time": time(9)}
    made = _with(Layer, known | values, schedule=schedule)
    for position, one in enumerate(people, 1):
        turn(layer=made, person=one, position=position)
    return made


def turn(**values: Any) -> Turn:
    return _with(Turn, values, layer=layer, person=person)


def override(**values: Any) -> Override:
    known = {"starts_at": AT, "ends_at": AT + timedelta(hours=8)}
    return _with(Override, known | values, schedule=schedule, person=person)


def duty_calendar(**values: Any) -> DutyCalendar:
    return _with(DutyCalendar, {"name": _one("calendar")} | values, schedule=schedule)


def calendar_duty(**values: Any) -> CalendarDuty:
    known = {"called": "Ann", "starts_at": AT, "ends_at": AT + timedelta(days=7)}
    return _with(CalendarDuty, known | values, calendar=duty_calendar)


def shift(**values: Any) -> Shift:
    known = {"starts_at": AT, "ends_at": AT + timedelta(days=7)}
    return _with(Shift, known | values, schedule=schedule, person=person)


def swap(**values: Any) -> Swap:
    known = {"starts_at": AT, "ends_at": AT + timedelta(days=7)}
    return _with(Swap, known | values, shift=shift, person=person)


def _operations() -> Person:
    """Return the person of the first account: what is private is seen by its owner alone."""
    owner = User.objects.filter(kind="person").order_by("pk").first() or user()
    return Person.objects.filter(user=owner).first() or person(user=owner)


def absence(**values: Any) -> Absence:
    known = {"starts_at": AT, "ends_at": AT + timedelta(days=7)}
    return _with(Absence, known | values, person=_operations)


def contact_channel(**values: Any) -> ContactChannel:
    known = {"kind": "email", "address": f"{_one('mail')}@example.org"}
    return _with(ContactChannel, known | values, person=_operations)


def contact_rule(**values: Any) -> ContactRule:
    channel = values.pop("channel", None) or contact_channel()
    return ContactRule.objects.create(**{"channel": channel, "person": channel.person} | values)


def policy(*steps: dict[str, Any], **values: Any) -> EscalationPolicy:
    """Return a policy with steps in this order."""
    made = EscalationPolicy.objects.create(**{"name": _one("policy")} | values)
    for position, told in enumerate(steps, 1):
        EscalationStep.objects.create(policy=made, position=position, **told)
    return made


def escalation_step(**values: Any) -> EscalationStep:
    return _with(EscalationStep, {"kind": "wait", **values}, policy=policy)


def rota_import(**values: Any) -> RotaImport:
    known = {"kind": "opsgenie", "text": "{}", "at": AT}
    return _with(RotaImport, known | values, by=user)


def escalation_route(**values: Any) -> EscalationRoute:
    return _with(EscalationRoute, values, policy=policy)


def run(**values: Any) -> Run:
    known = {"subject": "tests.subject", "record": next(_number), "title": _one("Run "),
             "severity": 5, "urgency": "important", "started_at": AT}  # fmt: skip
    return Run.objects.create(**known | values)


def page(**values: Any) -> Page:
    known = {"at": AT, "urgency": "important", "why": "on call"}
    return _with(Page, known | values, run=run, person=person)


def attempt(**values: Any) -> Attempt:
    known = {"way": "email", "key": _one("key"), "due_at": AT}
    return _with(Attempt, known | values, page=page, channel=contact_channel)


def run_event(**values: Any) -> RunEvent:
    return _with(RunEvent, {"at": AT, "text": _one("Seen "), **values}, run=run)


# ── clouds ─────────────────────────────────────────────────────────────────────────────────────


def cloud_account(**values: Any) -> CloudAccount:
    if "item" not in values:
        values["item"] = item(kind="cloud account")
    known = {"role_arn": "arn:aws:iam::123456789012:role/fullscore", "regions": ["eu-central-1"],
             "external_id": _one("external-")}  # fmt: skip
    return CloudAccount.objects.create(**known | values)


def cloud_resource(**values: Any) -> CloudResource:
    known = {"kind": "instance", "ident": _one("i-"), "name": _one("web"), "since": AT}
    return _with(CloudResource, known | values, account=cloud_account)


def cost_export(**values: Any) -> CostExport:
    return CostExport.objects.create(**{"name": _one("export ")} | values)


def cost_period(**values: Any) -> CostPeriod:
    known = {"starts_on": DAY, "ends_on": date(2026, 2, 1), "currency": "EUR", "row_count": 1,
             "billed": 12, "effective": 12, "imported_at": AT}  # fmt: skip
    return _with(CostPeriod, known | values, export=cost_export)


def cost_row(**values: Any) -> CostRow:
    known = {"day": DAY, "service": _one("service "), "billed": 3, "effective": 3, "list_cost": 3,
             "contracted": 3}  # fmt: skip
    return _with(CostRow, known | values, period=cost_period)


# ── patching ───────────────────────────────────────────────────────────────────────────────────


def baseline(name: str = "", **values: Any) -> Baseline:
    return Baseline.objects.create(name=name or _one("baseline"), **values)


def hold(**values: Any) -> Hold:
    known = {"package": _one("package"), "reason": "It breaks.", "until": date(2027, 1, 1)}
    return _with(Hold, known | values, baseline=baseline)


def ring(**values: Any) -> Ring:
    return _with(Ring, {"name": _one("ring"), **values}, baseline=baseline)


def patch_window(**values: Any) -> PatchWindow:
    """Return a window that opens every day from 1 January 2026 at 01:00 UTC, for four hours."""
    known = {"name": _one("window"), "recurrence": "FREQ=DAILY", "starts_on": DAY,
             "starts_time": time(1)}  # fmt: skip
    return PatchWindow.objects.create(**known | values)


def urgency(**values: Any) -> Urgency:
    known = {"package": _one("package"), "version": "1.2-3", "probability": 0.4}
    return Urgency.objects.create(**known | values)


def campaign(title: str = "", **values: Any) -> Campaign:
    known = {"title": title or _one("campaign"), "cut_off_at": AT, "begins_at": AT}
    return _with(Campaign, known | values, baseline=baseline, drafted_by=user)


def wave(**values: Any) -> Wave:
    number = next(_number)
    known = {"number": number, "starts_at": AT, "ends_at": AT + timedelta(minutes=30)}
    return _with(Wave, known | values, campaign=campaign)


def server_run(**values: Any) -> ServerRun:
    place = values.pop("wave", None) or wave()
    known = {"wave": place, "campaign": place.campaign, "packages": [["openssl", "3.0.1", "3.0.2"]]}
    return _with(ServerRun, known | values, server=server)


def accepted_outage(**values: Any) -> AcceptedOutage:
    known = {"starts_at": AT, "ends_at": AT + timedelta(hours=2), "reason": "Agreed."}
    return _with(AcceptedOutage, known | values, campaign=campaign, service=item, by=user)


def run_step(**values: Any) -> RunStep:
    known = {"place": next(_number), "name": "check", "started_at": AT}
    return _with(RunStep, known | values, run=server_run)


def spare_lease(**values: Any) -> SpareLease:
    known = {"units": 1, "at": AT}
    return _with(SpareLease, known | values, run=server_run, requirement=requirement)


def patch_access(**values: Any) -> PatchAccess:
    return _with(PatchAccess, values, host=ssh_host)


# ── troubleshooting ────────────────────────────────────────────────────────────────────────────


def ranking(**values: Any) -> Ranking:
    known = {"at": AT, "items": 3, "signals": 12, "happened": ["packages"]}
    return _with(Ranking, known | values, incident=incident)


def suspect(**values: Any) -> Suspect:
    known = {"place": next(_number), "score": 2.5, "reasons": ["It alerts."]}
    return _with(Suspect, known | values, ranking=ranking, item=item)


def cause(**values: Any) -> Cause:
    known = {"kind": "packages", "text": _one("Update "), "at": AT}
    return _with(Cause, known | values, incident=incident, item=item, by=user)


def watch(**values: Any) -> Watch:
    return (
        Watch.objects.create(**values)
        if "series" in values
        else _with(Watch, values, metric=metric)
    )


def watched(**values: Any) -> Watched:
    known = {"state": Detector(step_seconds=60).packed(), "since": AT, "fed_until": AT}
    return _with(Watched, known | values, series=series)


def anomaly(**values: Any) -> Anomaly:
    known = {"at": AT, "words": _one("8× the usual "), "value": 8.0, "usual": 1.0, "score": 0.7}
    return _with(Anomaly, known | values, series=series)


# ── this installation ──────────────────────────────────────────────────────────────────────────


def import_(**values: Any) -> Import:
    known = {"noun": "team", "file_name": _one("rows") + ".csv", "at": AT, "text": "name\nUnix"}
    return _with(Import, known | values, by=user)


# ── attention ──────────────────────────────────────────────────────────────────────────────────


def sharing(**values: Any) -> Sharing:
    return _with(Sharing, {"at": AT, **values}, team=team, by=user)


def proposal(**values: Any) -> Proposal:
    known = {"key": _one("finding:"), "title": "Wrong", "cost_per_hour": 4.0, "work_hours": 0.5}
    return _with(Proposal, known | values, sharing=sharing, person=person)


def _with(model: Any, values: dict[str, Any], **parents: Any) -> Any:
    """Save a row, with a parent made for each that is not given."""
    made = {name: values[name] if name in values else make() for name, make in parents.items()}
    return model.objects.create(**values | made)

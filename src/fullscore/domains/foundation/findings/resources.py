"""How findings, checks and exceptions are seen."""

from datetime import datetime
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.timezone import localtime

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings import queries, services
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
from fullscore.domains.foundation.findings.models.found import FindingQuerySet
from fullscore.interfaces.web import cells
from fullscore.interfaces.web.templatetags.ui import severity
from fullscore.kit import time
from fullscore.kit.checks import BY_WORD
from fullscore.kit.errors import Invalid
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource, Searched
from fullscore.kit.tables import stored

TONES = {5: "crit", 4: "high", 3: "warn", 2: "info", 1: "info"}
WAIVER_TONES = {"asked": "warn", "granted": "ok", "refused": "", "ended": ""}
QUICK = {
    "live": "Live", "mine": "Mine", "overdue": "Overdue", "unowned": "Nobody's",
    "excepted": "Excepted", "muted": "Muted", "closed": "Closed",
}  # fmt: skip


class FindingFilters(Searched):
    """What findings are found by."""

    show = django_filters.ChoiceFilter(
        choices=list(QUICK.items()), method="showing", label="Show", empty_label=None
    )
    severity = django_filters.CharFilter(method="at_least", label="Severity or worse")
    state = django_filters.ChoiceFilter(choices=Finding.State.choices, method="standing")
    check = django_filters.CharFilter(method="of_check", label="Check")

    def showing(self, rows: FindingQuerySet, name: str, value: str) -> QuerySet[Finding]:
        """Keep what one of the quick filters names."""
        now = time.now()
        # In the words of the partial indexes: no database derives them from a list of states.
        rows = rows if value == "closed" else rows.live()
        kept = {
            "live": ~Q(state="excepted"),
            "mine": Q(assignee__user=self.request.user.pk),
            "overdue": Q(due_on__lt=now.date(), state__in=Finding.PRESSING),
            "unowned": Q(owner__isnull=True),
            "excepted": Q(state="excepted"),
            "muted": Q(muted_until__gt=now),
            "closed": Q(state="closed"),
        }
        return rows.filter(kept[value])

    def standing(self, rows: FindingQuerySet, name: str, value: str) -> QuerySet[Finding]:
        """Keep one state; a live one in the words of the partial indexes."""
        return (rows if value == "closed" else rows.live()).filter(state=value)

    def of_check(self, rows: QuerySet[Finding], name: str, value: str) -> QuerySet[Finding]:
        """Keep what one check found, named by its id."""
        checks = Check.objects.filter(ident__iexact=value).values_list("pk", flat=True)
        return rows.filter(check_of__in=list(checks))

    def at_least(self, rows: QuerySet[Finding], name: str, value: str) -> QuerySet[Finding]:
        """Keep that severity and worse, given as a word or a number."""
        lowest = BY_WORD.get(value.lower()) or (int(value) if value.isdecimal() else None)
        if lowest is None or lowest > 5:
            raise Invalid(f"“{value[:20]}” is no severity: {', '.join(BY_WORD)}.")
        return rows.filter(severity__gte=lowest) if lowest > 1 else rows


def trouble(rows: Any) -> str:
    """Say how many of the listed findings are overdue."""
    late = rows.live().filter(due_on__lt=time.now().date(), state__in=Finding.PRESSING).order_by()
    count = len(late.values_list("pk", flat=True)[:1001])
    return f"{'more than 1,000' if count > 1000 else count} overdue" if count else ""


def badges(finding: Finding) -> list[tuple[str, str]]:
    """Return severity, state and whatever is special about a finding."""
    told = [(finding.get_severity_display(), TONES[finding.severity])]
    told.append((finding.get_state_display(), "ok" if finding.state == "closed" else ""))
    if finding.due_on and finding.state in Finding.PRESSING and finding.due_on < time.now().date():
        told.append((f"overdue since {finding.due_on:%-d %b}", "high"))
    if finding.muted_until and finding.muted_until > time.now():
        told.append((f"muted until {localtime(finding.muted_until):%-d %b %H:%M}", ""))
    if finding.is_flapping:
        told.append(("flapping", "warn"))
    if finding.person_id:
        told.append(("about a person: restricted", ""))
    return told


def draw_what(finding: Finding, user: Any, at: Any) -> str:
    """Draw figure against limit, advice and evidence."""
    names = list(dict.fromkeys(name for row in finding.evidence for name in row))
    rows = [
        [cells.shown(_read(row.get(name)), user=user) for name in names] for row in finding.evidence
    ]
    context = {"finding": finding, "check": finding.check_of, "names": names, "rows": rows}
    return render_to_string("findings/what.html", context)


def _read(value: Any) -> Any:
    """Return a value of the evidence, an instant as one: JSON keeps it as a text."""
    if not isinstance(value, str) or value[10:11] != "T" or not value.endswith(("Z", "+00:00")):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return value


def draw_story(finding: Finding, user: Any, at: Any) -> str:
    """Draw what happened to a finding, comments and proofs included, newest first."""
    told: list[tuple[str, datetime, Event | Comment | Proof]]
    told = [("event", e.at, e) for e in finding.events.select_related("by")[:50]]
    told += [("comment", c.at, c) for c in finding.comments.select_related("by")]
    told += [("proof", p.at, p) for p in finding.proofs.select_related("run")]
    told.sort(key=lambda one: one[1], reverse=True)
    told = [t for t in told if getattr(t[2], "kind", "") != "commented"]
    return render_to_string("findings/story.html", {"told": told, "user": user})


def _ran(run: CheckRun) -> str:
    opened, closed = run.counts.get("opened", 0), run.counts.get("closed", 0)
    return f"“{run.check_of}” ran: {opened} opened, {closed} closed."


def _as_assigned(finding: Finding) -> tuple[str, dict[str, Any]] | None:
    """Return how a finding is given back to whose it is now; None where it is nobody's."""
    known = {"team": finding.owner_id, "person": finding.assignee_id}
    values = {name: pk for name, pk in known.items() if pk}
    return ("assign", values) if values else None


def _as_muted(finding: Finding) -> tuple[str, dict[str, Any]] | None:
    until = finding.muted_until
    return ("mute", {"until": until.isoformat(), "reason": "muted as before"}) if until else None


def _closed(finding: Finding) -> str:
    return "" if finding.state != Finding.State.CLOSED else "This finding is closed."


WHAT = ("figure", "limit", "unit", "advice", "evidence")

FINDING = Resource(
    Finding,
    columns=["severity", "title", "item", "owner", "assignee", "state", "due_on", "opened_at"],
    facts=["check_of", "key", "closed_at", "closed_as", "muted_until", "because_of", "again_of",
           "reopened_count", *WHAT],
    drawn=WHAT,
    filters=["state", "owner", "assignee", "item", "due_on", "opened_at"],
    filterset=FindingFilters,
    quick={words: f"show={name}" for name, words in QUICK.items()},
    default_query="show=live",
    search=["title", "item__name", "check_of__ident", "key"],
    order=["-severity", "due_on", "-opened_at", "-closed_at"],
    icon="triangle-alert",
    group="Watch",
    cells={"severity": lambda value: severity(stored(value), words=True)},
    badges=badges,
    subtitle=lambda f: f"Finding {f.pk} · {f.item or 'no item'}",
    trouble=trouble,
    panels=[
        Panel("What and why", draw=draw_what),
        Panel("Consequences", rows=lambda f: f.consequences.all(),
              columns=["severity", "title", "item", "state"]),
        Panel("Exceptions", rows=lambda f: f.waivers.all(),
              columns=["reason", "state", "asked_by", "granted_by", "expires_on"]),
        Panel("What happened", draw=draw_story, is_history=True),
        Panel("Findings", on=Item, leads=True, rows=lambda item: item.findings.live(),
              columns=["severity", "title", "state", "owner", "due_on"]),
    ],
    verbs=[
        Verb(services.acknowledge, permission="findings.acknowledge_finding", icon="check",
             tone="primary", done="You took {}.",
             when=lambda f: "" if f.state == "open" else f"It is {f.get_state_display()}."),
        Verb(services.assign, permission="findings.acknowledge_finding", icon="user-plus",
             when=_closed, undo=_as_assigned, done=lambda f: (
                 f"“{f}” is with {' and '.join(str(who) for who in (f.owner, f.assignee) if who)}."
             )),
        Verb(services.comment, permission="findings.acknowledge_finding", icon="message-square",
             done="You commented on {}."),
        Verb(services.say_fixed, permission="findings.acknowledge_finding", icon="check-check",
             past="said to be fixed", done=queries.verdict,
             when=lambda f: "" if f.state in ("open", "acknowledged") else f"It is {f.state}."),
        Verb(services.verify, permission="findings.acknowledge_finding", icon="refresh-cw",
             when=_closed, done=queries.verdict),
        Verb(services.ask_exception, permission="findings.ask_waiver", icon="file-badge",
             done="You asked for an exception for {}: it counts once somebody grants it.",
             when=lambda f: f"It is {f.state}." if f.state in ("closed", "excepted") else ""),
        Verb(services.mute, permission="findings.mute_finding", icon="bell-off",
             when=lambda f: "What is critical cannot be muted." if f.severity == 5 else _closed(f),
             hints={"until": f"At most {services.LONGEST_MUTE_DAYS} days ahead. What is critical"
                             " is never muted."},
             done=lambda f: f"Muted until {localtime(f.muted_until):%-d %b, %H:%M}.",
             undo=lambda f: ("unmute", {})),
        Verb(services.unmute, permission="findings.mute_finding", icon="bell",
             done="{} is back in the queue.", undo=_as_muted,
             when=lambda f: (
                 "" if f.muted_until and f.muted_until > time.now() else "It is not muted."
             )),
    ],
)  # fmt: skip

WAIVER = Resource(
    Waiver,
    columns=["finding", "reason", "state", "asked_by", "granted_by", "expires_on"],
    facts=["compensating_control", "second_by", "is_alone", "asked_at"],
    filters=["state", "expires_on"],
    search=["reason", "finding__title"],
    order=["expires_on"],
    icon="file-badge",
    group="Watch",
    under="Findings",
    badges=lambda w: [(w.get_state_display(), WAIVER_TONES[w.state])],
    subtitle=lambda w: f"{w.reason} · until {w.expires_on}",
    verbs=[
        Verb(services.grant, permission="findings.grant_waiver", icon="check", tone="primary",
             done=lambda w: f"Granted until {w.expires_on:%-d %b %Y}.",
             when=lambda w: "" if w.state == "asked" else f"It is {w.state}."),
        Verb(services.refuse, permission="findings.grant_waiver", icon="x",
             done="Refused: {} counts as before.",
             when=lambda w: "" if w.state == "asked" else f"It is {w.state}."),
        Verb(services.revoke, permission="findings.grant_waiver", icon="x", tone="danger",
             done="Revoked: {} counts again.",
             when=lambda w: "" if w.state == "granted" else f"It is {w.state}."),
    ],
)  # fmt: skip

CHECK = Resource(
    Check,
    columns=["title", "ident", "is_enabled", "last_at", "last_state", "every_seconds"],
    facts=["why", "source", "limits", "fix", "codes", "good_runs", "is_urgent", "counts"],
    filters=["is_enabled", "last_state"],
    search=["title", "ident", "codes"],
    order=["title", "ident"],
    icon="shield-check",
    group="Watch",
    panels=[
        Panel("Settings", rows=lambda c: c.settings.all(),
              columns=["selector", "limits", "severity", "is_enabled", "reason"]),
        Panel("Open findings", rows=lambda c: c.findings.live(),
              columns=["severity", "title", "item", "state", "due_on"]),
        Panel("Blind spots", rows=lambda c: c.blinds.all(),
              columns=["item", "why", "remedy", "since"]),
        Panel("Runs", rows=lambda c: c.runs.all(),
              columns=["started_at", "scope", "state", "counts", "took_ms"]),
    ],
    verbs=[
        Verb(services.run, permission="findings.run_check", icon="refresh-cw", tone="primary",
             done=_ran,
             when=lambda c: "" if c.is_enabled else "It is switched off."),
        Verb(services.tune, permission="findings.tune_check", icon="sliders-horizontal",
             hints={"selector": "Which items, such as kind=host. Empty: every item.",
                    "limits": "Such as high=90, critical=98.",
                    "severity": "1 to 5. Empty: as the check says."}),
        Verb(services.enable, permission="findings.tune_check", icon="check",
             done="{} runs again.", undo=lambda c: ("disable", {"reason": "off as before"}),
             when=lambda c: "It is on." if c.is_enabled else ""),
        Verb(services.disable, permission="findings.tune_check", icon="x", tone="danger",
             done="{} is switched off; what it found stays.", undo=lambda c: ("enable", {}),
             when=lambda c: "" if c.is_enabled else "It is off."),
    ],
)  # fmt: skip

BLIND = Resource(
    Blind,
    columns=["check_of", "item", "why", "remedy", "since"],
    filters=["check_of", "item"],
    search=["why", "item__name"],
    order=["since"],
    icon="eye",
    group="Watch",
    under="Checks",
    cells={"remedy": lambda v: format_html("<code>{}</code>", v) if v else ""},
)

CHECK_RUN = Resource(
    CheckRun,
    columns=["check_of", "started_at", "scope", "state", "counts", "took_ms"],
    facts=["problem"],
    filters=["state", "check_of"],
    order=["-started_at"],
    icon="play",
    verbs=[
        Verb(services.release, permission="findings.tune_check", icon="check", tone="danger",
             when=lambda r: "" if r.state == "held" else "Only a held run is released."),
    ],
)  # fmt: skip

CHECK_SETTING = Resource(
    CheckSetting,
    columns=["check_of", "selector", "limits", "severity", "is_enabled", "reason"],
    fields=["check_of", "selector", "limits", "severity", "is_enabled", "reason"],
    filters=["check_of"],
    order=["selector"],
    icon="sliders-horizontal",
    can_delete=True,
    name="check-setting",
)
DUE_RULE = Resource(
    DueRule,
    columns=["severity", "criticality", "environment", "days"],
    fields=["severity", "criticality", "environment", "days"],
    order=["-severity"],
    icon="calendar-days",
    can_delete=True,
)
OWNER_RULE = Resource(
    OwnerRule,
    columns=["check_of", "selector", "team"],
    fields=["check_of", "selector", "team"],
    filters=["team"],
    order=["pk"],
    icon="users",
    can_delete=True,
)
EVENT = Resource(
    Event, columns=["at", "finding", "kind", "before", "after", "by", "note"],
    filters=["kind", "at"],
    order=["-at"], icon="activity", name="finding-event",
)  # fmt: skip
PROOF = Resource(
    Proof, columns=["at", "finding", "how", "figure", "limit", "sha256"],
    facts=["evidence", "check_version"], filters=["at"], order=["-at"], icon="check-check",
)  # fmt: skip
COMMENT = Resource(
    Comment, columns=["at", "finding", "by", "text"], filters=["at"], search=["text"],
    order=["-at"],
    icon="message-square",
)  # fmt: skip

"""What a run alters, gathered in memory and written set at a time."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from fullscore.domains.foundation.findings.announcements import (
    FindingsClosed,
    FindingsOpened,
    FindingsRaised,
    FindingsReopened,
)
from fullscore.domains.foundation.findings.models import (
    Blind,
    Check,
    CheckRun,
    Event,
    Finding,
    Proof,
)
from fullscore.domains.foundation.findings.services.evidence import plain
from fullscore.kit import audit, bulk, history, live, search
from fullscore.kit.announcements import announce
from fullscore.kit.checks import SEVERITIES, Scope, Verdict
from fullscore.kit.models import User

TOLD_ONE_BY_ONE = 20  # beyond, browsers hear that the list changed
CHUNK = 5000  # rows named in one statement: every SQLite takes as many
WRITTEN = [
    "severity",
    "title",
    "figure",
    "limit",
    "unit",
    "evidence",
    "advice",
    "cost",
    "owner",
    "assignee",
    "state",
    "closed_as",
    "due_on",
    "closed_at",
    "fixed_at",
    "reopened_count",
    "is_flapping",
    "good_streak",
    "muted_until",
]


PROVEN = ["finding", "at", "how", "figure", "limit", "evidence", "check_version", "sha256"]


class Happened(NamedTuple):
    """What happened to a finding, before it is an event with a number."""

    finding: Finding
    kind: str
    before: str
    after: str
    note: str


@dataclass
class Changes:
    """The findings a run opens and alters, with what happened to each."""

    now: datetime
    opened: list[Finding] = field(default_factory=list)
    changed: dict[int, Finding] = field(default_factory=dict)
    raised: list[Finding] = field(default_factory=list)
    reopened: list[Finding] = field(default_factory=list)
    closed: list[Finding] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)
    proofs: list[tuple[Any, ...]] = field(default_factory=list)  # as PROVEN has them

    def event(self, finding: Finding, kind: str, before: Any, after: Any, note: str = "") -> None:
        """Note what happened to a finding."""
        self.events.append(Happened(finding, kind, str(before)[:120], str(after)[:120], note))
        if finding.pk is not None:
            self.changed[finding.pk] = finding

    @property
    def is_anything(self) -> bool:
        """Say whether the run alters anything."""
        return bool(self.opened or self.changed or self.reopened or self.closed)

    def hold(self) -> None:
        """Take back every closing: so much good news at once is more often a blind check."""
        held = {id(f) for f in self.closed}
        self.changed = {pk: f for pk, f in self.changed.items() if id(f) not in held}
        self.events = [e for e in self.events if id(e.finding) not in held]
        self.proofs, self.closed = [], []


def write_run(
    check: Check, scope: Scope, told: Mapping[str, Verdict], changes: Changes, took_ms: int,
    is_held: bool,
) -> CheckRun:  # fmt: skip
    """Write down that the check ran, and what it counted.

    A look at a few items that altered nothing is not kept: fresh facts of each host cause many.
    """
    counts: dict[str, int] = dict(Counter(v.outcome for v in told.values()))
    counts |= {"opened": len(changes.opened), "closed": len(changes.closed)}
    where = "" if scope.items is None else f"{len(scope.items)} items"
    run = CheckRun(
        check_of=check,
        scope=where,
        started_at=scope.now,
        took_ms=took_ms,
        counts=counts,
        state=CheckRun.State.HELD if is_held else CheckRun.State.DONE,
        problem="It would close too many findings at once: look, then release it."
        if is_held
        else "",
    )
    if scope.items is None or is_held or changes.is_anything:
        run.save()
    return run


def write(changes: Changes, run: CheckRun, by: User) -> None:
    """Write findings, events and proofs; tell audit, history, search, reactions and browsers."""
    closed = {finding.pk for finding in changes.closed}
    altered = [finding for finding in changes.changed.values() if finding.pk not in closed]
    _write_opened(changes)
    stored = {field.name: field.attname for field in Finding._meta.concrete_fields}
    values = attrgetter(*(stored[name] for name in WRITTEN), "pk")
    bulk.update(Finding, WRITTEN, map(values, altered))
    _write_closed(changes)
    told = ((e.finding.pk, changes.now, None, *e[1:]) for e in changes.events)
    bulk.insert(Event, ["finding", "at", "by", "kind", "before", "after", "note"], told)
    bulk.insert(Proof, ["run", *PROVEN], ((run.pk, *proof) for proof in changes.proofs))
    _record(changes, by)
    for some in _chunks([*changes.opened, *altered]):  # closing changes no words
        search.refresh_many(Finding, [f.pk for f in some])
    _tell(changes, [*changes.opened, *altered, *changes.closed])


def _write_opened(changes: Changes) -> None:
    for finding, key in zip(
        changes.opened, bulk.keys(Finding, len(changes.opened)), strict=True
    ):  # fmt: skip
        finding.pk = key
        finding._state.adding = False
    names = [f.attname for f in Finding._meta.concrete_fields]
    bulk.insert(Finding, names, map(attrgetter(*names), changes.opened))
    for finding in changes.opened:
        changes.event(finding, "opened", "", SEVERITIES[finding.severity])


def _write_closed(changes: Changes) -> None:
    """Close findings set at a time: all that one run closes are closed alike."""
    for closed_as in Finding.Closing.values:
        for some in _chunks([f for f in changes.closed if f.closed_as == closed_as]):
            Finding.objects.filter(pk__in=[f.pk for f in some]).update(
                state=Finding.State.CLOSED, closed_as=closed_as, closed_at=changes.now,
                is_flapping=False, good_streak=0,
            )  # fmt: skip


def _record(changes: Changes, by: User) -> None:
    """Record the run once and keep versions of what something happened to; a moved figure is
    neither."""
    told = {event.finding.pk: event.finding for event in changes.events}
    if not told:
        return
    counts = {
        "opened": len(changes.opened), "closed": len(changes.closed),
        "reopened": len(changes.reopened), "raised": len(changes.raised),
    }  # fmt: skip
    rows = ([f.pk, f.fingerprint, f.state, f.severity] for f in told.values())
    entry = audit.bulk("findings.finding", "settle", by=by, counts=counts, rows=rows)
    for some in _chunks(list(told.values())):
        history.keep_many(Finding, [(f, audit.snapshot(f)) for f in some], entry=entry)


def _tell(changes: Changes, touched: list[Finding]) -> None:
    for fact, rows_told in (
        (FindingsOpened, changes.opened), (FindingsRaised, changes.raised),
        (FindingsReopened, changes.reopened), (FindingsClosed, changes.closed),
    ):  # fmt: skip
        if rows_told:
            announce(fact([f.pk for f in rows_told]))
    for key in [str(f.pk) for f in touched] if len(touched) <= TOLD_ONE_BY_ONE else [""]:
        live.publish("findings.finding", key)


def _chunks(rows: list[Finding]) -> Iterable[list[Finding]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def write_blinds(check: Check, told: Mapping[str, Verdict], scope: Scope) -> None:
    """Keep the present blind spots of a scope: those that are new, and not those that opened."""
    blind = {p: v for p, v in told.items() if v.outcome == "unknown"}
    rows = check.blinds.all() if scope.items is None else check.blinds.filter(item__in=scope.items)
    known = {b.fingerprint: b for b in rows}
    gone = [b.pk for fingerprint, b in known.items() if fingerprint not in blind]
    for start in range(0, len(gone), CHUNK):
        Blind.objects.filter(pk__in=gone[start : start + CHUNK]).delete()
    made = [_blind(check, fingerprint, verdict, scope) for fingerprint, verdict in blind.items()]
    fresh = [b for b in made if _words(known.get(b.fingerprint)) != _words(b)]
    if fresh:
        Blind.objects.bulk_create(
            fresh, batch_size=CHUNK, update_conflicts=True, unique_fields=["fingerprint"],
            update_fields=["why", "remedy"],
        )  # fmt: skip


def _blind(check: Check, fingerprint: str, verdict: Verdict, scope: Scope) -> Blind:
    subject = verdict.subject
    return Blind(
        check_of=check, item_id=subject.item, person_id=subject.person, fingerprint=fingerprint,
        key=plain(subject.key, 200), why=plain(verdict.why, 300), remedy=plain(verdict.remedy, 400),
        since=scope.now,
    )  # fmt: skip


def _words(blind: Blind | None) -> tuple[str, str] | None:
    return (blind.why, blind.remedy) if blind else None

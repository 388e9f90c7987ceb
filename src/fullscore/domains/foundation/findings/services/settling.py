"""Compare what a run says with what is known, and write the difference: nothing else is written."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

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
from fullscore.domains.foundation.findings.services.ownership import Owners, due_day
from fullscore.kit import history, live, search
from fullscore.kit.announcements import announce
from fullscore.kit.audit import bulk, snapshot
from fullscore.kit.checks import EVIDENCE_BYTES, EVIDENCE_ROWS, Scope, Verdict
from fullscore.kit.models import User

REOPENS_WITHIN = timedelta(days=7)
FLAPS = 4  # re-openings in 24 h
HELD_SHARE, HELD_COUNT = 0.30, 20  # a run closing more than both waits for a person
TOLD_ONE_BY_ONE = 20  # beyond, browsers hear that the list changed
WRITTEN = [
    "severity", "title", "figure", "limit", "unit", "evidence", "advice", "cost", "owner",
    "assignee",
    "state", "closed_as", "due_on", "closed_at", "fixed_at", "reopened_count", "is_flapping",
    "good_streak", "muted_until",
]  # fmt: skip


@dataclass
class Changes:
    """What a run alters, gathered in memory and written set at a time."""

    opened: list[Finding] = field(default_factory=list)
    changed: dict[int, Finding] = field(default_factory=dict)
    raised: list[Finding] = field(default_factory=list)
    reopened: list[Finding] = field(default_factory=list)
    closed: list[Finding] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)

    def event(
        self, finding: Finding, now: datetime, kind: str, before: Any, after: Any, note: str = ""
    ) -> None:
        """Note what happened to a finding."""
        self.events.append(
            Event(
                finding=finding, at=now, kind=kind, before=str(before), after=str(after), note=note
            )
        )


def settle(
    check: Check,
    verdicts: Iterable[Verdict],
    scope: Scope,
    *,
    by: User,
    took_ms: int = 0,
    may_close_many: bool = False,
) -> CheckRun:
    """Make the findings of a check agree with what a run says of a scope; returns the run.

    Good subjects without a finding write nothing. Unknown is never good: it leaves a finding open
    and is written down as a blind spot. A run that would close too much at once is held.
    """
    told = _unique(check, verdicts)
    with transaction.atomic():
        live_ones = {f.fingerprint: f for f in _live(check, scope)}
        changes = Changes()
        closing = [
            (finding, verdict)
            for fingerprint, finding in live_ones.items()
            if (verdict := told.get(fingerprint)) is None or verdict.outcome != "bad"
        ]
        _settle_bad(check, told, live_ones, changes, scope.now)
        _settle_rest(check, closing, _items_unknown(told), changes, scope.now)
        is_held = not may_close_many and _closes_too_much(changes, len(live_ones))
        if is_held:
            _hold(changes)
        run = _run(check, scope, told, changes, took_ms, is_held)
        _write(changes, run, by)
        _see_blinds(check, told, scope)
    return run


def _unique(check: Check, verdicts: Iterable[Verdict]) -> dict[str, Verdict]:
    """Return the verdicts by fingerprint; said twice, the worse one counts."""
    told: dict[str, Verdict] = {}
    for verdict in verdicts:
        fingerprint = verdict.subject.fingerprint(check.ident)
        known = told.get(fingerprint)
        if known is None or _weight(verdict) > _weight(known):
            told[fingerprint] = verdict
    return told


def _weight(verdict: Verdict) -> tuple[int, int]:
    order = {"not_applicable": 0, "good": 1, "unknown": 2, "bad": 3}
    return order[verdict.outcome], verdict.severity


def _live(check: Check, scope: Scope) -> Iterable[Finding]:
    rows = check.findings.live().select_related("item")
    return rows if scope.items is None else rows.filter(item__in=scope.items)


def _items_unknown(told: dict[str, Verdict]) -> set[int | None]:
    """Return the items of which a run could not say everything.

    What is absent there may be there.
    """
    return {v.subject.item for v in told.values() if v.outcome == "unknown"}


def _settle_bad(
    check: Check,
    told: dict[str, Verdict],
    live_ones: dict[str, Finding],
    changes: Changes,
    now: datetime,
) -> None:
    bad = {print_: v for print_, v in told.items() if v.outcome == "bad"}
    new = {print_: v for print_, v in bad.items() if print_ not in live_ones}
    for fingerprint, verdict in bad.items():
        if fingerprint in live_ones:
            _still_bad(live_ones[fingerprint], verdict, changes, now)
    if not new:
        return
    owners = Owners(check, new.values())
    earlier = _earlier(new, now)
    for fingerprint, verdict in new.items():
        known = earlier.get(fingerprint)
        if known and known.closed_at and now - known.closed_at <= REOPENS_WITHIN:
            _reopen(known, verdict, changes, now)
        else:
            changes.opened.append(_opened(check, fingerprint, verdict, owners, known, now))


def _earlier(new: dict[str, Verdict], now: datetime) -> dict[str, Finding]:
    """Return the newest closed finding of each fingerprint."""
    found: dict[str, Finding] = {}
    prints = list(new)
    for start in range(0, len(prints), 5000):
        rows = Finding.objects.filter(fingerprint__in=prints[start : start + 5000], state="closed")
        for finding in rows.order_by("opened_at"):
            found[finding.fingerprint] = finding
    return found


def _opened(
    check: Check,
    fingerprint: str,
    verdict: Verdict,
    owners: Owners,
    known: Finding | None,
    now: datetime,
) -> Finding:
    subject = verdict.subject
    item = owners.items.get(subject.item) if subject.item else None
    finding = Finding(
        check_of=check, item=item, record=subject.record[:80], person_id=subject.person,
        key=subject.key[:200], fingerprint=fingerprint, opened_at=now, again_of=known,
        owner_id=owners.team_for(verdict), assignee_id=owners.contact_for(verdict),
    )  # fmt: skip
    _take(finding, verdict)
    finding.due_on = owners.due_day(verdict, item, now)
    return finding


def _take(finding: Finding, verdict: Verdict) -> None:
    """Take over what the run says: severity, words, figures, evidence, price."""
    finding.severity = verdict.severity
    finding.title = verdict.title[:300]
    finding.figure, finding.limit, finding.unit = verdict.figure, verdict.limit, verdict.unit[:12]
    finding.evidence = _bounded(verdict.evidence)
    finding.advice = verdict.advice
    finding.cost = _told_cost(verdict)
    finding.good_streak = 0


def _told_cost(verdict: Verdict) -> dict[str, Any]:
    if verdict.cost is None:
        return {}
    told: dict[str, Any] = json.loads(json.dumps(asdict(verdict.cost), default=str))
    return {k: v for k, v in told.items() if v not in (None, "", 0.0)}


def _bounded(evidence: Iterable[Any]) -> list[Any]:
    kept: list[Any] = []
    size = 0
    for row in list(evidence)[:EVIDENCE_ROWS]:
        told = json.dumps(row, default=str)
        size += len(told)
        if size > EVIDENCE_BYTES:
            break
        kept.append(json.loads(told))
    return kept


def _still_bad(finding: Finding, verdict: Verdict, changes: Changes, now: datetime) -> None:
    before = (finding.severity, finding.title, finding.limit, finding.advice, finding.cost)
    old_figure, old_evidence, old_streak = finding.figure, finding.evidence, finding.good_streak
    was = finding.severity
    _take(finding, verdict)
    after = (finding.severity, finding.title, finding.limit, finding.advice, finding.cost)
    is_changed = before != after or old_streak or old_evidence != finding.evidence
    is_changed = is_changed or _moved(old_figure, finding.figure)
    if finding.severity != was:
        changes.event(finding, now, "severity", was, finding.severity)
        new_due = due_day(verdict, finding.item, now)
        finding.due_on = min(filter(None, [finding.due_on, new_due]), default=None)
    if finding.severity > was:
        changes.raised.append(finding)
        if finding.state == Finding.State.EXCEPTED:
            _back(finding, changes, now, "its severity rose: the exception no longer covers it")
    if finding.state == Finding.State.FIXED:
        _back(finding, changes, now, "still there")
        is_changed = True
    if is_changed or finding.severity != was:
        changes.changed[finding.pk] = finding


def _moved(old: float | None, new: float | None) -> bool:
    """Say whether a figure changed by more than one percent: less is not worth a row."""
    if old is None or new is None:
        return old is not new
    return abs(new - old) > 0.01 * max(abs(old), abs(new), 1e-9)


def _back(finding: Finding, changes: Changes, now: datetime, note: str) -> None:
    changes.event(finding, now, "state", finding.state, Finding.State.OPEN, note)
    if finding.state == Finding.State.EXCEPTED:
        changes.reopened.append(finding)
    finding.state, finding.fixed_at = Finding.State.OPEN, None


def _reopen(finding: Finding, verdict: Verdict, changes: Changes, now: datetime) -> None:
    """Open a finding that came back: the same number, the same clock."""
    changes.event(finding, now, "reopened", Finding.State.CLOSED, Finding.State.OPEN)
    finding.state, finding.closed_at, finding.closed_as = Finding.State.OPEN, None, ""
    finding.reopened_count += 1
    _take(finding, verdict)
    recent = finding.events.filter(kind="reopened", at__gt=now - timedelta(hours=24)).count() + 1
    if recent >= FLAPS and not finding.is_flapping:
        finding.is_flapping = True
        changes.event(finding, now, "flapping", "", f"{recent} times in 24 h")
    changes.changed[finding.pk] = finding
    changes.reopened.append(finding)


def _settle_rest(
    check: Check, closing: list[tuple[Finding, Verdict | None]], blind: set[int | None],
    changes: Changes, now: datetime,
) -> None:  # fmt: skip
    """See to the live findings that the run did not call bad."""
    for finding, verdict in closing:
        if verdict is not None and verdict.outcome == "unknown":
            continue
        if verdict is None:
            is_unsure = finding.item_id in blind or None in blind
            if not is_unsure:
                _close(
                    finding,
                    check,
                    changes,
                    now,
                    Finding.Closing.GONE,
                    "absent from a complete reading",
                    verdict,
                )
        elif verdict.outcome == "not_applicable":
            _close(
                finding,
                check,
                changes,
                now,
                Finding.Closing.GONE,
                verdict.why or "no longer applies",
                verdict,
            )
        else:
            _good_again(finding, check, verdict, changes, now)


def _good_again(
    finding: Finding, check: Check, verdict: Verdict, changes: Changes, now: datetime
) -> None:
    finding.good_streak += 1
    if finding.is_flapping:
        last = finding.events.filter(kind="reopened").order_by("-at").first()
        if last and now - last.at < timedelta(hours=24):
            changes.changed[finding.pk] = finding
            return
        finding.is_flapping = False
    if finding.good_streak < check.good_runs:
        changes.changed[finding.pk] = finding
        return
    how = f"good in {check.good_runs} run{'s' if check.good_runs > 1 else ''}"
    _close(finding, check, changes, now, Finding.Closing.VERIFIED, how, verdict)


def _close(
    finding: Finding, check: Check, changes: Changes, now: datetime, closed_as: str, how: str,
    verdict: Verdict | None,
) -> None:  # fmt: skip
    evidence = _bounded(verdict.evidence) if verdict else []
    figure = verdict.figure if verdict else None
    limit = verdict.limit if verdict else None
    read = json.dumps([finding.fingerprint, str(now), how, figure, limit, evidence], sort_keys=True)
    changes.proofs.append(
        Proof(
            finding=finding, at=now, how=how[:120], figure=figure, limit=limit, evidence=evidence,
            check_version=check.version, sha256=hashlib.sha256(read.encode()).hexdigest(),
        )
    )  # fmt: skip
    changes.event(finding, now, "closed", finding.state, closed_as, how)
    finding.state, finding.closed_as, finding.closed_at = Finding.State.CLOSED, closed_as, now
    changes.changed[finding.pk] = finding
    changes.closed.append(finding)


def _closes_too_much(changes: Changes, live_count: int) -> bool:
    closing = len(changes.closed)
    return closing > HELD_COUNT and closing > HELD_SHARE * live_count


def _hold(changes: Changes) -> None:
    """Take back every closing of a run: so much good news at once is more often a blind check."""
    held = {id(f) for f in changes.closed}
    changes.changed = {pk: f for pk, f in changes.changed.items() if id(f) not in held}
    changes.events = [e for e in changes.events if id(e.finding) not in held]
    changes.proofs, changes.closed = [], []


def _run(
    check: Check,
    scope: Scope,
    told: dict[str, Verdict],
    changes: Changes,
    took_ms: int,
    is_held: bool,
) -> CheckRun:
    counts = dict(Counter(v.outcome for v in told.values()))
    counts |= {"opened": len(changes.opened), "closed": len(changes.closed)}
    where = "" if scope.items is None else f"{len(scope.items)} items"
    return CheckRun.objects.create(
        check_of=check, scope=where, started_at=scope.now, took_ms=took_ms, counts=counts,
        state=CheckRun.State.HELD if is_held else CheckRun.State.DONE,
        problem="It would close too many findings at once: look, then release it."
        if is_held
        else "",
    )  # fmt: skip


def _write(changes: Changes, run: CheckRun, by: User) -> None:
    opened = Finding.objects.bulk_create(changes.opened, batch_size=500)
    for finding in opened:
        changes.event(finding, run.started_at, "opened", "", finding.get_severity_display())
    touched = list(changes.changed.values())
    Finding.objects.bulk_update(touched, WRITTEN, batch_size=100) if touched else None
    for row in [*changes.events, *changes.proofs]:
        row.finding_id = row.finding.pk
    for proof in changes.proofs:
        proof.run = run
    Event.objects.bulk_create(changes.events, batch_size=500)
    Proof.objects.bulk_create(changes.proofs, batch_size=500)
    _tell(changes, run, by, [*opened, *touched])


def _tell(changes: Changes, run: CheckRun, by: User, touched: list[Finding]) -> None:
    """Record the run once, keep versions and words, tell reactions and browsers."""
    if not touched:
        return
    counts = {
        "opened": len(changes.opened), "closed": len(changes.closed),
        "reopened": len(changes.reopened), "raised": len(changes.raised),
    }  # fmt: skip
    rows = ([f.pk, f.fingerprint, f.state, f.severity] for f in touched)
    entry = bulk("findings.finding", "settle", by=by, counts=counts, rows=rows)
    history.keep_many(Finding, [(f, snapshot(f)) for f in touched], entry=entry)
    search.refresh_many(Finding, [f.pk for f in touched])
    for fact, rows_told in (
        (FindingsOpened, changes.opened), (FindingsRaised, changes.raised),
        (FindingsReopened, changes.reopened), (FindingsClosed, changes.closed),
    ):  # fmt: skip
        if rows_told:
            announce(fact([f.pk for f in rows_told]))
    for key in [str(f.pk) for f in touched] if len(touched) <= TOLD_ONE_BY_ONE else [""]:
        live.publish("findings.finding", key)


def _see_blinds(check: Check, told: dict[str, Verdict], scope: Scope) -> None:
    """Keep the present blind spots of a scope: those that are new, and not those that opened."""
    blind = {p: v for p, v in told.items() if v.outcome == "unknown"}
    rows = check.blinds.all() if scope.items is None else check.blinds.filter(item__in=scope.items)
    known = {b.fingerprint: b for b in rows}
    gone = [b.pk for fingerprint, b in known.items() if fingerprint not in blind]
    if gone:
        Blind.objects.filter(pk__in=gone).delete()
    fresh = [
        Blind(
            check_of=check, item_id=v.subject.item, person_id=v.subject.person,
            fingerprint=fingerprint,
            key=v.subject.key[:200], why=v.why[:300], remedy=v.remedy[:400], since=scope.now,
        )
        for fingerprint, v in blind.items()
        if fingerprint not in known
        or (known[fingerprint].why, known[fingerprint].remedy) != (v.why[:300], v.remedy[:400])
    ]  # fmt: skip
    if fresh:
        Blind.objects.bulk_create(
            fresh, batch_size=500, update_conflicts=True, unique_fields=["fingerprint"],
            update_fields=["why", "remedy"],
        )  # fmt: skip

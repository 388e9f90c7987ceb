"""Compare what a run says with what is known, and write the difference: nothing else is written."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, QuerySet, prefetch_related_objects

from fullscore.domains.foundation.findings.models import Check, CheckRun, Event, Finding
from fullscore.domains.foundation.findings.services.changes import (
    CHUNK,
    Changes,
    write,
    write_blinds,
    write_run,
)
from fullscore.domains.foundation.findings.services.evidence import bounded, finite, plain
from fullscore.domains.foundation.findings.services.ownership import Owners, due_day
from fullscore.kit.checks import Scope, Verdict
from fullscore.kit.models import User

REOPENS_WITHIN = timedelta(days=7)
DAY = timedelta(hours=24)
FLAPS = 4  # re-openings in a day; then open until good for a day
HELD_SHARE, HELD_COUNT = 0.30, 20  # a run closing more than both waits for a person


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

    Good subjects without a finding write nothing. Unknown is never good: it leaves a finding
    open and
    is written down as a blind spot. A run that would close too much at once is held.
    """
    told = _unique(check, verdicts)
    with transaction.atomic():
        take_turn(check)
        live_ones = {f.fingerprint: f for f in _live(check, scope)}
        changes = Changes(scope.now)
        _settle_bad(check, told, live_ones, changes)
        _settle_rest(check, told, live_ones, changes)
        is_held = not may_close_many and _closes_too_much(changes, len(live_ones))
        if is_held:
            changes.hold()
        run = write_run(check, scope, told, changes, took_ms, is_held)
        write(changes, run, by)
        write_blinds(check, told, scope)
    return run


def take_turn(check: Check) -> None:
    """Let one settling of a check at a time compare and write: two would open the same finding
    twice."""
    Check.objects.select_for_update().filter(pk=check.pk).values_list("pk").first()


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
    # Locked: what somebody does to one meanwhile waits, instead of being overwritten.
    rows = check.findings.live().select_for_update()
    return rows if scope.items is None else rows.filter(item__in=scope.items)


# ── what is bad ────────────────────────────────────────────────────────────────────────────────


def _settle_bad(
    check: Check, told: Mapping[str, Verdict], live_ones: Mapping[str, Finding], changes: Changes
) -> None:
    bad = {print_: v for print_, v in told.items() if v.outcome == "bad"}
    new = {print_: v for print_, v in bad.items() if print_ not in live_ones}
    known = [(live_ones[print_], v) for print_, v in bad.items() if print_ not in new]
    graver = [f for f, v in known if f.severity != v.severity]
    prefetch_related_objects(graver, "item")  # asked for their due day
    for finding, verdict in known:
        _still_bad(finding, verdict, changes)
    if not new:
        return
    owners = Owners(check, new.values())
    earlier = _earlier(list(new))
    back = {
        print_: f
        for print_, f in earlier.items()
        if f.closed_at and changes.now - f.closed_at <= REOPENS_WITHIN
    }
    returns = _returns(back.values(), changes)
    for fingerprint, verdict in new.items():
        if fingerprint in back:
            finding = back[fingerprint]
            _reopen(finding, verdict, changes, returns.get(finding.pk, 0) + 1)
        elif verdict.subject.item is None or verdict.subject.item in owners.items:
            first = earlier.get(fingerprint)
            changes.opened.append(_opened(check, fingerprint, verdict, owners, first, changes))


def _earlier(prints: list[str]) -> dict[str, Finding]:
    """Return the newest closed finding of each fingerprint."""
    found: dict[str, Finding] = {}
    for start in range(0, len(prints), CHUNK):
        rows = Finding.objects.filter(fingerprint__in=prints[start : start + CHUNK], state="closed")
        for finding in rows.order_by("opened_at"):
            found[finding.fingerprint] = finding
    return found


def _returns(findings: Iterable[Finding], changes: Changes) -> dict[int, int]:
    """Return how often each was opened again within a day."""
    rows = _events(findings, "reopened").filter(at__gt=changes.now - DAY)
    return dict(rows.values_list("finding").annotate(Count("pk")).order_by())


def _events(findings: Iterable[Finding], kind: str) -> QuerySet[Event]:
    rows: QuerySet[Event] = Event.objects.filter(kind=kind, finding__in=[f.pk for f in findings])
    return rows


def _opened(
    check: Check, fingerprint: str, verdict: Verdict, owners: Owners, known: Finding | None,
    changes: Changes,
) -> Finding:  # fmt: skip
    subject = verdict.subject
    item = owners.items.get(subject.item) if subject.item is not None else None
    finding = Finding(
        check_of_id=check.pk, item_id=subject.item, record=subject.record[:80],
        person_id=subject.person, key=plain(subject.key, 200), fingerprint=fingerprint,
        opened_at=changes.now, again_of_id=known.pk if known else None, because_of_id=None,
        owner_id=owners.team_for(verdict), assignee_id=owners.contact_for(verdict),
    )  # fmt: skip
    _take(finding, verdict)
    finding.due_on = owners.due_day(verdict, item, changes.now)
    return finding


def _take(finding: Finding, verdict: Verdict) -> None:
    """Take over what the run says: severity, words, figures, evidence, price."""
    finding.severity = verdict.severity
    finding.title = plain(verdict.title, 300)
    finding.figure, finding.limit = finite(verdict.figure), finite(verdict.limit)
    finding.unit = verdict.unit[:12]
    finding.evidence = bounded(verdict.evidence)
    finding.advice = plain(verdict.advice, 4000)
    finding.cost = _told_cost(verdict)
    finding.good_streak = 0
    if finding.severity == 5:  # what is critical is never muted
        finding.muted_until = None


def _told_cost(verdict: Verdict) -> dict[str, Any]:
    if verdict.cost is None:
        return {}
    told: dict[str, Any] = json.loads(json.dumps(asdict(verdict.cost), default=str))
    return {k: v for k, v in told.items() if v not in (None, "", 0.0)}


def _still_bad(finding: Finding, verdict: Verdict, changes: Changes) -> None:
    before, old_figure, was = _said(finding), finding.figure, finding.severity
    _take(finding, verdict)
    if before != _said(finding) or _moved(old_figure, finding.figure):
        changes.changed[finding.pk] = finding
    if finding.severity != was:
        changes.event(finding, "severity", was, finding.severity)
        new_due = due_day(verdict, finding.item, changes.now)
        finding.due_on = min(filter(None, [finding.due_on, new_due]), default=None)
    elif verdict.due_on and (finding.due_on is None or verdict.due_on < finding.due_on):
        changes.event(finding, "due", finding.due_on or "", verdict.due_on)
        finding.due_on = verdict.due_on
    if finding.severity > was:
        changes.raised.append(finding)
    _see_promises(finding, verdict, was, changes)


def _said(finding: Finding) -> tuple[Any, ...]:
    return (
        finding.severity, finding.title, finding.limit, finding.unit, finding.advice, finding.cost,
        finding.evidence, finding.good_streak,
    )  # fmt: skip


def _moved(old: float | None, new: float | None) -> bool:
    """Say whether a figure changed by more than one percent: less is not worth a row."""
    if old is None or new is None:
        return old is not new
    return abs(new - old) > 0.01 * max(abs(old), abs(new), 1e-9)


def _see_promises(finding: Finding, verdict: Verdict, was: int, changes: Changes) -> None:
    """End an exception that is void, and open again what was said to be fixed and is not."""
    if finding.state == Finding.State.EXCEPTED:
        if finding.severity > was:
            note = "its severity rose: the exception no longer covers it"
            _back(finding, changes, note)
        elif verdict.voids:
            _back(finding, changes, f"the exception is void: {', '.join(sorted(verdict.voids))}")
    elif finding.state == Finding.State.FIXED and not _is_older(verdict, finding):
        _back(finding, changes, "still there")


def _is_older(verdict: Verdict, finding: Finding) -> bool:
    """Say whether what the run read is older than the word that it is fixed: then it says
    nothing."""
    if verdict.facts_at is None or finding.fixed_at is None:
        return False
    return verdict.facts_at < finding.fixed_at


def _back(finding: Finding, changes: Changes, note: str) -> None:
    changes.event(finding, "state", finding.state, Finding.State.OPEN, note)
    if finding.state == Finding.State.EXCEPTED:
        changes.reopened.append(finding)
    finding.state, finding.fixed_at = Finding.State.OPEN, None


def _reopen(finding: Finding, verdict: Verdict, changes: Changes, recent: int) -> None:
    """Open a finding that came back: the same number, the same clock."""
    changes.event(finding, "reopened", Finding.State.CLOSED, Finding.State.OPEN)
    finding.state, finding.closed_at, finding.closed_as = Finding.State.OPEN, None, ""
    finding.fixed_at = None
    finding.reopened_count += 1
    _take(finding, verdict)
    if recent >= FLAPS and not finding.is_flapping:
        finding.is_flapping = True
        changes.event(finding, "flapping", "", f"{recent} times in 24 h")
    changes.reopened.append(finding)


# ── what is not bad ────────────────────────────────────────────────────────────────────────────


def _settle_rest(
    check: Check, told: Mapping[str, Verdict], live_ones: Mapping[str, Finding], changes: Changes
) -> None:
    """See to the live findings that the run did not call bad."""
    blind = {v.subject.item for v in told.values() if v.outcome == "unknown"}
    rest = [(f, told.get(print_)) for print_, f in live_ones.items()]
    since = _good_since(f for f, _ in rest if f.is_flapping)
    for finding, verdict in rest:
        outcome = verdict.outcome if verdict else ""
        # What is absent where the run could not see everything may be there.
        is_unsure = verdict is None and (finding.item_id in blind or None in blind)
        if outcome == "bad":
            continue
        if outcome == "unknown" or is_unsure:
            _not_sure(finding, changes)
        elif verdict is None or outcome == "not_applicable":
            how = verdict.why if verdict else "absent from a complete reading"
            _close(finding, check, changes, Finding.Closing.GONE, how, verdict)
        else:
            _good_again(finding, check, verdict, changes, since)


def _good_since(findings: Iterable[Finding]) -> dict[int, Any]:
    """Return since when each of the flapping findings is good."""
    flapping = list(findings)
    if not flapping:
        return {}
    return dict(_events(flapping, "good").values_list("finding").annotate(Max("at")).order_by())


def _not_sure(finding: Finding, changes: Changes) -> None:
    """Begin anew to count good runs: what closes a finding are *consecutive* ones."""
    if finding.good_streak:
        finding.good_streak = 0
        changes.changed[finding.pk] = finding


def _good_again(
    finding: Finding, check: Check, verdict: Verdict, changes: Changes, since: Mapping[int, Any]
) -> None:
    is_first = finding.good_streak == 0
    if finding.is_flapping:
        if is_first:
            finding.good_streak = 1
            changes.event(finding, "good", "", "flapping: open until good for 24 h")
            return
        if changes.now - since.get(finding.pk, changes.now) < DAY:
            return
        finding.is_flapping = False
    elif finding.good_streak + 1 < check.good_runs:
        finding.good_streak += 1
        changes.changed[finding.pk] = finding
        return
    how = f"good in {check.good_runs} run{'s' if check.good_runs > 1 else ''}"
    _close(finding, check, changes, Finding.Closing.VERIFIED, how, verdict)


def _close(
    finding: Finding, check: Check, changes: Changes, closed_as: str, how: str,
    verdict: Verdict | None,
) -> None:  # fmt: skip
    how = plain(how or "no longer applies", 90)
    if verdict and verdict.facts_at:
        how += f", read {verdict.facts_at:%F %T} UTC"
    evidence = bounded(verdict.evidence) if verdict else []
    figure = finite(verdict.figure) if verdict else None
    limit = finite(verdict.limit) if verdict else None
    read = [finding.fingerprint, str(changes.now), how, figure, limit, evidence]
    sha256 = hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()
    changes.proofs.append(
        (finding.pk, changes.now, how, figure, limit, evidence, check.version, sha256)
    )
    changes.event(finding, "closed", finding.state, closed_as, how)
    finding.state, finding.closed_as, finding.closed_at = (
        Finding.State.CLOSED,
        closed_as,
        changes.now,
    )
    finding.good_streak = 0
    changes.closed.append(finding)


def _closes_too_much(changes: Changes, live_count: int) -> bool:
    closing = len(changes.closed)
    return closing > HELD_COUNT and closing > HELD_SHARE * live_count

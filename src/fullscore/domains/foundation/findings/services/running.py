"""Running checks, and setting how they judge."""

import time as clock
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from django.db import transaction
from django.db.models import Q

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.findings.models import Check, CheckRun, CheckSetting
from fullscore.domains.foundation.findings.services.settling import settle, take_turn
from fullscore.kit import checks as kit
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.checks import Limits, Scope, Subject, Verdict
from fullscore.kit.errors import Conflict, Invalid, Problem
from fullscore.kit.log import get_logger
from fullscore.kit.models import User

log = get_logger()
LEASE = timedelta(minutes=5)  # a run that died is tried again after this


def list_checks(*, by: User) -> int:
    """Make the table of checks say what the code says; returns how many there are."""
    known = {row.ident: row for row in Check.objects.all()}
    for check in kit.known().values():
        row = known.get(check.id) or Check(ident=check.id)
        told = _told(check)
        if all(getattr(row, name) == value for name, value in told.items()) and row.pk:
            continue
        with recorded(row, "list", by=by):
            for name, value in told.items():
                setattr(row, name, value)
    return len(kit.known())


def _told(check: kit.Check) -> dict[str, Any]:
    return {
        "title": check.title, "why": check.why, "source": check.source, "fix": check.fix,
        "codes": list(check.codes), "limits": dict(check.limits),
        "every_seconds": int(check.every.total_seconds()), "good_runs": check.good_runs,
        "is_urgent": check.is_urgent, "version": check.version,
    }  # fmt: skip


def due_checks(now: datetime) -> Iterator[Check]:
    """Yield each check that is due once a lease on it is taken: two workers never share one.

    The lease is taken when the check is asked for, so that it does not run out while others run.
    """
    rows = Check.objects.filter(Q(next_at__isnull=True) | Q(next_at__lte=now), is_enabled=True)
    for check in list(rows.filter(ident__in=kit.known())):
        mine = Check.objects.filter(pk=check.pk, next_at=check.next_at)
        if check.next_at is None:
            mine = Check.objects.filter(pk=check.pk, next_at__isnull=True)
        if mine.update(next_at=time.now() + LEASE):
            yield check


def run_check(
    check: Check, *, by: User, items: Sequence[int] | None = None, may_close_many: bool = False,
    facts: Iterable[Any] | None = None,
) -> CheckRun:  # fmt: skip
    """Run a check over some items or over everything. A check that raises fails alone, and says
    so.

    `facts` are what the check would read, where the caller has read them already.
    """
    now = time.now()
    scope = Scope(now, None if items is None else frozenset(items))
    began = clock.perf_counter()
    try:
        code = kit.known()[check.ident]
        code = code if facts is None else code.reading(lambda scope: facts)
        verdicts = list(_tuned(check, code.verdicts(scope, _limits(check))))
        took_ms = int((clock.perf_counter() - began) * 1000)
        run = settle(check, verdicts, scope, by=by, took_ms=took_ms, may_close_many=may_close_many)
    except Exception as error:  # one broken check must not stop the others; it is shown on its page
        log.error("check failed", check=check.ident, exc_info=error)
        run = _failed(check, scope, error, began)
    if items is None:
        Check.objects.filter(pk=check.pk).update(
            next_at=now + timedelta(seconds=check.every_seconds), last_at=now, last_state=run.state,
            counts=run.counts,
        )  # fmt: skip
    return run


def _failed(check: Check, scope: Scope, error: Exception, began: float) -> CheckRun:
    return CheckRun.objects.create(
        check_of=check, started_at=scope.now, took_ms=int((clock.perf_counter() - began) * 1000),
        state=CheckRun.State.FAILED, problem=f"{type(error).__name__}: {error}"[:2000],
        scope="" if scope.items is None else f"{len(scope.items)} items",
    )  # fmt: skip


def run(check: Check, *, by: User) -> CheckRun:
    """Run the check now, over everything."""
    if not check.is_enabled:
        raise Conflict(f"“{check}” is switched off: enable it first.")
    if check.ident not in kit.known():
        raise Conflict(f"“{check}” is no longer part of the product.")
    done = run_check(check, by=by)
    if done.state == CheckRun.State.FAILED:
        raise Problem(f"The check failed: {done.problem}")
    return done


def release(run: CheckRun, *, by: User, note: str = "") -> CheckRun:
    """Let a held run close what it found good: it is run anew, and may close as much as it
    finds."""
    if run.state != CheckRun.State.HELD:
        raise Conflict("Only a run that is held can be released.")
    with transaction.atomic():
        take_turn(run.check_of)
        with recorded(run, "release", by=by, note=note):
            run.state = CheckRun.State.RELEASED
        done = run_check(run.check_of, by=by, may_close_many=True)
        if done.state == CheckRun.State.FAILED:
            raise Problem(f"The check failed: {done.problem}")
    return done


def enable(check: Check, *, by: User) -> Check:
    """Let the check run again."""
    if check.is_enabled:
        raise Conflict(f"“{check}” is on already.")
    with recorded(check, "enable", by=by):
        check.is_enabled, check.next_at = True, None
    return check


def disable(check: Check, *, by: User, reason: str) -> Check:
    """Switch the check off everywhere; what it found stays as it is."""
    if not check.is_enabled:
        raise Conflict(f"“{check}” is off already.")
    with recorded(check, "disable", by=by, note=reason):
        check.is_enabled = False
    return check


def tune(
    check: Check,
    *,
    by: User,
    reason: str,
    selector: str = "",
    limits: str = "",
    severity: int | None = None,
    is_enabled: bool = True,
) -> CheckSetting:
    """Set other limits (`high=90, critical=98`), a severity, or silence, for the items of a
    selector."""
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    estate.selected(selector)
    known = CheckSetting.objects.filter(check_of=check, selector=selector).first()
    setting = known or CheckSetting(check_of=check, selector=selector)
    with recorded(setting, "tune", by=by, note=reason):
        setting.limits = _read_limits(check, limits)
        setting.severity, setting.is_enabled, setting.reason = severity, is_enabled, reason
    Check.objects.filter(pk=check.pk).update(next_at=None)
    return setting


def _read_limits(check: Check, text: str) -> dict[str, float]:
    told: dict[str, float] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, _, value = part.partition("=")
        if name.strip() not in check.limits:
            known = ", ".join(check.limits) or "none"
            raise Invalid(f"“{name.strip()}” is no limit of this check. Its limits: {known}.")
        try:
            told[name.strip()] = float(value)
        except ValueError as error:
            raise Invalid(f"“{part}”: write a limit as name=number.") from error
        if not isfinite(told[name.strip()]):
            raise Invalid(f"“{part}”: write a limit as name=number.")
    return told


def _limits(check: Check) -> Limits:
    """Return the limits in force: the code's, overlaid by settings, the most specific last."""
    base = dict(kit.known()[check.ident].limits)
    own: dict[int, dict[str, float]] = {}
    for setting in _settings(check):
        if not setting.limits:
            continue
        if not setting.selector:
            base |= setting.limits
            continue
        for pk in estate.selected(setting.selector).values_list("pk", flat=True):
            own[pk] = own.get(pk, {}) | setting.limits
    return Limits(base, own)


def _settings(check: Check) -> list[CheckSetting]:
    return sorted(check.settings.all(), key=lambda s: estate.specificity(s.selector))


def _tuned(check: Check, verdicts: Iterator[Verdict]) -> Iterator[Verdict]:
    """Apply severities and silences that somebody set; a silenced item is *not applicable*."""
    severity: dict[int | None, int] = {}
    silent: dict[int | None, str] = {}
    everything: CheckSetting | None = None
    for setting in _settings(check):
        if not setting.selector:
            everything = setting
            continue
        for pk in estate.selected(setting.selector).values_list("pk", flat=True):
            silent.pop(pk, None)
            if not setting.is_enabled:
                silent[pk] = setting.reason
            if setting.severity:
                severity[pk] = setting.severity
    for verdict in verdicts:
        item = verdict.subject.item
        why = silent.get(
            item, "" if everything is None or everything.is_enabled else everything.reason
        )
        if why:
            yield kit.not_applicable(Subject(*_parts(verdict)), why=f"switched off: {why}")
            continue
        wanted = severity.get(item) or (everything.severity if everything else None)
        yield replace(verdict, severity=wanted) if wanted and verdict.outcome == "bad" else verdict


def _parts(verdict: Verdict) -> tuple[int | None, str, int | None, str]:
    subject = verdict.subject
    return subject.item, subject.record, subject.person, subject.key

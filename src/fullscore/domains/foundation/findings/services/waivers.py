"""Exceptions: asked by one, granted by another, for a time."""

from datetime import date

from fullscore.domains.foundation.directory import queries as directory
from fullscore.domains.foundation.findings.announcements import ExceptionAsked, ExceptionEnding
from fullscore.domains.foundation.findings.models import Event, Finding, Waiver
from fullscore.kit import access, time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

LONGEST_DAYS, LONGEST_CRITICAL_DAYS, LONGEST_ALONE_DAYS = 365, 90, 30
TOLD_BEFORE = (30, 7, 0)


def ask_exception(
    finding: Finding, *, by: User, reason: str, expires_on: date, compensating_control: str = ""
) -> Waiver:
    """Ask to live with a finding until a day, saying why and what guards against it meanwhile."""
    if finding.state in (Finding.State.CLOSED, Finding.State.EXCEPTED):
        raise Conflict(f"This finding is {finding.state}.")
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    _check_length(finding.severity, expires_on)
    asked = Waiver(
        finding=finding, reason=reason.strip(), compensating_control=compensating_control.strip(),
        asked_by=by, asked_at=time.now(), expires_on=expires_on, severity=finding.severity,
    )  # fmt: skip
    with recorded(asked, "ask", by=by, note=reason):
        pass
    _happened(finding, by, "exception asked", f"until {expires_on}", reason)
    announce(ExceptionAsked([asked.pk]))
    return asked


def _check_length(severity: int, expires_on: date) -> None:
    most = LONGEST_CRITICAL_DAYS if severity == 5 else LONGEST_DAYS
    days = (expires_on - time.now().date()).days
    if not 0 < days <= most:
        sentence = (
            f"An exception to this severity ends within {most} days, and not before tomorrow."
        )
        raise Invalid(sentence, {"expires_on": [sentence]})


def grant(waiver: Waiver, *, by: User, note: str = "") -> Waiver:
    """Allow an exception that was asked for; what is critical needs a second yes."""
    _check_grantable(waiver)
    is_alone = waiver.asked_by_id == by.pk
    if is_alone:
        _check_alone(waiver)
    if waiver.granted_by_id is not None:
        return _second(waiver, by=by, note=note)
    with recorded(waiver, "grant", by=by, note=note):
        waiver.granted_by, waiver.is_alone = by, is_alone
        if is_alone or max(waiver.severity, waiver.finding.severity) < 5:
            _take_effect(waiver, by, note)
    return waiver


def _check_grantable(waiver: Waiver) -> None:
    """Refuse what is decided, over, or asked under a milder severity than the finding has now."""
    finding = waiver.finding
    if waiver.state != Waiver.State.ASKED:
        raise Conflict(f"This exception is {waiver.state}.")
    if finding.state == Finding.State.CLOSED:
        raise Conflict("The finding is closed: there is nothing to except.")
    if waiver.expires_on <= time.now().date():
        raise Conflict(f"It would have ended on {waiver.expires_on}: ask anew.")
    _check_length(finding.severity, waiver.expires_on)


def _check_alone(waiver: Waiver) -> None:
    """Refuse, unless nobody else could say yes; then only for a short time."""
    others = User.objects.filter(is_active=True, kind=User.Kind.PERSON).exclude(
        pk=waiver.asked_by_id
    )
    if any(access.may(other, "findings.grant_waiver") for other in others):
        raise Conflict("Someone else must grant your exception.")
    if (waiver.expires_on - time.now().date()).days > LONGEST_ALONE_DAYS:
        raise Conflict(
            f"As the only one who may approve, grant yourself {LONGEST_ALONE_DAYS} days at most."
        )


def _second(waiver: Waiver, *, by: User, note: str) -> Waiver:
    """Add the second yes, from another team than the first."""
    if by.pk in (waiver.granted_by_id, waiver.asked_by_id):
        raise Conflict("The second yes must come from somebody else.")
    first = directory.person_of(waiver.granted_by) if waiver.granted_by else None
    second = directory.person_of(by)
    teams = [set(directory.teams_of(person)) if person else set() for person in (first, second)]
    if not all(teams) or teams[0] & teams[1]:
        raise Conflict("The second yes must come from another team than the first.")
    with recorded(waiver, "grant", by=by, note=note):
        waiver.second_by = by
        _take_effect(waiver, by, note)
    return waiver


def _take_effect(waiver: Waiver, by: User, note: str) -> None:
    waiver.state = Waiver.State.GRANTED
    # Whoever asks for ten days knows that it ends within thirty: no message on the first day.
    waiver.told_days = _step(waiver, time.now().date())
    finding = waiver.finding
    with recorded(finding, "except", by=by, note=note):
        finding.state = Finding.State.EXCEPTED
    _happened(finding, by, "exception granted", f"until {waiver.expires_on}", note)


def refuse(waiver: Waiver, *, by: User, note: str) -> Waiver:
    """Turn an exception down, saying why."""
    if waiver.state != Waiver.State.ASKED:
        raise Conflict(f"This exception is {waiver.state}.")
    with recorded(waiver, "refuse", by=by, note=note):
        waiver.state = Waiver.State.REFUSED
    _happened(waiver.finding, by, "exception refused", "", note)
    return waiver


def revoke(waiver: Waiver, *, by: User, note: str) -> Waiver:
    """End an exception before its day; the finding is open again, with its old due day."""
    if waiver.state != Waiver.State.GRANTED:
        raise Conflict(f"This exception is {waiver.state}.")
    return _end(waiver, by=by, note=note)


def end_expired(*, by: User) -> int:
    """End every exception whose day has come, and those whose finding is open again or closed."""
    today = time.now().date()
    _announce_ending(today)
    over = Waiver.objects.filter(state=Waiver.State.GRANTED).select_related("finding")
    ended = _forget_asked(by)
    for waiver in over:
        if waiver.expires_on <= today:
            _end(waiver, by=by, note="its day has come")
            ended += 1
        elif waiver.finding.state != Finding.State.EXCEPTED:
            _end(waiver, by=by, note=f"the finding is {waiver.finding.state}")
            ended += 1
    return ended


def _forget_asked(by: User) -> int:
    """End what was asked for a finding that is closed by now; returns how many."""
    idle = Waiver.objects.filter(state=Waiver.State.ASKED, finding__state=Finding.State.CLOSED)
    rows = list(idle.select_related("finding"))
    for waiver in rows:
        _end(waiver, by=by, note="the finding is closed")
    return len(rows)


def _end(waiver: Waiver, *, by: User, note: str) -> Waiver:
    with recorded(waiver, "end", by=by, note=note):
        waiver.state = Waiver.State.ENDED
    finding = waiver.finding
    if finding.state == Finding.State.EXCEPTED:
        with recorded(finding, "reopen", by=by, note=f"exception ended: {note}"):
            finding.state = Finding.State.OPEN
        _happened(finding, by, "exception ended", "", note)
    return waiver


def _announce_ending(today: date) -> None:
    """Announce 30, 7 and 0 days before the end, each once."""
    ids = []
    for waiver in Waiver.objects.filter(state=Waiver.State.GRANTED):
        step = _step(waiver, today)
        if step is not None and (waiver.told_days is None or step < waiver.told_days):
            Waiver.objects.filter(pk=waiver.pk).update(told_days=step)
            ids.append(waiver.pk)
    if ids:
        announce(ExceptionEnding(ids))


def _step(waiver: Waiver, today: date) -> int | None:
    """Return which of 30, 7 and 0 days before its end has come last."""
    left = (waiver.expires_on - today).days
    return min((days for days in TOLD_BEFORE if left <= days), default=None)


def _happened(finding: Finding, by: User, kind: str, after: str, note: str) -> None:
    Event.objects.create(
        finding=finding, at=time.now(), by=by, kind=kind, after=after[:120], note=note
    )

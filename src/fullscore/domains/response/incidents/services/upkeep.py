"""What the clock does: alerts that run out, senders that fall silent, incidents that are over."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q

from fullscore.connectors.alerts import Signal
from fullscore.domains.foundation.findings.models import Finding
from fullscore.domains.response.incidents.announcements import IncidentsRaised, IncidentsResolved
from fullscore.domains.response.incidents.models import Alert, AlertEvent, AlertSource, Incident
from fullscore.domains.response.incidents.queries.checking import SILENT
from fullscore.domains.response.incidents.services import applying
from fullscore.domains.response.incidents.services.grouping import REOPENS_WITHIN
from fullscore.domains.response.incidents.services.sources import own, take_turn
from fullscore.domains.response.incidents.services.working import finish
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.checks import SEVERITIES, known
from fullscore.kit.models import User

SILENT_SEVERITY = "error"
BY_ITSELF = "Every alert of it was resolved, and none came back within 15 minutes."
EVENT_DAYS = 400


def resolve_due(*, now: datetime, by: User) -> None:
    """Resolve alerts that were not said again in time."""
    due = Alert.objects.live().filter(resolves_at__lte=now)
    for source in AlertSource.objects.filter(alerts__in=due).distinct():
        with transaction.atomic():
            take_turn([source.pk])
            rows = due.filter(source=source).values_list("key", "resolves_at")
            signals = [Signal("resolve", key, ends_at=at) for key, at in rows]
            applying.apply(source, signals, received_at=now, by=by)


def expire_acknowledgements(*, now: datetime, by: User) -> None:
    """Open again what was acknowledged for a while only."""
    late = Q(state=Alert.State.ACKNOWLEDGED, acknowledged_until__lte=now)
    for alert in Alert.objects.filter(late):
        with transaction.atomic():
            take_turn([alert.source_id])
            fresh = Alert.objects.filter(late, pk=alert.pk).first()
            if fresh is None:
                continue
            with recorded(fresh, "ask_again", by=by):
                fresh.state, fresh.acknowledged_until = Alert.State.OPEN, None
                event = AlertEvent(alert=fresh, at=now, kind="asked again", severity=fresh.severity)
                applying.write_events([event], [])


def hear_silence(*, now: datetime, by: User) -> None:
    """Open an alert for each sender that is silent for too long; resolve it once it is heard."""
    expected = AlertSource.objects.filter(expects_every_seconds__isnull=False)
    silent = Alert.objects.live().filter(key=SILENT).values("source")
    for source in expected.filter(Q(revoked_at__isnull=True) | Q(pk__in=silent)):
        seen_at = source.last_seen_at or source.created_at
        limit = timedelta(seconds=source.expects_every_seconds or 0)
        is_silent = now - seen_at > limit and source.revoked_at is None
        told = Signal(
            "trigger", SILENT, severity=SILENT_SEVERITY, starts_at=seen_at + limit,
            holds_until=time.FOREVER,
            title=f"{source} is silent: it is expected every"
            f" {time.in_words(limit.total_seconds())}",
        ) if is_silent else Signal("resolve", SILENT)  # fmt: skip
        is_known = Alert.objects.live().filter(source=source, key=SILENT).exists()
        if is_silent != is_known:
            with transaction.atomic():
                take_turn([source.pk])
                applying.apply(source, [told], received_at=now, by=by)


def settle(*, now: datetime, by: User) -> None:
    """Let each incident be as its alerts are: mitigated with the last of them, and then over."""
    worst = Max("alerts__severity", filter=~Q(alerts__state=Alert.State.RESOLVED))
    rows = Incident.objects.live().annotate(worst=worst, most=Max("alerts__severity"))
    altered = rows.filter(
        Q(worst__isnull=False, state="mitigated", is_mitigated_by_hand=False)
        | Q(worst__isnull=False) & ~Q(severity=F("worst"))
        | Q(worst__isnull=True, most__isnull=False, state="open")
        | Q(
            worst__isnull=True,
            most__isnull=False,
            is_mitigated_by_hand=False,
            mitigated_at__lte=now - REOPENS_WITHIN,
        )
    )
    over, raised = [], []
    for pk in list(altered.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            take_turn([own().pk])
            list(Incident.objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk"))
            incident = altered.filter(pk=pk).first()
            if incident is None:
                continue  # somebody was faster
            if (incident.worst or 0) > incident.severity:
                raised.append(incident.pk)
            over += _settled(incident, now, by)
    if over:
        announce(IncidentsResolved(over))
    if raised:
        announce(IncidentsRaised(raised))


def _settled(incident: Incident, now: datetime, by: User) -> list[int]:
    worst = incident.worst  # type: ignore[attr-defined]
    with recorded(incident, "settle", by=by):
        if worst is not None:
            incident.severity = worst
            if not incident.is_mitigated_by_hand:
                incident.state, incident.mitigated_at = Incident.State.OPEN, None
        elif incident.state == Incident.State.OPEN:
            incident.state = Incident.State.MITIGATED
            incident.mitigated_at = max(now, incident.detected_at)
        else:
            finish(incident, BY_ITSELF, now, None)
            return [incident.pk]
    return []


def tell_findings(ids: Iterable[int], *, now: datetime, by: User) -> None:
    """Let urgent findings be alerts of our own source; those about a person stay with theirs."""
    urgent = {ident for ident, check in known().items() if check.is_urgent}
    rows = Finding.objects.filter(pk__in=list(ids), check_of__ident__in=urgent, person=None)
    told = list(rows.select_related("check_of"))
    signals = [_signal(finding) for finding in told]
    items = {f.fingerprint: f.item_id for f in told if f.item_id is not None}
    if not signals:
        return
    with transaction.atomic():
        source = own()
        take_turn([source.pk])
        applying.apply(source, signals, received_at=now, by=by, items=items)


def _signal(finding: Finding) -> Signal:
    if finding.state == Finding.State.CLOSED:
        return Signal("resolve", finding.fingerprint, ends_at=finding.closed_at)
    return Signal(
        "trigger", finding.fingerprint, title=finding.title, starts_at=finding.opened_at,
        severity=SEVERITIES[finding.severity],
        labels={"check": finding.check_of.ident, "finding": str(finding.pk)},
        annotations={"advice": finding.advice} if finding.advice else {},
        group=finding.check_of.ident,
    )  # fmt: skip


def forget_events(*, now: datetime) -> None:
    """Forget what happened to alerts long ago."""
    AlertEvent.objects.filter(at__lt=now - timedelta(days=EVENT_DAYS)).delete()

"""What signals do to the alerts of one source."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Max

from fullscore.connectors.alerts import Signal, severity_of
from fullscore.domains.response.incidents import queries
from fullscore.domains.response.incidents.models import (
    Alert,
    AlertEvent,
    AlertSource,
    TimelineEntry,
)
from fullscore.engines import alerts as rules
from fullscore.kit import bulk, live, search, time
from fullscore.kit.audit import bulk as noted_in_bulk
from fullscore.kit.audit import noun_of
from fullscore.kit.checks import SEVERITIES
from fullscore.kit.models import User

PUSHED_HOLDS = timedelta(seconds=300)  # Alertmanager's own `resolve_timeout`
PRESSING_ACK = timedelta(minutes=30)  # what is P1 is asked about again after this
ALTERED = (
    "title", "severity", "state", "ends_at", "last_seen_at", "changed_at", "resolves_at",
    "acknowledged_until", "count", "annotations", "link",
)  # fmt: skip


@dataclass(slots=True)
class Applied:
    """What has to be written of a batch."""

    source: AlertSource
    received_at: datetime  # of the signal that is looked at
    live: dict[str, Alert]
    ended: dict[str, datetime]
    openers: dict[str, Signal] = field(default_factory=dict)  # by key
    new: list[Alert] = field(default_factory=list)
    altered: dict[int, Alert] = field(default_factory=dict)
    events: list[AlertEvent] = field(default_factory=list)
    told: list[TimelineEntry] = field(default_factory=list)

    def happened(self, alert: Alert, kind: str, at: datetime, note: str = "") -> None:
        """Keep that an alert changed."""
        self.events.append(
            AlertEvent(alert=alert, at=at, kind=kind, severity=alert.severity, note=note[:300])
        )
        if alert.pk is not None:
            self.altered[alert.pk] = alert
        if alert.incident_id is not None:
            text = f"{kind.capitalize()}: {note if kind == 'noted' else alert.title}"
            self.told.append(
                TimelineEntry(
                    incident_id=alert.incident_id, alert=alert, at=at, kind="alert", text=text
                )
            )


def apply(
    source: AlertSource, signals: Sequence[Signal], *, received_at: datetime, by: User,
    items: dict[str, int] | None = None,
) -> Applied:  # fmt: skip
    """Let each signal, in order, do to its alert what the rules say; the caller has the turn.

    `items` says whose each key is, where that is known already.
    """
    return apply_all(source, [(signal, received_at) for signal in signals], by=by, items=items)


def apply_all(
    source: AlertSource, told: Sequence[tuple[Signal, datetime]], *, by: User,
    items: dict[str, int] | None = None,
) -> Applied:  # fmt: skip
    """Do the same with signals of several bodies, each with when it was received."""
    keys = {signal.key for signal, _ in told}
    of_keys = Alert.objects.filter(source=source, key__in=keys)
    known = {alert.key: alert for alert in of_keys.live().select_related("incident")}
    ended = of_keys.filter(state=Alert.State.RESOLVED).order_by().values("key")
    done = Applied(
        source, time.now(), known,
        dict(ended.annotate(at=Max("changed_at")).values_list("key", "at")),
    )  # fmt: skip
    for signal, received_at in told:
        done.received_at = received_at
        _one(done, signal)
    _find_items(done, items)
    _write(done, by)
    return done


def _one(done: Applied, signal: Signal) -> None:
    at = min(signal.at or done.received_at, done.received_at)
    severity = severity_of(signal.severity) or done.source.default_severity
    alert, ended_at = done.live.get(signal.key), done.ended.get(signal.key)
    step = rules.step(
        rules.Known(
            alert.state == Alert.State.ACKNOWLEDGED, alert.severity, alert.changed_at.timestamp()
        ) if alert else None,
        rules.Said(signal.action, at.timestamp(), severity),
        ended_at=ended_at.timestamp() if ended_at else None,
    )  # fmt: skip
    if step == "open":
        _opened(done, signal, at, severity)
    elif alert is None or step == "ignore":
        return
    elif step == "resolve":
        resolve(alert, max(signal.ends_at or at, alert.starts_at), at)
        done.ended[signal.key] = at
        done.happened(done.live.pop(signal.key), "resolved", at)
    elif step == "acknowledge":
        acknowledge(alert, until_from=at)
        alert.changed_at = at
        done.happened(alert, "acknowledged", at)
    elif step == "note":
        done.happened(alert, "noted", at, signal.title)
    else:
        _said_again(done, alert, signal, at, severity)


def _opened(done: Applied, signal: Signal, at: datetime, severity: int) -> None:
    starts_at = min(signal.starts_at or at, done.received_at)
    alert = Alert(
        source=done.source, key=signal.key, title=signal.title, severity=severity,
        starts_at=starts_at, last_seen_at=at, changed_at=at, labels=dict(signal.labels),
        resolves_at=_resolves_at(done, signal), annotations=dict(signal.annotations),
        link=signal.link, group=signal.group[:512],
    )  # fmt: skip
    done.new.append(alert)
    done.openers[signal.key] = signal
    done.live[signal.key] = alert
    is_unknown = signal.severity and severity_of(signal.severity) is None
    note = f"severity “{signal.severity[:60]}” is not known here: {SEVERITIES[severity]}"
    done.happened(alert, "opened", at, note if is_unknown else "")


def _said_again(done: Applied, alert: Alert, signal: Signal, at: datetime, severity: int) -> None:
    before, was = alert.severity, alert.title
    alert.count += 1
    alert.last_seen_at = max(alert.last_seen_at, at)
    alert.resolves_at = _resolves_at(done, signal)
    alert.title, alert.annotations = signal.title, dict(signal.annotations)
    alert.link, alert.severity = signal.link, severity
    if alert.pk is not None:
        done.altered[alert.pk] = alert
    if severity > before and alert.state == Alert.State.ACKNOWLEDGED:
        alert.state, alert.acknowledged_until, alert.changed_at = Alert.State.OPEN, None, at
    if severity != before:
        word = "raised" if severity > before else "lowered"
        done.happened(alert, word, at, f"{SEVERITIES[before]} → {SEVERITIES[severity]}")
    elif was != alert.title:
        done.happened(alert, "changed", at, was)


def _resolves_at(done: Applied, signal: Signal) -> datetime | None:
    if signal.holds_until is not None:
        return signal.holds_until
    after = done.source.resolve_after_seconds
    if after is not None:
        return done.received_at + timedelta(seconds=after)
    is_pushed = done.source.kind == AlertSource.Kind.PROMETHEUS
    return done.received_at + PUSHED_HOLDS if is_pushed else None


def resolve(alert: Alert, ends_at: datetime, at: datetime) -> None:
    """Make an alert resolved; the caller writes it."""
    alert.state, alert.ends_at, alert.changed_at = Alert.State.RESOLVED, ends_at, at
    alert.resolves_at = alert.acknowledged_until = None


def acknowledge(alert: Alert, *, until_from: datetime) -> None:
    """Make an alert acknowledged, for a while only where it is pressing; the caller writes it.

    `changed_at` stays: senders' stamps are compared with it, and a person has none.
    """
    alert.state = Alert.State.ACKNOWLEDGED
    alert.acknowledged_until = until_from + PRESSING_ACK if is_pressing(alert) else None


def is_pressing(alert: Alert) -> bool:
    """Say whether an alert is of a P1; what nobody has weighed yet counts by its severity."""
    incident = alert.incident
    if incident is None or not incident.priority_reason:
        return alert.severity == 5
    return incident.priority == 1


def _find_items(done: Applied, items: dict[str, int] | None) -> None:
    """Say whose each new alert is, by the signal that opened it: one that ends it says less."""
    names = {key: queries.names_of(signal, done.source) for key, signal in done.openers.items()}
    found = items if items is not None else queries.items_named(names)
    for alert in done.new:
        alert.item_id = found.get(alert.key)


def _write(done: Applied, by: User) -> None:
    rows = done.altered.values()
    bulk.update(Alert, ALTERED, [[*(getattr(a, n) for n in ALTERED), a.pk] for a in rows])
    Alert.objects.bulk_create(done.new)
    write_events(done.events, done.told)
    if not done.events:
        return
    counts: dict[str, int] = {}
    for event in done.events:
        counts[event.kind] = counts.get(event.kind, 0) + 1
    told = ([e.alert_id, e.kind, e.severity] for e in done.events)
    noted_in_bulk(noun_of(Alert), "receive", by=by, counts=counts, rows=told)
    search.refresh_many(Alert, [alert.pk for alert in done.new])
    live.publish(noun_of(Alert))


def write_events(events: Sequence[AlertEvent], told: Sequence[TimelineEntry]) -> None:
    """Write what happened to alerts, whose keys are known by now."""
    for event in events:
        event.alert_id = event.alert.pk
    AlertEvent.objects.bulk_create(events)
    TimelineEntry.objects.bulk_create(told)

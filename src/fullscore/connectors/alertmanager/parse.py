"""Read Alertmanager's webhook (version 4) and the bodies of its own API (version 2).

Sources: prometheus.io/docs/alerting/latest/configuration, section webhook_config; and
api/v2/openapi.yaml of prometheus/alertmanager.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fullscore.connectors import documents
from fullscore.connectors.alerts import (
    KEY_LETTERS,
    TEXT_LETTERS,
    TITLE_LETTERS,
    Signal,
    safe_link,
    without_port,
)
from fullscore.connectors.documents import Node

NAMING = ("instance", "host", "hostname", "node", "nodename", "exported_instance", "device")
SERVING = ("service", "app", "application", "job")
MOST_ALERTS = 5_000  # in one body; Alertmanager's own default sends them all


@dataclass(frozen=True, slots=True)
class Webhook:
    """One notification: what it says, and how many alerts the sender left out of it."""

    signals: tuple[Signal, ...]
    left_out: int


def webhook(body: bytes) -> Webhook:
    """Read one webhook notification. Raises Garbled with the exact place."""
    told = documents.read(body)
    version = told.optional("version")
    if version is not None and version.value != "4":
        raise version.wrong("is not 4, the version that is read here")
    return notification(told)


def notification(told: Node) -> Webhook:
    """Read what every notification holds, Grafana's too."""
    group = told.words("groupKey", most=KEY_LETTERS, default="")
    left_out = told.optional("truncatedAlerts")
    is_count = left_out is not None and isinstance(left_out.value, int)
    alerts = bounded(told.field("alerts"))
    return Webhook(
        tuple(_notified(one, group) for one in alerts),
        int(left_out.value) if is_count and left_out is not None else 0,
    )


def pushed(body: bytes, *, now: datetime) -> tuple[Signal, ...]:
    """Read the list that Prometheus and `amtool` post; what ended by `now` is resolved."""
    return tuple(_pushed(one, now) for one in bounded(documents.read(body)))


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return the key of a set of labels, whatever their order."""
    told = json.dumps(sorted(labels.items()), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def bounded(told: Node) -> list[Node]:
    """Return the alerts of a list. Raises Garbled for more than one body may hold."""
    alerts = list(told.items())
    if len(alerts) > MOST_ALERTS:
        raise told.wrong(f"holds more than {MOST_ALERTS:,} alerts")
    return alerts


def _notified(one: Node, group: str) -> Signal:
    status = one.words("status", most=20)
    if status not in ("firing", "resolved"):
        raise one.wrong("is neither firing nor resolved", "status")
    labels = one.texts("labels", most=TEXT_LETTERS)
    key = one.words("fingerprint", most=KEY_LETTERS, default="") or fingerprint(labels)
    is_over = status == "resolved"
    return _signal(one, labels, key, group, ends_at=one.moment("endsAt") if is_over else None,
                   is_over=is_over)  # fmt: skip


def _pushed(one: Node, now: datetime) -> Signal:
    labels = one.texts("labels", most=TEXT_LETTERS)
    labels = {name: value for name, value in labels.items() if value}
    if not labels:
        raise one.wrong("has no label with a value", "labels")
    ends_at = one.moment("endsAt")
    is_over = ends_at is not None and ends_at <= now
    return _signal(one, labels, fingerprint(labels), labels.get("alertname", ""), ends_at=ends_at,
                   is_over=is_over)  # fmt: skip


def _signal(
    one: Node, labels: dict[str, str], key: str, group: str, *, ends_at: datetime | None,
    is_over: bool,
) -> Signal:  # fmt: skip
    notes = one.texts("annotations", most=TEXT_LETTERS, is_optional=True)
    name = labels.get("alertname", "")
    summary = notes.get("summary") or notes.get("title") or notes.get("message") or ""
    return Signal(
        "resolve" if is_over else "trigger",
        key,
        title=(summary or name or "An alert without a name")[:TITLE_LETTERS],
        starts_at=one.moment("startsAt"),
        ends_at=ends_at if is_over else None,
        holds_until=None if is_over else ends_at,
        severity=labels.get("severity", ""),
        labels=labels,
        annotations=notes,
        link=safe_link(one.words("generatorURL", most=1000, default="")),
        group=group,
        names=names_in(labels),
    )


def names_in(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of labels that may name an item: instances without port, then services."""
    found = [without_port(labels[name]) for name in NAMING if labels.get(name)]
    return tuple(found + [labels[name] for name in SERVING if labels.get(name)])

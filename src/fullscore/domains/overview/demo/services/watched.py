"""What Brightwater watches beside the checks that ship: thresholds, exporters, a Prometheus."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.domains.foundation.telemetry.metrics import BYTES, FREE, VOLUME
from fullscore.domains.foundation.telemetry.models import ScrapeTarget
from fullscore.domains.foundation.telemetry.reading.judged import judged
from fullscore.domains.foundation.telemetry.reading.storage import volume
from fullscore.domains.foundation.telemetry.services import Measured
from fullscore.domains.foundation.telemetry.services.intake import note_refused
from fullscore.domains.foundation.telemetry.services.judging import record
from fullscore.domains.overview.demo.company import Company
from fullscore.domains.overview.demo.courses import LEAK_DAYS
from fullscore.domains.overview.demo.services.keeping import made
from fullscore.kit.models import User

PAGES, MIB = "node_vmstat_pswpin", 1024**2
THRESHOLDS: tuple[dict[str, Any], ...] = (
    {"metric": PAGES, "function": "rate", "window_seconds": 600, "medium_at": 300.0,
     "clear_at": 50.0, "runbook": "See which unit grew: its page lists memory by unit.",
     "source": "Agreed after the outage of track-and-trace in March."},
    {"metric": "node_memory_MemAvailable_bytes", "per": "node_memory_MemTotal_bytes",
     "window_seconds": 3600, "operator": "<", "medium_at": 0.2, "clear_at": 0.25,
     "runbook": "Restart what leaks, out of hours; then find the leak.",
     "source": "Below a fifth the page cache is gone and the databases slow down."},
    {"metric": "node_load15", "selector": "kind=hypervisor", "window_seconds": 900,
     "medium_at": 48.0, "high_at": 60.0, "clear_at": 40.0, "for_seconds": 1800,
     "source": "64 cores, and room to take over a neighbour's machines."},
    {"metric": "node_network_receive_bytes_total", "function": "rate", "window_seconds": 300,
     "medium_at": 100.0 * MIB, "clear_at": 80.0 * MIB, "hours": "Mon-Fri 06:00-20:00",
     "source": "A gigabit line at 80 %."},
)  # fmt: skip
BEYOND = timedelta(hours=18)  # before its restart, the leak has taken all but a fifth
GROWTH_DAYS = 13


def found(drawn: Company, items: Mapping[str, Item], *, by: User, now: datetime) -> None:
    """Let Brightwater watch its metrics: thresholds and what they found, targets, a sender."""
    _thresholds(by)
    _targets(drawn, items, by=by, now=now)
    _sender(by=by, now=now)
    _growth(now)
    _leaks(now)


def _thresholds(by: User) -> None:
    wanted = {told[key] for told in THRESHOLDS for key in ("metric", "per") if key in told}
    metrics = telemetry.metrics_named(wanted)
    for told in THRESHOLDS:
        per = metrics[told["per"]] if "per" in told else None
        telemetry.set_threshold(by=by, **{**told, "metric": metrics[told["metric"]], "per": per})


def _targets(drawn: Company, items: Mapping[str, Item], *, by: User, now: datetime) -> None:
    """Let some hosts show the metrics of what runs on them; one is being moved."""
    shown = [*drawn.of_role("database")[:3], *drawn.of_role("application")[:2]]
    rows = [
        ScrapeTarget(
            item=items[one.name], url=f"http://{one.name}.example.org:{port}/metrics",
            state=ScrapeTarget.State.PAUSED if place == len(shown) - 1 else ScrapeTarget.State.OK,
            last_at=now - timedelta(seconds=11 * place + 4), last_took_ms=38 + 17 * place,
            last_samples=412 + 96 * place, holder="collector-ams-1",
        )
        for place, one in enumerate(shown)
        for port in (9187 if one.role == "database" else 9113,)
    ]  # fmt: skip
    made(rows, by=by, began=now - timedelta(days=40))


def _sender(*, by: User, now: datetime) -> None:
    """Let a Prometheus send, and some of what it sent not have been taken."""
    key, _ = telemetry.issue_push_key(None, by=by, name="prometheus-ams-1")
    sender = telemetry.of_key(key)
    for reason, count, why, ago in (
        ("too_old", 18_204, "Samples are older than what is kept here.", timedelta(days=9)),
        ("histogram", 642, "Native histograms and exemplars have no place here.",
         timedelta(hours=3)),
    ):  # fmt: skip
        note_refused(sender, {reason: count}, why, now=now - ago)


def _growth(now: datetime) -> None:
    """Let the store have grown to what it is now."""
    stats, room = queries.store().stats(), volume()
    told = []
    for place in range(GROWTH_DAYS * 48):
        at = now - timedelta(minutes=30 * place)
        size = stats.bytes * (1 - 0.6 * place / (GROWTH_DAYS * 48))
        values = {BYTES: size}
        if room is not None:
            values |= {VOLUME: room.size_bytes, FREE: room.free_bytes + stats.bytes - size}
        told += [Measured(n, {}, float(v), queries.milliseconds(at)) for n, v in values.items()]
    telemetry.ingest(told, item=None, now=now)


def _leaks(now: datetime) -> None:
    """Judge the days on which the leak was beyond its threshold, and those after its restarts.

    `courses` puts this instant four days into a cycle of six.
    """
    for cycle in (1, 0):  # those whose days are kept fine enough
        restarted = now - timedelta(days=4 + cycle * LEAK_DAYS)
        for at in (restarted - BEYOND, restarted + timedelta(hours=2)):
            record(judged(at))

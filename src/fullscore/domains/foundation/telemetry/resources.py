"""How metrics, series, thresholds and push keys are seen."""

from typing import Any

from django.db.models import Count, Max, QuerySet
from django.template.loader import render_to_string

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import services
from fullscore.domains.foundation.telemetry.models import (
    Breach,
    Collector,
    Metric,
    PushKey,
    Refusal,
    ScrapeTarget,
    Series,
    StorageRule,
    Threshold,
)
from fullscore.domains.foundation.telemetry.reading import asking
from fullscore.interfaces.web.figures import figure
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource, Searched

METRIC = Resource(
    Metric,
    columns=["name", "title", "unit", "kind"],
    facts=["decimals"],
    fields=["name", "title", "unit", "kind", "decimals"],
    filters=["unit", "kind"],
    search=["name", "title"],
    order=["name"],
    icon="gauge",
    group="Telemetry",
    panels=[Panel("Series", rows=lambda m: m.series.all(), columns=["item", "labels", "last_at"])],
)


class SeriesFilters(Searched):
    """What series are found by: series come by the thousand, so no index is kept of their words."""

    def matching(self, rows: QuerySet[Series], name: str, text: str) -> QuerySet[Series]:
        """Keep the series whose metric, item or labels hold every word."""
        return asking.holding(rows, text)


def draw_measured(item: Item, user: Any, at: Any) -> str:
    """Say how much is measured of an item, with the way to its dashboard."""
    told = item.series.aggregate(
        series=Count("pk"), metrics=Count("metric", distinct=True), newest=Max("last_at")
    )
    if not told["series"]:
        return ""
    return render_to_string("telemetry/measured.html", {"item": item, **told})


def draw_series(series: Series, user: Any, at: Any) -> str:
    """Draw a series as it runs, with its thresholds and what changed."""
    told = {"series": series, "src": f"/explore/series?series={series.pk}"}
    return render_to_string("telemetry/series.html", told)


SERIES = Resource(
    Series,
    columns=["metric", "item", "labels", "last_at", "is_muted"],
    facts=["every_seconds", "bound_by", "binding", "key", "first_at", "is_double", "muted_until"],
    filters=["metric", "item", "bound_by", "key", "is_muted", "is_double", "last_at"],
    filterset=SeriesFilters,
    quick={"Muted": "is_muted=true"},
    cells={"every_seconds": lambda seconds: figure(seconds, "s")},
    search=["metric__name", "item__name", "labels"],
    order=["-last_at"],
    icon="chart-line",
    group="Telemetry",
    under="Metrics",
    panels=[
        Panel("Live", draw=draw_series, leads=True),
        Panel("Measured", on=Item, leads=True, draw=draw_measured,
              permission="telemetry.view_series"),
    ],
    verbs=[
        Verb(services.bind, permission="telemetry.change_series", icon="link", past="bound"),
        Verb(services.mute, permission="telemetry.change_series", icon="bell-off",
             undo=lambda s: ("unmute", {}),
             hints={"until": "Empty: until it is unmuted by hand."},
             when=lambda s: "It is muted." if s.is_muted else ""),
        Verb(services.unmute, permission="telemetry.change_series", icon="bell",
             undo=lambda s: ("mute", {}),
             when=lambda s: "" if s.is_muted else "It is not muted."),
        Verb(services.forget, permission="telemetry.delete_series", icon="trash-2", tone="danger",
             past="forgotten"),
    ],
)  # fmt: skip

PUSH_KEY = Resource(
    PushKey,
    adds_by_page=True,
    columns=["name", "item", "prefix", "created_at", "last_used_at", "revoked_at"],
    facts=["collects", "per_minute", "new_series_per_hour"],
    filters=["item"],
    search=["name", "item__name"],
    order=["name"],
    icon="upload",
    group="Telemetry",
    under="Metrics",
    panels=[
        Panel("Not taken", rows=lambda key: key.refusals.all(),
              columns=["reason", "count", "example", "last_at"]),
        Panel("Push keys", on=Item, rows=lambda item: item.push_keys.all(),
              columns=["name", "prefix", "last_used_at", "revoked_at"]),
    ],
    verbs=[
        Verb(services.revoke, permission="telemetry.change_pushkey", icon="x", tone="danger",
             when=lambda k: "It is revoked." if k.revoked_at else ""),
    ],
)  # fmt: skip

REFUSAL = Resource(
    Refusal,
    columns=["key", "reason", "count", "example", "last_at"],
    facts=["first_at"],
    filters=["reason", "key"],
    order=["-last_at", "-count"],
    icon="circle-slash",
    group="Telemetry",
    under="Metrics",
)

TONES = {"ok": "ok", "failing": "crit", "new": "info", "paused": ""}

SCRAPE_TARGET = Resource(
    ScrapeTarget,
    columns=["url", "item", "state", "last_at", "last_samples", "last_took_ms", "last_error"],
    fields=["item", "url", "every_seconds", "timeout_seconds", "sample_limit", "read_from"],
    facts=["failures", "first_metrics", "username", "holder"],
    filters=["state", "item", "read_from"],
    search=["url", "item__name"],
    order=["url", "-last_at"],
    icon="radar",
    group="Telemetry",
    under="Metrics",
    badges=lambda t: [(t.get_state_display(), TONES[t.state])],
    panels=[Panel("Scrape targets", on=Item, rows=lambda item: item.scrape_targets.all(),
                  columns=["url", "state", "last_at", "last_error"])],
    verbs=[
        Verb(services.scrape_now, permission="telemetry.change_scrapetarget", icon="play",
             tone="primary", done="A collector reads {} now; this page follows."),
        Verb(services.give_credential, permission="telemetry.change_scrapetarget",
             icon="key-round", in_bulk=False, done="{} has a credential; it is not shown again.",
             secrets=frozenset({"value"}),
             hints={"value": "A token, or with a user name the password. It is not shown again.",
                    "username": "Only where the target asks for a name and a password."}),
        Verb(services.pause, permission="telemetry.change_scrapetarget", icon="pause",
             when=lambda t: "It is paused." if t.state == "paused" else "",
             undo=lambda t: ("resume", {})),
        Verb(services.resume, permission="telemetry.change_scrapetarget", icon="play",
             when=lambda t: "" if t.state == "paused" else "It is not paused.",
             undo=lambda t: ("pause", {})),
    ],
)  # fmt: skip

COLLECTOR = Resource(
    Collector,
    name="sample-collector",  # `fullscore collector` is the command that is one
    columns=["name", "site", "seen_at", "capacity", "waiting", "dropped"],
    filters=["site"],
    search=["name"],
    order=["name", "-seen_at"],
    icon="satellite",
    group="Telemetry",
    under="Metrics",
)


def draw_foreseen(threshold: Threshold, user: Any, at: Any) -> str:
    """Draw what the threshold would have found in 30 days."""
    told = services.preview(threshold, by=user)
    return render_to_string("telemetry/foreseen.html", {"told": told})


SEVERITY_TONES = {5: "crit", 4: "high", 3: "warn"}

THRESHOLD = Resource(
    Threshold,
    columns=["metric", "function", "window_seconds", "operator", "medium_at", "high_at",
             "critical_at", "selector"],
    facts=["per", "labels", "clear_at", "for_seconds", "hours", "no_data", "runbook", "source"],
    fields=["metric", "per", "selector", "labels", "function", "window_seconds", "operator",
            "medium_at", "high_at", "critical_at", "clear_at", "for_seconds", "hours", "no_data",
            "runbook", "source"],
    filters=["metric", "function", "no_data"],
    search=["metric__name", "metric__title", "selector"],
    order=["metric"],
    icon="ruler",
    group="Telemetry",
    subtitle=lambda t: f"In {t.unit}" if t.unit not in ("", "1") else "",
    add=services.set_threshold,
    change=services.change_threshold,
    can_delete=True,
    verbs=[
        Verb(services.preview, permission="telemetry.view_threshold", icon="eye",
             done=lambda told: told.sentence,
             hints={"days": "How far to look back, 1 to 90."}),
    ],
    panels=[
        Panel("Would have fired", draw=draw_foreseen, is_lazy=True),
        Panel("Beyond it", rows=lambda t: t.breaches.all(),
              columns=["series", "severity", "value", "since", "ended_at"]),
    ],
)  # fmt: skip

BREACH = Resource(
    Breach,
    columns=["threshold", "series", "severity", "value", "since", "ended_at"],
    facts=["expected"],
    filters=["threshold", "severity", "since"],
    order=["-since"],
    icon="chart-no-axes-column",
    group="Telemetry",
    under="Thresholds",
    badges=lambda b: [(b.get_severity_display(), SEVERITY_TONES[b.severity]),
                      ("ended", "ok") if b.ended_at else ("now", ""),
                      *([(f"expected by {b.expected}", "info")] if b.expected else [])],
    panels=[Panel("Breaches", on=Series, rows=lambda s: s.breaches.all(),
                  columns=["threshold", "severity", "value", "since", "ended_at"])],
)  # fmt: skip

STORAGE_RULE = Resource(
    StorageRule,
    columns=["selector", "raw_days", "five_minute_days", "hourly_days"],
    fields=["selector", "raw_days", "five_minute_days", "hourly_days"],
    search=["selector"],
    order=["selector"],
    icon="archive-restore",
    group="Telemetry",
    under="Metrics",
    cells={
        "selector": lambda text: text or "Everything",
        **{name: lambda days: f"{days:,} d" for name in services.DAYS},
    },
    add=services.set_storage,
    change=services.change_storage,
    can_delete=True,
)

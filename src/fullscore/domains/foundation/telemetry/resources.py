"""How metrics, series and push keys are seen."""

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import services
from fullscore.domains.foundation.telemetry.models import Metric, PushKey, Series
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

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

SERIES = Resource(
    Series,
    columns=["metric", "item", "labels", "last_at", "is_muted"],
    facts=["first_at"],
    filters=["metric", "item", "is_muted"],
    search=["metric__name", "item__name", "labels"],
    order=["-last_at"],
    icon="chart-line",
    group="Telemetry",
    under="Metrics",
    verbs=[
        Verb(services.mute, permission="telemetry.change_series", icon="bell-off",
             undo=lambda s: ("unmute", {}),
             when=lambda s: "It is muted." if s.is_muted else ""),
        Verb(services.unmute, permission="telemetry.change_series", icon="bell",
             undo=lambda s: ("mute", {}),
             when=lambda s: "" if s.is_muted else "It is not muted."),
    ],
)  # fmt: skip

PUSH_KEY = Resource(
    PushKey,
    columns=["name", "item", "prefix", "created_at", "last_used_at", "revoked_at"],
    facts=["per_minute"],
    filters=["item"],
    search=["name", "item__name"],
    order=["name"],
    icon="key-round",
    panels=[Panel("Push keys", on=Item, rows=lambda item: item.push_keys.all(),
                  columns=["name", "prefix", "last_used_at", "revoked_at"])],
    verbs=[
        Verb(services.revoke, permission="telemetry.change_pushkey", icon="x", tone="danger",
             when=lambda k: "It is revoked." if k.revoked_at else ""),
    ],
)  # fmt: skip

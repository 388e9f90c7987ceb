"""The figures of incidents and changes kept as series, so that years can be compared."""

from datetime import datetime, timedelta

from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.domains.foundation.telemetry.queries import milliseconds
from fullscore.domains.foundation.telemetry.services import Measured
from fullscore.domains.response.incidents.queries import Asked, delivery_of, times_of
from fullscore.kit.models.user import system

SPAN = timedelta(days=28)
STATISTICS = ("mean", "median", "p90")


def write_figures(*, now: datetime) -> int:
    """Write the figures of the last 28 days; return how many there were."""
    asked, by = Asked(now - SPAN, now), system()
    times, made = times_of(asked, by), delivery_of(asked, by)
    spreads = {"detect": times.detect, "acknowledge": times.acknowledge, "resolve": times.resolve,
               "lead": made.lead, "recovery": made.recovery}  # fmt: skip
    told = [
        ("response_figure_seconds", {"figure": name, "statistic": one}, getattr(spread, one))
        for name, spread in spreads.items()
        for one in STATISTICS
    ]
    told += [
        ("response_figure_ratio", {"figure": "change_fail_rate"}, made.fail_rate),
        ("response_figure_ratio", {"figure": "rework_rate"}, made.rework_rate),
        ("response_figure_per_week", {"figure": "changes"}, made.per_week),
    ]
    at = milliseconds(now)
    samples = [Measured(n, labels, value, at) for n, labels, value in told if value is not None]
    return telemetry.ingest(samples, item=None, now=now)

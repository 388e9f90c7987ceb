"""What watched series measured, minute by minute, and in which words it is unusual."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from django.conf import settings

from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.foundation.telemetry.models import Metric, Series
from fullscore.domains.foundation.telemetry.models.thresholds import made_unit
from fullscore.domains.foundation.telemetry.reading.judged import matrix
from fullscore.engines.anomaly import Compared
from fullscore.interfaces.web.figures import figure, rounded
from fullscore.kit import time

STEP = timedelta(minutes=1)  # a mean of each minute; of a counter its rate
LEARNT = timedelta(days=14)  # of the past, before a series is judged: each hour of the week twice
MANY_TIMES, FEW_TIMES = 1.5, 1000.0  # between which a value is told as a multiple of the usual
WHOLE_TIMES = 3.0  # from which nobody asks for the tenths


def function_of(series: Series) -> str:
    """Return what is made of the samples of a minute."""
    return "rate" if series.metric.kind == Metric.Kind.COUNTER else "avg"


def minutes(
    series: Sequence[Series], *, start: datetime, end: datetime
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield (series, Unix seconds, values) of the whole minutes of a span that have samples."""
    count = (end - start) // STEP
    if count <= 0:
        return
    at = start.timestamp() + STEP.total_seconds() * np.arange(count)
    for function in ("rate", "avg"):
        pks = np.array(sorted(s.pk for s in series if function_of(s) == function), dtype=np.int64)
        if not len(pks):
            continue
        found = matrix(
            telemetry.store(), pks, end_ms=telemetry.milliseconds(start + count * STEP),
            step_ms=int(STEP.total_seconds() * 1000), count=count, function=function,
        )  # fmt: skip
        for pk, values in zip(pks.tolist(), found, strict=True):
            known = np.isfinite(values)
            yield pk, at[known], values[known]


def in_words(series: Series, compared: Compared) -> str:
    """Say how unusual a value is: “8× the usual for Monday 09:00: 8.4 where 1.05 is usual”."""
    unit = made_unit(series.metric.unit, function_of(series))
    hour = hour_in_words(compared.at)
    value = figure(compared.value, unit)
    if compared.usual is None:
        return f"{value}: nothing was seen at {hour} before."
    usual = figure(compared.usual, unit)
    if compared.value * compared.usual > 0:
        times = compared.value / compared.usual
        if MANY_TIMES <= times <= FEW_TIMES:
            told = f"{times:.0f}" if times >= WHOLE_TIMES else rounded(times)
            return f"{told}× the usual for {hour}: {value} where {usual} is usual."
        if times <= 1 / MANY_TIMES:
            return f"{times:.0%} of the usual for {hour}: {value} where {usual} is usual."
    return f"{value} where {usual} is usual for {hour}: {compared.deviations:.3g} deviations."


def hour_in_words(at: float) -> str:
    """Return an hour of the week in the installation's time: “Monday 09:00”."""
    local = datetime.fromtimestamp(at, UTC).astimezone(time.zone(settings.OPTIONS.time_zone))
    return f"{local:%A %H}:00"

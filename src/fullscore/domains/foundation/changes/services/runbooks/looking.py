"""Steps that only look: a check of the item, and a figure of its samples."""

import operator
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from fullscore.domains.foundation.changes.models import RunbookRun
from fullscore.domains.foundation.findings import services as findings
from fullscore.domains.foundation.findings.models import Check, CheckRun, Finding
from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.engines.runbooks import Step
from fullscore.kit.checks import SEVERITIES

FITS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
MOST_SERIES = 50
WORDS = {"avg": "mean", "min": "least", "max": "most", "last": "newest"}


class Seen(NamedTuple):
    """What a look showed: good, bad, or nothing that can be said."""

    result: str  # good, bad; empty: it could not be said
    output: str


def check(run: RunbookRun, step: Step) -> Seen:
    """Run a check on the item, as it is tuned, and say what it says."""
    row = Check.objects.filter(ident=step.check).first()
    if row is None or not row.is_enabled:
        return Seen("", f"The check {step.check} is switched off, or is no longer there.")
    done = findings.run_check(row, by=run.driver, items=[run.item_id])
    if done.state == CheckRun.State.FAILED:
        return Seen("", f"The check failed: {done.problem}")
    found = Finding.objects.live().filter(check_of=row, item=run.item_id).order_by("-severity")
    if done.counts.get("bad"):
        rows = [f"{SEVERITIES[one.severity]}: {one.title}" for one in found[:MOST_SERIES]]
        return Seen("bad", "\n".join(rows) or f"{row.title}: it is bad.")
    if done.counts.get("unknown"):
        return Seen("", f"{row.title}: it cannot be said; the item's page says what is missing.")
    if done.counts.get("good"):
        return Seen("good", f"{row.title}: nothing wrong.")
    return Seen("", f"{row.title}: nothing of {run.item} is judged by it.")


def query(run: RunbookRun, step: Step, *, now: datetime) -> Seen:
    """Measure a metric of the item; every one of its series has to fit."""
    series = telemetry.series_of(run.item, step.metric, **step.labels)[:MOST_SERIES]
    values = telemetry.means(
        series,
        now=now,
        seconds=step.over_seconds,
        function=step.function,  # type: ignore[arg-type]
    )
    if not values:
        return Seen("", f"Nothing was measured of {step.metric} on {run.item}.")
    told, is_good = [], True
    for one in series:
        if one.pk not in values:
            continue
        fits = FITS[step.operator](values[one.pk], step.limit)
        is_good = is_good and fits
        labels = ", ".join(f"{name}={value}" for name, value in sorted(one.labels.items()))
        told.append(f"{values[one.pk]:g}  {labels}".rstrip() + ("" if fits else "  ← not so"))
    wanted = f"wanted {step.operator} {step.limit:g}"
    taken = WORDS.get(step.function, step.function)
    head = f"{step.metric}, {taken} over {step.over_seconds} s, {wanted}"
    return Seen("good" if is_good else "bad", "\n".join([head, *told]))

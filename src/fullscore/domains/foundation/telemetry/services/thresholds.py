"""Saying how much is too much."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.telemetry.models import Threshold
from fullscore.domains.foundation.telemetry.reading.history import Foreseen, foreseen
from fullscore.engines import servicehours
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User

MOST_DAYS = 90  # a preview looks back


def set_threshold(*, by: User, **values: Any) -> Threshold:
    """Judge a metric from now on."""
    threshold = checked(Threshold(**values))
    with recorded(threshold, "set", by=by):
        pass
    return threshold


def change_threshold(threshold: Threshold, *, by: User, **values: Any) -> Threshold:
    """Judge a metric otherwise from now on."""
    with recorded(threshold, "change", by=by):
        for name, value in values.items():
            setattr(threshold, name, value)
        checked(threshold)
    return threshold


def checked(threshold: Threshold) -> Threshold:
    """Return the threshold. Raises Invalid for a selector, labels, hours or limits that are none.

    That limits are in order is the database's to say, and the form's.
    """
    try:
        estate.selected(threshold.selector)
    except Invalid as error:
        raise Invalid(str(error), {"selector": [str(error)]}) from error
    _check_labels(threshold.labels)
    try:
        if threshold.hours:
            servicehours.read(threshold.hours)
    except ValueError as error:
        raise Invalid(str(error), {"hours": [str(error)]}) from error
    limits = ("medium_at", "high_at", "critical_at", "clear_at")
    for name in limits:
        value = getattr(threshold, name)
        if value is not None and not isfinite(value):
            raise Invalid("A limit is a finite number.", {name: ["Give a finite number."]})
    return threshold


def _check_labels(labels: Any) -> None:
    is_plain = isinstance(labels, Mapping) and all(isinstance(v, str) for v in labels.values())
    if not is_plain:
        why = 'Write labels as names and texts, such as {"mountpoint": "/"}.'
        raise Invalid(why, {"labels": [why]})


def preview(threshold: Threshold, *, by: User, days: int = 30) -> Foreseen:
    """Say how often the threshold would have fired in the last days."""
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"Look back 1 to {MOST_DAYS} days.", {"days": [f"1 to {MOST_DAYS}."]})
    return foreseen(threshold, days=days, now=time.now(), by=by)

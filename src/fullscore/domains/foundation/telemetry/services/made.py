"""Figures this program makes of items' samples: kept as series of ours, which are the items'."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from fullscore.connectors.samples import Samples
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.foundation.telemetry.services.series import (
    fingerprint,
    known_ids,
    metrics_named,
    refresh,
)


class Made(NamedTuple):
    """One figure made of an item's samples, at some instants."""

    item: int
    name: str
    labels: Mapping[str, str]
    points: Sequence[tuple[int, float]]  # milliseconds, value


def keep_made(made: Sequence[Made], *, every_seconds: int, now: datetime) -> int:
    """Store figures that come once in so many seconds; on return they are durable.

    To make them again for the same instants replaces them. Returns how many were kept.
    """
    if not made:
        return 0
    prints = [fingerprint(f"made:{one.item}", one.name, one.labels) for one in made]
    wanted = dict(zip(prints, made, strict=True))
    ids = known_ids(list(wanted))
    new = {print_: one for print_, one in wanted.items() if print_ not in ids}
    if new:
        _create(new, every_seconds, now)
        ids |= known_ids(list(new))
    refresh(ids.values(), now=now)
    points = [point for one in made for point in one.points]
    return queries.store().append(
        Samples(
            np.repeat([ids[print_] for print_ in prints], [len(one.points) for one in made]),
            np.array([at for at, _ in points], np.int64),
            np.array([value for _, value in points], np.float64),
        )
    )


def _create(new: Mapping[bytes, Made], every_seconds: int, now: datetime) -> None:
    metrics = metrics_named({one.name for one in new.values()})
    rows = [
        Series(
            metric=metrics[one.name], item_id=one.item, labels=dict(one.labels),
            fingerprint=print_, bound_by=Series.BoundBy.OURS, every_seconds=every_seconds,
            first_at=now, last_at=now,
        )
        for print_, one in new.items()
    ]  # fmt: skip
    Series.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)

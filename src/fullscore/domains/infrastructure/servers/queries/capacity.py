"""How much of each server is used: its daily figures, and what the checks read of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from django.db.models import Max, Sum
from numpy.typing import NDArray

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.foundation.telemetry.metrics import (
    CPU_DAY,
    FILESYSTEM_DAY,
    MEMORY_DAY,
    NETWORK_DAY,
)
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.infrastructure.servers.models import Account, Capacity, Facts, Server
from fullscore.kit.access import Actor
from fullscore.kit.checks import Scope

Floats = NDArray[np.float64]
DAY_MS = 86_400_000
HISTORY_DAYS = 90
NAMES = (*CPU_DAY, *MEMORY_DAY, FILESYSTEM_DAY, NETWORK_DAY)


class Key(NamedTuple):
    """Which figure of which server."""

    item: int
    name: str
    mount: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class History:
    """Daily figures: days since 1970 [n], and of each key a row of a table [S, n], NaN: unknown."""

    days: Floats
    keys: Mapping[Key, int]  # in the order of their rows
    table: Floats

    def row(self, key: Key) -> Floats | None:
        """Return the figures of one key."""
        return self.table[self.keys[key]] if key in self.keys else None

    def is_known(self, key: Key) -> bool:
        """Say whether any day of a key is known."""
        return bool(np.isfinite(self.table[self.keys[key]]).any())


def history(until: date, *, items: Sequence[int] | None = None) -> History:
    """Return the figures of ninety days up to one; a statement and a store question for all."""
    rows = Series.objects.filter(bound_by=Series.BoundBy.OURS, metric__name__in=NAMES)
    rows = rows.filter(item__isnull=False) if items is None else rows.filter(item__in=items)
    found = list(rows.order_by("pk").values_list("pk", "item_id", "metric__name", "labels"))
    keys = [Key(item, name, str(told.get("mountpoint", ""))) for _, item, name, told in found]
    pks = np.array([row[0] for row in found], dtype=np.int64)
    last = starts_ms(until) // DAY_MS
    days = np.arange(last - HISTORY_DAYS + 1, last + 1)
    table = np.full((len(keys), HISTORY_DAYS), np.nan)
    if len(pks):
        seen = telemetry.store().aggregate(
            pks, start_ms=int(days[0]) * DAY_MS, end_ms=(last + 1) * DAY_MS, step_ms=DAY_MS,
            function="last",
        )  # fmt: skip
        rows_of = np.searchsorted(pks, seen.series)
        table[rows_of, seen.ts_ms // DAY_MS - days[0]] = seen.values
    return History(days.astype(np.float64), {key: n for n, key in enumerate(keys)}, table)


def starts_ms(day: date) -> int:
    """Return when a day of UTC begins, as the store counts time."""
    return (day - date(1970, 1, 1)).days * DAY_MS


def known_until() -> date | None:
    """Return the last day whose figures are made."""
    told: date | None = Capacity.objects.aggregate(day=Max("until"))["day"]
    return told


def proven(user: Actor) -> tuple[int, int]:
    """Return how many days of what somebody may see were forecast, and how many were inside."""
    rows = Capacity.objects.visible_to(user)
    told = rows.aggregate(tried=Sum("tried"), inside=Sum("inside"))
    return told["tried"] or 0, told["inside"] or 0


# ── what the checks read ───────────────────────────────────────────────────────────────────────


class Course(NamedTuple):
    """One figure of a server: where it stands, and when it is likely at its limit."""

    what: str  # cpu or memory
    percent: float | None
    days: float | None  # until it is likely at its limit; None: not in sight
    reaches: str  # as an interval of ISO 8601


class Standing(NamedTuple):
    """How much of a server is used."""

    item: int
    name: str
    until: date | None  # the last known day; None: none is
    days: int
    courses: tuple[Course, ...]
    cpu_most: float | None  # percent
    network_most: float | None  # bytes a second
    quiet_days: int
    has_logins: bool  # its accounts were read
    last_login_at: datetime | None
    monthly_cost: Decimal | None


FIELDS = (
    "item_id", "item__name", "item__monthly_cost", "pk", "capacity__until", "capacity__days",
    "capacity__cpu_p95", "capacity__cpu_days", "capacity__cpu_reaches", "capacity__memory_p95",
    "capacity__memory_days", "capacity__memory_reaches", "capacity__cpu_most",
    "capacity__network_most", "capacity__quiet_days",
)  # fmt: skip


def standings(scope: Scope) -> Iterator[Standing]:
    """Return how much of each live server is used: three statements for all."""
    servers = Server.objects.filter(item__in=Item.objects.live())
    if scope.items is not None:
        servers = servers.filter(item__in=scope.items)
    logins = _last_logins()
    has_logins = set(Facts.objects.filter(section="users").values_list("server_id", flat=True))
    for row in servers.order_by("item_id").values_list(*FIELDS):
        item, name, cost, pk, until, days, *told, cpu_most, network_most, quiet = row
        yield Standing(
            item, name, until, days or 0,
            (Course("cpu", told[0], told[1], told[2] or ""),
             Course("memory", told[3], told[4], told[5] or "")),
            cpu_most, network_most, quiet or 0, pk in has_logins, logins.get(pk), cost,
        )  # fmt: skip


def _last_logins() -> Mapping[int, datetime]:
    rows = Account.objects.exclude(last_login_at=None).order_by()
    return dict(rows.values_list("server").annotate(Max("last_login_at")))

"""The page of the sample store: what it holds, for how long, and what it would not take."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import path

from fullscore.connectors.samples import Retention, StoreStats
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.metrics import BYTES, FREE
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.foundation.telemetry.reading import storage
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.figures import figure, scaled
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import access, time
from fullscore.kit.checks import Scope
from fullscore.kit.perform import require

SOON = 30  # days left from which the page says so in its headline


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the strip, and where it leads."""

    label: str
    value: str
    url: str
    unit: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """One resolution, how long it is kept, and since when that is now."""

    words: str
    days: int
    since: datetime

    @property
    def many(self) -> str:
        """Return the days as people write them."""
        return f"{self.days:,}"


def store(request: SignedIn) -> HttpResponse:
    """Show what the sample store holds."""
    require("telemetry.view_storagerule", by=request.user)
    now = time.now()
    stats, room = queries.store().stats(), storage.volume()
    filling = next(iter(storage.filling(Scope(now))), None)
    left = storage.days_left(filling) if filling else None
    refuses = next(iter(storage.turned_away(Scope(now))), None)
    rejected = storage.rejected() if access.may(request.user, "telemetry.view_refusal") else []
    context: dict[str, Any] = {
        "title": "Sample store",
        "headline": _headline(stats, left, refuses.words if refuses else ""),
        "figures": _figures(stats, room, left, sum(one.samples for one in rejected)),
        "kept": _kept(queries.retention(), now),
        "stats": stats,
        "room": room,
        "rejected": rejected,
        "charts": _charts(request),
        "may_change": access.may(request.user, "telemetry.change_storagerule"),
    }
    return shell.page(request, "telemetry/store.html", **context)


def _headline(stats: StoreStats, left: float | None, refused: str) -> str:
    """Say the one thing worth knowing."""
    if refused:
        return f"Nothing is taken: {refused}"
    if stats.quarantined:
        many = len(stats.quarantined)
        return f"{many} segment{'s' if many > 1 else ''} cannot be read"
    if left is not None and left < SOON:
        return f"The volume is full in {left:.0f} days"
    if not stats.samples:
        return "Nothing is stored yet"
    return f"{scaled(float(stats.samples))} samples, all of them readable"


def _figures(
    stats: StoreStats, room: storage.Volume | None, left: float | None, rejected: int
) -> list[Figure]:
    size = figure(stats.bytes, "By").split(" ")
    each = f"{stats.bytes / stats.samples:.2f}" if stats.samples else "–"
    oldest = "–" if stats.oldest_ms is None else f"{_instant(stats.oldest_ms):%-d %b %Y}"
    free = figure(room.free_bytes, "By").split(" ") if room else ["–", ""]
    return [
        Figure("Samples", scaled(float(stats.samples)), "#growth"),
        Figure("Size", size[0], "#growth", size[-1] if len(size) > 1 else ""),
        Figure("Bytes per sample", each, "#growth", "B" if stats.samples else ""),
        Figure("Oldest sample", oldest, "#kept"),
        Figure("Free on its volume", free[0], "#growth", free[-1], _tone(left)),
        Figure("Not taken", scaled(float(rejected)), "#refused", tone="warn" if rejected else ""),
    ]


def _tone(left: float | None) -> str:
    if left is None or left >= SOON:
        return ""
    return "crit" if left < 7 else "warn"


def _kept(kept: Retention, now: datetime) -> list[Kept]:
    rows = (
        ("As they came", kept.raw_days),
        ("Five-minute figures", kept.five_minute_days),
        ("Hourly figures", kept.hourly_days),
    )
    return [Kept(words, days, now - timedelta(days=days)) for words, days in rows]


def _charts(request: SignedIn) -> list[tuple[str, str]]:
    """Return title and address of the store's own charts, for whoever may see its series."""
    rows = Series.objects.visible_to(request.user).filter(metric__name__in=(BYTES, FREE), item=None)
    found = rows.order_by("metric__name").values_list("metric__title", "pk")
    return [(title, f"/explore/series?series={pk}") for title, pk in found]


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


PATTERNS = [path("store", login_required(store), name="store")]

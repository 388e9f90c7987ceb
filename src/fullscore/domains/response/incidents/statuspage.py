"""The public page as files: no scripts, its own styles, only what a person published."""

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed

from fullscore.domains.response.incidents.models import (
    StatusComponent,
    StatusNotice,
    StatusUpdate,
)

FILES = {
    "index.html": "text/html; charset=utf-8",
    "history.html": "text/html; charset=utf-8",
    "atom.xml": "application/atom+xml; charset=utf-8",
    "rss.xml": "application/rss+xml; charset=utf-8",
}
RECENT = timedelta(days=14)
IN_HISTORY, IN_FEED = 200, 50
WORST = ("outage", "partial", "degraded", "maintenance", "none")
HEADLINES = {
    "none": "Everything works", "maintenance": "Maintenance is under way",
    "degraded": "Something is slow or faulty", "partial": "Something is partly down",
    "outage": "Something is down",
}  # fmt: skip
# Put into each page as it stands: the hash lets these styles count, and no others.
STYLE = (Path(__file__).parent / "templates/incidents/public.css").read_text()
STYLE_SOURCE = "'sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode() + "'"
FILE_MODE = 0o644  # whoever serves them elsewhere reads them


@dataclass(frozen=True, slots=True)
class Told:
    """A notice and what was published of it, newest first."""

    notice: StatusNotice
    updates: tuple[StatusUpdate, ...]
    components: tuple[StatusComponent, ...]

    @property
    def impact(self) -> str:
        """Return what its components suffer now."""
        phase = self.updates[0].phase
        if phase in (*StatusUpdate.LAST, StatusUpdate.Phase.SCHEDULED):
            return StatusNotice.Impact.NONE
        is_planned = self.notice.kind == StatusNotice.Kind.MAINTENANCE
        return StatusNotice.Impact.MAINTENANCE if is_planned else self.notice.impact


@dataclass(frozen=True, slots=True)
class Line:
    """A component and how it is."""

    component: StatusComponent
    impact: str
    words: str


def published() -> list[Told]:
    """Return the notices of which anything was published, newest first."""
    rows = StatusNotice.objects.filter(published_at__isnull=False).order_by("-published_at", "-pk")
    told = []
    for notice in rows.prefetch_related("updates", "components")[:IN_HISTORY]:
        shown = tuple(one for one in notice.components.all() if one.is_shown)
        told.append(Told(notice, tuple(notice.updates.all()), shown))
    return told


def lines(told: Iterable[Told]) -> list[Line]:
    """Return each shown component with the worst that open notices say of it."""
    worst: dict[int, str] = {}
    for one in told:
        for component in one.components:
            known = worst.get(component.pk, "none")
            worst[component.pk] = min(known, one.impact, key=WORST.index)
    words = dict(StatusNotice.Impact.choices)
    rows = StatusComponent.objects.filter(is_shown=True)
    return [Line(c, worst.get(c.pk, "none"), words[worst.get(c.pk, "none")]) for c in rows]


def written(*, address: str, title: str, now: datetime) -> Mapping[str, str]:
    """Return every file of the page by name; its times are UTC, whoever publishes."""
    with timezone.override(UTC):
        return _written(address, title, now)


def _written(address: str, title: str, now: datetime) -> Mapping[str, str]:
    told = published()
    shown = lines(told)
    open_ones = [one for one in told if one.notice.closed_at is None]
    recent = [
        one
        for one in told
        if one.notice.closed_at is not None and now - one.notice.closed_at <= RECENT
    ]
    worst = min((*(line.impact for line in shown), *(one.impact for one in open_ones), "none"),
                key=WORST.index)  # fmt: skip
    common = {"policy": POLICY, "title": title, "address": address, "now": now}
    return {
        "index.html": render_to_string("incidents/public_status.html", common | {
            "lines": shown, "open_ones": open_ones, "recent": recent, "worst": worst,
            "headline": HEADLINES[worst],
        }),
        "history.html": render_to_string("incidents/public_history.html", common | {"told": told}),
        "atom.xml": _feed(Atom1Feed, told, address, title),
        "rss.xml": _feed(Rss201rev2Feed, told, address, title),
    }  # fmt: skip


POLICY = f"default-src 'none'; style-src {STYLE_SOURCE}; base-uri 'none'; form-action 'none'"


def _feed(kind: type[Rss201rev2Feed] | type[Atom1Feed], told: list[Told], address: str,
          title: str) -> str:  # fmt: skip
    feed = kind(title=title, link=f"{address}/status/", description="What works and what does not.")
    updates = sorted(((u.at, u.pk, one, u) for one in told for u in one.updates), reverse=True,
                     key=lambda row: row[:2])  # fmt: skip
    for at, pk, one, update in updates[:IN_FEED]:
        feed.add_item(
            title=f"{one.notice.title}: {update.get_phase_display()}", description=update.text,
            link=f"{address}/status/#notice-{one.notice.pk}", pubdate=at, updateddate=at,
            unique_id=f"{address}/status/updates/{pk}", unique_id_is_permalink=False,
        )  # fmt: skip
    return str(feed.writeString("utf-8"))


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Put files in a folder, each replaced whole; the front page last.

    Whoever reads meanwhile gets the old file or the new one, never half of one.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    for name in sorted(files, key=lambda one: one == "index.html"):
        with NamedTemporaryFile("w", dir=folder, prefix=".", delete=False, encoding="utf-8") as new:
            new.write(files[name])
            new.flush()
            os.fsync(new.fileno())
        os.chmod(new.name, FILE_MODE)
        os.replace(new.name, folder / name)

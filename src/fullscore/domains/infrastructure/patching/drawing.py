"""What the pages of patching and the panels of others both show."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from fullscore.connectors.apt.commands import SUDOERS
from fullscore.connectors.dnf.commands import SUDOERS as DNF_SUDOERS
from fullscore.domains.foundation.estate.kinds import COMPUTERS
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.patching.models import (
    Campaign,
    PatchAccess,
    PatchWindow,
    ServerRun,
    Wave,
)
from fullscore.domains.infrastructure.patching.queries import looks, standing
from fullscore.domains.infrastructure.servers.models import Installed, Server
from fullscore.interfaces.web.charts import drawing as d
from fullscore.kit import time
from fullscore.kit.models import User

SHOWN = 8
AHEAD = timedelta(days=60)


def draw_pending(server: Server, user: User, at: Any) -> str:
    """Draw what its baseline takes, what waits and why."""
    found = standing.standings(now=time.now(), items=[server.item_id])
    if not found or found[0].baseline is None or not found[0].pending:
        return ""
    one = found[0]
    ring = standing.rings_by_pk().get(one.ring or 0)
    rows = sorted(one.pending, key=lambda p: (bool(p.why_not), p.update.package))
    context = {"one": one, "ring": ring, "rows": rows, "taken": len(one.taken)}
    return render_to_string("patching/pending.html", context)


def draw_openings(window: PatchWindow, user: User, at: Any) -> str:
    """Draw when a window opens next, and which of it a freeze takes away."""
    now = time.now()
    end = now + AHEAD
    frozen = standing.frozen(now, end)
    rows = [
        (one, [f for f, _ in frozen if f.starts_at < one.ends_at and f.ends_at > one.starts_at])
        for one in list(standing.open_times_of(window, now, end))[:SHOWN]
    ]
    return render_to_string("patching/openings.html", {"rows": rows, "window": window})


def draw_access(way: PatchAccess, user: User, at: Any) -> str:
    """Draw which lines let an account in, and let it do exactly what patching does."""
    found = Installed.objects.filter(server__item=way.host.item_id).select_related("package")
    first = found.first()
    lines = DNF_SUDOERS if first and first.package.manager == "rpm" else SUDOERS
    context = {"way": way, "sudoers": lines.format(user=way.user)}
    return render_to_string("patching/access.html", context)


# ── a campaign's plan ──────────────────────────────────────────────────────────────────────────

WIDTH, LEFT, ROW, TOP = 1000, 150, 18, 34  # it stands alone in its row
MOST_ROWS = 40  # servers drawn one by one; beyond, rings are
MOST_TOLD = 15  # services whose redundancy is shown
MOST_LEFT_OUT = 50
ROOM = 34  # of a column, for its hour to be written


def draw_plan(campaign: Campaign, user: User, at: Any) -> str:
    """Draw the calendar of waves, and what each service keeps beyond what it needs in each."""
    if campaign.is_planning:
        return render_to_string("patching/planning.html", {"campaign": campaign})
    if not campaign.digest:
        return ""
    waves = list(campaign.waves.order_by("number"))
    runs = ServerRun.objects.visible_to(user).filter(campaign=campaign)
    context = {
        "campaign": campaign,
        "digest": campaign.digest[:8],
        "waves": waves,
        "placed": campaign.runs.exclude(state=ServerRun.State.UNPLACED).count(),
        "picture": gantt(
            waves, list(runs.exclude(wave=None).select_related("server__item", "ring"))
        ),
        "gap": 100 * (campaign.cost - campaign.bound) / campaign.bound
        if campaign.cost and campaign.bound
        else 0.0,
        "kept": [row for row in campaign.kept if row["service"] in _seen(user)][:MOST_TOLD],
        "problems": campaign.problems,
    }
    return render_to_string("patching/plan.html", context)


def draw_looks(campaign: Campaign, user: User, at: Any) -> str:
    """Draw what the hosts said they would do beyond the plan, and what nobody knows of them."""
    if campaign.is_planning or not campaign.digest or campaign.release_from:
        return ""
    runs = ServerRun.objects.visible_to(user).filter(campaign=campaign).exclude(wave=None)
    told = looks.looks(runs.select_related("server__item").order_by("pk"))
    kinds = [
        ("Adds", told.added, ""),
        ("Also upgrades", told.upgraded, "warn"),
        ("Removes", told.removed, "high"),
        ("Cannot be put back", told.lacking, "high"),
        ("Not looked at", told.unseen, "warn"),
    ]
    context = {
        "campaign": campaign,
        "told": told,
        "kinds": [row for row in kinds if row[1]],
        "is_stale": looks.is_stale(campaign, time.now()),
        "unknown": told.asked - told.seen,
        "answered": told.seen + sum(one.count for one in told.unseen),
    }
    return render_to_string("patching/looks.html", context)


def _seen(user: User) -> set[int]:
    return set(
        Item.objects.visible_to(user).exclude(kind__in=COMPUTERS).values_list("pk", flat=True)
    )


def draw_left_out(campaign: Campaign, user: User, at: Any) -> str:
    """Draw which servers are in no wave, and what would help each."""
    runs = ServerRun.objects.visible_to(user).filter(campaign=campaign, state="unplaced")
    rows = list(runs.select_related("server__item").order_by("-risk", "pk")[:MOST_LEFT_OUT])
    context = {"rows": rows, "more": runs.count() - len(rows)}
    return render_to_string("patching/left_out.html", context) if rows else ""


def gantt(waves: Sequence[Wave], runs: Sequence[ServerRun]) -> SafeString:
    """Draw what is down when: servers, or rings where there are many, against waves."""
    if not waves:
        return d.picture(WIDTH, TOP, "Waves", "No server is in any wave", [])
    column = {wave.pk: n for n, wave in enumerate(waves)}
    width = (WIDTH - LEFT - 6) / len(waves)
    rows = _rows(runs, column)
    height = TOP + len(rows) * ROW + 6
    parts = [*_columns(waves, width, height)]
    for n, (name, cells) in enumerate(rows):
        y = TOP + n * ROW
        parts.append(
            d.words(LEFT - 8, y + 12, d.cut(name, LEFT - 12), classes="name", anchor="end")
        )
        for at, (count, tone) in sorted(cells.items()):
            hint = f"{name}: wave {at + 1}, {waves[at].starts_at:%-d %b %H:%M} UTC"
            hint += f", {count} servers" if count > 1 else ""
            x = LEFT + at * width + 1
            classes = f"bar is-{tone}" if tone else "bar"
            parts.append(d.box(x, y + 3, width - 2, 12, classes, hint=hint, radius=3))
            if count > 1 and width > 16:
                parts.append(d.words(x + width / 2, y + 13, str(count), anchor="middle"))
    told = f"{len(runs)} servers in {len(waves)} waves, from {waves[0].starts_at:%-d %b %H:%M}"
    told += f" to {waves[-1].ends_at:%-d %b %H:%M} UTC"
    return d.picture(WIDTH, height, "What is down when", told, parts, classes="chart gantt")


Cells = dict[int, tuple[int, str]]
TONES = {"failed": "crit", "unknown": "high", "done": "ok", "running": "info", "back": "warn"}


def _rows(runs: Sequence[ServerRun], column: Mapping[int, int]) -> list[tuple[str, Cells]]:
    if len(runs) <= MOST_ROWS:
        told = [
            (column[run.wave_id or 0], run.server.item.name, TONES.get(run.state, ""))
            for run in runs
        ]
        return [(name, {at: (1, tone)}) for at, name, tone in sorted(told)]
    rings: dict[tuple[int, str], Cells] = {}
    for run in runs:
        key = (run.ring.place, run.ring.name) if run.ring else (999, "no ring")
        cells, at = rings.setdefault(key, {}), column[run.wave_id or 0]
        before, tone = cells.get(at, (0, ""))
        bad = TONES.get(run.state, "") if run.state in ServerRun.WENT_WRONG else ""
        cells[at] = (before + 1, tone or bad)
    return [(name, cells) for (_, name), cells in sorted(rings.items())]


def _columns(waves: Sequence[Wave], width: float, height: float) -> Iterator[SafeString]:
    """Yield a line and a name for each day, and the hours where there is room."""
    day, last_x = None, -100.0
    for n, wave in enumerate(waves):
        start, x = localtime(wave.starts_at), LEFT + n * width
        if start.date() != day:
            day = start.date()
            yield d.stroke(x, TOP - 22, x, height, "grid-line")
            if x - last_x > ROOM:
                yield d.words(x + 3, TOP - 18, f"{start:%-d %b}")
                last_x = x
        if width >= ROOM:
            yield d.words(x + 3, TOP - 4, f"{start:%H:%M}")

"""What the pages of patching and the panels of others both show."""

from datetime import timedelta
from typing import Any

from django.template.loader import render_to_string

from fullscore.domains.infrastructure.patching.models import PatchWindow
from fullscore.domains.infrastructure.patching.queries import standing
from fullscore.domains.infrastructure.servers.models import Server
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

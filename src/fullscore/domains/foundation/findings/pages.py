"""Pages about findings that are no lists."""

from datetime import timedelta
from statistics import median

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import path

from fullscore.domains.foundation.findings import queries
from fullscore.domains.foundation.findings.models import Finding
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import time
from fullscore.kit.perform import require


def closed_this_week(request: SignedIn) -> HttpResponse:
    """Show what was closed in seven days, each with its proof, and what came back."""
    require("findings.view_finding", by=request.user)
    week = time.now() - timedelta(days=7)
    closed = list(queries.closed_since(request.user, week))
    days = [(f.closed_at - f.opened_at) / timedelta(days=1) for f in closed if f.closed_at]
    seen = Finding.objects.visible_to(request.user)
    counts = [
        {"label": "Verified", "value": sum(f.closed_as == "verified" for f in closed)},
        {"label": "Gone", "value": sum(f.closed_as == "gone" for f in closed)},
        {"label": "Came back", "value": seen.filter(reopened_count__gt=0).live().count()},
        {"label": "Median days open", "value": f"{median(days):.1f}" if days else "–"},
    ]
    return shell.page(
        request, "findings/closed.html", title="Closed this week", closed=closed, counts=counts
    )


PATTERNS = [path("closed", login_required(closed_this_week), name="closed-this-week")]

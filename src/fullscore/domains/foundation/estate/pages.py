"""What would happen if."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import path

from fullscore.domains.foundation.estate import queries
from fullscore.domains.foundation.estate.maps import failing
from fullscore.domains.foundation.estate.models import Item
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit.perform import require


def what_if(request: SignedIn) -> HttpResponse:
    """Say what goes down, and why, when a chosen set of items fails."""
    require("estate.view_item", by=request.user)
    seen = Item.objects.visible_to(request.user).live()
    failed = list(seen.filter(pk__in=failing(request.GET.getlist("fails"))))
    told = queries.what_if([i.pk for i in failed], user=request.user, limit=2000) if failed else []
    context: dict[str, Any] = {
        "title": "What if", "failed": failed, "query": "&".join(f"fails={i.pk}" for i in failed),
        "down": [c for c in told if c.is_down], "degraded": [c for c in told if not c.is_down],
        "choices": seen.exclude(pk__in=[i.pk for i in failed]).order_by("kind", "name")[:2000],
    }  # fmt: skip
    return shell.page(request, "estate/what_if_page.html", **context)


PATTERNS = [path("what-if", login_required(what_if), name="what-if")]
